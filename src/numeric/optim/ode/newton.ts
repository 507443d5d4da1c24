import {
  astype,
  div,
  equal,
  greater,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  pow,
  sub,
  where,
} from "../../array/elementwise.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { Tolerances } from "./method.ts";

/** Largest remaining error of Newton's iterations, relative to the tolerance. */
function newtonTolerance({ rtol }: Tolerances): Tensor | number {
  return maximum(div(10 * Number.EPSILON, rtol), minimum(0.03, pow(rtol, 0.5)));
}

/** Progress of simplified Newton iterations after a correction. */
export interface NewtonProgress {
  /** Ratio of the sizes of the last two corrections, 0 in the first iteration. */
  readonly rate: Tensor;
  readonly diverges: Tensor;
  readonly converges: Tensor;
}

/**
 * Progress of simplified Newton iterations, from the sizes of the last two corrections relative to the tolerance.
 * `done` is the number of iterations before the last correction.
 *
 * A correction of 1/1000 of the limit, or as small as the rounding errors of y, converges at any rate. The rates of such
 * corrections are rounding errors, for instance if f is constant, so that the prediction is exact.
 */
export function newtonProgress(
  rules: Tolerances,
  size: Tensor,
  before: Tensor,
  done: Tensor,
  mostIterations: number,
): NewtonProgress {
  const limit = newtonTolerance(rules);
  const isFirst = equal(done, 0);
  const rate = where(isFirst, 0, div(size, where(isFirst, 1, before)));
  const safeRate = minimum(rate, 0.999999);
  const remaining = sub(mostIterations, astype(done, "float64"));
  const predicted = mul(div(pow(safeRate, remaining), sub(1, safeRate)), size);
  const isTiny = lessEqual(size, maximum(mul(1e-3, limit), div(Number.EPSILON, rules.rtol)));
  const isSmall = logicalAnd(logicalNot(isFirst), less(mul(div(safeRate, sub(1, safeRate)), size), limit));
  const isSlow = logicalOr(lessEqual(1, rate), greater(predicted, limit));
  const diverges = logicalAnd(logicalNot(isTiny), logicalAnd(logicalNot(isFirst), isSlow));
  return { rate, diverges, converges: logicalOr(isTiny, logicalAnd(isSmall, logicalNot(diverges))) };
}
