import { astype } from "../array/elementwise.ts";
import { DownhillError, showType } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { asTensor } from "../prims/lift.ts";
import { flatten, leafPaths, matchLeaves, unflatten } from "../tree/index.ts";
import { sameShape } from "../util/shape.ts";

/** Trees of one structure, taken apart. */
export interface MatchedParameters {
  /** The tensors of each tree, in the order of the trees. */
  readonly lists: readonly (readonly Tensor[])[];
  /** Puts tensors into the common structure. */
  readonly rebuild: (leaves: readonly Tensor[]) => unknown;
  /** float64 if any parameter is, else float32. */
  readonly dtype: "float64" | "float32";
}

/**
 * Takes apart trees that must have the structure of the first, the parameters, with tensors of the same shapes. Tensors
 * of the others take the dtype of the parameter at their place.
 *
 * @throws DownhillError `tree`, `shape` or `dtype`, naming the first place that does not fit.
 */
export function matchParameters(
  operation: string,
  trees: Readonly<Record<string, unknown>>,
): MatchedParameters {
  const [[root, params] = ["params", undefined], ...others] = Object.entries(trees);
  const { leaves, def } = flatten(params, operation);
  if (leaves.length === 0) {
    throw new DownhillError("tree", `${operation}: ${root} holds no tensor, so there is nothing to change.`);
  }
  const first = leaves.map((leaf, i) => {
    const x = asTensor(leaf, operation);
    if (!isFloating(x.dtype)) throw notFloating(operation, leafPaths(def, root)[i]!, x);
    return astype(x, x.dtype); // a plain number adapts to what is beside it, a parameter must not
  });
  const rest = others.map(([name, tree]) =>
    matchLeaves(operation, def, tree, name).map((leaf, i) => {
      const x = first[i]!;
      const y = asTensor(leaf, operation);
      if (!sameShape(x.shape, y.shape)) {
        const [at, expected] = [leafPaths(def, name)[i]!, leafPaths(def, root)[i]!];
        throw new DownhillError(
          "shape",
          `${operation}: ${at} is ${showType(y.type)}, but ${expected} is ${showType(x.type)}. They must have one shape.`,
        );
      }
      return astype(y, x.dtype);
    }),
  );
  return {
    lists: [first, ...rest],
    rebuild: (tensors) => unflatten(def, tensors),
    dtype: first.some((x) => x.dtype === "float64") ? "float64" : "float32",
  };
}

function notFloating(operation: string, path: string, x: Tensor): DownhillError {
  return new DownhillError(
    "dtype",
    `${operation}: ${path} is ${showType(x.type)}; only floating numbers can be moved by small steps. ` +
      `Convert it with astype("float32"), or keep it out of the parameters.`,
  );
}
