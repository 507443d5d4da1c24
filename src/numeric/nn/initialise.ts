import { full } from "../array/create.ts";
import { matrixTranspose, moveaxis } from "../array/arrange.ts";
import { diagonal } from "../array/diagonals.ts";
import { add, clip, less, mul, where } from "../array/elementwise.ts";
import { reshape } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { qr } from "../linalg/index.ts";
import { normal, truncatedNormal, uniform, type Key } from "../random/index.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { checkInteger, isIntegerIn } from "../../engine/ir/plain-number.ts";

/** Options of an initialiser. */
export interface InitialiserOptions {
  /** Dtype of the values. Default float32. */
  readonly dtype?: "float64" | "float32";
  /** Number of inputs of a unit. Default: derived from the shape. */
  readonly fanIn?: number;
  /** Number of units that an input reaches. Default: derived from the shape. */
  readonly fanOut?: number;
}

/**
 * Computes the initial values of a parameter; equal keys give equal values.
 *
 * Weights have shape `[…window, inputs, outputs]`. Each input reaches, and each output reads, every position of the
 * window (dense layers have no window axes). PyTorch stores `[outputs, inputs, …window]`.
 */
export type Initialiser = (key: Key, shape: readonly number[], options?: InitialiserOptions) => Tensor;

/**
 * Uniform over `±1/√fanIn`: PyTorch's default for the weights and biases of its linear and convolution layers, where it
 * is called `kaiming_uniform_(a=√5)`.
 *
 * @throws DownhillError `shape` if the shape has fewer than two axes and `fanIn` is not given.
 * @example
 * // all within ±0.5
 * fanInUniform(key(0), [4, 2]).shape; // [4, 2]
 */
export const fanInUniform: Initialiser = /* @__PURE__ */ uniformWithin("fanInUniform", ({ fanIn }) =>
  Math.sqrt(1 / fanIn),
);

/**
 * Uniform over `±√(6 / (fanIn + fanOut))`, variance `2 / (fanIn + fanOut)`: for tanh and sigmoid. Keras's default.
 *
 * @see Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010, eq. 16.
 */
export const glorotUniform: Initialiser = /* @__PURE__ */ uniformWithin(
  "glorotUniform",
  ({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut)),
);

/** Normal with variance `2 / (fanIn + fanOut)`; see `glorotUniform`. Also called Xavier initialisation. */
export const glorotNormal: Initialiser = /* @__PURE__ */ normalWith("glorotNormal", ({ fanIn, fanOut }) =>
  Math.sqrt(2 / (fanIn + fanOut)),
);

/**
 * Uniform over `±√(6 / fanIn)`, variance `2 / fanIn`: for relu, which halves the variance.
 *
 * @see He, Zhang, Ren, Sun, Delving deep into rectifiers, ICCV 2015, eq. 10.
 */
export const heUniform: Initialiser = /* @__PURE__ */ uniformWithin("heUniform", ({ fanIn }) =>
  Math.sqrt(6 / fanIn),
);

/** Normal with variance `2 / fanIn`; see `heUniform`. Also called Kaiming initialisation. */
export const heNormal: Initialiser = /* @__PURE__ */ normalWith("heNormal", ({ fanIn }) =>
  Math.sqrt(2 / fanIn),
);

/**
 * Uniform over `±√(3 / fanIn)`, variance `1 / fanIn`: for selu, and for layers without an activation.
 *
 * @see LeCun, Bottou, Orr, Müller, Efficient backprop, 1998, section 4.6.
 */
export const lecunUniform: Initialiser = /* @__PURE__ */ uniformWithin("lecunUniform", ({ fanIn }) =>
  Math.sqrt(3 / fanIn),
);

/** Normal with variance `1 / fanIn`; see `lecunUniform`. */
export const lecunNormal: Initialiser = /* @__PURE__ */ normalWith("lecunNormal", ({ fanIn }) =>
  Math.sqrt(1 / fanIn),
);

/** Options of `varianceScaling`. */
export interface VarianceScalingOptions {
  /** Numerator of the variance `scale / units`. Default 1. */
  readonly scale?: number;
  /** Number of units in the denominator of the variance: inputs (default), outputs, or the mean of both. */
  readonly mode?: "fanIn" | "fanOut" | "average";
  /**
   * Distribution of the values. Default normal. `"truncatedNormal"` is cut off at two standard deviations and rescaled
   * to the same variance, as in JAX and Keras.
   */
  readonly distribution?: "normal" | "truncatedNormal" | "uniform";
}

