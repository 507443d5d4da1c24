// Methods of arrays, by name.
import { and, apply, arithmetic, compare, number, or, select, truth } from "../draft/draft.ts";
import { copied } from "../entities/copies.ts";
import type { ArrayEntity, Entity } from "../entities/entity.ts";
import { nothing, scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, atom, letLocal, nestedLoop, numberValue, refuse, scalarValue } from "../entities/env.ts";
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
import { allRoots, borrow, noteCopy, readAll } from "../entities/sharing.ts";
import type { Node } from "../syntax/ast.ts";
import { element } from "./access.ts";
import type { CallArgument } from "./arrays.ts";
import { asArray, callEach, collect, evaluateArgument, loop, rangeOf } from "./arrays.ts";
import { push } from "./growth.ts";
import { reverse, sort } from "./order.ts";
import { find, findIndex, includes, includesText, indexOf } from "./search.ts";
import { concat, filter, flat, flatMap } from "./selection.ts";

const refusedMethods: Readonly<Record<string, string>> = {
  pop: "arrays keep their length here: count with a variable of your own how many elements are in use.",
  shift: "arrays keep their length here: store the index of the first element in a variable.",
  unshift:
    "arrays keep their length here: make it with its length, as new Float64Array(n), and write x[i] = v.",
  splice: "arrays keep their length here: write the elements to a new array.",
  join: "strings cannot be computed with here.",
  entries: "go through them by for (const [i, v] of x.entries()), or by x.forEach((v, i) => …).",
  keys: "count: for (let i = 0; i < x.length; i++).",
  values: "go through them by for (const v of x).",
};

type ArrayMethod = (env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]) => Entity;

const methods: Readonly<Record<string, ArrayMethod>> = {
  fill,
  slice,
  set: setElements,
  at: elementAt,
  map: (env, node, array, [callback]) =>
    collect(env, node, arrayLength(array), array.layout.of, (inner, i) =>
      callEach(inner, node, array, callback, i),
    ),
  forEach(env, node, array, [callback]) {
    eachPlace(
      env,
      arrayLength(array),
      "i",
      (inner, i) => void callEach(inner, node, array, callback, i),
      at(env, node),
    );
    return nothing;
  },
  every: (env, node, array, [callback]) => quantifier(env, node, array, callback, true),
  some: (env, node, array, [callback]) => quantifier(env, node, array, callback, false),
  reduce: (env, node, array, args) => reduce(env, node, array, args, false),
  reduceRight: (env, node, array, args) => reduce(env, node, array, args, true),
  indexOf: (env, node, array, args) => indexOf(env, node, array, args, false),
  lastIndexOf: (env, node, array, args) => indexOf(env, node, array, args, true),
  includes,
  findIndex: (env, node, array, args) => findIndex(env, node, array, args, false),
  findLastIndex: (env, node, array, args) => findIndex(env, node, array, args, true),
  find: (env, node, array, args) => find(env, node, array, args, false),
  findLast: (env, node, array, args) => find(env, node, array, args, true),
  filter,
  concat,
  flat,
  flatMap,
  subarray,
  sort: (env, node, array, args) => sort(env, node, array, args, false),
  toSorted: (env, node, array, args) => sort(env, node, array, args, true),
  reverse: (env, node, array) => reverse(env, node, array, false),
  toReversed: (env, node, array) => reverse(env, node, array, true),
};

const inPlace: ReadonlySet<string> = new Set(["fill", "set", "sort", "reverse"]);

/** Names of the supported array methods. */
export const arrayMethods: readonly string[] = /* @__PURE__ */ (() => [...Object.keys(methods), "push"])();

/** Evaluates an array method by name. */
export function method(
  env: Env,
  node: Node,
  object: Entity,
  name: string,
  args: readonly CallArgument[],
): Entity {
  if (name === "push") return push(env, node, object, args);
  if (Object.hasOwn(refusedMethods, name)) return refuse(env, node, `${name}: ${refusedMethods[name]}`);
  const run = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (run === undefined) {
    const known = arrayMethods.join(", ");
    return refuse(
      env,
      node,
      `${name} is not among the methods of arrays that can be differentiated: ${known}.`,
    );
  }
  if (object.kind === "tuple") {
    if (name === "concat") return concat(env, node, object, args);
    if (name === "flat") return flat(env, node, object, args);
    const isText = name === "includes" ? includesText(env, object, args) : undefined;
    if (isText !== undefined) return isText;
    if (inPlace.has(name) && !object.fresh)
      return refuse(env, node, `${name}: the items of this tuple are separate numbers: assign each of them.`);
  }
  return run(env, node, asArray(env, node, object), args);
}

function fill(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [value, ...range] = args;
  if (value === undefined) return refuse(env, node, "fill: the value is missing.");
  if (array.root.readOnly) return refuseReadOnly(env, node, array.root, copyOfArray(array));
  array.root.written = true;
  const kept = atom(env, scalarValue(env, value, evaluateArgument(env, value)), "value");
  const [from, to] = rangeOf(env, array, range);
  loop(env, node, { from, to, step: 1 }, (inner, k) => {
    const item = itemAt(array, k);
    if (item.kind !== "scalar")
      return refuse(env, node, "fill would put the same row everywhere: write each row in a loop.");
    storeScalar(inner, node, item, kept);
  });
  return { ...array, isZero: false };
}

