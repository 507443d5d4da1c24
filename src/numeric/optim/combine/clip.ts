import { onesLike, zerosLike } from "../../array/create.ts";
import { abs, add, astype, clip, div, lessEqual, minimum, mul, pow, where } from "../../array/elementwise.ts";
import { max, sum } from "../../array/reduce.ts";
import { stack } from "../../array/shape.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { length } from "../formulas.ts";
import { checkNumber } from "../options.ts";
import type { GeneralOptimizer } from "../optimizer.ts";
import { stateless } from "./stateless.ts";

/**
 * Clips each element of the gradients to `−limit … limit`. PyTorch's `clip_grad_value_`, optax's `clip`.
 *
 * @throws DownhillError `range` if `limit` is not above 0.
 */
export function clipByValue(limit: number): GeneralOptimizer<null> {
  if (arguments.length > 1) refuseExtra("clipByValue", arguments, 1);
  checkNumber("clipByValue", "limit", limit, { from: 0, above: true });
  return stateless("clipByValue", (gradients) => gradients.map((g) => clip(g, -limit, limit)));
}

/**
 * Scales each gradient tensor separately to a norm of at most `maxNorm`: `g · min(1, maxNorm/(‖g‖ + 1e-6))` with
 * `‖g‖ = √Σg²`. Like PyTorch's `clip_grad_norm_` called per parameter; optax's `clip_by_block_rms` divides the norm by
 * the square root of the size.
 *
 * @throws DownhillError `range` if `maxNorm` is not above 0.
 */
export function clipByNorm(maxNorm: number): GeneralOptimizer<null> {
  if (arguments.length > 1) refuseExtra("clipByNorm", arguments, 1);
  checkNumber("clipByNorm", "maxNorm", maxNorm, { from: 0, above: true });
  return stateless("clipByNorm", (gradients) => gradients.map((g) => mul(g, factor(length(g), maxNorm))));
}

/** Options of `clipByGlobalNorm`. */
export interface GlobalNormOptions {
  /** p of the norm `(Σ|g|ᵖ)^(1/p)`, 1 or more; `Infinity` for the largest absolute value. Default 2. */
  readonly normType?: number;
}

/**
 * Scales all gradients together to a norm of at most `maxNorm`, without changing the direction:
 * `g · min(1, maxNorm/(‖g‖ + 1e-6))` with the norm over all elements of all tensors.
 *
 * This is PyTorch's `clip_grad_norm_`. optax's `clip_by_global_norm` has no 1e-6.
 *
 * @throws DownhillError `range` if `maxNorm` is not above 0 or `normType` below 1.
 * @example
 * const { init, update } = clipByGlobalNorm(2.5);
 * const params = { w: tensor([0]), b: tensor([0]) };
 * const { updates } = update({ w: tensor([3]), b: tensor([4]) }, init(params), params);
 * updates; // { w: f64[1] [1.4999997], b: f64[1] [1.9999996] }
 */
export function clipByGlobalNorm(maxNorm: number, options: GlobalNormOptions = {}): GeneralOptimizer<null> {
  if (arguments.length > 2) refuseExtra("clipByGlobalNorm", arguments, 2);
  checkNumber("clipByGlobalNorm", "maxNorm", maxNorm, { from: 0, above: true });
  checkOptions("clipByGlobalNorm", options, ["normType"]);
  const { normType = 2 } = options;
  if (normType !== Infinity) checkNumber("clipByGlobalNorm", "normType", normType, { from: 1 });
  return stateless("clipByGlobalNorm", (gradients, { dtype }) => {
    const scale = factor(globalNorm(gradients, normType, dtype), maxNorm);
    return gradients.map((g) => mul(g, astype(scale, g.dtype)));
  });
}

function factor(size: Tensor, maxNorm: number): Tensor {
  return minimum(div(maxNorm, add(size, 1e-6)), 1);
}

function globalNorm(gradients: readonly Tensor[], p: number, dtype: "float64" | "float32"): Tensor {
  if (gradients.length === 0) throw new DownhillError("internal", "internal: globalNorm of nothing.");
  const each = gradients.map((g) => norm(astype(g, dtype), p));
  return each.length === 1 ? each[0]! : norm(stack(each), p);
}

/** The p-norm, with derivative 0 where the norm is 0. */
function norm(x: Tensor, p: number): Tensor {
  if (p === 2) return length(x);
  if (p === 1) return sum(abs(x));
  if (p === Infinity) return max(abs(x));
  const total = sum(pow(abs(x), p));
  const isZero = lessEqual(total, 0);
  return where(isZero, zerosLike(total), pow(where(isZero, onesLike(total), total), 1 / p));
}
