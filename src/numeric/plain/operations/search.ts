// Methods that search an array: indexOf, includes, find and their relatives. An index has no derivative.
import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, arithmetic, compare, number, or, truth } from "../draft/draft.ts";
import type { ArrayEntity, Entity, ScalarEntity, TupleEntity } from "../entities/entity.ts";
import { describe, scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, atom, keep, letLocal, nested, refuse, scalarValue, textOf } from "../entities/env.ts";
import { arrayLength, itemAt } from "../entities/plan.ts";
import type { Node } from "../syntax/ast.ts";
import { itemWhere } from "./access.ts";
import type { CallArgument } from "./arrays.ts";
import { boundOf, callEach, evaluateArgument, loop } from "./arrays.ts";
import { sameText, truthOf } from "./operators.ts";

/** Builds the condition that the item at an index is the one to find. */
type ItemTest = (inner: Env, place: RegionExpr) => RegionExpr;

/** Evaluates `x.indexOf(value, from)` or `x.lastIndexOf(value)`. As in JavaScript, NaN is never found. */
export function indexOf(
  env: Env,
  node: Node,
  array: ArrayEntity,
  args: readonly CallArgument[],
  isLast: boolean,
): Entity {
  if (isLast && args.length > 1)
    return refuse(
      env,
      node,
      "lastIndexOf: search the part before the index: x.slice(0, k + 1).lastIndexOf(y).",
    );
  const [value, start] = args;
  const isEqual = equalTo(env, node, array, value, false);
  return scalar(searched(env, node, array, { isLast, start }, isEqual));
}

/** Evaluates `x.includes(value, from)`. As in JavaScript, NaN is found. */
export function includes(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [value, start] = args;
  const isEqual = equalTo(env, node, array, value, true);
  const place = searched(env, node, array, { isLast: false, start }, isEqual);
  return scalar(compare("lessEqual", number(0), place));
}

/**
 * Evaluates `["a", "b"].includes(s)`, which needs no loop; `undefined` unless all items and the value are strings.
 */
export function includesText(
  env: Env,
  tuple: TupleEntity,
  args: readonly CallArgument[],
): ScalarEntity | undefined {
  const [wanted] = args;
  if (wanted === undefined || args.length > 1 || tuple.items.some(({ kind }) => kind !== "text"))
    return undefined;
  const given = evaluateArgument(env, wanted);
  if (given.kind !== "text") return undefined;
  const value: Entity = { ...given, code: scalar(atom(env, given.code.value, "wanted")) };
  return scalar(tuple.items.map((item) => sameText(item, value)!).reduce(or, truth(false)));
}

/** Evaluates `x.findIndex((item) => …)` or `x.findLastIndex((item) => …)`. */
export function findIndex(
  env: Env,
  node: Node,
  array: ArrayEntity,
  [callback]: readonly CallArgument[],
  isLast: boolean,
): Entity {
  return scalar(searched(env, node, array, { isLast }, holdsFor(node, array, callback)));
}

/** Evaluates `x.find((item) => …)` or `x.findLast((item) => …)`. The result is optional. */
export function find(
  env: Env,
  node: Node,
  array: ArrayEntity,
  [callback]: readonly CallArgument[],
  isLast: boolean,
): Entity {
  const place = atom(env, searched(env, node, array, { isLast }, holdsFor(node, array, callback)), "place");
  const isFound = atom(env, compare("lessEqual", number(0), place), "isFound");
  return itemWhere(env, array, place, isFound);
}

/** Condition that a callback holds for an item, as in `filter` and `findIndex`. */
export function holdsFor(node: Node, array: ArrayEntity, callback: CallArgument | undefined): ItemTest {
  return (inner, place) => {
    const value = callEach(inner, node, array, callback, place);
    return truthOf(scalarValue(inner, callback ?? node, value));
  };
}

function equalTo(
  env: Env,
  node: Node,
  array: ArrayEntity,
  wanted: CallArgument | undefined,
  findsNaN: boolean,
): ItemTest {
  if (wanted === undefined) return refuse(env, node, "the value to search for is missing.");
  const given = evaluateArgument(env, wanted);
  const { item } = array.layout;
  if (given.kind === "nothing" && item.kind === "element") return () => truth(false);
  if (item.kind === "text" && given.kind === "text") {
    const code = atom(env, given.code.value, "wanted");
    return (_, place) => sameText(itemAt(array, place), { ...given, code: scalar(code) })!;
  }
  if (item.kind !== "element" || given.kind !== "scalar")
    return refuse(
      env,
      node,
      `${textOf(env, node)} compares objects by identity, and ${textOf(env, wanted)} is ${describe(given)}: search by what it contains, ` +
        "as in x.findIndex((item) => item.a === a).",
    );
  const value = atom(env, given.value, "wanted");
  return (inner, place) => {
    const x = scalarValue(inner, node, itemAt(array, place));
    if (x.type !== value.type)
      return refuse(
        inner,
        wanted,
        `${textOf(inner, wanted)} is of another kind than the items, and is never found.`,
      );
    const isEqual = compare("equal", x, value);
    if (!findsNaN || x.type === "bool") return isEqual;
    return or(isEqual, and(compare("notEqual", value, value), compare("notEqual", x, x)));
  };
}

interface SearchRange {
  readonly isLast: boolean;
  /** First index; a negative one counts from the end. Default 0. */
  readonly start?: CallArgument | undefined;
}

/** Emits a loop that ends at the first item for which the test holds. Returns its index, or −1. */
function searched(
  env: Env,
  node: Node,
  array: ArrayEntity,
  { isLast, start }: SearchRange,
  test: ItemTest,
): RegionExpr {
  const length = arrayLength(array);
  const found = letLocal(env, "found", number(-1), { mutable: true });
  const name = found.value.kind === "local" ? found.value.name : "";
  const live = compare("less", found.value, number(0));
  const bounds = isLast
    ? { from: arithmetic("sub", length, number(1)), to: number(-1), step: -1, live }
    : { from: boundOf(env, start, length, number(0)), to: length, step: 1, live };
  loop(env, node, bounds, (inner, place) => {
    const condition = test(inner, place);
    const then = nested(inner, new Set());
    then.out.push({ kind: "set", name, value: place });
    inner.out.push({ kind: "if", condition, then: then.out.statements(), otherwise: [], at: at(env, node) });
  });
  return keep(env, found.value, "place");
}
