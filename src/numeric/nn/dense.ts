import { add } from "../array/elementwise.ts";
import { matmul } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { split, type Key } from "../random/index.ts";
import { fanInUniform, zerosInit, type Initialiser } from "./initialise.ts";
import { checkTensors } from "./parameters.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/** Parameters of a dense layer. */
export interface DenseParams {
  /** Shape `[inputs, outputs]`. */
  readonly weight: Tensor;
  /** Shape `[outputs]`. */
  readonly bias: Tensor;
}

/** Options of `denseInit`. */
export interface DenseOptions {
  /** Initialiser of weights. Default `fanInUniform`, as in PyTorch. */
  readonly init?: Initialiser;
  /** Initialiser of biases. Default: that of the weights if `init` is not given, else zeros. */
  readonly biasInit?: Initialiser;
  /** Dtype of the parameters. Default float32. */
  readonly dtype?: "float64" | "float32";
}

/**
 * Initial parameters of a dense layer from `inputs` to `outputs` features.
 *
 * @throws DownhillError `range` if a size is not a positive integer, `option` for an unknown option.
 * @example
 * const { weight, bias } = denseInit(key(0), 64, 10);
 * [weight.shape, bias.shape]; // [[64, 10], [10]]
 */
export function denseInit(
  key: Key,
  inputs: number,
  outputs: number,
  options: DenseOptions = {},
): DenseParams {
  if (arguments.length > 4) refuseExtra("denseInit", arguments, 4);
  checkOptions("denseInit", options, ["init", "biasInit", "dtype"]);
  for (const [what, n] of [
    ["inputs", inputs],
    ["outputs", outputs],
  ] as const)
    checkInteger("denseInit", what, n, { from: 1 });
  const { dtype = "float32", init = fanInUniform } = options;
  const { biasInit = options.init === undefined ? fanInUniform : zerosInit } = options;
  const [weightKey, biasKey] = split(key);
  const fans = { fanIn: inputs, fanOut: outputs };
  return {
    weight: init(weightKey, [inputs, outputs], { dtype }),
    bias: biasInit(biasKey, [outputs], { dtype, ...fans }),
  };
}

/**
 * Dense layer `x · weight + bias`: x of shape `[…, inputs]` to `[…, outputs]`.
 *
 * @throws DownhillError `shape` if the last axis of x does not have size `inputs`.
 */
export function dense(params: DenseParams, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("dense", arguments, 2);
  checkTensors("dense", "the parameters", params, ["weight", "bias"], "denseInit");
  const { weight, bias } = params;
  const t = asTensor(x, "dense");
  const inputs = weight.shape[0];
  if (t.ndim === 0 || t.shape.at(-1) !== inputs) {
    throw new DownhillError(
      "shape",
      `dense: x is ${showType(t.type)}, but the layer (weight ${showType(weight.type)}) takes ${inputs} numbers along the last axis.`,
    );
  }
  return add(matmul(t, weight), bias);
}
