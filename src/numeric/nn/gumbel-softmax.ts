import { add, astype, div, equal, stopGradient, sub } from "../array/elementwise.ts";
import { asFloating, normalizeAxis } from "../array/promote.ts";
import { argmax, softmax } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { gumbel, type Key } from "../random/index.ts";

/** Options of `gumbelSoftmax`. */
export interface GumbelSoftmaxOptions {
  /** Divisor τ of the scores, a positive number or a scalar tensor; samples are one-hot for τ → 0. Default 1. */
  readonly temperature?: TensorLike;
  /** True for exact one-hot vectors, which have the derivative of the soft sample (straight-through). Default false. */
  readonly hard?: boolean;
  /** Axis of the classes. Default the last. */
  readonly axis?: number;
}

/**
 * Differentiable samples of classes: `softmax((logits + g) / τ)` with Gumbel noise g. The largest element is at class k
 * with probability `softmax(logits)[k]`. The same key draws the same noise. PyTorch's `gumbel_softmax`.
 *
 * @throws DownhillError `range` if the temperature is not positive, or for an axis.
 * @see Jang, Gu, Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017, eq. 2.
 * @example
 * gumbelSoftmax(key(0), [5, 0, 0], { hard: true }).tolist(); // [1, 0, 0]
 */
export function gumbelSoftmax(
  key: Key | Tensor,
  logits: TensorLike,
  options: GumbelSoftmaxOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("gumbelSoftmax", arguments, 3);
  checkOptions("gumbelSoftmax", options, ["temperature", "hard", "axis"]);
  checkFlags("gumbelSoftmax", options, ["hard"]);
  const { temperature = 1, hard = false } = options;
  if (typeof temperature === "number" && !(temperature > 0 && Number.isFinite(temperature))) {
    throw new DownhillError(
      "range",
      `gumbelSoftmax: temperature must be a positive number, got ${String(temperature)}.`,
    );
  }
  const z = asFloating(logits, "gumbelSoftmax");
  const axis = normalizeAxis("gumbelSoftmax", options.axis ?? -1, z.type);
  const noise = gumbel(key, z.shape, { dtype: z.dtype === "float32" ? "float32" : "float64" });
  const soft = softmax(div(add(z, noise), temperature), { axis });
  if (!hard) return soft;
  const chosen = expandDims(argmax(soft, { axis }), axis);
  const sharp = astype(equal(chosen, iota("int32", soft.shape, axis)), soft.dtype);
  return add(sub(soft, stopGradient(soft)), sharp); // exactly one-hot, because soft − soft is 0
}
