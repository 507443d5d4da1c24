import { add, sub } from "../array/elementwise.ts";
import { checkExponent, lengthAlong } from "../array/lengths.ts";
import { asFloating, floatingOperands } from "../array/promote.ts";
import { expandDims } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";

/** Options of `pairwiseDistance`. */
export interface PairwiseDistanceOptions {
  /** Exponent p of the norm, as in `cdist`. Default 2. */
  readonly p?: number;
  /** Constant added to each difference of two elements. Default 1e-6, as in PyTorch. */
  readonly epsilon?: number;
  /** True to keep the last axis with size 1. Default false. */
  readonly keepdims?: boolean;
}

/**
 * Distances between vectors x and y along the last axis, which broadcast: `(Σ |x − y + ε|^p)^(1/p)`. PyTorch's
 * `pairwise_distance`; for the distances between all pairs of rows use `cdist`.
 *
 * @throws DownhillError `shape` for scalars, `range` for p and epsilon.
 * @example
 * pairwiseDistance([[0, 0], [1, 1]], [3, 4], { epsilon: 0 }).tolist(); // [5, 3.605551…]
 */
export function pairwiseDistance(
  x: TensorLike,
  y: TensorLike,
  options: PairwiseDistanceOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("pairwiseDistance", arguments, 3);
  checkOptions("pairwiseDistance", options, ["p", "epsilon", "keepdims"]);
  checkFlags("pairwiseDistance", options, ["keepdims"]);
  const { p = 2, epsilon = 1e-6, keepdims = false } = options;
  checkExponent("pairwiseDistance", p);
  refuseTensor("pairwiseDistance", "epsilon", epsilon);
  if (!Number.isFinite(epsilon)) {
    throw new DownhillError(
      "range",
      `pairwiseDistance: epsilon must be a finite number, got ${String(epsilon)}.`,
    );
  }
  const [a, b] = floatingOperands("pairwiseDistance", asFloating(x, "pairwiseDistance"), y);
  if (a.ndim === 0)
    throw new DownhillError("shape", `pairwiseDistance: ${showType(a.type)} has no axis of features.`);
  const off = epsilon === 0 ? sub(a, b) : add(sub(a, b), epsilon);
  const distances = lengthAlong(off, p, off.ndim - 1);
  return keepdims ? expandDims(distances, -1) : distances;
}
