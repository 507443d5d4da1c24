import {
  abs,
  add,
  astype,
  clip,
  div,
  equal,
  exp,
  log,
  mul,
  softplus,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { checkSmoothing, lossOptions, reduce, type LossOptions } from "./loss.ts";

/**
 * Returns prediction and target as floats of one dtype.
 *
 * @throws DownhillError `shape` if their shapes differ.
 */
function pair(operation: string, prediction: TensorLike, target: TensorLike): readonly [Tensor, Tensor] {
  const x = asFloating(prediction, operation);
  const y = asTensor(target, operation);
  if (sameShape(x.shape, y.shape)) return [x, astype(y, x.dtype)];
  throw new DownhillError(
    "shape",
    `${operation}: prediction is ${showType(x.type)} and target ${showType(y.type)}; they must have the same shape.`,
  );
}

/**
 * `|prediction − target|`, averaged over all elements by default (`reduction`). Its derivative is 0 where the two are
 * equal.
 *
 * @throws DownhillError `shape` if the shapes differ.
 * @example
 * meanAbsoluteError([1, 2], [1, 4]).item(); // 1
 */
export function meanAbsoluteError(
  prediction: TensorLike,
  target: TensorLike,
  options: LossOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("meanAbsoluteError", arguments, 3);
  const [x, y] = pair("meanAbsoluteError", prediction, target);
  return reduce("meanAbsoluteError", abs(sub(x, y)), options);
}

/** Options of `huberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Error δ at which the loss changes from quadratic to linear. Default 1. */
  readonly delta?: number;
}

/**
 * Half the square of an error d for |d| ≤ δ, and `δ · (|d| − δ / 2)` beyond, so that the gradient of outliers is
 * bounded. (PyTorch's `smooth_l1_loss` is this divided by δ.)
 *
 * @throws DownhillError `shape` if the shapes of prediction and target differ, `range` if δ is not positive.
 * @see Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.
 * @example
 * huberLoss([0, 0], [0.5, 3], { reduction: "none" }).tolist(); // [0.125, 2.5]
 */
export function huberLoss(prediction: TensorLike, target: TensorLike, options: HuberOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("huberLoss", arguments, 3);
  checkOptions("huberLoss", options, [...lossOptions, "delta"]);
  const { delta = 1, ...rest } = options;
  refuseTensor("huberLoss", "delta", delta);
  if (!(delta > 0 && Number.isFinite(delta)))
    throw new DownhillError("range", `huberLoss: delta must be a positive number, got ${String(delta)}.`);
  const [x, y] = pair("huberLoss", prediction, target);
  const error = sub(x, y);
  // ½ near² + δ · |beyond|: for an infinite error no factor of a derivative is infinite
  const near = clip(error, -delta, delta);
  const losses = add(mul(square(near), 0.5), mul(abs(sub(error, near)), delta));
  return reduce("huberLoss", losses, rest);
}

/** Options of `sigmoidCrossEntropy`. */
export interface SigmoidCrossEntropyOptions extends LossOptions {
  /** Factor of the loss of positive targets, in the shape of the logits or broadcast to it. Default 1. */
  readonly positiveWeight?: TensorLike;
  /** Fraction s of each target that is moved to ½: y becomes `y · (1 − s) + s / 2`. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Binary cross-entropy of each score separately: `−y · log σ(z) − (1 − y) · log(1 − σ(z))`, computed as
 * `y · softplus(−z) + (1 − y) · softplus(z)`, which neither overflows nor loses digits. Targets y are 0, 1 or
 * probabilities. PyTorch's `binary_cross_entropy_with_logits`.
 *
 * @throws DownhillError `shape` if the shapes of logits and targets differ.
 * @example
 * sigmoidCrossEntropy([0, 1000], [1, 1], { reduction: "none" }).tolist(); // [0.693147, 0]
 */
export function sigmoidCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options: SigmoidCrossEntropyOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("sigmoidCrossEntropy", arguments, 3);
  checkOptions("sigmoidCrossEntropy", options, [...lossOptions, "positiveWeight", "labelSmoothing"]);
  const { positiveWeight, labelSmoothing = 0, ...rest } = options;
  checkSmoothing("sigmoidCrossEntropy", labelSmoothing);
  const [z, given] = pair("sigmoidCrossEntropy", logits, targets);
  const y = labelSmoothing === 0 ? given : add(mul(given, 1 - labelSmoothing), labelSmoothing / 2);
  const missed = mul(y, softplus(z.neg()));
  const taken = mul(sub(1, y), softplus(z));
  const losses = add(positiveWeight === undefined ? missed : mul(missed, positiveWeight), taken);
  return reduce("sigmoidCrossEntropy", losses, rest);
}

/** Options of `klDivergence`. */
export interface KlOptions extends LossOptions {
  /** True if the target contains logarithms too. Default false. */
  readonly logTarget?: boolean;
}

/**
 * `p · (log p − q)` for a target p and logarithms q of predicted probabilities, as `logSoftmax` returns them; 0 where p
 * is 0. The Kullback–Leibler divergence is the sum over the classes, averaged over the items: use `"sum"` and divide by
 * the number of items.
 *
 * @throws DownhillError `shape` if the shapes differ.
 * @example
 * klDivergence([Math.log(0.5), Math.log(0.5)], [1, 0], { reduction: "sum" }).item(); // 0.693147
 */
export function klDivergence(logPrediction: TensorLike, target: TensorLike, options: KlOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("klDivergence", arguments, 3);
  checkOptions("klDivergence", options, [...lossOptions, "logTarget"]);
  checkFlags("klDivergence", options, ["logTarget"]);
  const { logTarget = false, ...rest } = options;
  const [q, p] = pair("klDivergence", logPrediction, target);
  if (logTarget) return reduce("klDivergence", mul(exp(p), sub(p, q)), rest);
  const isZero = equal(p, 0);
  const losses = where(isZero, 0, mul(p, sub(log(where(isZero, 1, p)), q)));
  return reduce("klDivergence", losses, rest);
}

/**
 * Negative log-likelihood of a Poisson distribution with log-rate x: `eˣ − y · x`, without terms that depend only on y.
 *
 * @throws DownhillError `shape` if the shapes of rate and target differ.
 * @example
 * poissonLoss([0, 1], [1, 2], { reduction: "none" }).tolist(); // [1, 0.718282]
 */
export function poissonLoss(logRate: TensorLike, target: TensorLike, options: LossOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("poissonLoss", arguments, 3);
  const [x, y] = pair("poissonLoss", logRate, target);
  return reduce("poissonLoss", sub(exp(x), mul(y, x)), options);
}

/**
 * Negative log-likelihood of a normal distribution: `(log v + (x − y)² / v + log 2π) / 2` for a mean x, a variance v
 * and a target y.
 *
 * @throws DownhillError `shape` if the shapes of mean and target differ.
 * @example
 * gaussianLoss([0], [1], [0]).item(); // 0.918939
 */
export function gaussianLoss(
  mean: TensorLike,
  variance: TensorLike,
  target: TensorLike,
  options: LossOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("gaussianLoss", arguments, 4);
  const [x, y] = pair("gaussianLoss", mean, target);
  const v = asFloating(variance, "gaussianLoss");
  const spread = add(log(v), div(square(sub(x, y)), v));
  return reduce("gaussianLoss", mul(add(spread, Math.log(2 * Math.PI)), 0.5), options);
}
