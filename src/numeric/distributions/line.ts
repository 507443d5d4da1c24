// Distributions on the real line, with location and scale or with bounds, and on half of it.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { convert } from "../../engine/prims/linear.ts";
import { randomNormal, randomUnit, randomVonMises } from "../../engine/prims/index.ts";
import {
  abs,
  add,
  atan,
  div,
  erf,
  exp,
  expm1,
  floor,
  greaterEqual,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  maximum,
  mul,
  neg,
  sin,
  square,
  sub,
  tan,
  where,
} from "../array/elementwise.ts";
import { expandTo } from "../array/promote.ts";
import { erfinv, i0e, i1e, ndtr, ndtri } from "../array/special.ts";
import { cauchyOf, exponentialOf, gumbelOf, laplaceOf } from "../random/real.ts";
import type { Distribution, SampleSpec, ParameterInputs, ParameterTensors } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { positive, real } from "./domains.ts";
import { inside, within } from "./support.ts";

const HALF_LOG_2PI = 0.9189385332046728;
const EULER = 0.5772156649015329; // Euler's constant, γ
const LOG_PI = 1.1447298858494002;

export type LocScaleParams = ParameterTensors<"loc" | "scale">;
type LocScaleInputs = ParameterInputs<"loc" | "scale">;
type ScaleParameter = ParameterTensors<"scale">;

const locScale = { loc: { domain: real }, scale: { domain: positive } } as const;

/** The standardised variable (x − loc) / scale. `moved` is its inverse. */
const standard = ({ loc, scale }: LocScaleParams, x: Tensor): Tensor => div(sub(x, loc), scale);
const moved = ({ loc, scale }: LocScaleParams, z: Tensor): Tensor => add(loc, mul(scale, z));

const normalOf = ({ key, shape, dtype }: SampleSpec): Tensor => randomNormal(key, shape, dtype);

/** Logarithm of the standard normal density. */
const logPhi = (z: Tensor): Tensor => sub(mul(-0.5, square(z)), HALF_LOG_2PI);

/**
 * Normal distribution: density `exp(−z²/2) / (scale √2π)`, where z = (x − loc) / scale.
 *
 * @throws DownhillError `range` unless loc is finite and scale above 0.
 * @example
 * const d = normal({ loc: 1, scale: 2 });
 * d.logProb(1);              // -1.612085…
 * d.sample(key(0), 3).shape; // [3]
 */
export const normal: (params: LocScaleInputs) => Distribution<LocScaleParams> = /* @__PURE__ */ makeFamily<
  LocScaleParams,
  LocScaleInputs
>({
  name: "normal",
  parameters: locScale,
  reparameterised: () => true,
  sample: (p, draw) => moved(p, normalOf(draw)),
  logProb: (p, x) => sub(logPhi(standard(p, x)), log(p.scale)),
  mean: ({ loc }) => loc,
  variance: ({ scale }) => square(scale),
  entropy: ({ scale }) => add(log(scale), 0.5 + HALF_LOG_2PI),
  cdf: (p, x) => ndtr(standard(p, x)),
  icdf: (p, q) => moved(p, ndtri(q)),
});

/**
 * Log-normal distribution on (0, ∞): the logarithm is normal with mean loc and standard deviation scale.
 *
 * @throws DownhillError `range` unless loc is finite and scale above 0.
 */
export const logNormal: (params: LocScaleInputs) => Distribution<LocScaleParams> = /* @__PURE__ */ makeFamily<
  LocScaleParams,
  LocScaleInputs
