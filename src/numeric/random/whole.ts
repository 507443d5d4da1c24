// Random integers, booleans and indices.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";

import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType, type DType } from "../../engine/ir/types.ts";
import {
  argmax,
  less,
  log,
  mul,
  randomBinomial,
  randomBits,
  randomPermutation,
  randomPoisson,
  randomUnit,
  rem,
} from "../../engine/prims/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { add, convert, full, neg, sub, where } from "../../engine/prims/linear.ts";
import { broadcastShapes, sameShape, sizeOf } from "../../engine/util/shape.ts";
import { cumsum } from "../array/cumulative.ts";
import { asFloating, expandTo, normalizeAxis } from "../array/promote.ts";
import { searchsorted } from "../array/search.ts";
import { reshape, slice, take } from "../array/shape.ts";
import { argsort } from "../array/sort.ts";
import {
  atLeastZero,
  type DrawShape,
  probability,
  readParameter,
  readParameters,
  readShape,
  readWhole,
  type WholeOptions,
} from "./arguments.ts";
import { type Key, readKey } from "./key.ts";
import { split } from "./keys.ts";
import { gumbelOf } from "./real.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/**
 * Booleans that are true with probability `p`, independently per element. Default shape: that of `p`.
 *
 * Element i is true where `(bits[i] >> 9) · 2⁻²³ < p`, as in `jax.random.bernoulli` with float32.
 *
 * @throws DownhillError `range` if the probability is not between 0 and 1; in compiled functions the result is then
 * always false or always true.
 * @example
 * bernoulli(key(0), 0.5, [4]); // bool[4] [false, false, true, true]
 */
export function bernoulli(key: Key, p: TensorLike = 0.5, shape?: DrawShape): Tensor {
  if (arguments.length > 3) refuseExtra("bernoulli", arguments, 3);
  const words = readKey("bernoulli", key);
  const parameter = { name: "p", value: p, ...probability };
  if (typeof p === "number") {
    readParameter("bernoulli", parameter);
    const unit = randomUnit(words, readShape("bernoulli", shape ?? []), "float32");
    // the probability is rounded up to the grid of the uniform numbers, which are then compared in float32
    return less(unit, full(unit.type, Math.ceil(p * 2 ** 23) * 2 ** -23));
  }
  const dtype = asTensor(p, "bernoulli").dtype === "float32" ? "float32" : "float64"; // comparisons are exact in both
  const [chance] = readParameters("bernoulli", dtype, shape, [parameter]);
  return less(convert(randomUnit(words, chance!.shape, "float32"), dtype), chance!);
}

/**
 * −1 or 1 with equal probability, as int32 by default. JAX's stream.
 *
 * @example
 * rademacher(key(0), 4); // i32[4] [-1, -1, 1, 1]
 */
export function rademacher(key: Key, shape: DrawShape = [], options: WholeOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("rademacher", arguments, 3);
  checkOptions("rademacher", options, ["dtype"]);
  const dtype = readWhole("rademacher", options);
  const isOne = bernoulli(key, 0.5, shape);
  const type = arrayType(dtype, isOne.shape);
  return where(isOne, full(type, 1), full(type, -1));
}

/**
 * Random integers from `low` to `high`, exclusive, as int32 by default: the numbers of `jax.random.randint`. If `high`
 * is not above `low`, all are `low`.
 *
 * Bounds are plain numbers or integer tensors. The numbers are remainders of 64 random bits, so that probabilities
 * differ by a factor of at most 1 + 2⁻³².
 *
 * @throws DownhillError `dtype` for bounds that are not integers.
 * @example
 * randint(key(0), 4, 0, 10); // i32[4] […]
 */
export function randint(
  key: Key,
  shape: DrawShape,
  low: TensorLike,
  high: TensorLike,
  options: { readonly dtype?: "int32" | "uint32" } = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("randint", arguments, 5);
  checkOptions("randint", options, ["dtype"]);
  const dtype = readWhole("randint", options);
  const sizes = readShape("randint", shape);
  const [from, to] = [low, high].map((bound) => expandTo(readBound(bound, dtype, sizes), sizes));
  const type = arrayType("uint32", sizes);
  const isEmpty = less(to!, add(from!, full(from!.type, 1)));
  const span = where(isEmpty, full(type, 1), convert(sub(to!, from!), "uint32"));
  return add(from!, convert(remainder(readKey("randint", key), span), dtype));
}

