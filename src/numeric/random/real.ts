// Real distributions that are a function of one uniform number.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  abs,
  div,
  log,
  log1p,
  maximum,
  mul,
  randomUnit,
  scale,
  sign,
  tan,
} from "../../engine/prims/index.ts";
import { full, neg, sub } from "../../engine/prims/linear.ts";
import { type DrawShape, readReal, readShape, type RealOptions } from "./arguments.ts";
import { type Key, readKey } from "./key.ts";
import { uniformWithin } from "./uniform.ts";

export type FloatDType = "float64" | "float32";

/** Distance from 1 to the next larger number (`epsilon`), and smallest normal number (`tiny`), by dtype. */
const epsilon: Readonly<Record<FloatDType, number>> = { float64: 2 ** -52, float32: 2 ** -23 };
const tiny: Readonly<Record<FloatDType, number>> = { float64: 2 ** -1022, float32: 2 ** -126 };

/** A sampler of one distribution. Its arguments have been checked. */
type RealSampler = (key: Tensor, shape: readonly number[], dtype: FloatDType) => Tensor;

/** Checks the arguments of the public function `operation`, and draws with the sampler `f`. */
function drawn(operation: string, f: RealSampler, key: Key, shape: DrawShape, options: RealOptions): Tensor {
  const dtype = readReal(operation, options);
  return f(readKey(operation, key), readShape(operation, shape), dtype);
}

export const exponentialOf: RealSampler = (key, shape, dtype) =>
  neg(log1p(neg(randomUnit(key, shape, dtype))));

export const gumbelOf: RealSampler = (key, shape, dtype) => {
  const unit = randomUnit(key, shape, dtype);
  return neg(log(neg(log(maximum(unit, full(unit.type, tiny[dtype]))))));
};

export const laplaceOf: RealSampler = (key, shape, dtype) => {
  const u = uniformWithin(key, shape, dtype, -1 + epsilon[dtype] / 2, 1);
  return mul(sign(u), log1p(neg(abs(u))));
};

export const logisticOf: RealSampler = (key, shape, dtype) => {
  const u = uniformWithin(key, shape, dtype, epsilon[dtype], 1);
  return log(div(u, sub(full(u.type, 1), u)));
};

export const cauchyOf: RealSampler = (key, shape, dtype) => {
  const u = uniformWithin(key, shape, dtype, epsilon[dtype], 1);
  return tan(scale(sub(u, full(u.type, 0.5)), Math.PI));
};

/**
 * Exponential variates of rate 1: `−log1p(−u)`. JAX's stream.
 *
 * @example
 * exponential(key(0), [2, 3]).shape; // [2, 3]
 */
export function exponential(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("exponential", arguments, 3);
  return drawn("exponential", exponentialOf, key, shape, options);
}

/** Gumbel variates with location 0 and scale 1: `−log(−log u)`. JAX's stream. */
export function gumbel(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("gumbel", arguments, 3);
  return drawn("gumbel", gumbelOf, key, shape, options);
}

/** Laplace variates with location 0 and scale 1: `sign u · log1p(−|u|)` for u in (−1, 1). JAX's stream. */
export function laplace(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("laplace", arguments, 3);
  return drawn("laplace", laplaceOf, key, shape, options);
}

/** Logistic variates with location 0 and scale 1: `log(u / (1 − u))`. JAX's stream. */
export function logistic(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("logistic", arguments, 3);
  return drawn("logistic", logisticOf, key, shape, options);
}

/** Cauchy variates with location 0 and scale 1: `tan(π (u − ½))`. JAX's stream. */
export function cauchy(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("cauchy", arguments, 3);
  return drawn("cauchy", cauchyOf, key, shape, options);
}
