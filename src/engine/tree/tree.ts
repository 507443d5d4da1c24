import { DownhillError } from "../errors/index.ts";
import { anotherCopyHint, isOfAnotherCopy, Tensor } from "../ir/tensor.ts";
import { assertNever } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";
import { deepestNesting, mostElements, tooDeep } from "./nesting.ts";
import type { NodeType } from "./node-types.ts";
import { nodeTypeOf } from "./node-types.ts";

/**
 * The structure of a nested argument without its leaves. A leaf is a tensor, a number, a typed array or a rectangular nest
 * of numbers or of booleans; an array or plain object that holds anything else is a node, and so is an instance of a class
 * that was registered; strings, plain booleans, `null` and `undefined` are static: part of the structure.
 */
export type TreeDef =
  | { readonly kind: "leaf" }
  | { readonly kind: "array"; readonly children: readonly TreeDef[] }
  | { readonly kind: "object"; readonly keys: readonly string[]; readonly children: readonly TreeDef[] }
  | { readonly kind: "instance"; readonly type: NodeType; readonly children: readonly [TreeDef] }
  | { readonly kind: "static"; readonly value: string | boolean | null | undefined };

/** What a plain boolean is: part of the structure, or, in what loops and branches carry, a leaf. */
export type BooleanRole = "static" | "leaf";

const leaf: TreeDef = { kind: "leaf" };

/** The leaves of a nested value from left to right, and its structure. */
export function flatten(
  value: unknown,
  operation: string,
  booleans?: BooleanRole,
): { readonly leaves: unknown[]; readonly def: TreeDef } {
  const leaves: unknown[] = [];
  return { def: flattenInto(value, leaves, operation, booleans), leaves };
}

/**
 * Appends the leaves of `value` to `leaves` and returns its structure. What it is `expected` to be decides where it could be
 * one thing or another: a plain boolean and an array of no numbers may be leaves, an array of numbers a node.
 *
 * @throws DownhillError `tree` for what is neither, and, with the path, for what holds itself or is nested too deep.
 */
export function flattenInto(
  value: unknown,
  leaves: unknown[],
  operation: string,
  booleans: BooleanRole = "static",
  expected?: TreeDef,
): TreeDef {
  return flattenAt(value, { leaves, operation, booleans, root: value }, expected, 0);
}

interface FlattenState {
  readonly leaves: unknown[];
  readonly operation: string;
  readonly booleans: BooleanRole;
  /** What is flattened, from which paths are told. */
  readonly root: unknown;
}

function flattenAt(
  value: unknown,
  flattening: FlattenState,
  expected: TreeDef | undefined,
  depth: number,
): TreeDef {
  const { leaves, operation, booleans, root } = flattening;
  const isNode = expected?.kind === "array" && Array.isArray(value);
  if ((!isNode && isLeaf(value, booleans)) || (expected?.kind === "leaf" && standsForTensor(value))) {
    leaves.push(value);
    return leaf;
  }
  if (isStatic(value)) return { kind: "static", value };
  // what holds itself is deeper than anything
  if (depth > deepestNesting) throw tooDeep(root, operation);
  if (Array.isArray(value)) {
    const items = expected?.kind === "array" ? expected.children : [];
    const children = value.map((item: unknown, i) => flattenAt(item, flattening, items[i], depth + 1));
    return { kind: "array", children };
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    const children = keys.map((key, i) =>
      flattenAt(value[key], flattening, childOf(expected, key, i), depth + 1),
    );
    return { kind: "object", keys, children };
  }
  const type = nodeTypeOf(value);
  if (type !== undefined) {
    const within = expected?.kind === "instance" ? expected.children[0] : undefined;
    return {
      kind: "instance",
      type,
      children: [flattenAt(type.toTree(value as never), flattening, within, depth + 1)],
    };
  }
  if (isOfAnotherCopy(value))
    throw new DownhillError(
      "tree",
      `${operation}: got a tensor of another copy of the library.${anotherCopyHint}`,
    );
  throw new DownhillError(
    "tree",
    `${operation}: ${describe(value)} is neither a tensor nor a plain array or object of tensors. ` +
      `Pass numbers, arrays of numbers, typed arrays or tensors, nested in plain arrays and objects; ` +
      `register of downhill/tree makes instances of a class of yours nodes too.`,
  );
}

