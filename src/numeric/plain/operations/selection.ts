// Methods that build an array from parts of others: filter, concat, flat, flatMap and subarray.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { arithmetic, number } from "../draft/draft.ts";
import type { ArrayEntity, Entity, ScalarEntity, TupleEntity } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, atom, inOrder, keep, letLocal, nested, placeHere, refuse, textOf } from "../entities/env.ts";
import { knownAt } from "../entities/lengths.ts";
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
import { borrow, noteCopy, partsNow, readAll } from "../entities/sharing.ts";
import type { ConditionalExpression, Expression, Node } from "../syntax/ast.ts";
import { unwrap, walk } from "../syntax/walk.ts";
import type { CallArgument, LiteralPart } from "./arrays.ts";
import { callEach, concatenation, evaluateArgument, rowPlan } from "./arrays.ts";
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

/** Refuses typed arrays, and arrays that may be typed, because `concat` and `flat` of JavaScript do not join them. */
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

/** Evaluates `x.flatMap((item) => [a, b])`. All calls must return the same number of items. */
export function flatMap(
  env: Env,
  node: Node,
  array: ArrayEntity,
  [callback]: readonly CallArgument[],
): Entity {
  if (callback !== undefined) refuseEmptySide(env, node, callback);
  const n = atom(env, arrayLength(array), "n");
  const place = placeHere(env);
  const position = at(env, node);
  let result: ArrayEntity | undefined;
  eachPlace(
    env,
    n,
    "i",
    (inner, i) => {
      const given = callEach(inner, node, array, callback, i);
      refuseTyped(inner, node, given, "flatMap");
      const row = readAll(inner, given);
      const items = row.kind === "array" || row.kind === "tuple" ? partsNow(inner, row) : row;
      const isList = items.kind === "array" || items.kind === "tuple";
      const list = isList ? planOf(inner, node, items) : undefined;
      const own = list?.kind === "tuple" ? rowPlan(list) : list;
      if (own !== undefined && own.kind !== "array") return refuse(inner, node, unequalItems);
      const width = own === undefined ? number(1) : knownAt(inner, own.length, place);
      if (width === undefined || (items.kind === "tuple" && items.items.length === 0))
        return refuse(inner, node, unequalItems);
      const wanted = own === undefined ? rowPlan(planOf(inner, node, items)) : own.item;
      const item: ValuePlan =
        wanted.kind === "element" && wanted.type !== "bool" ? { kind: "element", type: "f64" } : wanted;
      const length = arithmetic("mul", n, width);
      const made = makeArray(
        inner,
        node,
        { kind: "array", of: "number[]", length, item },
        env.hint ?? array.root.label,
        place,
      );
      result = made;
      noteCopy(inner, items, made, node);
      const put = (where: Env, j: RegionExpr, value: Entity): void => {
        const slot = arithmetic("add", arithmetic("mul", i, width), j);
        copyInto(where, node, itemAt(made, slot), readAll(where, value));
      };
      if (items.kind === "array")
        eachPlace(inner, width, "j", (nestedEnv, j) => put(nestedEnv, j, itemAt(items, j)), position);
      else if (items.kind === "tuple") items.items.forEach((value, j) => put(inner, number(j), value));
      else put(inner, number(0), items);
      return undefined;
    },
    position,
  );
  return result!;
}

/** Refuses `x.flatMap((xi) => (xi > 0 ? [xi] : []))`, which filters too. */
function refuseEmptySide(env: Env, node: Node, callback: Node): void {
  walk(callback, (part) => {
    if (part.type !== "ConditionalExpression") return;
    const { consequent, alternate } = part as ConditionalExpression;
    for (const side of [unwrap(consequent), unwrap(alternate)])
      if (side.type === "ArrayExpression" && side.elements.length === 0) refuse(env, node, unequalItems);
  });
}

const unequalItems =
  "flatMap: each call must return the same number of items, and items of one kind. Append them in a loop instead: const ys: number[] = []; " +
  "for (const x of xs) if (x > 0) ys.push(x);";

function isOne(node: CallArgument): boolean {
  const value = unwrap(node as Expression);
  return value.type === "Literal" && value.value === 1;
}
