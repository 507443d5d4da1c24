import { astype } from "../../array/elementwise.ts";
import { split } from "../../../engine/prims/index.ts";
import { concatenate, ravel, reshape } from "../../array/shape.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { flatten, matchLeaves, unflatten } from "../../../engine/tree/index.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { sameShape, sizeOf } from "../../../engine/util/shape.ts";
import { readParameters } from "../parameters.ts";

/** A tree of numbers as one float64 vector, traced or not. */
export interface FlatVector {
  readonly vector: Tensor;
  /** Converts a vector, or vectors with further leading axes, to the tree, each leaf in its own shape and dtype. */
  readonly toTree: (x: Tensor) => unknown;
  /** Converts a tree of the same structure and shapes to a vector. `what` names the tree in error messages. */
  readonly fromTree: (tree: unknown, what: string) => Tensor;
}

/**
 * Flattens the start of a differential equation into one vector.
 * @throws DownhillError as `flatVector`, and `shape` if there are no elements.
 */
export function flatStart(operation: string, y0: unknown): FlatVector {
  const flat = flatVector(operation, y0, "y0");
  if (flat.vector.shape[0] !== 0) return flat;
  throw new DownhillError("shape", `${operation}: y0 has no elements. Give at least one number.`);
}

/**
 * Flattens a tree of numbers into one vector.
 * @throws DownhillError `tree` if there are no numbers, `dtype` for a leaf that is not floating.
 */
export function flatVector(operation: string, tree: unknown, root: string): FlatVector {
  const { tensors, def } = readParameters(operation, tree, root);
  const join = (xs: readonly Tensor[]): Tensor => concatenate(xs.map((x) => ravel(astype(x, "float64"))));
  return {
    vector: join(tensors),
    toTree(x) {
      const front = x.shape.slice(0, -1);
      const items = split(x, front.length, tensors.map(({ shape }) => sizeOf(shape))); // prettier-ignore
      const parts = tensors.map(({ shape, dtype }, i) =>
        astype(reshape(items[i]!, [...front, ...shape]), dtype),
      );
      return unflatten(def, parts);
    },
    fromTree(given, what) {
      if (given instanceof Promise || given === undefined) flatten(given, operation); // reports the mistake
      const parts = matchLeaves(operation, def, given, what).map((leaf) => asTensor(leaf, operation));
      const odd = parts.findIndex((part, i) => !sameShape(part.shape, tensors[i]!.shape));
      if (odd < 0) return join(parts);
      throw new DownhillError(
        "shape",
        `${operation}: ${what} is ${showType(parts[odd]!.type)} where ${root} is ${showType(tensors[odd]!.type)}. They must have the same shape.`,
      );
    },
  };
}