/**
 * An initialiser with variance `scale / units`: He initialisation is `{ scale: 2 }`, Glorot initialisation
 * `{ mode: "average" }`.
 *
 * @throws DownhillError `range` if the scale is not positive, `option` for an unknown mode or distribution.
 * @example
 * varianceScaling({ scale: 2, mode: "fanOut", distribution: "uniform" })(key(0), [4, 2]).shape; // [4, 2]
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initialiser {
  if (arguments.length > 1) refuseExtra("varianceScaling", arguments, 1);
  checkOptions("varianceScaling", options, ["scale", "mode", "distribution"]);
  const { scale = 1, mode = "fanIn", distribution = "normal" } = options;
  checkChoice("varianceScaling", "mode", mode, ["fanIn", "fanOut", "average"]);
  checkChoice("varianceScaling", "distribution", distribution, ["normal", "truncatedNormal", "uniform"]);
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new DownhillError(
      "range",
      `varianceScaling: scale must be a positive number, got ${String(scale)}.`,
    );
  const variance = ({ fanIn, fanOut }: Fans): number => {
    const units = { fanIn, fanOut, average: (fanIn + fanOut) / 2 };
    return scale / units[mode];
  };
  switch (distribution) {
    case "normal":
      return normalWith("varianceScaling", (fans) => Math.sqrt(variance(fans)));
    case "uniform":
      return uniformWithin("varianceScaling", (fans) => Math.sqrt(3 * variance(fans)));
    case "truncatedNormal":
      return function (key, shape, given = {}) {
        if (arguments.length > 3) refuseExtra("varianceScaling", arguments, 3);
        const std = Math.sqrt(variance(fansOf("varianceScaling", shape, given)));
        const unit = truncatedNormal(key, -2, 2, shape, { dtype: given.dtype ?? "float32" });
        return mul(unit, std / deviationWithinTwo);
      };
    default:
      return assertNever(distribution, "varianceScaling");
  }
}

/** Standard deviation of a standard normal distribution truncated to −2 … 2: `√(1 − 4 φ(2) / (Φ(2) − Φ(−2)))`. */
const deviationWithinTwo = 0.87962566103423978;

/** Options of `truncatedNormalInit`. */
export interface TruncatedNormalInitOptions {
  /** Mean before truncation. Default 0. */
  readonly mean?: number;
  /** Standard deviation before truncation. Default 1. */
  readonly std?: number;
  /** Smallest value, in the units of the values. Default `mean − 2 · std`. */
  readonly low?: number;
  /** Largest value. Default `mean + 2 · std`. */
  readonly high?: number;
}

/**
 * An initialiser that draws from a normal distribution truncated to bounds. Bounds are values, as in PyTorch's
 * `trunc_normal_`. The default bounds are two standard deviations from the mean, as in JAX and Keras. (PyTorch's are −2
 * and 2 for every standard deviation, so that nothing is cut off for 0.02.) Works for any shape.
 *
 * @throws DownhillError `range` if `std` is not positive or `low` not below `high`.
 * @example
 * const weights = truncatedNormalInit({ std: 0.02 })(key(0), [4, 2]).data();
 * weights.every((w) => Math.abs(w) <= 0.04); // true
 */
export function truncatedNormalInit(options: TruncatedNormalInitOptions = {}): Initialiser {
  if (arguments.length > 1) refuseExtra("truncatedNormalInit", arguments, 1);
  checkOptions("truncatedNormalInit", options, ["mean", "std", "low", "high"]);
  const { mean: center = 0, std = 1 } = options;
  const { low = center - 2 * std, high = center + 2 * std } = options;
  if (!(Number.isFinite(center) && std > 0 && Number.isFinite(std) && low < high)) {
    throw new DownhillError(
      "range",
      `truncatedNormalInit: std must be positive and low below high, got mean ${String(center)}, std ${String(std)}, low ${String(low)}, high ${String(high)}.`,
    );
  }
  return function (key, shape, given = {}) {
    if (arguments.length > 3) refuseExtra("truncatedNormalInit", arguments, 3);
    checkOptions("truncatedNormalInit", given, ["dtype", "fanIn", "fanOut"]);
    const { dtype = "float32" } = given;
    const unit = truncatedNormal(key, (low - center) / std, (high - center) / std, shape, { dtype });
    return clip(add(mul(unit, std), center), low, high); // rounding of the sum may exceed a bound
  };
}

/** Options of `orthogonalInit`. */
export interface OrthogonalInitOptions {
  /** Factor of the orthogonal matrix. Default 1; use √2 before relu. */
  readonly gain?: number;
  /**
   * Axis of the outputs; all other axes together are the inputs. Default the last, as in dense layers; use 0 for
   * convolutions.
   */
  readonly outputAxis?: number;
}

