// Distributions of powers of an exponential variable.
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  add,
  div,
  exp,
  expm1,
  greaterEqual,
  less,
  log,
  log1p,
  logicalAnd,
  maximum,
  mul,
  neg,
  pow,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { lgamma } from "../array/special.ts";
import { exponentialOf } from "../random/real.ts";
import type { Distribution, ParameterInputs, ParameterTensors } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { positive } from "./domains.ts";
import { inside, within } from "./support.ts";

const EULER = 0.5772156649015329; // Euler's constant, γ

type WeibullParams = ParameterTensors<"scale" | "concentration">;
type ParetoParams = ParameterTensors<"scale" | "alpha">;

/** Γ(1 + r), for r above 0. */
const gammaOfNext = (r: Tensor): Tensor => exp(lgamma(add(r, 1)));

/**
 * Weibull distribution: density `(k / scale) zᵏ⁻¹ exp(−zᵏ)` on [0, ∞), where z = x / scale and k is the concentration.
 *
 * @throws DownhillError `range` unless scale and concentration are above 0.
 * @example
 * weibull({ scale: 2, concentration: 1 }).mean(); // 2
 */
export const weibull: (params: ParameterInputs<"scale" | "concentration">) => Distribution<WeibullParams> =
  /* @__PURE__ */ makeFamily<WeibullParams, ParameterInputs<"scale" | "concentration">>({
    name: "weibull",
    parameters: { scale: { domain: positive }, concentration: { domain: positive } },
    reparameterised: () => true,
    sample: ({ scale, concentration }, { key, shape, dtype }) =>
      mul(scale, pow(exponentialOf(key, shape, dtype), div(1, concentration))),
    logProb({ scale, concentration: k }, x) {
      // at 0 the density is 0, 1 / scale or ∞ for k above, at or below 1: the limit of the expression
      const isInside = greaterEqual(x, 0);
      const z = div(inside(isInside, x, scale), scale);
      const isEnd = less(z, Number.MIN_VALUE);
      const middle = mul(sub(k, 1), log(where(isEnd, 1, z)));
      const end = where(less(1, k), -Infinity, where(less(k, 1), Infinity, 0));
      return within(isInside, sub(add(log(div(k, scale)), where(isEnd, end, middle)), pow(z, k)));
    },
    mean: ({ scale, concentration }) => mul(scale, gammaOfNext(div(1, concentration))),
    variance: ({ scale, concentration }) =>
      mul(square(scale), sub(gammaOfNext(div(2, concentration)), square(gammaOfNext(div(1, concentration))))),
    entropy: ({ scale, concentration: k }) => add(mul(EULER, sub(1, div(1, k))), add(log(div(scale, k)), 1)),
    cdf: ({ scale, concentration }, x) => neg(expm1(neg(pow(div(maximum(x, 0), scale), concentration)))),
    icdf: ({ scale, concentration }, q) => mul(scale, pow(neg(log1p(neg(q))), div(1, concentration))),
  });

/**
 * Pareto distribution: density `(alpha / scale) (scale / x)^(alpha + 1)` on [scale, ∞). The mean is ∞ for alpha ≤ 1,
 * the variance for alpha ≤ 2.
 *
 * @throws DownhillError `range` unless scale and alpha are above 0.
 * @example
 * pareto({ scale: 1, alpha: 3 }).mean(); // 1.5
 */
export const pareto: (params: ParameterInputs<"scale" | "alpha">) => Distribution<ParetoParams> =
  /* @__PURE__ */ makeFamily<ParetoParams, ParameterInputs<"scale" | "alpha">>({
    name: "pareto",
    parameters: { scale: { domain: positive }, alpha: { domain: positive } },
    reparameterised: () => true,
    sample: ({ scale, alpha }, { key, shape, dtype }) =>
      mul(scale, exp(div(exponentialOf(key, shape, dtype), alpha))),
    logProb({ scale, alpha }, x) {
      const isInside = logicalAnd(greaterEqual(x, scale), less(x, Infinity));
      const times = div(inside(isInside, x, scale), scale);
      return within(isInside, sub(log(div(alpha, scale)), mul(add(alpha, 1), log(times))));
    },
    mean({ scale, alpha }) {
      const isFinite = less(1, alpha);
      return where(isFinite, div(mul(alpha, scale), sub(where(isFinite, alpha, 2), 1)), Infinity);
    },
    variance({ scale, alpha }) {
      const isFinite = less(2, alpha);
      const a = where(isFinite, alpha, 3);
      return where(isFinite, div(mul(square(scale), a), mul(square(sub(a, 1)), sub(a, 2))), Infinity);
    },
    entropy: ({ scale, alpha }) => add(log(div(scale, alpha)), add(1, div(1, alpha))),
    cdf: ({ scale, alpha }, x) => neg(expm1(mul(alpha, log(div(scale, maximum(x, scale)))))),
    icdf: ({ scale, alpha }, q) => mul(scale, exp(neg(div(log1p(neg(q)), alpha)))),
  });
