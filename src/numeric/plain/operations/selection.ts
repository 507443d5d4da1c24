// Methods that build an array from parts of others: filter, concat, flat and subarray.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { arithmetic, number } from "../draft/draft.ts";
import type { ArrayEntity, Entity, ScalarEntity, TupleEntity } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, atom, inOrder, keep, letLocal, nested, refuse, textOf } from "../entities/env.ts";
import type { ValuePlan } from "../entities/plan.ts";
import {
  arrayLength,
  copyInto,
  eachPlace,
  itemAt,
  makeArray,
  planOf,
  storeScalar,
} from "../entities/plan.ts";
import { borrow } from "../entities/sharing.ts";
import type { Expression, Node } from "../syntax/ast.ts";
import { unwrap } from "../syntax/walk.ts";
import type { CallArgument, LiteralPart } from "./arrays.ts";
import { concatenation, evaluateArgument } from "./arrays.ts";
import { holdsFor } from "./search.ts";

/** Evaluates `x.filter((item) => …)`: one loop stores the indices that remain, a second copies their items. */
export function filter(
  env: Env,
  node: Node,
  array: ArrayEntity,
  [callback]: readonly CallArgument[],
): ArrayEntity {
  const position = at(env, node);
  const plan = planOf(env, node, array) as ValuePlan & { readonly kind: "array" };
  const kept = makeArray(
    env,
    node,
    { kind: "array", of: "Int32Array", length: plan.length, item: { kind: "element", type: "i32" } },
    "kept",
  );
  const count = letLocal(env, "count", number(0), { mutable: true });
  const holds = holdsFor(node, array, callback);
  eachPlace(
    env,
    arrayLength(array),
    "i",
    (inner, i) => {
      const condition = holds(inner, i);
      const then = nested(inner, new Set());
      storeScalar(then, node, itemAt(kept, count.value, position) as ScalarEntity, i);
      storeScalar(then, node, count, arithmetic("add", count.value, number(1)));
      inner.out.push({ kind: "if", condition, then: then.out.statements(), otherwise: [], at: position });
    },
    position,
  );
  const length = keep(env, count.value, "n");
  const result = makeArray(env, node, { ...plan, length }, env.hint ?? array.root.label);
  if (plan.item.kind !== "element") borrow(env, [array.root, result.root], node, "items"); // shared rows
  eachPlace(
    env,
    length,
    "k",
    (inner, k) => {
      const place = atom(inner, (itemAt(kept, k, position) as ScalarEntity).value, "place");
      copyInto(inner, node, itemAt(result, k), itemAt(array, place, position));
    },
    position,
  );
  return result;
}

/** Evaluates `x.concat(y, a, …)`. Arrays among the arguments contribute their items. */
export function concat(
  env: Env,
  node: Node,
  first: ArrayEntity | TupleEntity,
  args: readonly CallArgument[],
): Entity {
  refuseTyped(env, node, first, "concat");
  const values = inOrder(env, args, (inner, arg) => evaluateArgument(inner, arg));
  const given = [{ node, value: first as Entity }, ...values.map((value, i) => ({ node: args[i]!, value }))];
  return concatenation(
    env,
    node,
    given.flatMap(({ node: of, value }) => partsOf(env, of, value)),
  );
}

/** Refuses arrays that are typed, or may be: they are no arrays of JavaScript, which `concat` and `flat` join. */
function refuseTyped(env: Env, node: Node, value: Entity, name: string): void {
  if (value.kind === "array" && value.layout.of !== "number[]")
    refuse(env, node, `${name} does not join typed arrays: spread them, as in [...x, ...y].`);
}

function partsOf(env: Env, node: Node, value: Entity): LiteralPart[] {
  refuseTyped(env, node, value, textOf(env, node));
  if (value.kind === "tuple") return value.items.map((item) => ({ node, value: item, isSpread: false }));
  return [{ node, value, isSpread: value.kind === "array" }];
}

/** Evaluates `x.flat()`: the items of all rows in order. */
export function flat(
  env: Env,
  node: Node,
  rows: ArrayEntity | TupleEntity,
  args: readonly CallArgument[],
): Entity {
  const [depth] = args;
  if (depth !== undefined && !isOne(depth))
    return refuse(env, node, "flat joins one level of rows here: call flat() once for each level.");
  if (rows.kind === "tuple")
    return concatenation(
      env,
      node,
      rows.items.flatMap((row) => partsOf(env, node, row)),
    );
  const plan = planOf(env, node, rows) as ValuePlan & { readonly kind: "array" };
  const { item } = plan;
  refuseTyped(env, node, rows, "flat");
  refuseTyped(env, node, itemAt(rows, number(0)), "flat");
  if (item.kind !== "array")
    return refuse(env, node, "flat: the items are no arrays, so that nothing is to be joined.");
  const width: RegionExpr = atom(env, item.length, "width");
  const length = arithmetic("mul", plan.length, width);
  const result = makeArray(env, node, { ...item, of: "number[]", length }, env.hint ?? rows.root.label);
  const position = at(env, node);
  if (item.item.kind !== "element") borrow(env, [rows.root, result.root], node);
  eachPlace(
    env,
    arrayLength(rows),
    "i",
    (outer, i) => {
      const row = itemAt(rows, i) as ArrayEntity;
      eachPlace(
        outer,
        width,
        "j",
        (inner, j) => {
          const place = arithmetic("add", arithmetic("mul", i, width), j);
          copyInto(inner, node, itemAt(result, place), itemAt(row, j));
        },
        position,
      );
    },
    position,
  );
  return result;
}

function isOne(node: CallArgument): boolean {
  const value = unwrap(node as Expression);
  return value.type === "Literal" && value.value === 1;
}