/**
 * An initialiser with uniformly distributed orthogonal matrices. If there are at most as many outputs as inputs, the
 * weight vectors of the units are orthogonal to each other; otherwise those of the inputs are. All have length `gain`.
 * Like PyTorch's `orthogonal_`: the Q factor of a normal matrix, with signs that make the diagonal of R positive.
 *
 * @throws DownhillError `range` for a gain that is not finite or an axis out of range, `shape` if the shape has fewer
 * than two axes.
 * @see Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks, ICLR 2014.
 * @example
 * const weight = orthogonalInit({ gain: 2 })(key(0), [3, 1], { dtype: "float64" });
 * weight.mul(weight).sum(); // 4
 * const init = orthogonalInit({ outputAxis: 0 });
 * convolutionInit(key(0), 3, 8, [5, 5], { init }).weight.shape; // [8, 3, 5, 5]
 */
export function orthogonalInit(options: OrthogonalInitOptions = {}): Initialiser {
  if (arguments.length > 1) refuseExtra("orthogonalInit", arguments, 1);
  checkOptions("orthogonalInit", options, ["gain", "outputAxis"]);
  const { gain = 1, outputAxis = -1 } = options;
  if (!Number.isFinite(gain))
    throw new DownhillError("range", `orthogonalInit: gain must be a finite number, got ${String(gain)}.`);
  return function (key, shape, given = {}) {
    if (arguments.length > 3) refuseExtra("orthogonalInit", arguments, 3);
    const fans = { fanIn: 1, fanOut: 1, ...given }; // they are not used here
    fansOf("orthogonalInit", shape, fans);
    const rank = shape.length;
    if (rank < 2) {
      throw new DownhillError(
        "shape",
        `orthogonalInit: shape ${showShape(shape)} is not a matrix; it needs at least two axes.`,
      );
    }
    if (!(Number.isInteger(outputAxis) && outputAxis >= -rank && outputAxis < rank)) {
      throw new DownhillError(
        "range",
        `orthogonalInit: outputAxis must be an axis of shape ${showShape(shape)}, got ${String(outputAxis)}.`,
      );
    }
    const axis = outputAxis < 0 ? outputAxis + rank : outputAxis;
    const outputs = shape[axis]!;
    const others = shape.filter((_, a) => a !== axis);
    const inputs = sizeOf(others);
    const isTall = inputs >= outputs;
    const size = isTall ? [inputs, outputs] : [outputs, inputs];
    const [q, r] = qr(normal(key, size, { dtype: given.dtype ?? "float32" }));
    const even = mul(q, where(less(diagonal(r), 0), -gain, gain));
    const weight = isTall ? even : matrixTranspose(even);
    return moveaxis(reshape(weight, [...others, outputs]), -1, axis);
  };
}

/** Zeros, the usual initialiser of biases. */
export const zerosInit: Initialiser = function (_, shape, options = {}) {
  if (arguments.length > 3) refuseExtra("zerosInit", arguments, 3);
  checkOptions("zerosInit", options, ["dtype", "fanIn", "fanOut"]);
  return full(shape, 0, { dtype: options.dtype ?? "float32" });
};

interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

function uniformWithin(operation: string, bound: (fans: Fans) => number): Initialiser {
  return function (key, shape, options = {}) {
    if (arguments.length > 3) refuseExtra(operation, arguments, 3);
    const { dtype = "float32" } = options;
    const limit = bound(fansOf(operation, shape, options));
    return uniform(key, shape, { dtype, minval: -limit, maxval: limit });
  };
}

function normalWith(operation: string, deviation: (fans: Fans) => number): Initialiser {
  return function (key, shape, options = {}) {
    if (arguments.length > 3) refuseExtra(operation, arguments, 3);
    const { dtype = "float32" } = options;
    const std = deviation(fansOf(operation, shape, options));
    return mul(normal(key, shape, { dtype }), std);
  };
}

function fansOf(operation: string, shape: readonly number[], options: InitialiserOptions): Fans {
  checkOptions(operation, options, ["dtype", "fanIn", "fanOut"]);
  for (const n of shape) {
    if (isIntegerIn(n, { from: 1 })) continue;
    throw new DownhillError(
      "shape",
      `${operation}: ${String(n)} in shape ${showShape(shape)} is not a size.`,
    );
  }
  const [inputs, outputs] = shape.slice(-2);
  const window = sizeOf(shape.slice(0, -2));
  const fanIn = options.fanIn ?? (outputs === undefined ? undefined : inputs! * window);
  const fanOut = options.fanOut ?? (outputs === undefined ? undefined : outputs * window);
  if (fanIn === undefined || fanOut === undefined) {
    throw new DownhillError(
      "shape",
      `${operation}: shape ${showShape(shape)} does not determine the numbers of inputs and outputs. Give fanIn and fanOut.`,
    );
  }
  for (const [what, n] of Object.entries({ fanIn, fanOut })) checkInteger(operation, what, n, { from: 1 });
  return { fanIn, fanOut };
}