function slice(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [from, to] = rangeOf(env, array, args);
  const { of } = array.layout;
  const plan = planOf(env, node, array) as ValuePlan & { readonly kind: "array" };
  const isWhole = args.length === 0;
  const length = isWhole ? plan.length : apply("maximum", "f64", arithmetic("sub", to, from), number(0));
  const copy = makeArray(env, node, { ...plan, of, length }, env.hint ?? array.root.label);
  if (plan.item.kind !== "element") borrow(env, [array.root, copy.root], node, "items"); // in JavaScript its rows are shared with the original
  eachPlace(
    env,
    arrayLength(copy),
    "k",
    (inner, k) =>
      copyInto(inner, node, itemAt(copy, k), itemAt(array, isWhole ? k : arithmetic("add", from, k))),
    at(env, node),
  );
  return copy;
}

/** Evaluates `x.subarray(from, to)` as a copy. Compilation fails if the copy or the array is written to. */
function subarray(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  if (array.layout.of === "number[]")
    return refuse(
      env,
      node,
      "subarray: only typed arrays have it. An array of numbers has slice, which copies.",
    );
  const part = slice(env, node, array, args);
  borrow(env, [array.root, ...allRoots(part)], node);
  return part;
}

/** Evaluates `x.set(y, offset)`, which copies y into x. */
function setElements(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [source, offset] = args;
  if (source === undefined) return refuse(env, node, "set: the elements are missing.");
  if (array.root.readOnly) return refuseReadOnly(env, node, array.root, copyOfArray(array));
  array.root.written = true;
  const given = asArray(env, source, evaluateArgument(env, source));
  if (given.root === array.root)
    return refuse(env, node, "set: an array is moved within itself: write the loop, and its order.");
  const start =
    offset === undefined
      ? number(0)
      : atom(env, numberValue(env, offset, evaluateArgument(env, offset)), "offset");
  eachPlace(
    env,
    arrayLength(given),
    "k",
    (inner, k) =>
      copyInto(inner, node, element(inner, node, array, arithmetic("add", start, k)), itemAt(given, k)),
    at(env, node),
  );
  return nothing;
}

/** Evaluates `x.at(k)`; negative indices count from the end. */
function elementAt(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [place] = args;
  if (place === undefined) return refuse(env, node, "at: the index is missing.");
  const k = atom(env, numberValue(env, place, evaluateArgument(env, place)), "place");
  if (k.kind === "const" && k.value >= 0) return element(env, node, array, k);
  const counted = arithmetic("add", arrayLength(array), k);
  if (counted.kind === "const") return element(env, node, array, counted.value < 0 ? k : counted);
  // an index out of range is kept as written, so that the error shows it
  const isThere = compare("lessEqual", number(0), counted);
  const isCounted = k.kind === "const" ? isThere : and(compare("less", k, number(0)), isThere);
  return element(env, node, array, select(isCounted, counted, k));
}

function quantifier(
  env: Env,
  node: Node,
  array: ArrayEntity,
  callback: CallArgument | undefined,
  all: boolean,
): Entity {
  const result = letLocal(env, all ? "every" : "some", truth(all), { mutable: true });
  const name = result.value.kind === "local" ? result.value.name : "";
  const index = env.unit.names.fresh("i");
  const bounds = { index, from: number(0), to: arrayLength(array), step: 1 };
  const inner = nestedLoop(env, { ...bounds, mayEnd: true });
  const holds = scalarValue(
    inner,
    node,
    callEach(inner, node, array, callback, { kind: "local", type: "f64", name: index }),
  );
  if (holds.type !== "bool")
    return refuse(env, callback ?? node, "this function is to give a boolean: compare its result.");
  inner.out.push({ kind: "set", name, value: all ? and(result.value, holds) : or(result.value, holds) });
  const live = all ? result.value : compare("equal", result.value, truth(false));
  env.out.push({ kind: "for", ...bounds, live, body: inner.out.statements(), at: at(env, node) });
  return result;
}

/** Evaluates `x.reduce((total, item) => …, start)`, by default from the first item; `reduceRight` from the end. */
function reduce(
  env: Env,
  node: Node,
  array: ArrayEntity,
  [callback, start]: readonly CallArgument[],
  isFromRight: boolean,
): Entity {
  if (callback === undefined)
    return refuse(env, node, "reduce: the function is missing: x.reduce((sum, xi) => sum + xi, 0).");
  const each = evaluateArgument(env, callback);
  const length = arrayLength(array);
  const begin = isFromRight ? atom(env, arithmetic("sub", length, number(1)), "last") : number(0);
  const first =
    start === undefined ? readAll(env, element(env, node, array, begin)) : evaluateArgument(env, start);
  const total =
    first.kind === "scalar"
      ? letLocal(env, "total", first.value, { mutable: true })
      : copied(env, "total", first, node);
  const step = isFromRight ? -1 : 1;
  const from = start === undefined ? arithmetic("add", begin, number(step)) : begin;
  loop(env, node, { from, to: isFromRight ? number(-1) : length, step }, (inner, i) => {
    const given = [total, itemAt(array, i), scalar(i), array];
    const next = inner.unit.elaborate.call(inner, callback, each, given);
    if (isSame(next, total)) return; // it was changed in place
    noteCopy(inner, next, total, node);
    copyInto(inner, node, total, readAll(inner, next));
  });
  return total;
}

/** True if two values are the same object. */
function isSame(a: Entity, b: Entity): boolean {
  const isWhole = (x: Entity): boolean => x.kind !== "array" || x.places.length === 0;
  return "root" in a && "root" in b && a.root === b.root && isWhole(a) && isWhole(b);
}
