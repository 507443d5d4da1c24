// Distributions with parameters whose variates are a function of uniform, normal or exponential numbers.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { randomGamma, randomNormal, randomUnit } from "../../engine/prims/index.ts";
import { convert } from "../../engine/prims/linear.ts";
import {
  abs,
  add,
  div,
  exp,
  floor,
  less,
  lessEqual,
  log1p,
  logicalAnd,
  mul,
  neg,
  pow,
  sqrt,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { checkShape } from "../array/promote.ts";
import { sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";
import {
  type DrawShape,
  type SamplingParameter,
  positive,
  readParameters,
  readReal,
  readShape,
  readWhole,
  type RealOptions,
  type WholeOptions,
} from "./arguments.ts";
import { chiSquare } from "./gamma.ts";
import { type Key, readKey } from "./key.ts";
import { split } from "./keys.ts";
import { exponentialOf } from "./real.ts";
import { rademacher } from "./whole.ts";
import { nanUnless } from "../array/nan-unless.ts";

const finite = { range: "finite", holds: (x: number): boolean => Number.isFinite(x) };
const chance = { range: "above 0 and at most 1", holds: (x: number): boolean => x > 0 && x <= 1 };

/** Reads the parameters, broadcasts them to the shape of the draw, and calls `draw` with them. */
function drawn(
  operation: string,
  key: Key,
  parameters: readonly SamplingParameter[],
  shape: DrawShape | undefined,
  options: RealOptions,
  draw: (key: Tensor, dtype: "float64" | "float32", ...given: Tensor[]) => Tensor,
): Tensor {
  const dtype = readReal(operation, options);
  const words = readKey(operation, key);
  return draw(words, dtype, ...readParameters(operation, dtype, shape, parameters));
}

/**
 * Number of trials up to the first success, each with success probability `p`: 1, 2, …, as int32 by default, as defined
 * by JAX and NumPy. (`geometric` of `downhill/distributions` counts only the failures.) Variates that exceed the dtype
 * become its largest number.
 *
 * @throws DownhillError `range` unless p is above 0 and at most 1.
 * @example
 * geometric(key(0), 1, 3).tolist(); // [1, 1, 1]
 */
export function geometric(key: Key, p: TensorLike, shape?: DrawShape, options: WholeOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("geometric", arguments, 4);
  checkOptions("geometric", options, ["dtype"]);
  const dtype = readWhole("geometric", options);
  const words = readKey("geometric", key);
  const [probability] = readParameters("geometric", "float64", shape, [{ name: "p", value: p, ...chance }]);
  const waited = div(exponentialOf(words, probability!.shape, "float64"), neg(log1p(neg(probability!))));
  return convert(add(floor(waited), 1), dtype);
}

/**
 * Weibull variates with a scale and the shape parameter `concentration`: `scale · E^(1 / concentration)` for an
 * exponential variate E. Differentiable in both.
 *
 * @throws DownhillError `range` unless both are above 0.
 * @example
 * mean(weibullMin(key(0), 2, 1, 10_000)).item(); // 2.0…
 */
export function weibullMin(
  key: Key,
  scale: TensorLike,
  concentration: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("weibullMin", arguments, 5);
  const parameters = [
    { name: "scale", value: scale, ...positive },
    { name: "concentration", value: concentration, ...positive },
  ];
  return drawn("weibullMin", key, parameters, shape, options, (words, dtype, size, power) =>
    mul(size, pow(exponentialOf(words, size.shape, dtype), div(1, power))),
  );
}

/**
 * Pareto variates on [1, ∞) with the exponent `b`: density `b x^(−b − 1)`. Differentiable in b.
 *
 * @throws DownhillError `range` unless b is above 0.
 */
export function pareto(key: Key, b: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("pareto", arguments, 4);
  const parameters = [{ name: "b", value: b, ...positive }];
  return drawn("pareto", key, parameters, shape, options, (words, dtype, power) =>
    exp(div(exponentialOf(words, power.shape, dtype), power)),
  );
}

/**
 * Rayleigh variates: the length of a vector of two normal numbers with standard deviation `scale`. Differentiable in
 * `scale`.
 *
 * @throws DownhillError `range` unless scale is above 0.
 */
export function rayleigh(key: Key, scale: TensorLike, shape?: DrawShape, options: RealOptions = {}): Tensor {
  if (arguments.length > 4) refuseExtra("rayleigh", arguments, 4);
  const parameters = [{ name: "scale", value: scale, ...positive }];
  return drawn("rayleigh", key, parameters, shape, options, (words, dtype, size) =>
    mul(size, sqrt(mul(2, exponentialOf(words, size.shape, dtype)))),
  );
}

/** Maxwell variates: the length of a vector of three standard normal numbers. */
export function maxwell(key: Key, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("maxwell", arguments, 3);
  const dtype = readReal("maxwell", options);
  const sizes = [...readShape("maxwell", shape), 3];
  return sqrt(sum(square(randomNormal(readKey("maxwell", key), sizes, dtype)), { axis: -1 }));
}

/**
 * Variates of the triangular distribution from `left` to `right` with the given `mode`. Differentiable in all three.
 *
 * @throws DownhillError `range` unless all are finite. The variate is NaN unless left ≤ mode ≤ right and left < right.
 */
export function triangular(
  key: Key,
  left: TensorLike,
  mode: TensorLike,
  right: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 6) refuseExtra("triangular", arguments, 6);
  const parameters = [
    { name: "left", value: left, ...finite },
    { name: "mode", value: mode, ...finite },
    { name: "right", value: right, ...finite },
  ];
  return drawn("triangular", key, parameters, shape, options, (words, dtype, a, c, b) => {
    const [low, high, width] = [sub(c, a), sub(b, c), sub(b, a)];
    const u = randomUnit(words, a.shape, dtype);
    const isBelow = less(u, div(low, width));
    const rising = add(a, sqrt(mul(u, mul(width, low))));
    const falling = sub(b, sqrt(mul(sub(1, u), mul(width, high))));
    const isTriangle = logicalAnd(logicalAnd(lessEqual(0, low), lessEqual(0, high)), less(0, width));
    return nanUnless(isTriangle, where(isBelow, rising, falling), [a, c, b]);
  });
}

/**
 * Variates of the generalized normal distribution with density `p exp(−|x|ᵖ) / (2 Γ(1 / p))`, from a gamma variate and
 * a sign. Differentiable in p.
 *
 * @throws DownhillError `range` unless p is above 0.
 */
export function generalizedNormal(
  key: Key,
  p: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("generalizedNormal", arguments, 4);
  const parameters = [{ name: "p", value: p, ...positive }];
  return drawn("generalizedNormal", key, parameters, shape, options, (words, dtype, power) => {
    const [forSize, forSign] = split(words);
    const size = pow(randomGamma(forSize, div(1, power)), div(1, power));
    return mul(size, rademacher(forSign, size.shape, { dtype }));
  });
}

/**
 * Uniformly distributed points of the `d`-dimensional unit ball in the norm `(Σ|x|ᵖ)^(1/p)`, as vectors
 * `[...shape, d]`.
 *
 * @throws DownhillError `range` unless d is an integer and p is above 0.
 * @see Barthe, Guédon, Mendelson, Naor, A probabilistic approach to the geometry of the lₚⁿ-ball, Annals of Probability 2005.
 * @example
 * ball(key(0), 3, 2, 5).shape; // [5, 3]
 */
export function ball(key: Key, d: number, p = 2, shape: DrawShape = [], options: RealOptions = {}): Tensor {
  if (arguments.length > 5) refuseExtra("ball", arguments, 5);
  const dtype = readReal("ball", options);
  checkShape("ball", [d]);
  if (!(p > 0 && Number.isFinite(p)))
    throw new DownhillError("range", `ball: p must be a positive number, got ${String(p)}.`);
  const sizes = readShape("ball", shape);
  const [forPoint, forRadius] = split(readKey("ball", key));
  const point = generalizedNormal(forPoint, p, [...sizes, d], options);
  const radius = exponentialOf(forRadius, sizes, dtype);
  const norm = pow(add(sum(pow(abs(point), p), { axis: -1 }), radius), 1 / p);
  return div(point, expandDims(norm, -1));
}

/**
 * F variates with `dfnum` and `dfden` degrees of freedom: the quotient of two χ² variates, each divided by its degrees
 * of freedom. Differentiable in both.
 *
 * @throws DownhillError `range` unless both are above 0.
 */
export function f(
  key: Key,
  dfnum: TensorLike,
  dfden: TensorLike,
  shape?: DrawShape,
  options: RealOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("f", arguments, 5);
  const parameters = [
    { name: "dfnum", value: dfnum, ...positive },
    { name: "dfden", value: dfden, ...positive },
  ];
  return drawn("f", key, parameters, shape, options, (words, _, above, below) => {
    const [forBelow, forAbove] = split(words);
    const share = (own: Tensor, k: Tensor): Tensor => div(chiSquare(own, k, k.shape, options), k);
    return div(share(forAbove, above), share(forBelow, below));
  });
}
