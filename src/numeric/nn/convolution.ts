import { conv, type ConvOptions } from "../array/convolution.ts";
import { add } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { reshape } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { split, type Key } from "../random/index.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import { fanInUniform, zerosInit, type Initialiser } from "./initialise.ts";
import { checkTensors } from "./parameters.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** Parameters of a convolution layer. */
export interface ConvolutionParams {
  /** Shape `[outputs, channels / groups, …window]`. */
  readonly weight: Tensor;
  /** Shape `[outputs]`. */
  readonly bias: Tensor;
}

/** Options of `convolutionInit`. */
export interface ConvolutionInitOptions {
  /** Number of groups of channels. Default 1. */
  readonly groups?: number;
  /** Initialiser of weights. Default `fanInUniform`, as in PyTorch. */
  readonly init?: Initialiser;
  /** Initialiser of biases. Default: that of the weights if `init` is not given, else zeros. */
  readonly biasInit?: Initialiser;
  /** Dtype of the parameters. Default float32. */
  readonly dtype?: "float64" | "float32";
}

/**
 * Initial parameters of a convolution from `channels` to `outputs`; `window` is the size of the window, one number per
 * spatial axis.
 *
 * @throws DownhillError `range` if a size is not a positive integer or the number of groups does not divide channels
 * and outputs.
 * @example
 * convolutionInit(key(0), 3, 8, [5, 5]).weight.shape; // [8, 3, 5, 5]
 */
export function convolutionInit(
  key: Key,
  channels: number,
  outputs: number,
  window: readonly number[],
  options: ConvolutionInitOptions = {},
): ConvolutionParams {
  if (arguments.length > 5) refuseExtra("convolutionInit", arguments, 5);
  checkOptions("convolutionInit", options, ["groups", "init", "biasInit", "dtype"]);
  const { groups = 1, dtype = "float32", init = fanInUniform } = options;
  const { biasInit = options.init === undefined ? fanInUniform : zerosInit } = options;
  const given: unknown = window; // untyped callers may pass anything
  if (!Array.isArray(given) || given.length === 0) {
    throw new DownhillError(
      "range",
      `convolutionInit: the window must be a list of sizes, one for each axis of space, got ${String(given)}. Write convolutionInit(key, 3, 8, [5, 5]).`,
    );
  }
  const sizes: readonly (readonly [string, unknown])[] = [
    ["channels", channels],
    ["outputs", outputs],
    ["groups", groups],
    ...window.map((n) => ["each size of the window", n] as const),
  ];
  for (const [what, n] of sizes) {
    if (isIntegerIn(n, { from: 1 })) continue;
    throw new DownhillError(
      "range",
      `convolutionInit: ${what} must be an integer of 1 or more, got ${String(n)}. Write convolutionInit(key, 3, 8, [5, 5]).`,
    );
  }
  if (channels % groups !== 0 || outputs % groups !== 0) {
    throw new DownhillError(
      "range",
      `convolutionInit: ${channels} channels and ${outputs} outputs cannot be divided into ${groups} groups.`,
    );
  }
  const [weightKey, biasKey] = split(key);
  const depth = channels / groups;
  const fans = { dtype, fanIn: depth * sizeOf(window), fanOut: (outputs / groups) * sizeOf(window) };
  return {
    weight: init(weightKey, [outputs, depth, ...window], fans),
    bias: biasInit(biasKey, [outputs], fans),
  };
}

/**
 * Convolution layer `conv(x, weight) + bias`, with one bias per output: x of shape `[items, channels, …space]` to
 * `[items, outputs, …space]`. Options as for `conv`.
 *
 * @throws DownhillError `shape` if the shapes of x and the parameters do not match.
 * @example
 * const layer = convolutionInit(key(0), 1, 8, [5, 5]);
 * convolution(layer, ones([32, 1, 28, 28]), { padding: "same" }).shape; // [32, 8, 28, 28]
 */
export function convolution(params: ConvolutionParams, x: TensorLike, options: ConvOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("convolution", arguments, 3);
  checkTensors("convolution", "the parameters", params, ["weight", "bias"], "convolutionInit");
  const { weight, bias } = params;
  checkOptions("convolution", options, ["stride", "padding", "dilation", "groups"]);
  const t = asFloating(x, "convolution");
  return add(conv(t, weight, options), reshape(bias, [-1, ...range(2, t.ndim).map(() => 1)]));
}
