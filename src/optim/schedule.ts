import { astype, mul, neg } from "../array/elementwise.ts";
import type { Tensor } from "../ir/tensor.ts";

/**
 * A learning rate that changes from step to step: a pure function of the number of updates made before, counted from 0.
 * It takes a plain number, to be printed or drawn, and a scalar tensor, which is what an optimiser gives it.
 */
export interface Schedule {
  (step: number): number;
  (step: Tensor): Tensor;
}

/** The learning rate of one update, as a number or a scalar of any floating dtype. `step` counts updates from 0. */
export function rateAt(
  learningRate: number | Schedule,
  step: Tensor,
  dtype: "float64" | "float32",
): number | Tensor {
  return typeof learningRate === "number" ? learningRate : learningRate(astype(step, dtype));
}

/** `−rate · direction`, in the dtype of the direction. */
export function scaleBack(direction: Tensor, rate: number | Tensor): Tensor {
  if (typeof rate === "number") return mul(direction, -rate);
  return neg(mul(direction, astype(rate, direction.dtype)));
}
