import type { RegionExpr, RegionFor } from "../../../engine/region/form/region.ts";
import { apply, arithmetic, compare, number } from "../draft/draft.ts";
import type { ArrayEntity, Entity, TupleEntity } from "../entities/entity.ts";
import { describe, nothing, scalar } from "../entities/entity.ts";
import type { Env } from "../entities/env.ts";
import { at, atom, nestedLoop, newRoot, numberValue, placeHere, refuse, textOf } from "../entities/env.ts";
import { commonPlan } from "../entities/joint-plan.ts";
import type { ValuePlan } from "../entities/plan.ts";
import {
  arrayLength,
  copyInto,
  eachPlace,
  itemAt,
  makeArray,
  planOf,
  presentValue,
} from "../entities/plan.ts";
import { allRoots, borrow, noteCopy, readAll } from "../entities/sharing.ts";
import type { ArrayKind } from "../form/form.ts";
import { adviceForClass } from "./classes.ts";
import type { CallExpression, Expression, NewExpression, Node, SpreadElement } from "../syntax/ast.ts";
import { unwrap } from "../syntax/walk.ts";

export type CallArgument = Expression | SpreadElement;

const elementTypes = { Float64Array: "f64", Float32Array: "f32", Int32Array: "i32" } as const;
type TypedArrayName = keyof typeof elementTypes;

function isTyped(name: string): name is TypedArrayName {
  return Object.hasOwn(elementTypes, name);
}

const otherArrays =
  "is outside of what can be differentiated: use Float64Array, Float32Array, Int32Array or an array of numbers.";

/**
 * Evaluates `new Float64Array(n)`, `new Float64Array(x)`, the other typed arrays, and `new Array()`. Refuses other
 * constructors.
 */
export function construct(env: Env, node: NewExpression | CallExpression): Entity {
  const callee = env.unit.elaborate.evaluate(env, node.callee);
  const name = callee.kind === "global" ? callee.name : "";
  if (name === "Array") {
    if (node.arguments.length === 0)
      return { kind: "tuple", items: [], root: newRoot(env, "[]"), fresh: true };
    return refuse(
      env,
      node,
      `${textOf(env, node)} holds nothing until it is filled: write new Array<number>(n).fill(0), or new Float64Array(n).`,
    );
  }
  if (!isTyped(name)) {
    const what = textOf(env, node.callee);
    return refuse(env, node, name.endsWith("Array") ? `${what} ${otherArrays}` : adviceForClass(what));
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
      "the array is empty here. Fill it by push in the block that declares it, or make it with its length, as new Float64Array(n), and write " +
        "ys[i] = v.",
    );
  const others = tuple.items.slice(1).map((value) => planOf(env, node, value));
  const item = rowPlan(commonPlan([planOf(env, node, first), ...others]));
  const array = makeArray(
    env,
    node,
    { kind: "array", of: "number[]", length: number(tuple.items.length), item },
    label,
  );
  for (const [i, value] of tuple.items.entries()) {
    noteCopy(env, value, array, node);
    copyInto(env, node, itemAt(array, number(i)), readAll(env, value));
  }
  return array;
}

/** Returns the plan with tuples of numbers replaced by rows of an array, so that an index can select their items. */
export function rowPlan(plan: ValuePlan): ValuePlan {
  if (plan.kind !== "tuple") return plan;
  const items = plan.items.map(rowPlan);
  const [first] = items;
  const isRow = first !== undefined && items.every((item) => JSON.stringify(item) === JSON.stringify(first));
  return isRow ? { kind: "array", of: "number[]", length: number(items.length), item: first } : plan;
}

/** Returns an array, which must be present at its use, and converts a tuple to an array. */
export function asArray(env: Env, node: Node, given: Entity): ArrayEntity {
  const inner = given.kind === "optional" ? given.value : given;
  const isList = inner.kind === "array" || inner.kind === "tuple";
  const value = isList ? presentValue(env, node, given, "is not iterable") : given;
  if (value.kind === "array") return value;
  if (value.kind === "tuple") return makeTupleArray(env, node, value, env.hint ?? "array");
  return refuse(env, node, `an array is needed here, and ${textOf(env, node)} is ${describe(value)}.`);
}

