import { DownhillError } from "../errors/index.ts";
import { anotherCopyHint, isOfAnotherCopy, Tensor } from "../ir/tensor.ts";
import { assertNever } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";
import { deepestNesting, mostElements, tooDeep } from "./nesting.ts";
import type { NodeType } from "./node-types.ts";
import { nodeTypeOf } from "./node-types.ts";
import { StaticValue } from "./static-value.ts";

/**
 * Structure of a nested argument without its leaves. A leaf is a tensor, a number, a typed array, or a rectangular
 * nested array of numbers or booleans. Any other array or plain object is a node, and so is an instance of a
 * registered class. Strings, plain booleans, `null`, `undefined` and a `StaticValue` are static, that is, part of the
 * structure.
 */
export type TreeDef =
  | { readonly kind: "leaf" }
  | { readonly kind: "array"; readonly children: readonly TreeDef[] }
  | { readonly kind: "object"; readonly keys: readonly string[]; readonly children: readonly TreeDef[] }
  | { readonly kind: "instance"; readonly type: NodeType; readonly children: readonly [TreeDef] }
  | { readonly kind: "static"; readonly value: string | boolean | null | undefined | StaticValue };

/** Role of a plain boolean: part of the structure, or, in carries of loops and branches, a leaf. */
export type BooleanRole = "static" | "leaf";

const leaf: TreeDef = { kind: "leaf" };

/** Flattens a nested value to its leaves, from left to right, and its structure. */
export function flatten(
  value: unknown,
  operation: string,
  booleans?: BooleanRole,
): { readonly leaves: unknown[]; readonly def: TreeDef } {
  const leaves: unknown[] = [];
  return { def: flattenInto(value, leaves, operation, booleans), leaves };
}

/**
 * Appends the leaves of `value` to `leaves` and returns its structure. The `expected` structure resolves
 * ambiguities: a plain boolean and an empty array may be leaves, an array of numbers may be a node.
 *
 * @throws DownhillError `tree` for a value that is neither leaf nor node, and, with the path, for a cyclic or too
 * deeply nested value.
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
  /** The outermost value; paths in error messages begin with it. */
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
  // a cyclic value exceeds any depth
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

/**
 * Child of the expected structure under a key. The index `i` is tried first, because keys are usually in the same
 * order. `undefined` if the structure is no object or lacks the key.
 */
function childOf(expected: TreeDef | undefined, key: string, i: number): TreeDef | undefined {
  if (expected?.kind !== "object") return undefined;
  return expected.children[expected.keys[i] === key ? i : expected.keys.indexOf(key)];
}

/** Restores a value from its structure and leaves. */
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

/** Number of keys from which V8 should store an object as a hash table from the beginning. */
const manyKeys = 128;

/**
 * Returns an object without properties that V8 stores as a hash table. If objects with the same keys exist, V8 lets a
 * plain `{}` grow by three slots at a time and copies all earlier properties each time. This takes 209 ns per key of
 * 1,000; a hash table takes 34 ns.
 */
function emptyTable(): Record<string, unknown> {
  const object: Record<string, unknown> = { a: 0, b: 0 };
  delete object["a"]; // deleting a property that is not the last one makes V8 change to a hash table
  delete object["b"];
  return object;
}

function buildObject(
  keys: readonly string[],
  children: readonly TreeDef[],
  build: (def: TreeDef) => unknown,
): object {
  const object: Record<string, unknown> = keys.length >= manyKeys ? emptyTable() : {};
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const value = build(children[i]!);
    if (key !== "__proto__") object[key] = value;
    // an ordinary property, not the prototype
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

/** Structure as text; equal structures have equal keys. */
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

/** Path of each leaf for messages: `params.layers[0].w`. */
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
 * Applies `f` to corresponding leaves of several values with one structure.
 *
 * @throws DownhillError `tree` that names the first difference between the structures.
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

/**
 * Returns the leaves of `value`, which must have the structure `def`; keys may be in another order.
 *
 * @throws DownhillError `tree` that names the first difference.
 */
export function matchLeaves(operation: string, def: TreeDef, value: unknown, what: string): unknown[] {
  const leaves: unknown[] = [];
  const given = flattenInto(value, leaves, operation, "static", def);
  const difference = firstDifference(def, given, what);
  if (difference !== undefined) throw new DownhillError("tree", `${operation}: ${difference}.`);
  return hasSameOrder(def, given) ? leaves : inOrderOf(def, given, leaves);
}

/** True if the keys of two structures, which are equal up to order, are in the same order. */
function hasSameOrder(a: TreeDef, b: TreeDef): boolean {
  if (a.kind === "object" && b.kind === "object" && a.keys.some((key, i) => b.keys[i] !== key)) return false;
  if (!("children" in a) || !("children" in b)) return true;
  return a.children.every((child, i) => hasSameOrder(child, b.children[i]!));
}

/** Returns the leaves of `actual` in the key order of `expected`. */
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

/** First difference between two structures, with its path, or `undefined`. */
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
  return (
    typeof value === "string" ||
    typeof value === "boolean" ||
    value === null ||
    value === undefined ||
    value instanceof StaticValue
  );
}

/**
 * True for values that are static or nodes by default but can be a leaf if a tensor is expected: a plain boolean, or an
 * array without numbers.
 */
function standsForTensor(value: unknown): boolean {
  return typeof value === "boolean" || (Array.isArray(value) && isEmptyNest(value));
}

/** True for a rectangular nested array without numbers, such as `[]` and `[[], []]`. */
export function isEmptyNest(value: readonly unknown[]): boolean {
  return shapeOf(value).includes(0) && isNest(value);
}

/**
 * True for a rectangular nested array of numbers or of booleans, which may be empty. An array with more elements
 * than an array can hold is not traversed: creating a tensor from it reports the error.
 */
function isNest(value: readonly unknown[]): boolean {
  const shape = shapeOf(value);
  if (shape.length > deepestNesting) return false;
  if (sizeOf(shape) > mostElements) return true;
  let first: unknown = value;
  while (Array.isArray(first)) first = first[0];
  return hasShape(value, shape, 0, typeof first === "boolean" ? "boolean" : "number");
}

/** Sizes along the first elements, up to one level more than the maximum depth. */
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
 * Traverses a value of the structure `def` without allocation. `visit` receives each leaf in order and may reject
 * it by returning false. Returns `start` plus the number of leaves, or −1 if the structure differs or a leaf is
 * rejected.
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
 * Like `visitLeaves`, for an object whose keys are in the order of the structure, as they usually are. Engines iterate
 * over keys faster than they look them up by name. Returns `undefined`, possibly after some visits, if the order
 * differs.
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
