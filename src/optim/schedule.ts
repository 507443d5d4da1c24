import { astype } from "../array/elementwise.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { Rate, Scalar } from "./options.ts";

/**
 * A learning rate that changes from step to step: a pure function of the number of updates made before, counted from 0.
 * It takes a plain number, to be printed or drawn, and a scalar tensor, which is what an optimiser gives it.
 */
export interface Schedule {
  (step: number): number;
  (step: Tensor): Tensor;
}

/** The learning rate of one update, as a number or a scalar of this dtype. `step` counts updates from 0. */
export function rateAt(learningRate: Rate, step: Tensor, dtype: "float64" | "float32"): Scalar {
  if (typeof learningRate === "number") return learningRate;
  const value = typeof learningRate === "function" ? learningRate(astype(step, dtype)) : learningRate;
  return astype(value, dtype);
}