/** A random 64-bit number per element, modulo `span`. */
function remainder(key: Tensor, span: Tensor): Tensor {
  const [upper, lower] = split(key).map((k) => rem(randomBits(k, span.shape), span));
  const half = rem(full(span.type, 2 ** 16), span);
  const factor = rem(mul(half, half), span); // 2³² modulo span
  return rem(add(mul(upper!, factor), lower!), span);
}

function readBound(bound: TensorLike, dtype: DType, sizes: readonly number[]): Tensor {
  const x = asTensor(bound, "randint");
  const isPlain = typeof bound === "number";
  const isWhole = isPlain ? Number.isInteger(bound) : x.dtype === "int32" || x.dtype === "uint32";
  const all = broadcastShapes(x.shape, sizes);
  if (!isWhole)
    throw new DownhillError(
      "dtype",
      `randint: bounds must be integers or integer tensors, got ${isPlain ? bound : showType(x.type)}.`,
    );
  if (all === undefined || !sameShape(all, sizes))
    throw new DownhillError(
      "shape",
      `randint: a bound ${showType(x.type)} cannot be broadcast to ${showShape(sizes)}.`,
    );
  return isPlain ? full(arrayType(dtype, []), bound) : convert(x, dtype);
}

/** Options of `categorical`. */
export interface CategoricalOptions {
  /** Axis of the categories. Default the last. */
  readonly axis?: number;
  /** Shape of the result, to which the shape of `logits` without the axis must broadcast. Default: that shape. */
  readonly shape?: DrawShape;
}

/**
 * Indices along an axis of `logits`, drawn with probabilities `softmax(logits)`, as int32: the argmax of
 * `logits + gumbel`. The numbers of `jax.random.categorical`.
 *
 * @example
 * categorical(key(0), [0, -Infinity, 0], { shape: 5 }); // i32[5] […]
 */
export function categorical(key: Key, logits: TensorLike, options: CategoricalOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("categorical", arguments, 3);
  checkOptions("categorical", options, ["axis", "shape"]);
  const words = readKey("categorical", key);
  const x = asFloating(logits, "categorical");
  const axis = normalizeAxis("categorical", options.axis ?? -1, x.type);
  const own = x.shape.toSpliced(axis, 1);
  const sizes = options.shape === undefined ? own : readShape("categorical", options.shape);
  const all = broadcastShapes(own, sizes);
  if (all === undefined || !sameShape(all, sizes))
    throw new DownhillError(
      "shape",
      `categorical: logits ${showType(x.type)} without axis ${axis} cannot be broadcast to ${showShape(sizes)}.`,
    );
  const lead = sizes.length - own.length;
  const noisy = sizes.toSpliced(lead + axis, 0, x.shape[axis]!);
  const noise = gumbelOf(words, noisy, x.dtype === "float32" ? "float32" : "float64");
  return argmax(add(noise, expandTo(convert(x, x.dtype), noisy)), lead + axis);
}

/**
 * The integers from 0 to `n − 1` in random order, as int32, or a tensor shuffled along an axis; all orders are equally
 * likely.
 *
 * Fisher–Yates shuffle with exact draws by rejection. `jax.random.permutation` sorts by random words instead, which is
 * slower and not exactly uniform if two words are equal; its orders differ.
 *
 * @example
 * permutation(key(0), 5); // i32[5] [3, 0, 4, 1, 2]
 */
export function permutation(
  key: Key,
  x: number | TensorLike,
  options: { readonly axis?: number } = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("permutation", arguments, 3);
  checkOptions("permutation", options, ["axis"]);
  const words = readKey("permutation", key);
  if (typeof x === "number") return randomPermutation(words, readCount("permutation", x));
  const t = asTensor(x, "permutation");
  const axis = normalizeAxis("permutation", options.axis ?? 0, t.type);
  return take(t, randomPermutation(words, t.shape[axis]!), { axis });
}

function readCount(operation: string, n: number): number {
  return checkInteger(operation, "how many", n);
}

/** Options of `choice`. */
export interface ChoiceOptions {
  /** True if an item may be chosen repeatedly. Default true. */
  readonly replace?: boolean;
  /** Weights of the items, a vector that need not sum to 1. Default: all equal. */
  readonly p?: TensorLike;
  /** Axis of a tensor along which items are chosen. Default 0. */
  readonly axis?: number;
}

/**
 * Chooses random integers below `n`, as int32, or random items of a tensor along an axis.
 *
 * Without `p`, these are the numbers of `randint`, or without replacement the first ones of `permutation`. With `p`,
 * items are drawn by cumulative probabilities as in JAX; without replacement they are the indices of the largest
 * `log p + gumbel` in descending order.
 *
 * @throws DownhillError `range` for more items than exist, without replacement.
 * @example
 * choice(key(0), 10, 3, { replace: false }).shape; // [3]
 */