/** What is expected under a key, which most often stands at the same place. */
function childOf(expected: TreeDef | undefined, key: string, i: number): TreeDef | undefined {
  if (expected?.kind !== "object") return undefined;
  return expected.children[expected.keys[i] === key ? i : expected.keys.indexOf(key)];
}

/** Puts leaves back into a structure. */
export function unflatten(def: TreeDef, leaves: readonly unknown[]): unknown {
  let next = 0;
  const build = (node: TreeDef): unknown => {
    switch (node.kind) {
      case "leaf":
        return leaves[next++];
      case "array":
        return node.children.map(build);
      case "object":
        return buildObject(node.keys, node.children, build);
      case "instance":
        return node.type.fromTree(build(node.children[0]) as never);
      case "static":
        return node.value;
      default:
        return assertNever(node, "unflatten");
    }
  };
  return build(def);
}

function buildObject(
  keys: readonly string[],
  children: readonly TreeDef[],
  build: (def: TreeDef) => unknown,
): object {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const value = build(children[i]!);
    if (key !== "__proto__") object[key] = value;
    // a plain name here, and not the prototype
    else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

/** Number of leaves of a structure. */
export function countLeaves(def: TreeDef): number {
  if (def.kind === "leaf") return 1;
  if (def.kind === "static") return 0;
  return def.children.reduce((n, child) => n + countLeaves(child), 0);
}

/** A structure as text: equal structures have equal keys. */
export function treeKey(def: TreeDef): string {
  switch (def.kind) {
    case "leaf":
      return "*";
    case "array":
      return `[${def.children.map(treeKey).join(",")}]`;
    case "object":
      return `{${def.keys.map((key, i) => `${JSON.stringify(key)}:${treeKey(def.children[i]!)}`).join(",")}}`;
    case "instance":
      return `#${def.type.id}(${treeKey(def.children[0])})`;
    case "static":
      return JSON.stringify(def.value) ?? "undefined";
    default:
      return assertNever(def, "treeKey");
  }
}

/** The path of each leaf, as messages name it: `params.layers[0].w`. */
export function leafPaths(def: TreeDef, root: string): string[] {
  switch (def.kind) {
    case "leaf":
      return [root];
    case "array":
      return def.children.flatMap((child, i) => leafPaths(child, `${root}[${i}]`));
    case "object":
      return def.children.flatMap((child, i) => {
        const key = def.keys[i]!;
        return leafPaths(
          child,
          /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `${root}.${key}` : `${root}[${JSON.stringify(key)}]`,
        );
      });
    case "instance":
      return leafPaths(def.children[0], root);
    case "static":
      return [];
    default:
      return assertNever(def, "leafPaths");
  }
}

/**
 * Applies `f` to the leaves that stand at the same places of several values of one structure.
 *
 * @throws DownhillError `tree` that names the first place at which the structures differ.
 */
export function mapLeaves(
  operation: string,
  f: (...leaves: unknown[]) => unknown,
  first: unknown,
  ...rest: readonly unknown[]
): unknown {
  const { leaves, def } = flatten(first, operation);
  const others = rest.map((value, i) => matchLeaves(operation, def, value, `argument ${i + 2}`));
  return unflatten(
    def,
    leaves.map((x, i) => f(x, ...others.map((other) => other[i]))),
  );
}

/** The leaves of `value`, which must have the structure `def`; keys may come in another order. */
export function matchLeaves(operation: string, def: TreeDef, value: unknown, what: string): unknown[] {
  const leaves: unknown[] = [];
  const given = flattenInto(value, leaves, operation, "static", def);
  const difference = firstDifference(def, given, what);
  if (difference !== undefined) throw new DownhillError("tree", `${operation}: ${difference}.`);
  return hasSameOrder(def, given) ? leaves : inOrderOf(def, given, leaves);
}

/** Whether the keys of two structures that are equal but for their order come in the same order. */
function hasSameOrder(a: TreeDef, b: TreeDef): boolean {
  if (a.kind === "object" && b.kind === "object" && a.keys.some((key, i) => b.keys[i] !== key)) return false;
  if (!("children" in a) || !("children" in b)) return true;
  return a.children.every((child, i) => hasSameOrder(child, b.children[i]!));
}

/** The leaves of `actual` in the order in which `expected` has the keys. */
function inOrderOf(expected: TreeDef, actual: TreeDef, leaves: readonly unknown[]): unknown[] {
  if (!("children" in expected) || !("children" in actual)) return [...leaves];
  let next = 0;
  const parts = actual.children.map((child) => leaves.slice(next, (next += countLeaves(child))));
  return expected.children.flatMap((child, i) => {
    const place =
      expected.kind === "object" && actual.kind === "object" ? actual.keys.indexOf(expected.keys[i]!) : i;
    return inOrderOf(child, actual.children[place]!, parts[place]!);
  });
}

/** Where and how two structures differ first, or `undefined`. */
export function firstDifference(expected: TreeDef, actual: TreeDef, path: string): string | undefined {
  if (expected.kind !== actual.kind)
    return `${path} should be ${showKind(expected)} but is ${showKind(actual)}`;
  switch (expected.kind) {
    case "leaf":
      return undefined;
    case "static":
      return actual.kind === "static" && actual.value === expected.value
        ? undefined
        : `${path} should be ${String(expected.value)}`;
    case "array": {
      if (actual.kind !== "array") return undefined;
      if (actual.children.length !== expected.children.length) {
        return `${path} should have ${expected.children.length} items but has ${actual.children.length}`;
      }
      return firstOf(expected.children, (child, i) =>
        firstDifference(child, actual.children[i]!, `${path}[${i}]`),
      );
    }
    case "object": {
      if (actual.kind !== "object") return undefined;
      const missing = expected.keys.find((key) => !actual.keys.includes(key));
      if (missing !== undefined) return `${path} lacks ${JSON.stringify(missing)}`;
      const extra = actual.keys.find((key) => !expected.keys.includes(key));
      if (extra !== undefined) return `${path} has ${JSON.stringify(extra)}, which is not expected`;
      return firstOf(expected.children, (child, i) => {
        const key = expected.keys[i]!;
        return firstDifference(child, actual.children[actual.keys.indexOf(key)]!, `${path}.${key}`);
      });
    }
    case "instance": {
      if (actual.kind !== "instance") return undefined;
      if (actual.type !== expected.type)
        return `${path} should be ${showKind(expected)} but is ${showKind(actual)}`;
      return firstDifference(expected.children[0], actual.children[0], path);
    }
    default:
      return assertNever(expected, "firstDifference");
  }
}

function firstOf<T>(items: readonly T[], f: (item: T, i: number) => string | undefined): string | undefined {
  for (let i = 0; i < items.length; i++) {
    const found = f(items[i]!, i);
    if (found !== undefined) return found;
  }
  return undefined;
}

function showKind(def: TreeDef): string {
  switch (def.kind) {
    case "leaf":
      return "a tensor";
    case "array":
      return "an array";
    case "object":
      return "an object";
    case "instance":
      return `an instance of ${def.type.name}`;
    case "static":
      return String(def.value);
    default:
      return assertNever(def, "showKind");
  }
}

export function isTypedArray(
  value: unknown,
): value is Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array {
  return (
    value instanceof Float64Array ||
    value instanceof Float32Array ||
    value instanceof Int32Array ||
    value instanceof Uint32Array ||
    value instanceof Uint8Array
  );
}

function isLeaf(value: unknown, booleans: BooleanRole): boolean {
  if (value instanceof Tensor) return true;
  if (typeof value === "number" || (typeof value === "boolean" && booleans === "leaf")) return true;
  return isTypedArray(value) || (Array.isArray(value) && isNest(value) && !shapeOf(value).includes(0));
}

function isStatic(value: unknown): value is (TreeDef & { readonly kind: "static" })["value"] {
  return typeof value === "string" || typeof value === "boolean" || value === null || value === undefined;
}

/** What is static or a node by itself, but a tensor where one is asked for: a plain boolean, an array of no numbers. */
function standsForTensor(value: unknown): boolean {
  return typeof value === "boolean" || (Array.isArray(value) && isEmptyNest(value));
}

/** Whether an array is a rectangular nest that holds no number, such as `[]` and `[[], []]`. */
export function isEmptyNest(value: readonly unknown[]): boolean {
  return shapeOf(value).includes(0) && isNest(value);
}

/**
 * Whether an array is a rectangular nest of numbers, or of booleans; it may hold none. One that would have more elements than
 * an array can have is not walked through: whoever makes a tensor of it finds that out.
 */
function isNest(value: readonly unknown[]): boolean {
  const shape = shapeOf(value);
  if (shape.length > deepestNesting) return false;
  if (sizeOf(shape) > mostElements) return true;
  let first: unknown = value;
  while (Array.isArray(first)) first = first[0];
  return hasShape(value, shape, 0, typeof first === "boolean" ? "boolean" : "number");
}

/** The sizes along the first elements, of one level more than there may be at most. */
function shapeOf(value: readonly unknown[]): number[] {
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level) && shape.length <= deepestNesting; level = level[0])
    shape.push(level.length);
  return shape;
}

