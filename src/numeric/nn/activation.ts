import {
  abs,
  div,
  expm1,
  greater,
  less,
  lessEqual,
  mul,
  neg,
  sigmoid,
  softplus,
  tanh,
  where,
} from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { ndtrByExp } from "../../engine/prims/special.ts";

export { sigmoid, softplus, tanh } from "../array/elementwise.ts";

/** max(x, 0), element by element. Its derivative at 0 is 0; NaN stays NaN. */
export function relu(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("relu", arguments, 1);
  return where(lessEqual(x, 0), 0, x);
}

/** min(max(x, 0), 6). Its derivative at 0 and at 6 is 0, as in PyTorch. */
export function relu6(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("relu6", arguments, 1);
  return where(less(x, 6), relu(x), where(greater(x, 0), 6, x));
}

/** x where it is positive, else `slope · x` (slope 0.01 unless said otherwise), which is its derivative at 0. */
export function leakyRelu(x: TensorLike, options: { readonly slope?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("leakyRelu", arguments, 2);
  checkOptions("leakyRelu", options, ["slope"]);
  const t = asFloating(x, "leakyRelu");
  return where(greater(t, 0), t, mul(t, options.slope ?? 0.01));
}

/**
 * x where it is positive, else `alpha · (eˣ − 1)`; alpha is 1 unless said otherwise.
 *
 * @see Clevert, Unterthiner, Hochreiter, Fast and accurate deep network learning by exponential linear units, ICLR 2016.
 */
export function elu(x: TensorLike, options: { readonly alpha?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("elu", arguments, 2);
  checkOptions("elu", options, ["alpha"]);
  const t = asFloating(x, "elu");
  const isPositive = greater(t, 0);
  // eˣ would overflow on the side that is not taken, and its derivative spoil the other
  const below = mul(expm1(where(isPositive, 0, t)), options.alpha ?? 1);
  return where(isPositive, t, below);
}

/**
 * `scale · elu(x)` with the two constants that keep mean 0 and variance 1 from layer to layer.
 *
 * @see Klambauer, Unterthiner, Mayr, Hochreiter, Self-normalizing neural networks, NeurIPS 2017.
 */
export function selu(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("selu", arguments, 1);
  return mul(elu(x, { alpha: 1.6732632423543772 }), 1.0507009873554805);
}

/**
 * `x · Φ(x)` with the distribution function Φ of the normal distribution; `approximate: "tanh"` takes
 * `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))` for it.
 *
 * @see Hendrycks, Gimpel, Gaussian error linear units, 2016.
 * @example
 * gelu(1);                          // 0.841345
 * gelu(1, { approximate: "tanh" }); // 0.841192
 */
export function gelu(x: TensorLike, options: { readonly approximate?: "none" | "tanh" } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("gelu", arguments, 2);
  checkOptions("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  checkChoice("gelu", "approximate", approximate, ["none", "tanh"]);
  const t = asFloating(x, "gelu");
  if (approximate === "none") return mul(t, ndtrByExp(t));
  const inner = mul(t.add(mul(mul(mul(t, t), t), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(t, 0.5), tanh(inner).add(1));
}

/** `x · σ(x)`, also called swish. */
export function silu(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("silu", arguments, 1);
  const t = asFloating(x, "silu");
  return mul(t, sigmoid(t));
}

/**
 * `x · tanh(softplus(x))`.
 *
 * @see Misra, Mish: a self regularized non-monotonic activation function, BMVC 2020.
 */
export function mish(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("mish", arguments, 1);
  const t = asFloating(x, "mish");
  return mul(t, tanh(softplus(t)));
}

/** `x / (1 + |x|)`. */
export function softsign(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("softsign", arguments, 1);
  const t = asFloating(x, "softsign");
  return div(t, abs(t).add(1));
}

/** `log σ(x)`, without overflow. */
export function logSigmoid(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("logSigmoid", arguments, 1);
  return neg(softplus(neg(asFloating(x, "logSigmoid"))));
}

/** `min(max(x / 6 + 1/2, 0), 1)`. Its derivative at the edges, −3 and 3, is 0, as in PyTorch. */
export function hardSigmoid(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("hardSigmoid", arguments, 1);
  return div(relu6(asFloating(x, "hardSigmoid").add(3)), 6);
}

/**
 * `x · hardSigmoid(x)`. Its derivative at the edges is 0 at −3 and 1 at 3. At −∞ it is 0, its limit, where PyTorch has NaN.
 *
 * @see Howard et al., Searching for MobileNetV3, ICCV 2019, section 5.2.
 */
export function hardSwish(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("hardSwish", arguments, 1);
  const t = asFloating(x, "hardSwish");
  // x within −3 … 3, where it bends: outside of it no factor of a derivative is infinite
  const near = where(greater(t, -3), where(less(t, 3), t, 3), -3);
  return where(less(t, 3), mul(near, div(near.add(3), 6)), t);
}
