import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { split } from "../../engine/prims/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { requireFunction } from "../../engine/transforms/arguments.ts";
import { addNodeType } from "../../engine/tree/index.ts";
import * as trees from "../../engine/tree/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { astype } from "../array/elementwise.ts";
import { concatenate, ravel as ravelled, reshape } from "../array/shape.ts";
import { zeros } from "../array/create.ts";
import type { Leaf, Mapped } from "./types.ts";

/** The structure of a tree, without its leaves. Strings, plain booleans and `null` are part of the structure. */
export type Structure = trees.TreeDef;

/**
 * The tree with each leaf replaced by `f(leaf)`. With more trees of equal structure, `f` gets the corresponding leaves
 * of all of them; their keys may be in another order.
 *
 * A leaf is a tensor, a number, a typed array or a rectangular nested list of numbers or booleans (`[1, 2, 3]` is one
 * leaf), and is passed unchanged. Lists and plain objects with any other content are nodes. Strings, plain booleans and
 * `null` are kept.
 *
 * @throws DownhillError `tree`, naming the first path where the structures differ, or a value that is neither leaf nor
 * node.
 * @example
 * const params = { w: tensor([1, 2]), layers: [{ b: tensor(3) }] };
 * map((x) => x.mul(2), params).layers[0].b;               // 6
 * map((x, y) => x.add(y), params, params).w;              // f64[2] [2, 4]
 * map((rate) => rate / 2, { low: 0.1, high: 0.5 });       // { low: 0.05, high: 0.25 }
 */
export function map<P, Q extends readonly unknown[], R>(
  f: (leaf: Leaf<P>, ...others: { readonly [K in keyof Q]: Leaf<Q[K]> }) => R,
  tree: P,
  ...rest: Q
): Mapped<P, R> {
  const g = readFunction("tree.map", f);
  return trees.mapLeaves("tree.map", g, tree, ...rest) as Mapped<P, R>;
}

/**
 * Like `map`, but the function gets the path of the leaf first: `layers[0].b`, or an empty string if the tree is a
 * single leaf.
 *
 * @throws DownhillError as `map`.
 * @example
 * const params = { w: tensor([1, 2]), layers: [{ b: tensor(3) }] };
 * mapWithPath((path) => path, params); // { w: "w", layers: [{ b: "layers[0].b" }] }
 */
export function mapWithPath<P, Q extends readonly unknown[], R>(
  f: (path: string, leaf: Leaf<P>, ...others: { readonly [K in keyof Q]: Leaf<Q[K]> }) => R,
  tree: P,
  ...rest: Q
): Mapped<P, R> {
  const g = readFunction("tree.mapWithPath", f);
  const paths = trees.leafPaths(structureOf("tree.mapWithPath", tree), "");
  let next = 0;
  const withPath = (...given: unknown[]): unknown => g(paths[next++]!.replace(/^\./, ""), ...given);
  return trees.mapLeaves("tree.mapWithPath", withPath, tree, ...rest) as Mapped<P, R>;
}

/**
 * The leaves of a tree from left to right, unchanged.
 * @throws DownhillError `tree` for a value that is neither leaf nor node.
 * @example
 * leaves({ w: tensor([1, 2]), layers: [{ b: 3, name: "relu" }] }); // [f64[2] [1, 2], 3]
 */
export function leaves<P>(tree: P): Leaf<P>[] {
  if (arguments.length > 1) refuseExtra("tree.leaves", arguments, 1);
  return trees.flatten(tree, "tree.leaves").leaves as Leaf<P>[];
}

/**
 * The structure of a tree; equal structures have equal `JSON.stringify` texts.
 * @throws DownhillError `tree` for a value that is neither leaf nor node.
 * @example
 * const point = structure({ x: 0, y: 0 });
 * unflatten(point, [1, 2]); // { x: 1, y: 2 }
 */
export function structure(tree: unknown): Structure {
  if (arguments.length > 1) refuseExtra("tree.structure", arguments, 1);
  return structureOf("tree.structure", tree);
}

/**
 * The leaves of a tree and its structure, `[leaves, structure]`, from which `unflatten` rebuilds it.
 * @throws DownhillError `tree` for a value that is neither leaf nor node.
 * @example
 * const [xs, shape] = flatten({ a: 1, b: { c: 2 } });
 * unflatten(shape, xs.map((x) => 10 * x)); // { a: 10, b: { c: 20 } }
 */
export function flatten<P>(tree: P): [leaves: Leaf<P>[], structure: Structure] {
  if (arguments.length > 1) refuseExtra("tree.flatten", arguments, 1);
  const flat = trees.flatten(tree, "tree.flatten");
  return [flat.leaves as Leaf<P>[], flat.def];
}

/**
 * Builds a tree from a structure and leaves, which may be any values.
 * @throws DownhillError `tree` if the number of leaves differs from that of the structure.
 * @example
 * unflatten(structure([{ a: 0 }, 0]), ["one", "two"]); // [{ a: "one" }, "two"]
 */
export function unflatten(given: Structure, values: readonly unknown[]): unknown {
  if (arguments.length > 2) refuseExtra("tree.unflatten", arguments, 2);
  if (typeof given !== "object" || given === null || !("kind" in given))
    throw new DownhillError(
      "tree",
      "tree.unflatten: expects a structure first, as structure(tree) returns it.",
    );
  const n = trees.countLeaves(given);
  if (!Array.isArray(values) || values.length !== n)
    throw new DownhillError(
      "tree",
      `tree.unflatten: the structure has ${n} leaves, got ${Array.isArray(values) ? values.length : typeof values}.`,
    );
  return trees.unflatten(given, values);
}