function hasShape(value: unknown, shape: readonly number[], depth: number, kind: string): boolean {
  if (depth === shape.length) return typeof value === kind;
  return (
    Array.isArray(value) &&
    value.length === shape[depth] &&
    value.every((item) => hasShape(item, shape, depth + 1, kind))
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === "function") return `a function${value.name === "" ? "" : ` (${value.name})`}`;
  if (typeof value === "object" && value !== null) {
    const name: unknown = value.constructor?.name;
    return `an object of class ${typeof name === "string" ? name : "?"}`;
  }
  return `a ${typeof value}`;
}

/**
 * Walks a value of the structure `def` without building anything: `visit` gets each leaf in order and may refuse it.
 * Returns the number of leaves, counted on from `start`, or −1 where structure or a leaf differs.
 */
export function visitLeaves(
  def: TreeDef,
  value: unknown,
  start: number,
  visit: (leaf: unknown, place: number) => boolean,
): number {
  switch (def.kind) {
    case "leaf":
      return visit(value, start) ? start + 1 : -1;
    case "static":
      return value === def.value ? start : -1;
    case "array": {
      const { children } = def;
      if (!Array.isArray(value) || value.length !== children.length) return -1;
      let place = start;
      for (let i = 0; i < children.length && place >= 0; i++)
        place = visitLeaves(children[i]!, value[i], place, visit);
      return place;
    }
    case "object": {
      const { keys, children } = def;
      if (!isPlainObject(value)) return -1;
      const inOrder = visitInOrder(def, value, start, visit);
      if (inOrder !== undefined) return inOrder;
      let place = start;
      for (let i = 0; i < keys.length && place >= 0; i++) {
        const key = keys[i]!;
        place = Object.hasOwn(value, key) ? visitLeaves(children[i]!, value[key], place, visit) : -1;
      }
      return place >= 0 && Object.keys(value).length === keys.length ? place : -1;
    }
    case "instance":
      if (nodeTypeOf(value) !== def.type) return -1;
      return visitLeaves(def.children[0], def.type.toTree(value as never), start, visit);
  }
}

/**
 * The same for an object whose keys come in the order of the structure, as nearly always: engines have the keys of an object
 * at hand, and ask for each by name. Gives `undefined`, perhaps after some visits, where they come in another order.
 */
function visitInOrder(
  { keys, children }: TreeDef & { readonly kind: "object" },
  value: Record<string, unknown>,
  start: number,
  visit: (leaf: unknown, place: number) => boolean,
): number | undefined {
  let place = start;
  let i = 0;
  for (const key in value) {
    if (i >= keys.length || keys[i] !== key) return undefined;
    const child = children[i++]!;
    if (child.kind !== "leaf") place = visitLeaves(child, value[key], place, visit);
    else place = visit(value[key], place) ? place + 1 : -1;
    if (place < 0) return -1;
  }
  return i === keys.length ? place : undefined;
}
