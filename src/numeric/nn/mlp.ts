import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { split, type Key } from "../random/index.ts";
import { nameValue } from "../../engine/trace/index.ts";
import { relu } from "./activation.ts";
import { dense, denseInit, type DenseOptions, type DenseParams } from "./dense.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** Parameters of a multi-layer perceptron: those of its dense layers, starting at the input. */
export interface MlpParams {
  readonly layers: readonly DenseParams[];
}

/** Options of `mlp`. */
export interface MlpOptions extends DenseOptions {
  /** Activation function between two layers. Default `relu`. */
  readonly activation?: (x: Tensor) => Tensor;
}

/** A multi-layer perceptron as a pair of functions. */
export interface Mlp {
  /** Number of features of the input, of each hidden layer and of the output, in this order. */
  readonly sizes: readonly number[];
  /** Initial parameters. */
  init(key: Key): MlpParams;
  /**
   * Applies the network to x of shape `[…, inputs]`, giving `[…, outputs]`; there is no activation after the last
   * layer.
   */
  apply(params: MlpParams, x: TensorLike): Tensor;
}

/**
 * A multi-layer perceptron: dense layers of these sizes with an activation between them.
 *
 * @throws DownhillError `range` for fewer than two sizes or a size that is not a positive integer.
 * @example
 * const { init, apply } = mlp([2, 16, 1], { activation: tanh });
 * const params = init(key(0));
 * apply(params, [[0.5, -1], [2, 0]]).shape; // [2, 1]
 */
export function mlp(sizes: readonly number[], options: MlpOptions = {}): Mlp {
  if (arguments.length > 2) refuseExtra("mlp", arguments, 2);
  checkOptions("mlp", options, ["activation", "init", "biasInit", "dtype"]);
  checkSizes(sizes);
  const { activation = relu, ...layerOptions } = options;
  if (typeof activation !== "function") {
    throw new DownhillError("option", `mlp: activation must be a function of a tensor, as relu or tanh.`);
  }
  return {
    sizes,
    init(key) {
      const keys = split(key, sizes.length - 1);
      return { layers: keys.map((k, i) => denseInit(k, sizes[i]!, sizes[i + 1]!, layerOptions)) };
    },
    apply(params, x) {
      const layers: unknown = (params as Partial<MlpParams> | undefined)?.layers; // untyped callers may pass anything
      if (!Array.isArray(layers) || layers.length !== sizes.length - 1) {
        throw new DownhillError(
          "tree",
          `mlp: apply takes the parameters, a list of ${sizes.length - 1} layers as init returns it, and then x.`,
        );
      }
      const last = layers.length - 1;
      return (layers as DenseParams[]).reduce(
        (input, layer, i) => {
          if (i === last) return nameValue(dense(layer, input), "output");
          // names for inspecting the program
          return nameValue(activation(nameValue(dense(layer, input), `z${i + 1}`)), `h${i + 1}`);
        },
        asTensor(x, "mlp"),
      );
    },
  };
}

function checkSizes(sizes: unknown): void {
  const isSize = (n: unknown): boolean => isIntegerIn(n, { from: 1 });
  if (Array.isArray(sizes) && sizes.length >= 2 && sizes.every(isSize)) return;
  throw new DownhillError(
    "range",
    `mlp: expects two or more sizes, as in mlp([64, 128, 10]), each an integer of 1 or more; got ${JSON.stringify(sizes)}.`,
  );
}
