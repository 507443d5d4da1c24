// Methods that rearrange an array: sort, reverse, and their copying forms. The order is computed on indices, so that the
// derivative of a sorted array is that of its elements in their new places. Ties keep their order.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, apply, arithmetic, compare, number, or } from "../draft/draft.ts";
import { refuseAliases } from "../entities/aliases.ts";
import type { ArrayEntity, Entity, ScalarEntity } from "../entities/entity.ts";
import { describe } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, atom, letLocal, nested, numberValue, refuse } from "../entities/env.ts";
import type { ValuePlan } from "../entities/plan.ts";
import {
  arrayLength,
  copyInto,
  eachPlace,
  itemAt,
  makeArray,
  planOf,
  copyOfArray,
  refuseReadOnly,
  storeScalar,
} from "../entities/plan.ts";
import { borrow } from "../entities/sharing.ts";
import type { Node } from "../syntax/ast.ts";
import type { CallArgument } from "./arrays.ts";
import { evaluateArgument } from "./arrays.ts";

/** Condition that the later of two items comes before the earlier one. */
type Precedes = (env: Env, later: Entity, earlier: Entity) => RegionExpr;

/** Evaluates `x.sort(compare)`, or `x.toSorted(compare)` if `isCopy`. */
export function sort(
  env: Env,
  node: Node,
  array: ArrayEntity,
  [comparator]: readonly CallArgument[],
  isCopy: boolean,
): Entity {
  const precedes = comparator === undefined ? ascending(env, node, array) : comparedBy(env, comparator);
  if (!isCopy) refuseInPlace(env, node, array);
  const order = sortedPlaces(env, node, array, precedes);
  const moved = rearranged(env, node, array, (_, k) => numberAt(order, k));
  return isCopy ? copyOf(env, node, array, moved) : inPlace(env, node, array, moved);
}

/** Evaluates `x.reverse()`, or `x.toReversed()` if `isCopy`. */
export function reverse(env: Env, node: Node, array: ArrayEntity, isCopy: boolean): Entity {
  if (!isCopy) refuseInPlace(env, node, array);
  const last = atom(env, arithmetic("sub", arrayLength(array), number(1)), "last");
  const moved = rearranged(env, node, array, (_, k) => arithmetic("sub", last, k));
  return isCopy ? copyOf(env, node, array, moved) : inPlace(env, node, array, moved);
}

/** Refuses to rearrange an array that is read-only, or whose rows another name refers to. */
function refuseInPlace(env: Env, node: Node, array: ArrayEntity): void {
  if (array.root.readOnly) refuseReadOnly(env, node, array.root, copyOfArray(array));
  if (array.layout.item.kind === "element") array.root.written = true;
  else {
    array.root.reordered = true;
    refuseAliases(env, itemAt(array, number(0)), node);
  }
}

/** Copies the items in the order of `placeOf`, which maps new indices to old ones. */
function rearranged(
  env: Env,
  node: Node,
  array: ArrayEntity,
  placeOf: (env: Env, k: RegionExpr) => RegionExpr,
): ArrayEntity {
  const plan = planOf(env, node, array) as ValuePlan & { readonly kind: "array" };
  const moved = makeArray(env, node, plan, env.hint ?? array.root.label);
  const position = at(env, node);
  eachPlace(
    env,
    arrayLength(array),
    "k",
    (inner, k) => {
      const place = atom(inner, placeOf(inner, k), "place");
      copyInto(inner, node, itemAt(moved, k), itemAt(array, place, position));
    },
    position,
  );
  return moved;
}

/** Returns the rearranged copy. Its rows are shared with the array, so writes to either are refused. */
function copyOf(env: Env, node: Node, array: ArrayEntity, moved: ArrayEntity): Entity {
  if (array.layout.item.kind !== "element") borrow(env, [array.root, moved.root], node, "items");
  return moved;
}

/** Writes the rearranged items back, unless nothing else refers to the array. */
function inPlace(env: Env, node: Node, array: ArrayEntity, moved: ArrayEntity): Entity {
  if (array.fresh && array.layout.item.kind === "element") return moved;
  copyInto(env, node, array, moved);
  return { ...array, isZero: false };
}

/** Order of typed arrays: ascending, −0 before 0, NaN last. Arrays of numbers need a function. */
function ascending(env: Env, node: Node, array: ArrayEntity): Precedes {
  if (array.layout.of === "number[]" || array.layout.of === "any" || array.layout.item.kind !== "element")
    return refuse(
      env,
      node,
      "sort compares numbers as strings if it has no function, so that 10 comes before 9: write sort((a, b) => a - b).",
    );
  return (inner, later, earlier) => {
    const [x, y] = [later, earlier].map((item) => atom(inner, numberValue(inner, node, item))) as [
      RegionExpr,
      RegionExpr,
    ];
    const isBefore = or(compare("less", x, y), and(compare("equal", x, x), compare("notEqual", y, y)));
    const one = number(1);
    const signs = compare("less", arithmetic("div", one, x), arithmetic("div", one, y));
    const areZero = and(compare("equal", x, number(0)), compare("equal", y, number(0)));
    return or(isBefore, and(areZero, signs));
  };
}

