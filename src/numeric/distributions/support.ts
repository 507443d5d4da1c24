// Supports of distributions.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { equal, floor, greaterEqual, logicalAnd, where } from "../array/elementwise.ts";

/** `value` inside the support, and −∞ without derivative outside. */
export function within(isInside: Tensor, value: Tensor): Tensor {
  return where(isInside, value, -Infinity);
}

/**
 * Returns x inside the support, and outside `instead`, a point of the support. The result for `instead` is masked
 * later.
 */
export function inside(isInside: Tensor, x: Tensor, instead: Tensor | number): Tensor {
  return where(isInside, x, instead);
}

/** True where numbers are 0, 1, 2, … */
export function isCount(x: Tensor): Tensor {
  return logicalAnd(greaterEqual(x, 0), equal(floor(x), x));
}