>({
  name: "logNormal",
  parameters: locScale,
  reparameterised: () => true,
  sample: (p, draw) => exp(moved(p, normalOf(draw))),
  logProb(p, x) {
    const isInside = less(0, x);
    const logX = log(inside(isInside, x, 1));
    return within(isInside, sub(sub(logPhi(standard(p, logX)), log(p.scale)), logX));
  },
  mean: ({ loc, scale }) => exp(add(loc, mul(0.5, square(scale)))),
  variance: ({ loc, scale }) => mul(expm1(square(scale)), exp(add(mul(2, loc), square(scale)))),
  entropy: ({ loc, scale }) => add(add(loc, log(scale)), 0.5 + HALF_LOG_2PI),
  cdf(p, x) {
    const isInside = less(0, x);
    return where(isInside, ndtr(standard(p, log(inside(isInside, x, 1)))), 0);
  },
  icdf: (p, q) => exp(moved(p, ndtri(q))),
});

/**
 * Uniform distribution from low to high: density 1 / (high − low).
 *
 * @throws DownhillError `range` unless low and high are finite. Their order is not checked: `logProb` is −∞ everywhere
 * if high is below low.
 */
export const uniform: (
  params: ParameterInputs<"low" | "high">,
) => Distribution<ParameterTensors<"low" | "high">> = /* @__PURE__ */ makeFamily<
  ParameterTensors<"low" | "high">,
  ParameterInputs<"low" | "high">
>({
  name: "uniform",
  parameters: { low: { domain: real }, high: { domain: real } },
  reparameterised: () => true,
  sample: ({ low, high }, { key, shape, dtype }) =>
    add(low, mul(sub(high, low), randomUnit(key, shape, dtype))),
  logProb: ({ low, high }, x) =>
    within(logicalAnd(lessEqual(low, x), lessEqual(x, high)), neg(log(sub(high, low)))),
  mean: ({ low, high }) => mul(0.5, add(low, high)),
  variance: ({ low, high }) => div(square(sub(high, low)), 12),
  entropy: ({ low, high }) => log(sub(high, low)),
  cdf({ low, high }, x) {
    const place = div(sub(x, low), sub(high, low));
    return where(less(x, low), 0, where(less(high, x), 1, place));
  },
  icdf: ({ low, high }, q) => add(low, mul(q, sub(high, low))),
});

/**
 * Exponential distribution: density `rate exp(−rate x)` on [0, ∞).
 *
 * @throws DownhillError `range` unless rate is above 0.
 */
export const exponential: (params: ParameterInputs<"rate">) => Distribution<ParameterTensors<"rate">> =
  /* @__PURE__ */ makeFamily<ParameterTensors<"rate">, ParameterInputs<"rate">>({
    name: "exponential",
    parameters: { rate: { domain: positive } },
    reparameterised: () => true,
    sample: ({ rate }, { key, shape, dtype }) => div(exponentialOf(key, shape, dtype), rate),
    logProb: ({ rate }, x) => within(greaterEqual(x, 0), sub(log(rate), mul(rate, x))),
    mean: ({ rate }) => div(1, rate),
    variance: ({ rate }) => div(1, square(rate)),
    entropy: ({ rate }) => sub(1, log(rate)),
    cdf: ({ rate }, x) => neg(expm1(neg(mul(rate, maximum(x, 0))))),
    icdf: ({ rate }, q) => neg(div(log1p(neg(q)), rate)),
  });

/**
 * Laplace distribution: density `exp(−|z|) / (2 scale)`, where z = (x − loc) / scale.
 *
 * @throws DownhillError `range` unless loc is finite and scale above 0.
 */
export const laplace: (params: LocScaleInputs) => Distribution<LocScaleParams> = /* @__PURE__ */ makeFamily<
  LocScaleParams,
  LocScaleInputs
>({
  name: "laplace",
  parameters: locScale,
  reparameterised: () => true,
  sample: (p, { key, shape, dtype }) => moved(p, laplaceOf(key, shape, dtype)),
  logProb: (p, x) => neg(add(abs(standard(p, x)), log(mul(2, p.scale)))),
  mean: ({ loc }) => loc,
  variance: ({ scale }) => mul(2, square(scale)),
  entropy: ({ scale }) => add(1, log(mul(2, scale))),
  cdf(p, x) {
    const z = standard(p, x);
    const isLeft = less(z, 0);
    const [left, right] = [where(isLeft, z, 0), where(isLeft, 0, z)];
    return where(isLeft, mul(0.5, exp(left)), sub(1, mul(0.5, exp(neg(right)))));
  },
  icdf(p, q) {
    const isLeft = less(q, 0.5);
    const log2 = log(mul(2, where(isLeft, q, sub(1, q))));
    return moved(p, where(isLeft, log2, neg(log2)));
  },
});

