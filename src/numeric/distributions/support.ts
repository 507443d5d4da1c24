// Supports of distributions.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { equal, floor, greaterEqual, logicalAnd, where } from "../array/elementwise.ts";

/** Returns `value` where x is inside the support; elsewhere −∞, whose derivative is 0. */
export function within(isInside: Tensor, value: Tensor): Tensor {
  return where(isInside, value, -Infinity);
}

/**
 * Returns x where it is inside the support, elsewhere `instead`, which is a point of the support. The caller later
 * masks the results that it computes from `instead`.
 */
export function inside(isInside: Tensor, x: Tensor, instead: Tensor | number): Tensor {
  return where(isInside, x, instead);
}

/** True where numbers are 0, 1, 2, … */
export function isCount(x: Tensor): Tensor {
  return logicalAnd(greaterEqual(x, 0), equal(floor(x), x));
}
