import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { and, apply, arithmetic, compare, number, or, select, truth } from "../draft/draft.ts";
import { copied } from "../entities/copies.ts";
import type { ArrayEntity, Entity, TupleEntity } from "../entities/entity.ts";
import { describe, nothing, scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import {
  at,
  atom,
  letLocal,
  nested,
  newRoot,
  numberValue,
  placeHere,
  refuse,
  scalarValue,
  textOf,
} from "../entities/env.ts";
import type { ValuePlan } from "../entities/plan.ts";
import {
  arrayLength,
  copyInto,
  eachPlace,
  itemAt,
  makeArray,
  planOf,
  refuseReadOnly,
  storeScalar,
} from "../entities/plan.ts";
import { allRoots, borrow, isFresh, readAll } from "../entities/sharing.ts";
import type { ArrayKind } from "../form/form.ts";
import type { CallExpression, Expression, NewExpression, Node, SpreadElement } from "../syntax/ast.ts";
import { unwrap } from "../syntax/walk.ts";
import { element } from "./access.ts";

type CallArgument = Expression | SpreadElement;

const elementTypes = { Float64Array: "f64", Float32Array: "f32", Int32Array: "i32" } as const;
type TypedArrayName = keyof typeof elementTypes;

function isTyped(name: string): name is TypedArrayName {
  return Object.hasOwn(elementTypes, name);
}

const otherArrays =
  "is outside of what can be differentiated: use Float64Array, Float32Array, Int32Array or an array of numbers.";

/** Evaluates `new Float64Array(n)`, `new Float64Array(x)`, and the other typed arrays. Refuses other constructors. */
export function construct(env: Env, node: NewExpression | CallExpression): Entity {
  const callee = env.unit.elaborate.evaluate(env, node.callee);
  const name = callee.kind === "global" ? callee.name : "";
  if (name === "Array") {
    return refuse(
      env,
      node,
      `${textOf(env, node)} holds nothing until it is filled: write new Array<number>(n).fill(0), or new Float64Array(n).`,
    );
  }
  if (!isTyped(name)) {
    const what = textOf(env, node.callee);
    return refuse(
      env,
      node,
      name.endsWith("Array")
        ? `${what} ${otherArrays}`
        : `new ${what} is outside of what can be differentiated.`,
    );
  }
  const [first] = node.arguments;
  if (first === undefined) return zeros(env, node, name, number(0));
  if (node.arguments.length > 1 || first.type === "SpreadElement")
    return refuse(
      env,
      node,
      `a view of other memory cannot be followed: new ${name} takes a length or an array here.`,
    );
  const given = env.unit.elaborate.evaluate(env, first);
  if (given.kind === "scalar") return zeros(env, node, name, numberValue(env, first, given));
  return convertedArray(env, node, given, name);
}

function zeros(env: Env, node: Node, of: ArrayKind, length: RegionExpr): ArrayEntity {
  const type = isTyped(of) ? elementTypes[of] : "f64";
  const array = makeArray(
    env,
    node,
    { kind: "array", of, length, item: { kind: "element", type } },
    env.hint ?? "array",
  );
  return { ...array, isZero: true };
}

/** Copies the elements of an array or tuple of numbers to a new array of the given type. */
function convertedArray(env: Env, node: Node, given: Entity, of: TypedArrayName): Entity {
  if (given.kind === "tuple") {
    const array = zeros(env, node, of, number(given.items.length));
    for (const [i, item] of given.items.entries()) copyInto(env, node, itemAt(array, number(i)), item);
    return { ...array, isZero: false };
  }
  if (given.kind !== "array" || given.layout.item.kind !== "element")
    return refuse(env, node, `${of} holds numbers, and is made of an array of numbers or a length.`);
  const array = zeros(env, node, of, arrayLength(given));
  eachPlace(
    env,
    arrayLength(given),
    "k",
    (inner, k) => copyInto(inner, node, itemAt(array, k), itemAt(given, k)),
    at(env, node),
  );
  return { ...array, isZero: false };
}

/** Converts a tuple to an array. All items must be of one kind; tuples of numbers among them become rows. */
export function makeTupleArray(env: Env, node: Node, tuple: TupleEntity, label: string): ArrayEntity {
  if (!tuple.fresh) borrow(env, allRoots(tuple), node);
  const [first] = tuple.items;
  if (first === undefined)
    return refuse(
      env,
      node,
      "an empty array stays empty, since arrays keep their length here: make it with its length, as new Float64Array(n), and write ys[i] = v " +
        "in place of ys.push(v).",
    );
  const item = rowPlan(planOf(env, node, first));
  const array = makeArray(
    env,
    node,
    { kind: "array", of: "number[]", length: number(tuple.items.length), item },
    label,
  );
  for (const [i, value] of tuple.items.entries()) {
    if (!isFresh(value)) borrow(env, [...allRoots(value), array.root], node);
    copyInto(env, node, itemAt(array, number(i)), readAll(env, value));
  }
  return array;
}

/** Replaces tuples of numbers by rows of an array, so that they can be indexed. */
function rowPlan(plan: ValuePlan): ValuePlan {
  if (plan.kind !== "tuple") return plan;
  const items = plan.items.map(rowPlan);
  const [first] = items;
  const isRow = first !== undefined && items.every((item) => JSON.stringify(item) === JSON.stringify(first));
  return isRow ? { kind: "array", of: "number[]", length: number(items.length), item: first } : plan;
}

/** Returns an array unchanged, and converts a tuple to an array. */
export function asArray(env: Env, node: Node, value: Entity): ArrayEntity {
  if (value.kind === "array") return value;
  if (value.kind === "tuple") return makeTupleArray(env, node, value, env.hint ?? "array");
  return refuse(env, node, `an array is needed here, and ${textOf(env, node)} is ${describe(value)}.`);
}

/** Creates an array whose items `each` computes in order. Lengths of items must not depend on the index. */
function collect(
  env: Env,
  node: Node,
  length: RegionExpr,
  of: ArrayKind,
  each: (inner: Env, place: RegionExpr) => Entity,
): ArrayEntity {
  const n = atom(env, length, "n");
  const place = placeHere(env);
  let array: ArrayEntity | undefined;
  eachPlace(
    env,
    n,
    "i",
    (inner, i) => {
      const value = each(inner, i);
      const item = isTyped(of)
        ? ({ kind: "element", type: elementTypes[of] } as const)
        : rowPlan(planOf(inner, node, value));
      array = makeArray(inner, node, { kind: "array", of, length: n, item }, env.hint ?? "array", place);
      if (!isFresh(value)) borrow(inner, [...allRoots(value), array.root], node);
      const isZero = value.kind === "array" && value.isZero === true;
      if (!isZero) copyInto(inner, node, itemAt(array, i), readAll(inner, value));
    },
    at(env, node),
  );
  return array!;
}

/** Part of an array literal: a value, or a spread array. */
export interface LiteralPart {
  readonly node: Node;
  readonly value: Entity;
  readonly isSpread: boolean;
}

/** `[...x, a, ...y]`: concatenates numbers and spread arrays of numbers. */
export function concatenation(env: Env, node: Node, parts: readonly LiteralPart[]): ArrayEntity {
  const lengthOf = ({ value, isSpread }: LiteralPart): RegionExpr =>
    isSpread && value.kind === "array" ? arrayLength(value) : number(1);
  const length = parts.reduce((sum, part) => arithmetic("add", sum, lengthOf(part)), number(0));
  const plan = {
    kind: "array",
    of: "number[]",
    length: atom(env, length, "n"),
    item: { kind: "element", type: "f64" },
  } as const;
  const array = makeArray(env, node, plan, env.hint ?? "array");
  let start: RegionExpr = number(0);
  for (const part of parts) {
    const { value } = part;
    const put = (inner: Env, place: RegionExpr, item: Entity): void =>
      copyInto(inner, node, itemAt(array, place), scalar(numberValue(inner, part.node, item)));
    if (part.isSpread && value.kind === "array") {
      const first = start;
      eachPlace(
        env,
        arrayLength(value),
        "k",
        (inner, k) => put(inner, arithmetic("add", first, k), itemAt(value, k)),
        at(env, node),
      );
    } else put(env, start, value);
    start = atom(env, arithmetic("add", start, lengthOf(part)), "start");
  }
  return array;
}

/** Evaluates `Array.from(…)`, `Float64Array.of(…)`, `Array(n).fill(v)` and the like; `undefined` for others. */
export function arrayFunction(
  env: Env,
  node: Node,
  name: string,
  args: readonly CallArgument[],
): Entity | undefined {
  const [owner = "", methodName] = name.split(".");
  if (owner !== "Array" && !isTyped(owner)) return undefined;
  const of: ArrayKind = isTyped(owner) ? owner : "number[]";
  if (methodName === "of") {
    const items = args.map((arg) => evaluateArgument(env, arg));
    const tuple: TupleEntity = { kind: "tuple", items, root: newRoot(env, "[…]"), fresh: true };
    return isTyped(owner) ? convertedArray(env, node, tuple, owner) : tuple;
  }
  if (methodName !== "from") return undefined;
  const [source, callback] = args;
  if (source === undefined) return refuse(env, node, `${name} takes an array or { length: n }.`);
  const unfilled = source.type === "SpreadElement" ? undefined : unfilledArray(env, source);
  const given = unfilled === undefined ? evaluateArgument(env, source) : nothing;
  const each = callback && evaluateArgument(env, callback);
  const lengthField = given.kind === "record" ? given.fields.get("length") : undefined;
  const length = lengthField === undefined ? unfilled : numberValue(env, source, lengthField);
  if (length !== undefined) {
    if (each === undefined)
      return isTyped(owner)
        ? zeros(env, node, of, length)
        : refuse(
            env,
            node,
            `${textOf(env, node)} holds undefined: give a function for its elements, as () => 0.`,
          );
    // an empty slot is undefined, and callbacks receive the index as their second parameter
    return collect(env, node, length, of, (inner, i) =>
      inner.unit.elaborate.call(inner, callback ?? node, each, [nothing, scalar(i)]),
    );
  }
  const array = asArray(env, source, given);
  return collect(env, node, arrayLength(array), of, (inner, i) => {
    const item = itemAt(array, i);
    return each === undefined
      ? item
      : inner.unit.elaborate.call(inner, callback ?? node, each, [item, scalar(i)]);
  });
}

function evaluateArgument(env: Env, node: CallArgument): Entity {
  if (node.type === "SpreadElement")
    return refuse(env, node, "arguments cannot be spread here: name them one by one.");
  return env.unit.elaborate.evaluate(env, node);
}

/** Length of the array that is filled in `new Array(n).fill(v)`, if the node is `new Array(n)` or `Array(n)`. */
export function unfilledArray(env: Env, node: Expression): RegionExpr | undefined {
  const made = unwrap(node);
  if (made.type !== "NewExpression" && made.type !== "CallExpression") return undefined;
  const callee = unwrap(made.callee);
  if (callee.type !== "Identifier" || callee.name !== "Array" || env.scope.get("Array") !== undefined)
    return undefined;
  const [length] = made.arguments;
  if (length === undefined || length.type === "SpreadElement" || made.arguments.length > 1) return undefined;
  return numberValue(env, length, env.unit.elaborate.evaluate(env, length));
}

/** Creates an array of `length` with the same value in all elements. */
export function filled(env: Env, node: Node, length: RegionExpr, value: RegionExpr): Entity {
  const type = value.type === "bool" ? "bool" : "f64";
  const plan: ValuePlan & { readonly kind: "array" } = {
    kind: "array",
    of: "number[]",
    length,
    item: { kind: "element", type },
  };
  const array = makeArray(env, node, plan, env.hint ?? "array");
  if (value.kind === "const" && Object.is(value.value, 0)) return { ...array, isZero: true };
  const kept = atom(env, value, "value");
  eachPlace(
    env,
    arrayLength(array),
    "k",
    (inner, k) => copyInto(inner, node, itemAt(array, k), scalar(kept)),
    at(env, node),
  );
  return array;
}

const searching =
  "write the search as a loop that stores the index: let at = -1; for (let i = 0; i < x.length; i++) if (x[i] === y) { at = i; break; }";

const refusedMethods: Readonly<Record<string, string>> = {
  push: "arrays keep their length here: make it with its length, as new Float64Array(n), and write x[i] = v.",
  pop: "arrays keep their length here: count with a variable of your own how many elements are in use.",
  shift: "arrays keep their length here: store the index of the first element in a variable.",
  unshift:
    "arrays keep their length here: make it with its length, as new Float64Array(n), and write x[i] = v.",
  splice: "arrays keep their length here: write the elements to a new array.",
  filter: "how many elements stay is not known before: write a loop that skips the others.",
  concat: "make an array of both lengths and copy both in a loop.",
  flat: "write the elements to an array of the whole length in a loop.",
  flatMap: "write the elements to an array of the whole length in a loop.",
  sort: "sorting is not among the methods here: sort before the call, or write the exchanges out.",
  subarray:
    "views of a part of an array are not supported: use slice, which copies, or indices with an offset.",
  join: "strings cannot be computed with here.",
  reverse: "read from the end: x.map((_, i) => x[x.length - 1 - i]).",
  toReversed: "read from the end: x.map((_, i) => x[x.length - 1 - i]).",
  toSorted: "sorting is not among the methods here: sort before the call, or write the exchanges out.",
  includes: "ask each element: x.some((v) => v === y).",
  indexOf: searching,
  lastIndexOf: searching,
  findIndex: searching,
  findLastIndex: searching,
  find: searching,
  findLast: searching,
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
};

/** Names of the supported array methods. */
export const arrayMethods: readonly string[] = /* @__PURE__ */ Object.keys(methods);

/** Evaluates an array method by name. */
export function method(
  env: Env,
  node: Node,
  object: Entity,
  name: string,
  args: readonly CallArgument[],
): Entity {
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
  const isInPlace = name === "fill" || name === "set";
  if (object.kind === "tuple" && isInPlace)
    return refuse(env, node, `${name}: the items of this tuple are separate numbers: assign each of them.`);
  return run(env, node, asArray(env, node, object), args);
}

function callEach(
  env: Env,
  node: Node,
  array: ArrayEntity,
  callback: CallArgument | undefined,
  i: RegionExpr,
): Entity {
  if (callback === undefined) return refuse(env, node, "a function is missing here.");
  const each = evaluateArgument(env, callback);
  return env.unit.elaborate.call(env, callback, each, [itemAt(array, i), scalar(i), array]);
}

function fill(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [value, ...range] = args;
  if (value === undefined) return refuse(env, node, "fill: the value is missing.");
  if (array.root.readOnly) return refuseReadOnly(env, node, array.root, "slice");
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
  if (plan.item.kind !== "element") borrow(env, [array.root, copy.root], node); // in JavaScript its rows are shared with the original
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

/** Index range of `slice` and `fill`. Negative indices count from the end; all are clamped to the array. */
function rangeOf(
  env: Env,
  array: ArrayEntity,
  args: readonly CallArgument[],
): readonly [from: RegionExpr, to: RegionExpr] {
  const length = arrayLength(array);
  const bound = (node: CallArgument | undefined, missing: RegionExpr): RegionExpr => {
    if (node === undefined) return missing;
    const given = arithmeticTrunc(numberValue(env, node, evaluateArgument(env, node)));
    const isNegative = given.kind === "const" && given.value < 0;
    if (given.kind === "const" && !isNegative) return apply("minimum", "f64", given, length);
    if (isNegative) return apply("maximum", "f64", arithmetic("add", length, given), number(0));
    return atom(
      env,
      apply("minimum", "f64", apply("maximum", "f64", fromEnd(env, given, length), number(0)), length),
      "bound",
    );
  };
  return [bound(args[0], number(0)), bound(args[1], length)];
}

function arithmeticTrunc(x: RegionExpr): RegionExpr {
  return x.kind === "const" ? number(Math.trunc(x.value)) : apply("trunc", "f64", x);
}

function fromEnd(env: Env, given: RegionExpr, length: RegionExpr): RegionExpr {
  const k = atom(env, given, "bound");
  return {
    kind: "select",
    type: "f64",
    condition: compare("less", k, number(0)),
    x: arithmetic("add", length, k),
    y: k,
  };
}

function loop(
  env: Env,
  node: Node,
  bounds: { readonly from: RegionExpr; readonly to: RegionExpr; readonly step: number },
  body: (inner: Env, k: RegionExpr) => void,
): void {
  const index = env.unit.names.fresh("k");
  const inner = nested(env, new Set());
  body(inner, { kind: "local", type: "f64", name: index });
  env.out.push({ kind: "for", index, ...bounds, body: inner.out.statements(), at: at(env, node) });
}

/** Evaluates `x.set(y, offset)`, which copies y into x. */
function setElements(env: Env, node: Node, array: ArrayEntity, args: readonly CallArgument[]): Entity {
  const [source, offset] = args;
  if (source === undefined) return refuse(env, node, "set: the elements are missing.");
  if (array.root.readOnly) return refuseReadOnly(env, node, array.root, "slice");
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
  const inner = nested(env, new Set());
  const holds = scalarValue(
    inner,
    node,
    callEach(inner, node, array, callback, { kind: "local", type: "f64", name: index }),
  );
  if (holds.type !== "bool")
    return refuse(env, callback ?? node, "this function is to give a boolean: compare its result.");
  inner.out.push({ kind: "set", name, value: all ? and(result.value, holds) : or(result.value, holds) });
  const live = all ? result.value : compare("equal", result.value, truth(false));
  const to = arrayLength(array);
  env.out.push({
    kind: "for",
    index,
    from: number(0),
    to,
    step: 1,
    live,
    body: inner.out.statements(),
    at: at(env, node),
  });
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
    if (!isFresh(next)) borrow(inner, [...allRoots(next), ...allRoots(total)], node);
    copyInto(inner, node, total, readAll(inner, next));
  });
  return total;
}

/** True if two values are the same object. */
function isSame(a: Entity, b: Entity): boolean {
  const isWhole = (x: Entity): boolean => x.kind !== "array" || x.places.length === 0;
  return "root" in a && "root" in b && a.root === b.root && isWhole(a) && isWhole(b);
}