/** Creates an array whose items `each` computes in order. Lengths of items must not depend on the index. */
export function collect(
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
      noteCopy(inner, value, array, node);
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

/**
 * `[...x, a, ...y]`: concatenates values and spread arrays. Tuples among the spread parts must have been replaced by
 * their items.
 */
export function concatenation(env: Env, node: Node, parts: readonly LiteralPart[]): ArrayEntity {
  const lengthOf = ({ value, isSpread }: LiteralPart): RegionExpr =>
    isSpread && value.kind === "array" ? arrayLength(value) : number(1);
  const length = parts.reduce((sum, part) => arithmetic("add", sum, lengthOf(part)), number(0));
  const plan = {
    kind: "array",
    of: "number[]",
    length: atom(env, length, "n"),
    item: itemPlan(env, parts),
  } as const;
  const array = makeArray(env, node, plan, env.hint ?? "array");
  let start: RegionExpr = number(0);
  for (const part of parts) {
    const { value } = part;
    const put = (inner: Env, place: RegionExpr, item: Entity): void =>
      copyInto(inner, part.node, itemAt(array, place), readAll(inner, item));
    if (plan.item.kind !== "element") noteCopy(env, value, array, part.node);
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

/** Plan of the items of a concatenation: that of its first part, or numbers if it has no parts. */
function itemPlan(env: Env, [first, ...rest]: readonly LiteralPart[]): ValuePlan {
  if (first === undefined) return { kind: "element", type: "f64" };
  const [plan, ...others] = [first, ...rest].map((part) => {
    const own = planOf(env, part.node, part.value);
    return part.isSpread && own.kind === "array" ? own.item : rowPlan(own);
  });
  const item = commonPlan([plan!, ...others]);
  return item.kind === "element" && item.type !== "bool" ? { kind: "element", type: "f64" } : item;
}

/** A new array with the items from index `from` on, as for `[a, ...rest] = x`. */
export function itemsFrom(env: Env, node: Node, array: ArrayEntity, from: number): ArrayEntity {
  const plan = planOf(env, node, array) as ValuePlan & { readonly kind: "array" };
  const { item } = plan;
  const length = apply("maximum", "f64", arithmetic("sub", plan.length, number(from)), number(0));
  const own: ValuePlan =
    item.kind === "element" && item.type !== "bool" ? { kind: "element", type: "f64" } : item;
  const rest = makeArray(env, node, { kind: "array", of: "number[]", length, item: own }, env.hint ?? "rest");
  if (item.kind !== "element") borrow(env, [array.root, rest.root], node, "items");
  eachPlace(
    env,
    arrayLength(rest),
    "k",
    (inner, k) => copyInto(inner, node, itemAt(rest, k), itemAt(array, arithmetic("add", k, number(from)))),
    at(env, node),
  );
  return rest;
}

/** Evaluates `Array.from(…)`, `Array.of(…)`, and those of typed arrays; `undefined` for other functions. */
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

export function evaluateArgument(env: Env, node: CallArgument): Entity {
  if (node.type === "SpreadElement")
    return refuse(env, node, "arguments cannot be spread here: name them one by one.");
  return env.unit.elaborate.evaluate(env, node);
}

/** Length n if the node is `new Array(n)` or `Array(n)`, as in `new Array(n).fill(v)`; otherwise `undefined`. */
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

/** Calls a callback of an array method with the item at an index, the index and the array. */
export function callEach(
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

/** Emits a loop over the indices from `from` to below `to`, or above it for a negative step. */
export function loop(
  env: Env,
  node: Node,
  bounds: Pick<RegionFor, "from" | "to" | "step" | "live">,
  body: (inner: Env, k: RegionExpr) => void,
): void {
  const index = env.unit.names.fresh("k");
  const inner = nestedLoop(env, { index, ...bounds, mayEnd: bounds.live !== undefined });
  body(inner, { kind: "local", type: "f64", name: index });
  env.out.push({ kind: "for", index, ...bounds, body: inner.out.statements(), at: at(env, node) });
}

/** Index range of `slice` and `fill`, from their optional arguments. */
export function rangeOf(
  env: Env,
  array: ArrayEntity,
  args: readonly CallArgument[],
): readonly [from: RegionExpr, to: RegionExpr] {
  const length = arrayLength(array);
  return [boundOf(env, args[0], length, number(0)), boundOf(env, args[1], length, length)];
}

/**
 * Index that an argument specifies; `missing` without an argument. A negative number counts from the end, and the
 * result is clamped to the array.
 */
export function boundOf(
  env: Env,
  node: CallArgument | undefined,
  length: RegionExpr,
  missing: RegionExpr,
): RegionExpr {
  if (node === undefined) return missing;
  const given = arithmeticTrunc(numberValue(env, node, evaluateArgument(env, node)));
  const isNegative = given.kind === "const" && given.value < 0;
  if (given.kind === "const" && !isNegative) return apply("minimum", "f64", given, length);
  if (isNegative) return apply("maximum", "f64", arithmetic("add", length, given), number(0));
  const fromStart = apply("maximum", "f64", fromEnd(env, given, length), number(0));
  return atom(env, apply("minimum", "f64", fromStart, length), "bound");
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
