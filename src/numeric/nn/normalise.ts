import { add, mul, reciprocal, sqrt, sub } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { mean } from "../array/reduce.ts";
import { reshape } from "../array/shape.ts";
import { spaceRank } from "../array/spatial.ts";
import { full } from "../array/create.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlag, checkOptions } from "../../engine/errors/options.ts";
import { checkInteger, isIntegerIn, refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { otherAxes, range } from "../../engine/util/shape.ts";
import { checkTensors } from "./parameters.ts";

/** Scale and offset of a normalisation, one of each per feature. */
export interface ScaleParams {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Options of the normalisations. */
export interface NormaliseOptions {
  /** Constant ε added to the variance, which avoids division by 0. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Initial parameters of `layerNorm`, `groupNorm` and `batchNorm` for the given number of features: weights 1 and biases
 * 0.
 *
 * @throws DownhillError `range` if the number is not a positive integer.
 * @example
 * scaleInit(3).weight; // f32[3] [1, 1, 1]
 */
export function scaleInit(
  features: number,
  options: { readonly dtype?: "float64" | "float32" } = {},
): ScaleParams {
  if (arguments.length > 2) refuseExtra("scaleInit", arguments, 2);
  checkOptions("scaleInit", options, ["dtype"]);
  checkInteger("scaleInit", "features", features, { from: 1 });
  const { dtype = "float32" } = options;
  return { weight: full([features], 1, { dtype }), bias: full([features], 0, { dtype }) };
}

/** `(x − mean) / √(variance + ε)` along axes. */
function centred(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const off = sub(x, mean(x, { axis: axes, keepdims: true }));
  return mul(off, inverseRoot(mean(mul(off, off), { axis: axes, keepdims: true }), epsilon));
}

/** `1 / √(x + ε)`. Dividing once and then multiplying is faster than dividing each element. */
function inverseRoot(x: Tensor, epsilon: number): Tensor {
  return reciprocal(sqrt(add(x, epsilon)));
}

function requireFeatures(operation: string, x: Tensor, axis: number, weight: Tensor): void {
  if (x.ndim > axis && weight.ndim === 1 && x.shape.at(axis) === weight.shape[0]) return;
  const where = axis < 0 ? "the last axis" : `axis ${axis}`;
  throw new DownhillError(
    "shape",
    `${operation}: x is ${showType(x.type)}, but the parameters (weight ${showType(weight.type)}) are for ${weight.shape[0] ?? 1} features along ${where}.`,
  );
}

/**
 * `weight · (x − mean) / √(variance + ε) + bias`, with mean and variance (divided by n) of each row along the last
 * axis.
 *
 * @throws DownhillError `shape` if the last axis and the parameters differ in size.
 * @see Ba, Kiros, Hinton, Layer normalization, 2016.
 * @example
 * layerNorm(scaleInit(2), [[1, 3]], { epsilon: 0 }).tolist(); // [[-1, 1]]
 */
export function layerNorm(params: ScaleParams, x: TensorLike, options: NormaliseOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("layerNorm", arguments, 3);
  checkTensors("layerNorm", "the parameters", params, ["weight", "bias"], "scaleInit");
  const { weight, bias } = params;
  checkOptions("layerNorm", options, ["epsilon"]);
  const t = asFloating(x, "layerNorm");
  requireFeatures("layerNorm", t, -1, weight);
  return add(mul(centred(t, [t.ndim - 1], options.epsilon ?? 1e-5), weight), bias);
}

/**
 * Root mean square normalisation `weight · x / √(mean of x² + ε)` along the last axis.
 *
 * @throws DownhillError `shape` if the last axis and the weight differ in size.
 * @see Zhang, Sennrich, Root mean square layer normalization, NeurIPS 2019.
 * @example
 * rmsNorm({ weight: tensor([1, 1]) }, [[3, 4]], { epsilon: 0 }).tolist(); // [ [ 0.848528…, 1.13137… ] ]
 */
export function rmsNorm(
  params: Pick<ScaleParams, "weight">,
  x: TensorLike,
  options: NormaliseOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("rmsNorm", arguments, 3);
  checkTensors("rmsNorm", "the parameters", params, ["weight"], "scaleInit");
  const { weight } = params;
  checkOptions("rmsNorm", options, ["epsilon"]);
  const t = asFloating(x, "rmsNorm");
  requireFeatures("rmsNorm", t, -1, weight);
  const squares = mean(mul(t, t), { axis: -1, keepdims: true });
  return mul(mul(t, inverseRoot(squares, options.epsilon ?? 1e-5)), weight);
}

/** A parameter with one number per channel, reshaped to broadcast over `[items, channels, …space]`. */
function forChannels(parameter: Tensor, x: Tensor): Tensor {
  return reshape(parameter, [-1, ...range(2, x.ndim).map(() => 1)]);
}

/**
 * Group normalisation: like `layerNorm`, over the spatial axes and the channels of each of `groups` groups of x, shape
 * `[items, channels, …space]`. Weight and bias have one number per channel. With one channel per group it is
 * `instanceNorm`.
 *
 * @throws DownhillError `shape` if the channels do not fit the parameters or the groups.
 * @see Wu, He, Group normalization, ECCV 2018.
 * @example
 * groupNorm(scaleInit(2), [[[1, 3], [5, 9]]], 2, { epsilon: 0 }).tolist(); // [[[-1, 1], [-1, 1]]]
 */
export function groupNorm(
  params: ScaleParams,
  x: TensorLike,
  groups: number,
  options: NormaliseOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("groupNorm", arguments, 4);
  checkTensors("groupNorm", "the parameters", params, ["weight", "bias"], "scaleInit");
  const { weight, bias } = params;
  checkOptions("groupNorm", options, ["epsilon"]);
  const t = asFloating(x, "groupNorm");
  requireFeatures("groupNorm", t, 1, weight);
  const [items, channels, ...space] = t.shape;
  if (!isIntegerIn(groups, { from: 1 }) || channels! % groups !== 0) {
    throw new DownhillError(
      "shape",
      `groupNorm: ${channels!} channels cannot be divided into ${String(groups)} groups.`,
    );
  }
  const apart = reshape(t, [items!, groups, channels! / groups, ...space]);
  const even = reshape(centred(apart, range(2, apart.ndim), options.epsilon ?? 1e-5), t.shape);
  return add(mul(even, forChannels(weight, t)), forChannels(bias, t));
}

/**
 * Instance normalisation: like `layerNorm`, over the spatial axes of each channel of each item of x, shape
 * `[items, channels, …space]`. Weight and bias have one number per channel; those of `scaleInit` leave the normalised
 * values as they are, like PyTorch's default.
 *
 * @throws DownhillError `shape` if the channels do not fit the parameters, or x has no spatial axis.
 * @see Ulyanov, Vedaldi, Lempitsky, Instance normalization, 2016.
 * @example
 * instanceNorm(scaleInit(2), [[[1, 3], [5, 9]]], { epsilon: 0 }).tolist(); // [[[-1, 1], [-1, 1]]]
 */
export function instanceNorm(params: ScaleParams, x: TensorLike, options: NormaliseOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("instanceNorm", arguments, 3);
  checkTensors("instanceNorm", "the parameters", params, ["weight", "bias"], "scaleInit");
  const { weight, bias } = params;
  checkOptions("instanceNorm", options, ["epsilon"]);
  const t = asFloating(x, "instanceNorm");
  spaceRank("instanceNorm", t.type);
  requireFeatures("instanceNorm", t, 1, weight);
  const even = centred(t, range(2, t.ndim), options.epsilon ?? 1e-5);
  return add(mul(even, forChannels(weight, t)), forChannels(bias, t));
}

/** Running mean and variance of each channel. */
export interface BatchStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends NormaliseOptions {
  /** True to normalise by the current batch and add it to the statistics; false to normalise by the statistics. */
  readonly training: boolean;
  /** Weight of the current batch in the statistics. Default 0.1. */
  readonly momentum?: number;
}

/**
 * Initial statistics of `batchNorm`: mean 0 and variance 1 for the given number of channels.
 *
 * @example
 * batchStatisticsInit(2).variance; // f32[2] [1, 1]
 */
export function batchStatisticsInit(
  channels: number,
  options: { readonly dtype?: "float64" | "float32" } = {},
): BatchStatistics {
  if (arguments.length > 2) refuseExtra("batchStatisticsInit", arguments, 2);
  checkOptions("batchStatisticsInit", options, ["dtype"]);
  const { weight, bias } = scaleInit(channels, options);
  return { mean: bias, variance: weight };
}

/**
 * Normalises each channel of x, shape `[items, channels, …space]`: in training by the mean and variance of the batch,
 * else by those of `statistics`. Returns the result and the statistics updated with this batch,
 * `(1 − momentum) · old + momentum · batch`. As in PyTorch, this variance of the batch divides by n − 1.
 *
 * The statistics are data and not parameters: `fit` passes them from step to step as `modelState`, a custom training
 * loop as the auxiliary output of its loss.
 *
 * @throws DownhillError `shape` if the channels do not fit, `range` in training if there is only one number per
 * channel.
 * @see Ioffe, Szegedy, Batch normalization, ICML 2015.
 * @example
 * const [y, seen] = batchNorm(scaleInit(1), [[1], [3]], batchStatisticsInit(1), { training: true, epsilon: 0 });
 * y.tolist();         // [[-1], [1]]
 * seen.mean.tolist(); // [0.2]
 */
export function batchNorm(
  params: ScaleParams,
  x: TensorLike,
  statistics: BatchStatistics,
  options: BatchNormOptions,
): [y: Tensor, statistics: BatchStatistics] {
  if (arguments.length > 4) refuseExtra("batchNorm", arguments, 4);
  checkTensors("batchNorm", "the parameters", params, ["weight", "bias"], "scaleInit");
  const { weight, bias } = params;
  checkOptions("batchNorm", options, ["training", "epsilon", "momentum"]);
  checkFlag("batchNorm", "training", options?.training);
  const { training, epsilon = 1e-5, momentum = 0.1 } = options;
  checkTensors("batchNorm", "the statistics", statistics, ["mean", "variance"], "batchStatisticsInit");
  refuseTensor("batchNorm", "momentum", momentum);
  const t = asFloating(x, "batchNorm");
  requireFeatures("batchNorm", t, 1, weight);
  const scaled = (even: Tensor): Tensor => add(mul(even, forChannels(weight, t)), forChannels(bias, t));
  if (!training) {
    const off = sub(t, forChannels(statistics.mean, t));
    return [scaled(mul(off, forChannels(inverseRoot(statistics.variance, epsilon), t))), statistics];
  }
  const axes = otherAxes(t.ndim, [1]);
  const count = axes.reduce((n, axis) => n * t.shape[axis]!, 1);
  if (count < 2) {
    throw new DownhillError(
      "range",
      `batchNorm: ${showType(t.type)} has ${count} number${count === 1 ? "" : "s"} per channel, but a variance needs two. Use larger batches.`,
    );
  }
  const average = mean(t, { axis: axes });
  const off = sub(t, forChannels(average, t));
  const spread = mean(mul(off, off), { axis: axes });
  const blend = (old: Tensor, now: Tensor): Tensor => add(mul(old, 1 - momentum), mul(now, momentum));
  const y = scaled(mul(off, forChannels(inverseRoot(spread, epsilon), t)));
  return [
    y,
    {
      mean: blend(statistics.mean, average),
      variance: blend(statistics.variance, mul(spread, count / (count - 1))),
    },
  ];
}