/**
 * Cauchy distribution: density `1 / (π scale (1 + z²))`, where z = (x − loc) / scale. It has no mean and no finite
 * variance: the mean is NaN, the variance ∞.
 *
 * @throws DownhillError `range` unless loc is finite and scale above 0.
 */
export const cauchy: (params: LocScaleInputs) => Distribution<LocScaleParams> = /* @__PURE__ */ makeFamily<
  LocScaleParams,
  LocScaleInputs
>({
  name: "cauchy",
  parameters: locScale,
  reparameterised: () => true,
  sample: (p, { key, shape, dtype }) => moved(p, cauchyOf(key, shape, dtype)),
  logProb: (p, x) => neg(add(add(LOG_PI, log(p.scale)), log1p(square(standard(p, x))))),
  mean: ({ loc }) => mul(NaN, loc),
  variance: ({ loc }) => where(less(loc, Infinity), Infinity, loc),
  entropy: ({ scale }) => add(log(mul(4, scale)), LOG_PI),
  cdf(p, x) {
    const z = standard(p, x);
    const isFar = less(z, -1); // avoids cancellation with ½
    const tail = div(atan(div(-1, where(isFar, z, -1))), Math.PI);
    return where(isFar, tail, add(0.5, div(atan(where(isFar, 0, z)), Math.PI)));
  },
  icdf(p, q) {
    const tail = where(less(q, 0.5), q, sub(1, q));
    const isFar = less(tail, 0.25);
    const size = div(1, tan(mul(Math.PI, where(isFar, tail, 0.25))));
    const middle = tan(mul(Math.PI, where(isFar, 0, sub(q, 0.5))));
    return moved(p, where(isFar, where(less(q, 0.5), neg(size), size), middle));
  },
});

/**
 * Gumbel distribution: density `exp(−z − exp(−z)) / scale`, where z = (x − loc) / scale.
 *
 * @throws DownhillError `range` unless loc is finite and scale above 0.
 */
export const gumbel: (params: LocScaleInputs) => Distribution<LocScaleParams> = /* @__PURE__ */ makeFamily<
  LocScaleParams,
  LocScaleInputs
>({
  name: "gumbel",
  parameters: locScale,
  reparameterised: () => true,
  sample: (p, { key, shape, dtype }) => moved(p, gumbelOf(key, shape, dtype)),
  logProb(p, x) {
    const z = standard(p, x);
    return neg(add(add(z, exp(neg(z))), log(p.scale)));
  },
  mean: ({ loc, scale }) => add(loc, mul(EULER, scale)),
  variance: ({ scale }) => mul(Math.PI ** 2 / 6, square(scale)),
  entropy: ({ scale }) => add(log(scale), 1 + EULER),
  cdf: (p, x) => exp(neg(exp(neg(standard(p, x))))),
  icdf: (p, q) => moved(p, neg(log(neg(log(q))))),
});

type VonMisesParams = ParameterTensors<"loc" | "concentration">;

/**
 * Von Mises distribution of angles in radians: density `exp(κ cos(x − loc)) / (2π I₀(κ))`, where κ is the
 * concentration. Samples are in [−π, π]; `logProb` accepts any angle. The variance is the circular variance,
 * `1 − I₁(κ) / I₀(κ)`, as in PyTorch.
 *
 * @throws DownhillError `range` unless loc is finite and concentration above 0.
 */
