import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { convert } from "../../engine/prims/linear.ts";
import { randomNormal, randomUnit } from "../../engine/prims/index.ts";
import {
  abs,
  add,
  equal,
  erf,
  less,
  logicalAnd,
  maximum,
  minimum,
  mul,
  neg,
  stopGradient,
  sub,
  where,
} from "../array/elementwise.ts";
import { erfinv, ndtr, ndtri } from "../array/special.ts";
import { type DrawShape, readParameters, readReal, readShape, type RealOptions } from "./arguments.ts";
import { type Key, readKey } from "./key.ts";
import { nanUnless } from "../array/nan-unless.ts";

/**
 * Standard normal numbers: mean 0, standard deviation 1.
 *
 * Computed as the inverse distribution function `Φ⁻¹((1 + u) / 2) = √2 · erf⁻¹(u)` of the `u` in (−1, 1) that
 * `jax.random.normal` draws. JAX uses another approximation of `erf⁻¹`, so the last digits may differ. The relative
 * error is at most 1e-15 in float64 and 4.5 ulp in float32 (measured). The bits are the same on every JavaScript
 * engine, compiled or not.
 *
 * @example
 * normal(key(0), 2, { dtype: "float32" }); // f32[2] [1.62264…, 2.02526…]
 */
export function normal(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("normal", arguments, 3);
  const dtype = readReal("normal", options);
  return randomNormal(readKey("normal", key), readShape("normal", shape), dtype);
}

/**
 * Standard normal numbers truncated to the open interval from `low` to `high`. They are `√2 · erf⁻¹(u)` for u between
 * erf(low / √2) and erf(high / √2). If both bounds are on one side of 0, the tail function is used, which is accurate
 * there. Default shape: the shape to which the bounds broadcast. JAX's draws, and its method if the interval contains
 * 0. Differentiable in the bounds.
 * @throws DownhillError `range` for NaN bounds. The numbers are NaN if low is not below high, and in tails beyond 38,
 * whose probability underflows float64.
 * @example
 * const x = truncatedNormal(key(0), 8, 9, 100).data();
 * [x.every((each) => each > 8 && each < 9), x.length]; // [true, 100]
 */
export function truncatedNormal(
  key: Key,
  low: TensorLike,
  high: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("truncatedNormal", arguments, 5);
  const dtype = readReal("truncatedNormal", options);
  const domain = { range: "a number", holds: (x: number): boolean => !Number.isNaN(x) };
  const [from, to] = readParameters("truncatedNormal", dtype, shape, [
    { name: "low", value: low, ...domain },
    { name: "high", value: high, ...domain },
  ]) as [Tensor, Tensor];
  // computes in float64, where the probability of a tail is above 0 up to 38
  const unit = convert(randomUnit(readKey("truncatedNormal", key), from.shape, dtype), "float64");
  const [lowest, highest] = [convert(from, "float64"), convert(to, "float64")];
  const between = (a: Tensor, b: Tensor): Tensor => add(a, mul(unit, sub(b, a)));
  // intervals right of 0 are mirrored, because 1 − Φ has no digits left there
  const isRight = less(0, lowest);
  const left = where(isRight, neg(highest), lowest);
  const right = where(isRight, neg(lowest), highest);
  const isTail = less(right, 0);
  const total = ndtr(where(isTail, right, -1));
  const inTail = ndtri(between(ndtr(where(isTail, left, -1)), total));
  const scaled = (x: Tensor): Tensor => erf(mul(Math.SQRT1_2, x));
  const around = erfinv(between(scaled(where(isTail, 0, left)), scaled(where(isTail, 0, right))));
  const drawn = where(isTail, inTail, mul(Math.SQRT2, around));
  // rounding must not reach or exceed the bounds
  const own = convert(where(isRight, neg(drawn), drawn), dtype);
  const inside = minimum(maximum(own, above(from)), below(to));
  return nanUnless(logicalAnd(less(from, to), less(0, total)), inside, [from, to]);
}

/** A number slightly above x: the next one, or the one after. */
function above(x: Tensor): Tensor {
  const still = stopGradient(x);
  const [step, least] = x.dtype === "float32" ? [2 ** -23, 2 ** -126] : [2 ** -52, 2 ** -1022];
  const isEndless = equal(abs(still), Infinity);
  return where(isEndless, still, add(still, maximum(mul(where(isEndless, 0, abs(still)), step), least)));
}

const below = (x: Tensor): Tensor => neg(above(neg(x)));
