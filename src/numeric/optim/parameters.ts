import { astype } from "../array/elementwise.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType, isFloating } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { flatten, leafPaths, matchLeaves, type TreeDef, unflatten } from "../../engine/tree/index.ts";
import type { Shape } from "../../engine/util/shape.ts";
import { sameShape } from "../../engine/util/shape.ts";

/** The parameters of an optimiser, flattened to a list of tensors. */
export interface Parameters {
  readonly operation: string;
  /** Name of the tree in messages. */
  readonly root: string;
  readonly def: TreeDef;
  readonly tensors: readonly Tensor[];
  /** float64 if any parameter is float64, else float32. */
  readonly dtype: "float64" | "float32";
}

/**
 * Flattens nested parameters to a list of tensors, and checks them.
 *
 * @throws DownhillError `tree` if there are none, `dtype` for one that is not floating, naming its path.
 */
export function readParameters(operation: string, params: unknown, root = "params"): Parameters {
  const { leaves, def } = flatten(params, operation);
  if (leaves.length === 0) {
    throw new DownhillError(
      "tree",
      `${operation}: ${root} contains no tensors, so there is nothing to optimise.`,
    );
  }
  const tensors = leaves.map((leaf, i) => {
    const x = asTensor(leaf, operation);
    if (!isFloating(x.dtype)) throw notFloating(operation, leafPaths(def, root)[i]!, x);
    return astype(x, x.dtype); // unlike a plain number, a parameter must not adapt to other dtypes
  });
  const dtype = tensors.some((x) => x.dtype === "float64") ? "float64" : "float32";
  return { operation, root, def, tensors, dtype };
}

/** Name of parameter `i` in messages: `params.layers[0].w`. */
export function pathOf({ def, root }: Parameters, i: number): string {
  return leafPaths(def, root)[i]!;
}

/** Puts tensors into the structure of the parameters; `null` stands for a parameter without a tensor. */
export function rebuild({ def }: Parameters, tensors: readonly (Tensor | null)[]): unknown {
  return unflatten(def, tensors);
}

/**
 * The tensors of a tree that must have the structure of the parameters. Each must have the shape of the corresponding
 * parameter, or that in `shapes`, where `null` stands for no tensor. They are converted to the dtype of that parameter.
 *
 * @throws DownhillError `tree`, `shape` or `dtype`, naming the first path that does not fit.
 */
export function matchParameters(parameters: Parameters, what: string, tree: unknown): readonly Tensor[];
export function matchParameters(
  parameters: Parameters,
  what: string,
  tree: unknown,
  shapes: readonly (Shape | null)[],
): readonly (Tensor | null)[];
export function matchParameters(
  parameters: Parameters,
  what: string,
  tree: unknown,
  shapes?: readonly (Shape | null)[],
): readonly (Tensor | null)[] {
  const { operation, tensors } = parameters;
  const def = shapes?.includes(null) === true ? structureOf(parameters, shapes) : parameters.def;
  const leaves = matchLeaves(operation, def, tree, what);
  let next = 0;
  return tensors.map((x, i) => {
    const shape = shapes === undefined ? x.shape : shapes[i]!;
    if (shape === null) return null;
    const y = asTensor(leaves[next++], operation);
    if (!sameShape(shape, y.shape)) throw otherShape(parameters, what, i, y, shape);
    if (!isFloating(y.dtype)) throw notFloatingBeside(parameters, what, i, y);
    return astype(y, x.dtype);
  });
}

/**
 * The structure of the parameters as a tree, with `null` instead of each parameter whose entry in `shapes` is `null`.
 */
function structureOf({ def, tensors, operation }: Parameters, shapes: readonly (Shape | null)[]): TreeDef {
  return flatten(
    unflatten(
      def,
      tensors.map((x, i) => (shapes[i] === null ? null : x)),
    ),
    operation,
  ).def;
}

function otherShape(parameters: Parameters, what: string, i: number, y: Tensor, shape: Shape): DownhillError {
  const { operation, def } = parameters;
  const [at, parameter] = [leafPaths(def, what)[i]!, pathOf(parameters, i)];
  const x = parameters.tensors[i]!;
  const repair = sameShape(x.shape, shape)
    ? "They must have the same shape."
    : `There it must be ${showType(arrayType(x.dtype, shape))}.`;
  return new DownhillError(
    "shape",
    `${operation}: ${at} is ${showType(y.type)}, but ${parameter} is ${showType(x.type)}. ${repair}`,
  );
}

function notFloatingBeside(parameters: Parameters, what: string, i: number, y: Tensor): DownhillError {
  const at = leafPaths(parameters.def, what)[i]!;
  return new DownhillError(
    "dtype",
    `${parameters.operation}: ${at} is ${showType(y.type)}, but it must be floating like ${pathOf(parameters, i)}.`,
  );
}

function notFloating(operation: string, path: string, x: Tensor): DownhillError {
  return new DownhillError(
    "dtype",
    `${operation}: ${path} is ${showType(x.type)}; only floating tensors can be optimised. ` +
      `Convert it with astype("float32"), or keep it out of the parameters.`,
  );
}