export const vonMises: (params: ParameterInputs<"loc" | "concentration">) => Distribution<VonMisesParams> =
  /* @__PURE__ */ makeFamily<VonMisesParams, ParameterInputs<"loc" | "concentration">>({
    name: "vonMises",
    parameters: { loc: { domain: real }, concentration: { domain: positive } },
    reparameterised: () => false,
    sample({ loc, concentration }, { key, shape, dtype }) {
      const angle = randomVonMises(key, expandTo(convert(concentration, "float64"), shape));
      const turned = add(convert(loc, "float64"), angle);
      const turns = floor(div(add(turned, Math.PI), 2 * Math.PI));
      return convert(sub(turned, mul(2 * Math.PI, turns)), dtype);
    },
    // combines cos d − 1 = −2 sin² d/2 with the scaled Bessel function, which does not overflow
    logProb: ({ loc, concentration }, x) =>
      neg(
        add(
          add(mul(mul(2, concentration), square(sin(mul(0.5, sub(x, loc))))), log(i0e(concentration))),
          2 * HALF_LOG_2PI,
        ),
      ),
    mean: ({ loc }) => loc,
    variance: ({ concentration }) => sub(1, div(i1e(concentration), i0e(concentration))),
    entropy({ concentration: k }) {
      const [i0, i1] = [i0e(k), i1e(k)];
      return add(add(log(i0), 2 * HALF_LOG_2PI), mul(k, sub(1, div(i1, i0))));
    },
  });

/**
 * Half-normal distribution: the absolute value of a normal variable with mean 0 and standard deviation scale.
 *
 * @throws DownhillError `range` unless scale is above 0.
 */
export const halfNormal: (params: ParameterInputs<"scale">) => Distribution<ScaleParameter> =
  /* @__PURE__ */ makeFamily<ScaleParameter, ParameterInputs<"scale">>({
    name: "halfNormal",
    parameters: { scale: { domain: positive } },
    reparameterised: () => true,
    sample: ({ scale }, draw) => mul(scale, abs(normalOf(draw))),
    logProb: ({ scale }, x) =>
      within(greaterEqual(x, 0), add(sub(logPhi(div(x, scale)), log(scale)), Math.LN2)),
    mean: ({ scale }) => mul(Math.sqrt(2 / Math.PI), scale),
    variance: ({ scale }) => mul(1 - 2 / Math.PI, square(scale)),
    entropy: ({ scale }) => add(log(scale), 0.5 + HALF_LOG_2PI - Math.LN2),
    cdf: ({ scale }, x) => erf(mul(Math.SQRT1_2, div(maximum(x, 0), scale))),
    icdf: ({ scale }, q) => mul(scale, mul(Math.SQRT2, erfinv(q))),
  });

/**
 * Half-Cauchy distribution: the absolute value of a Cauchy variable with location 0. Its mean and variance are
 * infinite.
 *
 * @throws DownhillError `range` unless scale is above 0.
 */
export const halfCauchy: (params: ParameterInputs<"scale">) => Distribution<ScaleParameter> =
  /* @__PURE__ */ makeFamily<ScaleParameter, ParameterInputs<"scale">>({
    name: "halfCauchy",
    parameters: { scale: { domain: positive } },
    reparameterised: () => true,
    sample: ({ scale }, { key, shape, dtype }) => mul(scale, abs(cauchyOf(key, shape, dtype))),
    logProb: ({ scale }, x) =>
      within(greaterEqual(x, 0), sub(Math.LN2 - LOG_PI, add(log(scale), log1p(square(div(x, scale)))))),
    mean: ({ scale }) => where(less(0, scale), Infinity, scale),
    variance: ({ scale }) => where(less(0, scale), Infinity, scale),
    entropy: ({ scale }) => add(log(mul(2, scale)), LOG_PI),
    cdf: ({ scale }, x) => mul(2 / Math.PI, atan(div(maximum(x, 0), scale))),
    icdf: ({ scale }, q) => mul(scale, tan(mul(Math.PI / 2, q))),
  });
