import { astype, mul } from "../array/elementwise.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { knownNumber } from "../../engine/ir/elements.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { checkNumber, checkScalar, type NumberRange, type Rate, type Scalar } from "./options.ts";

/**
 * A learning rate that changes from step to step: a pure function of the number of updates made before, counted from 0.
 * It accepts a plain number, for printing and plotting, and a scalar tensor, which an optimiser passes.
 */
export interface Schedule {
  (step: number): number;
  (step: Tensor): Tensor;
}

/**
 * A rate multiplied by the scale that an update received, if any.
 * @throws DownhillError `shape` or `range` for a scale that is not a number of 0 or more, as far as its value is known.
 */
export function scaledRate(
  operation: string,
  rate: Scalar,
  scale: Tensor | undefined,
  dtype: "float64" | "float32",
): Scalar {
  if (scale === undefined) return rate;
  checkScalar(operation, "extra.rateScale", scale, { from: 0 });
  return mul(rate, astype(scale, dtype));
}

/**
 * The learning rate of one update, as a number or a scalar of this dtype. `step` counts updates from 0. The result of a
 * schedule must be within `range`; inside `jit` its value is unknown and not checked.
 *
 * @throws DownhillError `shape` for a schedule that does not return a scalar, `range` for one that returns NaN or a
 * number out of range.
 */
export function rateAt(
  operation: string,
  learningRate: Rate,
  step: Tensor,
  dtype: "float64" | "float32",
  range: NumberRange = { from: 0 },
): Scalar {
  if (typeof learningRate === "number") return learningRate;
  if (learningRate instanceof Tensor) return astype(learningRate, dtype);
  const value: unknown = learningRate(astype(step, dtype));
  if (typeof value === "number" || (value instanceof Tensor && value.ndim === 0)) {
    const known = value instanceof Tensor ? knownNumber(value) : value;
    const place = knownNumber(step);
    const at = place === undefined ? "" : ` at step ${place}`;
    if (known !== undefined) checkNumber(operation, `what the schedule gives${at}`, known, range);
    return astype(value, dtype);
  }
  const what = value instanceof Tensor ? showType(value.type) : typeof value;
  throw new DownhillError(
    "shape",
    `${operation}: a schedule must return a scalar for a scalar step, but returned ${what}.`,
  );
}