/**
 * `f(… f(f(initial, x), y) …)` over the leaves x, y, … from left to right. Without `initial` it starts with the first
 * leaf.
 *
 * @throws DownhillError `tree` for a tree without leaves if `initial` is missing.
 * @example
 * const params = { w: tensor([1, 2]), b: tensor(3) };
 * reduce((n, x) => n + x.data().length, params, 0);            // 3
 * reduce((total, x) => add(total, sum(x)), params, tensor(0)); // 6
 */
export function reduce<P>(f: (total: Leaf<P>, leaf: Leaf<P>) => Leaf<P>, tree: P): Leaf<P>;
export function reduce<P, R>(f: (total: R, leaf: Leaf<P>) => R, tree: P, initial: R): R;
export function reduce(
  f: (total: never, leaf: never) => unknown,
  tree: unknown,
  ...from: unknown[]
): unknown {
  if (from.length > 1) refuseExtra("tree.reduce", [f, tree, ...from], 3);
  const g = readFunction("tree.reduce", f);
  const items = trees.flatten(tree, "tree.reduce").leaves;
  if (from.length === 0 && items.length === 0)
    throw new DownhillError("tree", "tree.reduce: the tree has no leaves. Give an initial value.");
  const [first, rest] = from.length > 0 ? [from[0], items] : [items[0], items.slice(1)];
  return rest.reduce((total, leaf) => g(total, leaf), first);
}

/**
 * True if every plain boolean and every element of every leaf is true, for example of `map((x) => x.ndim === 2, params)`
 * or of a tree of boolean tensors. Numbers other than 0 are true.
 *
 * @throws DownhillError `trace` inside a traced function, where elements are unknown.
 * @example
 * const params = { w: tensor([1, 2]), b: tensor(3) };
 * all(map((x) => x.dtype === "float64", params)); // true
 * all(map((x) => greater(x, 1), params));         // false
 */
export function all(tree: unknown): boolean {
  if (arguments.length > 1) refuseExtra("tree.all", arguments, 1);
  const { leaves: found } = trees.flatten(tree, "tree.all", "leaf");
  return found.every((leaf) => asTensor(leaf, "tree.all").data().every(Boolean));
}

/**
 * All elements of a tree in one vector, and a function that converts such a vector back to the tree:
 * `[vector, unravel]`. The vector has the dtype that the leaves promote to; `unravel` restores the shape and dtype of
 * each leaf.
 *
 * @throws DownhillError `tree` for a value that is neither leaf nor node; `shape` from `unravel` for a vector of
 * another length.
 * @example
 * const [vector, unravel] = ravel({ w: tensor([[1, 2], [3, 4]]), b: 5 });
 * vector;                  // f64[5] [1, 2, 3, 4, 5]
 * unravel(vector.neg()).b; // -5
 */
export function ravel<P>(tree: P): [vector: Tensor, unravel: (vector: TensorLike) => Mapped<P, Tensor>] {
  if (arguments.length > 1) refuseExtra("tree.ravel", arguments, 1);
  const { leaves: found, def } = trees.flatten(tree, "tree.ravel");
  const tensors = found.map((leaf) => asTensor(leaf, "tree.ravel"));
  const types = tensors.map(({ type }) => type);
  const total = types.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const vector = tensors.length === 0 ? zeros([0]) : concatenate(tensors.map((x) => ravelled(x)));
  const unravel = (given: TensorLike): Mapped<P, Tensor> => {
    const whole = asTensor(given, "unravel");
    if (whole.ndim !== 1 || whole.shape[0] !== total) {
      throw new DownhillError(
        "shape",
        `unravel: expects a vector of ${total} elements, got a tensor of shape [${whole.shape.join()}].`,
      );
    }
    const items = split(whole, 0, types.map(({ shape }) => sizeOf(shape))); // prettier-ignore
    const parts = types.map(({ shape, dtype }, i) => astype(reshape(items[i]!, shape), dtype));
    return trees.unflatten(def, parts) as Mapped<P, Tensor>;
  };
  return [vector, unravel];
}

/**
 * Registers a class whose instances become tree nodes. `toTree` converts an instance to a tree of its parts. `fromTree`
 * builds an instance from such a tree; it must not inspect the leaves, which may be tensors, tracers of transforms or
 * any result of `map`. Instances then pass through `grad`, `jit`, `vmap`, `scan` and optimisers. Derived classes must
 * be registered separately.
 *
 * @throws DownhillError `tree` for a class that is registered already.
 * @example
 * class Line { constructor(a, b) { this.a = a; this.b = b; } at(x) { return this.a.add(this.b.mul(x)); } }
 * register(Line, ({ a, b }) => ({ a, b }), ({ a, b }) => new Line(a, b));
 * const slope = grad((line) => line.at(3))(new Line(tensor(1), tensor(2)));
 * [slope instanceof Line, slope.b.item()]; // [true, 3]
 */
export function register<T, N>(
  type: abstract new (...args: never[]) => T,
  toTree: (instance: T) => N,
  fromTree: (tree: N) => T,
): void {
  if (arguments.length > 3) refuseExtra("tree.register", arguments, 3);
  for (const f of [toTree, fromTree])
    requireFunction("tree.register", f, "register(Point, (p) => ({ x: p.x }), ({ x }) => new Point(x))");
  addNodeType("tree.register", type, toTree, fromTree);
}

function structureOf(operation: string, tree: unknown): Structure {
  return trees.flatten(tree, operation).def;
}

function readFunction(operation: string, f: unknown): (...leaves: unknown[]) => unknown {
  requireFunction(operation, f, `${operation}((x) => …, tree)`);
  return f as (...leaves: unknown[]) => unknown;
}