export function choice(
  key: Key,
  x: number | TensorLike,
  shape: DrawShape = [],
  options: ChoiceOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("choice", arguments, 4);
  checkOptions("choice", options, ["replace", "p", "axis"]);
  checkFlags("choice", options, ["replace"]);
  const sizes = readShape("choice", shape);
  const from = typeof x === "number" ? undefined : asTensor(x, "choice");
  const axis = from === undefined ? 0 : normalizeAxis("choice", options.axis ?? 0, from.type);
  const n = from === undefined ? readCount("choice", x as number) : from.shape[axis]!;
  const drawn = sizeOf(sizes);
  const { replace = true } = options;
  if (drawn > 0 && (n === 0 || (!replace && drawn > n)))
    throw new DownhillError(
      "range",
      `choice: ${drawn} of ${n} items cannot be chosen${replace ? "" : " without replacement"}.`,
    );
  const words = readKey("choice", key);
  const places =
    options.p === undefined
      ? replace
        ? randint(words, sizes, 0, n)
        : reshape(slice(randomPermutation(words, n), [0, drawn]), sizes)
      : chosenBy(words, readChances(options.p, n), sizes, replace);
  return from === undefined ? places : take(from, places, { axis });
}

function readChances(p: TensorLike, n: number): Tensor {
  const x = asFloating(p, "choice");
  const [chances] = readParameters("choice", x.dtype, undefined, [{ name: "p", value: p, ...atLeastZero }]);
  if (sameShape(chances!.shape, [n])) return chances!;
  throw new DownhillError("shape", `choice: p must be a vector of ${n} chances, got ${showType(x.type)}.`);
}

function chosenBy(key: Tensor, p: Tensor, sizes: readonly number[], replace: boolean): Tensor {
  const dtype = p.dtype === "float32" ? "float32" : "float64";
  if (!replace) {
    const order = argsort(sub(neg(gumbelOf(key, p.shape, dtype)), log(p)));
    return reshape(slice(order, [0, sizeOf(sizes)]), sizes);
  }
  const sums = cumsum(p, { axis: 0 });
  const unit = randomUnit(key, sizes, dtype);
  const total = expandTo(take(sums, p.shape[0]! - 1), sizes);
  return searchsorted(sums, mul(total, sub(full(unit.type, 1), unit)));
}

/**
 * Poisson variates with the given rate, as int32 by default. Default shape: that of `rate`.
 *
 * JAX's draws and methods (a product of uniform numbers below a rate of 10, else Hörmann's transformed rejection, both
 * with float32 uniforms), in float64: the counts of `jax.random.poisson`, except where rounding decides.
 *
 * @throws DownhillError `range` unless the rate is at least 0; in compiled functions the variate is −1 instead.
 * @example
 * mean(poisson(key(0), 4, 10_000)).item(); // 4.0…
 */
export function poisson(key: Key, rate: TensorLike, shape?: DrawShape, options: WholeOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("poisson", arguments, 4);
  checkOptions("poisson", options, ["dtype"]);
  const dtype = readWhole("poisson", options);
  const words = readKey("poisson", key);
  const [given] = readParameters("poisson", "float64", shape, [
    { name: "rate", value: rate, ...atLeastZero },
  ]);
  return convert(randomPoisson(words, given!), dtype);
}

/**
 * Number of successes in `n` trials, each with probability `p`, as int32 by default. Default shape: the shape to which
 * both broadcast.
 *
 * JAX's draws and methods in float64 (geometric gaps for a mean of at most 10, else Hörmann's transformed rejection):
 * the counts of `jax.random.binomial` in 64-bit mode, except where rounding decides.
 *
 * @throws DownhillError `range` unless n is at least 0 and p between 0 and 1; in compiled functions the variate is −1
 * instead.
 * @example
 * mean(binomial(key(0), 20, 0.25, 10_000)).item(); // 5.0…
 */
export function binomial(
  key: Key,
  n: TensorLike,
  p: TensorLike,
  shape?: DrawShape,
  options: WholeOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("binomial", arguments, 5);
  checkOptions("binomial", options, ["dtype"]);
  const dtype = readWhole("binomial", options);
  const words = readKey("binomial", key);
  const [trials, chance] = readParameters("binomial", "float64", shape, [
    { name: "n", value: n, ...atLeastZero },
    { name: "p", value: p, ...probability },
  ]);
  return convert(randomBinomial(words, trials!, chance!), dtype);
}
