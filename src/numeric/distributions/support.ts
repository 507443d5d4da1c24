// Where distributions have events.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { equal, floor, greaterEqual, logicalAnd, where } from "../array/elementwise.ts";

/** Inside of the support the value, beyond −∞, which has no derivative. */
export function within(isInside: Tensor, value: Tensor): Tensor {
  return where(isInside, value, -Infinity);
}

/** Inside of the support `x`, beyond a number from within, whose value is then masked. */
export function inside(isInside: Tensor, x: Tensor, instead: Tensor | number): Tensor {
  return where(isInside, x, instead);
}

/** Whether numbers are 0, 1, 2, … */
export function isCount(x: Tensor): Tensor {
  return logicalAnd(greaterEqual(x, 0), equal(floor(x), x));
}
