// Formulas that the update rules share, so that each rule reads like its paper.
import { onesLike, full, zerosLike } from "../array/create.ts";
import { add, div, expm1, lessEqual, log1p, mul, neg, sqrt, sub, where } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { NumberRange, Scalar } from "./options.ts";

/** Allowed range of a decay rate of an average: at least 0 and below 1. */
export const belowOne: NumberRange = { from: 0, to: 1, below: true };

/** Allowed range of a strength: 0 or more. */
export const notNegative: NumberRange = { from: 0 };

/** `1 − x` */
export function complement(x: Scalar): Scalar {
  return typeof x === "number" ? 1 - x : sub(1, x);
}

/** `x²` */
export function squareOf(x: Scalar): Scalar {
  return typeof x === "number" ? x * x : mul(x, x);
}

/** `xy` */
export function productOf(x: Scalar, y: Scalar): Scalar {
  return typeof x === "number" && typeof y === "number" ? x * y : mul(x, y);
}

/** `βm + (1 − β)x`: updates the running mean m with x. */
export function average(m: Tensor, x: Tensor, beta: Scalar): Tensor {
  return add(mul(m, beta), mul(x, complement(beta)));
}

/** `g + λx`: the gradient plus that of a penalty `λ/2 · Σ x²`. */
export function penalised(g: Tensor, x: Tensor, lambda: Scalar): Tensor {
  return lambda === 0 ? g : add(g, mul(x, lambda));
}

/** `−η · direction` */
export function descend(direction: Tensor, eta: Scalar): Tensor {
  return mul(direction, typeof eta === "number" ? -eta : neg(eta));
}

/** `1 − βᵗ` for a scalar t, without cancellation for `βᵗ` near 1. */
export function oneMinusPower(beta: Scalar, t: Tensor): Tensor {
  const offset = typeof beta === "number" ? full([], beta - 1, { dtype: t.dtype }) : sub(beta, 1);
  return neg(expm1(mul(t, log1p(offset))));
}

/**
 * √x with derivative 0 instead of ∞ at 0, because a gradient of exactly 0 must not make the derivative of a whole run
 * NaN. 0 for tiny negative x caused by rounding.
 */
export function flatSqrt(x: Tensor): Tensor {
  const isZero = lessEqual(x, 0); // false for NaN, which propagates
  return where(isZero, zerosLike(x), sqrt(where(isZero, onesLike(x), x)));
}

/** Returns `x / root`; 0 where both ε and the root are 0, which means that all gradients were 0 so far. */
export function over(x: Tensor, root: Tensor, eps: Scalar): Tensor {
  if (eps !== 0) return div(x, root);
  const isZero = lessEqual(root, 0);
  return where(isZero, zerosLike(x), div(x, where(isZero, onesLike(root), root)));
}

/** `√Σx²`, with derivative 0 at 0. */
export function length(x: Tensor): Tensor {
  return flatSqrt(sum(mul(x, x)));
}

/** `√(Σx²/n)`, with derivative 0 at 0. */
export function rootMeanSquare(x: Tensor): Tensor {
  const n = x.shape.reduce((product, size) => product * size, 1);
  return div(length(x), Math.sqrt(n));
}
