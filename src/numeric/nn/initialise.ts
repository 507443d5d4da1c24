import { full } from "../array/create.ts";
import { mul } from "../array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { normal, uniform, type Key } from "../random/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/** Options of an initialiser. */
export interface InitialiserOptions {
  /** Kind of number. Default float32. */
  readonly dtype?: "float64" | "float32";
  /** Inputs of a unit; default: from the shape. */
  readonly fanIn?: number;
  /** Units that an input reaches; default: from the shape. */
  readonly fanOut?: number;
}

/**
 * Makes the first values of a parameter: always the same for the same key.
 *
 * Weights have shape `[…window, inputs, outputs]`; each input reaches, and each output reads, every place of the window
 * (there is none in dense layers). PyTorch keeps `[outputs, inputs, …window]`.
 */
export type Initialiser = (key: Key, shape: readonly number[], options?: InitialiserOptions) => Tensor;

/**
 * Uniform over `±1/√fanIn`: PyTorch's default for the weights and biases of its linear and convolution layers, where it
 * is written `kaiming_uniform_(a=√5)`.
 *
 * @throws DownhillError `shape` if the shape has fewer than two axes and no fans are given.
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

/** Normal with variance `2 / (fanIn + fanOut)`; see `glorotUniform`. Also called Xavier's. */
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

/** Normal with variance `2 / fanIn`; see `heUniform`. Also called Kaiming's. */
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
  /** What the variance is, times the number of units that `mode` says. Default 1. */
  readonly scale?: number;
  /** The units that the variance is divided by: inputs (default), outputs, or the mean of both. */
  readonly mode?: "fanIn" | "fanOut" | "average";
  /** Default normal. */
  readonly distribution?: "normal" | "uniform";
}

/**
 * An initialiser with variance `scale / units`: that of He is `{ scale: 2 }`, of Glorot `{ mode: "average" }`.
 *
 * @throws DownhillError `range` if the scale is not positive, `option` for an unknown word.
 * @example
 * varianceScaling({ scale: 2, mode: "fanOut", distribution: "uniform" })(key(0), [4, 2]).shape; // [4, 2]
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initialiser {
  if (arguments.length > 1) refuseExtra("varianceScaling", arguments, 1);
  checkOptions("varianceScaling", options, ["scale", "mode", "distribution"]);
  const { scale = 1, mode = "fanIn", distribution = "normal" } = options;
  checkChoice("varianceScaling", "mode", mode, ["fanIn", "fanOut", "average"]);
  checkChoice("varianceScaling", "distribution", distribution, ["normal", "uniform"]);
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new DownhillError(
      "range",
      `varianceScaling: scale must be a positive number, got ${String(scale)}.`,
    );
  const variance = ({ fanIn, fanOut }: Fans): number => {
    const units = { fanIn, fanOut, average: (fanIn + fanOut) / 2 };
    return scale / units[mode];
  };
  return distribution === "normal"
    ? normalWith("varianceScaling", (fans) => Math.sqrt(variance(fans)))
    : uniformWithin("varianceScaling", (fans) => Math.sqrt(3 * variance(fans)));
}

/** Zeros, for biases. */
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
    if (Number.isInteger(n) && n > 0) continue;
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
      `${operation}: shape ${showShape(shape)} does not tell how many inputs and outputs there are. Give fanIn and fanOut.`,
    );
  }
  return { fanIn, fanOut };
}