function comparedBy(env: Env, comparator: CallArgument): Precedes {
  const compareItems = evaluateArgument(env, comparator);
  return (inner, later, earlier) => {
    const sign = inner.unit.elaborate.call(inner, comparator, compareItems, [later, earlier]);
    if (sign.kind !== "scalar" || sign.value.type === "bool")
      return refuse(
        inner,
        comparator,
        `the function of sort returns a negative number if the first item comes first, and this returns ${describe(sign)}: write (a, b) => a - b.`,
      );
    return compare("less", sign.value, number(0));
  };
}

function numberAt(array: ArrayEntity, place: RegionExpr, position?: number): RegionExpr {
  return (itemAt(array, place, position) as ScalarEntity).value;
}

/**
 * Emits a stable merge sort of the indices of an array. Each pass merges adjacent runs of `width` indices from `order`
 * into `merged`, and swaps the two arrays.
 */
function sortedPlaces(env: Env, node: Node, array: ArrayEntity, precedes: Precedes): ArrayEntity {
  const position = at(env, node);
  const n = atom(env, arrayLength(array), "n");
  const places = {
    kind: "array",
    of: "Int32Array",
    length: n,
    item: { kind: "element", type: "i32" },
  } as const;
  const [order, merged] = [makeArray(env, node, places, "order"), makeArray(env, node, places, "merged")];
  const put = (inner: Env, target: ArrayEntity, k: RegionExpr, value: RegionExpr): void =>
    storeScalar(inner, node, itemAt(target, k) as ScalarEntity, value);
  eachPlace(env, n, "k", (inner, k) => put(inner, order, k, k), position);
  const width = letLocal(env, "width", number(1), { mutable: true });
  const pass = nested(env, new Set());
  const counter = (name: string): ScalarEntity => letLocal(pass, name, number(0), { mutable: true });
  const [left, leftEnd] = [counter("left"), counter("leftEnd")];
  const [right, rightEnd] = [counter("right"), counter("rightEnd")];
  const beyond = (k: RegionExpr): RegionExpr => apply("minimum", "f64", arithmetic("add", k, width.value), n);
  const branch = (
    inner: Env,
    condition: RegionExpr,
    then: (env: Env) => void,
    otherwise: (env: Env) => void,
  ) => {
    const sides = [then, otherwise].map((side) => {
      const block = nested(inner, new Set());
      side(block);
      return block.out.statements();
    });
    inner.out.push({ kind: "if", condition, then: sides[0]!, otherwise: sides[1]!, at: position });
  };
  const takes = (inner: Env, k: RegionExpr, from: ScalarEntity): void => {
    put(inner, merged, k, numberAt(order, from.value, position));
    storeScalar(inner, node, from, arithmetic("add", from.value, number(1)));
  };
  eachPlace(
    pass,
    n,
    "k",
    (inner, k) => {
      const startRuns = (begin: Env): void => {
        storeScalar(begin, node, left, k);
        storeScalar(begin, node, leftEnd, beyond(k));
        storeScalar(begin, node, right, leftEnd.value);
        storeScalar(begin, node, rightEnd, beyond(leftEnd.value));
      };
      branch(inner, compare("equal", k, rightEnd.value), startRuns, () => undefined);
      const isRight = letLocal(inner, "isRight", compare("lessEqual", leftEnd.value, left.value), {
        mutable: true,
      });
      const areBoth = and(
        compare("less", left.value, leftEnd.value),
        compare("less", right.value, rightEnd.value),
      );
      const ask = (both: Env): void => {
        const item = (side: ScalarEntity): Entity =>
          itemAt(array, atom(both, numberAt(order, side.value, position), "place"), position);
        storeScalar(both, node, isRight, precedes(both, item(right), item(left)));
      };
      branch(inner, areBoth, ask, () => undefined);
      branch(
        inner,
        isRight.value,
        (side) => takes(side, k, right),
        (side) => takes(side, k, left),
      );
    },
    position,
  );
  const name = (entity: ArrayEntity): string =>
    entity.layout.item.kind === "element" ? entity.layout.item.storage.name : "";
  pass.out.push({ kind: "swap", x: name(order), y: name(merged), at: position });
  storeScalar(pass, node, width, apply("minimum", "f64", arithmetic("mul", width.value, number(2)), n));
  env.out.push({
    kind: "while",
    condition: compare("less", width.value, n),
    body: pass.out.statements(),
    at: position,
  });
  return order;
}
