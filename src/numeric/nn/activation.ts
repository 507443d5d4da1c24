import {
  abs,
  div,
  expm1,
  greater,
  greaterEqual,
  less,
  lessEqual,
  mul,
  neg,
  sigmoid,
  softplus,
  square,
  tanh,
  where,
} from "../array/elementwise.ts";
import { hypot } from "../array/arithmetic.ts";
import { asFloating, normalizeAxis } from "../array/promote.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { part } from "../../engine/prims/index-ops.ts";
import { ndtrByExp } from "../../engine/prims/index.ts";

export { sigmoid, softplus, tanh } from "../array/elementwise.ts";

/** max(x, 0), elementwise. Its derivative at 0 is 0; NaN stays NaN. */
export function relu(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("relu", arguments, 1);
  return where(lessEqual(x, 0), 0, x);
}

/** min(max(x, 0), 6). Its derivative at 0 and at 6 is 0, as in PyTorch. */
export function relu6(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("relu6", arguments, 1);
  return where(less(x, 6), relu(x), where(greater(x, 0), 6, x));
}

/** x where x is positive, else `slope · x` (default slope 0.01). At 0 the derivative is the slope. */
export function leakyRelu(x: TensorLike, options: { readonly slope?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("leakyRelu", arguments, 2);
  checkOptions("leakyRelu", options, ["slope"]);
  const t = asFloating(x, "leakyRelu");
  return where(greater(t, 0), t, mul(t, options.slope ?? 0.01));
}

/**
 * x where x is positive, else `alpha · (eˣ − 1)`; default alpha 1.
 *
 * @see Clevert, Unterthiner, Hochreiter, Fast and accurate deep network learning by exponential linear units, ICLR 2016.
 */
export function elu(x: TensorLike, options: { readonly alpha?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("elu", arguments, 2);
  checkOptions("elu", options, ["alpha"]);
  const t = asFloating(x, "elu");
  const isPositive = greater(t, 0);
  // on the side that is not selected, eˣ would overflow and make the derivative NaN
  const below = mul(expm1(where(isPositive, 0, t)), options.alpha ?? 1);
  return where(isPositive, t, below);
}

/**
 * `scale · elu(x)` with the two constants that preserve mean 0 and variance 1 between layers.
 *
 * @see Klambauer, Unterthiner, Mayr, Hochreiter, Self-normalizing neural networks, NeurIPS 2017.
 */
export function selu(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("selu", arguments, 1);
  return mul(elu(x, { alpha: 1.6732632423543772 }), 1.0507009873554805);
}

/**
 * `x · Φ(x)` with the standard normal distribution function Φ; with `approximate: "tanh"`, the approximation
 * `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.
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

/** `min(max(x / 6 + 1/2, 0), 1)`. Its derivative at the kinks −3 and 3 is 0, as in PyTorch. */
export function hardSigmoid(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("hardSigmoid", arguments, 1);
  return div(relu6(asFloating(x, "hardSigmoid").add(3)), 6);
}

/**
 * `x · hardSigmoid(x)`. Its derivative is 0 at the kink −3 and 1 at the kink 3. At −∞ its value is the limit 0, where
 * PyTorch has NaN.
 *
 * @see Howard et al., Searching for MobileNetV3, ICCV 2019, section 5.2.
 */
export function hardSwish(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("hardSwish", arguments, 1);
  const t = asFloating(x, "hardSwish");
  // x clamped to −3 … 3, where the function bends: outside, no factor of a derivative is infinite
  const near = where(greater(t, -3), where(less(t, 3), t, 3), -3);
  return where(less(t, 3), mul(near, div(near.add(3), 6)), t);
}

/** min(max(x, −1), 1). Its derivative at −1 and 1 is 0, as in PyTorch. */
export function hardTanh(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("hardTanh", arguments, 1);
  const t = asFloating(x, "hardTanh");
  return where(less(t, 1), where(lessEqual(t, -1), -1, t), where(greaterEqual(t, 1), 1, t));
}

/**
 * x where x is positive, else `alpha · (e^(x / alpha) − 1)`: like `elu`, but with derivative 1 at 0 for every alpha;
 * default alpha 1.
 *
 * @throws DownhillError `range` unless alpha is above 0.
 * @see Barron, Continuously differentiable exponential linear units, 2017.
 */
export function celu(x: TensorLike, options: { readonly alpha?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("celu", arguments, 2);
  checkOptions("celu", options, ["alpha"]);
  const { alpha = 1 } = options;
  refuseTensor("celu", "alpha", alpha);
  if (!(alpha > 0)) throw new DownhillError("range", `celu: alpha must be above 0, got ${String(alpha)}.`);
  const t = asFloating(x, "celu");
  const isPositive = greater(t, 0);
  return where(isPositive, t, mul(expm1(div(where(isPositive, 0, t), alpha)), alpha));
}

/**
 * x where x is positive, else `slope · x`, for learned slopes: a number, or an array that broadcasts to the shape of x.
 * At 0 the derivative is the slope. (PyTorch has one slope per index of the second axis: pass slopes of shape
 * `[channels, 1, 1]`.)
 */
export function prelu(x: TensorLike, slope: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("prelu", arguments, 2);
  const t = asFloating(x, "prelu");
  return where(greater(t, 0), t, mul(t, slope));
}

/**
 * Gated linear unit: the first half of an axis (default the last) times the sigmoid of the second half.
 *
 * @throws DownhillError `shape` for an axis of odd size.
 * @see Dauphin, Fan, Auli, Grangier, Language modeling with gated convolutional networks, ICML 2017.
 * @example
 * glu([2, 3, 0, 0]).tolist(); // [1, 1.5]
 */
export function glu(x: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("glu", arguments, 2);
  checkOptions("glu", options, ["axis"]);
  const t = asFloating(x, "glu");
  const axis = normalizeAxis("glu", options.axis ?? -1, t.type);
  const size = t.shape[axis]!;
  if (size % 2 !== 0)
    throw new DownhillError("shape", `glu: axis ${axis} of ${showType(t.type)} has no halves.`);
  return mul(part(t, axis, 0, size / 2), sigmoid(part(t, axis, size / 2, size)));
}

/**
 * `(x + √(x² + b)) / 2`, default b 4: similar to softplus, without exponentials.
 *
 * @throws DownhillError `range` unless b is at least 0.
 * @see Barron, Squareplus: a softplus-like algebraic rectifier, 2021.
 */
export function squareplus(x: TensorLike, options: { readonly b?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("squareplus", arguments, 2);
  checkOptions("squareplus", options, ["b"]);
  const { b = 4 } = options;
  refuseTensor("squareplus", "b", b);
  if (!(b >= 0)) throw new DownhillError("range", `squareplus: b must be at least 0, got ${String(b)}.`);
  const t = asFloating(x, "squareplus");
  // below 0 the sum cancels, so it is b / 4 divided by the conjugate factor; each side gets only its own x, so that
  // derivatives stay finite
  const isBelow = less(t, 0);
  const [below, above] = [where(isBelow, t, 0), where(isBelow, 0, t)];
  const root = (side: Tensor): Tensor => hypot(side, Math.sqrt(b));
  return where(isBelow, div(b / 2, root(below).sub(below)), root(above).add(above).div(2));
}

/**
 * 0 for x ≤ −1, x for x ≥ 1, and `(x + 1)² / 4` between: a softplus with linear ends. Its derivative is
 * `sparseSigmoid`.
 */
export function sparsePlus(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("sparsePlus", arguments, 1);
  const t = asFloating(x, "sparsePlus");
  const near = where(greater(t, -1), where(less(t, 1), t, 1), -1);
  return where(less(t, 1), square(near.add(1)).div(4), t);
}

/** `min(max((x + 1) / 2, 0), 1)`. Its derivative at −1 and 1 is 0. */
export function sparseSigmoid(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("sparseSigmoid", arguments, 1);
  return hardTanh(asFloating(x, "sparseSigmoid")).add(1).div(2);
}
