// The gamma distribution and distributions built from it.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { full } from "../../engine/prims/linear.ts";
import {
  betaincOfSquare,
  betaincOfSquareInverse,
  digammaRise,
  randomGamma,
  randomLogGamma,
  randomNormal,
} from "../../engine/prims/index.ts";
import { broadcastShapes } from "../../engine/util/shape.ts";
import { xlogy } from "../array/arithmetic.ts";
import {
  abs,
  add,
  div,
  equal,
  exp,
  greaterEqual,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  maximum,
  minimum,
  mul,
  neg,
  sqrt,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { fullLike } from "../array/create.ts";
import { expandTo } from "../array/promote.ts";
import { all, softmax, sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";
import {
  betainc,
  betaincinv,
  betaln,
  digamma,
  gammainc,
  gammaincc,
  gammainccinv,
  gammaincinv,
  lgamma,
} from "../array/special.ts";
import { splitKey } from "../random/keys.ts";
import type { Distribution, SampleSpec, Family, ParameterInputs, ParameterTensors } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { positive, real } from "./domains.ts";
import { inside, within } from "./support.ts";
import { nanUnless } from "../array/nan-unless.ts";

export type GammaParams = ParameterTensors<"concentration" | "rate">;
type GammaInputs = ParameterInputs<"concentration" | "rate">;

const rated = { concentration: { domain: positive }, rate: { domain: positive } } as const;

const logGammaOf = (a: Tensor, { key, shape }: SampleSpec): Tensor => randomLogGamma(key, expandTo(a, shape));

/** Definition of the gamma family. `chi2` uses its functions. */
const gammaRecord = {
  name: "gamma",
  parameters: rated,
  reparameterised: (): boolean => true,
  sample: ({ concentration, rate }: GammaParams, { key, shape }: SampleSpec): Tensor =>
    div(randomGamma(key, expandTo(concentration, shape)), rate),
  logProb({ concentration: a, rate }: GammaParams, x: Tensor): Tensor {
    const isInside = greaterEqual(x, 0);
    const power = xlogy(sub(a, 1), inside(isInside, x, 1));
    return within(isInside, sub(add(mul(a, log(rate)), power), add(mul(rate, x), lgamma(a))));
  },
  mean: ({ concentration, rate }: GammaParams): Tensor => div(concentration, rate),
  variance: ({ concentration, rate }: GammaParams): Tensor => div(concentration, square(rate)),
  entropy: ({ concentration: a, rate }: GammaParams): Tensor =>
    add(sub(add(a, lgamma(a)), log(rate)), mul(sub(1, a), digamma(a))),
  cdf: ({ concentration, rate }: GammaParams, x: Tensor): Tensor =>
    gammainc(concentration, mul(rate, maximum(x, 0))),
  icdf: ({ concentration, rate }: GammaParams, q: Tensor): Tensor => div(gammaincinv(concentration, q), rate),
} satisfies Family<GammaParams>;

/**
 * Gamma distribution: density `rate^a x^(a − 1) exp(−rate x) / Γ(a)` on [0, ∞), where a is the concentration.
 *
 * @throws DownhillError `range` unless concentration and rate are above 0.
 * @example
 * gamma({ concentration: 3, rate: 2 }).mean(); // 1.5
 */
export const gamma: (params: GammaInputs) => Distribution<GammaParams> = /* @__PURE__ */ makeFamily<
  GammaParams,
  GammaInputs
>(gammaRecord);

const ofDegrees = ({ df }: ParameterTensors<"df">): GammaParams => ({
  concentration: mul(0.5, df),
  rate: fullLike(df, 0.5),
});

/**
 * χ² distribution with df degrees of freedom: that of a sum of df squared standard normal variables, `gamma` with
 * concentration df / 2 and rate ½.
 *
 * @throws DownhillError `range` unless df is above 0.
 */
export const chi2: (params: ParameterInputs<"df">) => Distribution<ParameterTensors<"df">> =
  /* @__PURE__ */ makeFamily<ParameterTensors<"df">, ParameterInputs<"df">>({
    name: "chi2",
    parameters: { df: { domain: positive } },
    reparameterised: () => true,
    sample: (p, draw) => gammaRecord.sample(ofDegrees(p), draw),
    logProb: (p, x) => gammaRecord.logProb(ofDegrees(p), x),
    mean: ({ df }) => df,
    variance: ({ df }) => mul(2, df),
    entropy: (p) => gammaRecord.entropy(ofDegrees(p)),
    cdf: (p, x) => gammaRecord.cdf(ofDegrees(p), x),
    icdf: (p, q) => gammaRecord.icdf(ofDegrees(p), q),
  });

/**
 * Inverse gamma distribution, that of the reciprocal of a gamma variable: density
 * `rate^a x^(−a − 1) exp(−rate / x) / Γ(a)` on (0, ∞), where a is the concentration.
 *
 * @throws DownhillError `range` unless concentration and rate are above 0.
 */
export const inverseGamma: (params: GammaInputs) => Distribution<GammaParams> = /* @__PURE__ */ makeFamily<
  GammaParams,
  GammaInputs
>({
  name: "inverseGamma",
  parameters: rated,
  reparameterised: () => true,
  sample: ({ concentration, rate }, draw) => exp(sub(log(rate), logGammaOf(concentration, draw))),
  logProb({ concentration: a, rate }, x) {
    const isInside = less(0, x);
    const safe = inside(isInside, x, 1);
    const value = sub(mul(a, log(rate)), add(add(lgamma(a), mul(add(a, 1), log(safe))), div(rate, safe)));
    return within(isInside, value);
  },
  mean: ({ concentration: a, rate }) => where(less(1, a), div(rate, sub(a, 1)), Infinity),
  variance: ({ concentration: a, rate }) =>
    where(less(2, a), div(square(rate), mul(square(sub(a, 1)), sub(a, 2))), Infinity),
  entropy: ({ concentration: a, rate }) => sub(add(add(a, log(rate)), lgamma(a)), mul(add(1, a), digamma(a))),
  cdf({ concentration, rate }, x) {
    const isInside = less(0, x);
    return where(isInside, gammaincc(concentration, div(rate, inside(isInside, x, 1))), 0);
  },
  icdf: ({ concentration, rate }, q) => div(rate, gammainccinv(concentration, q)),
});

export type BetaParams = ParameterTensors<"concentration1" | "concentration0">;
type BetaInputs = ParameterInputs<"concentration1" | "concentration0">;

/**
 * Beta distribution: density `x^(a − 1) (1 − x)^(b − 1) / B(a, b)` on [0, 1], with a = concentration1 and b =
 * concentration0.
 *
 * @throws DownhillError `range` unless both are above 0.
 */
export const beta: (params: BetaInputs) => Distribution<BetaParams> = /* @__PURE__ */ makeFamily<
  BetaParams,
  BetaInputs
>({
  name: "beta",
  parameters: { concentration1: { domain: positive }, concentration0: { domain: positive } },
  reparameterised: () => true,
  sample({ concentration1, concentration0 }, draw) {
    const [keyOfA, keyOfB] = splitKey(draw.key);
    const logA = logGammaOf(concentration1, { ...draw, key: keyOfA });
    const logB = logGammaOf(concentration0, { ...draw, key: keyOfB });
    const most = maximum(logA, logB);
    const [partA, partB] = [exp(sub(logA, most)), exp(sub(logB, most))];
    return div(partA, add(partA, partB));
  },
  logProb({ concentration1: a, concentration0: b }, x) {
    const isInside = logicalAnd(greaterEqual(x, 0), lessEqual(x, 1));
    const safe = inside(isInside, x, 0.5);
    const [less1, less0] = [sub(a, 1), sub(b, 1)];
    const isEnd = equal(safe, 1); // where log1p(−x) is −∞
    const other = where(isEnd, xlogy(less0, 0), mul(less0, log1p(neg(where(isEnd, 0.5, safe)))));
    return within(isInside, sub(add(xlogy(less1, safe), other), betaln(a, b)));
  },
  mean: ({ concentration1: a, concentration0: b }) => div(a, add(a, b)),
  variance({ concentration1: a, concentration0: b }) {
    const total = add(a, b);
    return div(mul(a, b), mul(square(total), add(total, 1)));
  },
  entropy({ concentration1: a, concentration0: b }) {
    const total = add(a, b);
    const own = add(mul(sub(a, 1), digamma(a)), mul(sub(b, 1), digamma(b)));
    return add(sub(betaln(a, b), own), mul(sub(total, 2), digamma(total)));
  },
  cdf: ({ concentration1: a, concentration0: b }, x) => betainc(a, b, minimum(maximum(x, 0), 1)),
  icdf: ({ concentration1: a, concentration0: b }, q) => betaincinv(a, b, q),
});

type DirichletParams = ParameterTensors<"concentration">;

/**
 * Dirichlet distribution of positive vectors with sum 1: density `∝ Π xᵢ^(αᵢ − 1)`, where α is the concentration along
 * its last axis.
 *
 * @throws DownhillError `range` unless the concentration is above 0.
 */
export const dirichlet: (params: ParameterInputs<"concentration">) => Distribution<DirichletParams> =
  /* @__PURE__ */ makeFamily<DirichletParams, ParameterInputs<"concentration">>({
    name: "dirichlet",
    parameters: { concentration: { domain: positive, axes: 1 } },
    eventShape: ({ concentration }) => concentration.shape.slice(-1),
    reparameterised: () => true,
    sample: ({ concentration }, { key, shape }) =>
      softmax(randomLogGamma(key, expandTo(concentration, [...shape, concentration.shape.at(-1)!]))),
    logProb({ concentration: alpha }, x) {
      const slack = x.dtype === "float32" ? 1e-5 : 1e-6; // tolerance for rounding of a sum that should be 1
      const isWhole = lessEqual(abs(sub(sum(x, { axis: -1 }), 1)), slack);
      const isInside = logicalAnd(isWhole, all(greaterEqual(x, 0), { axis: -1 }));
      const safe = inside(expandDims(isInside, -1), x, 1);
      const powers = sum(xlogy(sub(alpha, 1), safe), { axis: -1 });
      return within(isInside, sub(powers, logNormaliser(alpha)));
    },
    mean: ({ concentration }) => div(concentration, sum(concentration, { axis: -1, keepdims: true })),
    variance({ concentration }) {
      const total = sum(concentration, { axis: -1, keepdims: true });
      const mean = div(concentration, total);
      return div(mul(mean, sub(1, mean)), add(total, 1));
    },
    entropy({ concentration: alpha }) {
      const total = sum(alpha, { axis: -1 });
      const own = sum(mul(sub(alpha, 1), digamma(alpha)), { axis: -1 });
      return sub(add(logNormaliser(alpha), mul(sub(total, alpha.shape.at(-1)!), digamma(total))), own);
    },
  });

/** Logarithm of the normaliser: ln Π Γ(αᵢ) / Γ(Σ α). */
export function logNormaliser(alpha: Tensor): Tensor {
  return sub(sum(lgamma(alpha), { axis: -1 }), lgamma(sum(alpha, { axis: -1 })));
}

type StudentParams = ParameterTensors<"df" | "loc" | "scale">;

/**
 * Student's t distribution with df degrees of freedom: density `∝ (1 + z²/df)^(−(df + 1)/2)`, z = (x − loc) / scale.
 * The mean is NaN for df ≤ 1, the variance NaN for df ≤ 1 and ∞ for 1 < df ≤ 2.
 *
 * @throws DownhillError `range` unless df and scale are above 0 and loc is finite.
 */
export const studentT: (params: ParameterInputs<"df" | "loc" | "scale">) => Distribution<StudentParams> =
  /* @__PURE__ */ makeFamily<StudentParams, ParameterInputs<"df" | "loc" | "scale">>({
    name: "studentT",
    parameters: { df: { domain: positive }, loc: { domain: real }, scale: { domain: positive } },
    reparameterised: () => true,
    sample({ df, loc, scale }, { key, shape, dtype }) {
      const [keyOfNormal, keyOfGamma] = splitKey(key);
      const half = mul(0.5, expandTo(df, shape));
      const z = mul(randomNormal(keyOfNormal, shape, dtype), sqrt(div(half, randomGamma(keyOfGamma, half))));
      return add(loc, mul(scale, z));
    },
    logProb({ df, loc, scale }, x) {
      const z = div(sub(x, loc), scale);
      // the separate terms of Γ(½ (df + 1)) and Γ(½ df) are large, and their difference would lose digits
      const factor = neg(add(betaln(mul(0.5, df), 0.5), mul(0.5, log(df))));
      return sub(sub(factor, log(scale)), mul(mul(0.5, add(df, 1)), log1p(div(square(z), df))));
    },
    mean: ({ df, loc }) => nanUnless(less(1, df), loc, [df, loc]),
    variance({ df, scale }) {
      const finite = mul(square(scale), div(df, sub(df, 2)));
      return nanUnless(less(1, df), where(less(2, df), finite, Infinity), [df, scale]);
    },
    entropy({ df, scale }) {
      // for many degrees of freedom by a series, because the derivative of the sum would cancel
      const isMany = less(MANY_DEGREES, df);
      const few = where(isMany, MANY_DEGREES, df);
      const [half, more] = [mul(0.5, few), mul(0.5, add(few, 1))];
      const spread = add(mul(0.5, log(few)), betaln(half, 0.5));
      const byParts = add(mul(more, digammaRise(half, full(half.type, 0.5))), spread);
      const inverse = div(1, where(isMany, df, MANY_DEGREES));
      const series = entropySeries.reduceRight<Tensor>(
        (total, c) => add(mul(total, inverse), c),
        mul(0, inverse),
      );
      return add(where(isMany, series, byParts), log(scale));
    },
    cdf({ df, loc, scale }, x) {
      const z = div(sub(x, loc), scale);
      // near loc by the probability between 0 and z, which is smooth at 0, and far from it by the probability beyond
      // |z|
      const squares = square(z);
      const half = mul(0.5, df);
      const total = add(df, squares);
      const between = betaincOfSquare(...joined(half, div(z, sqrt(total))));
      const tail = mul(0.5, betainc(half, 0.5, div(df, total)));
      const far = where(less(z, 0), tail, sub(1, tail));
      return where(less(squares, df), add(0.5, mul(0.5, between)), far);
    },
    icdf({ df, loc, scale }, q) {
      const half = mul(0.5, df);
      const [b, u] = joined(half, sub(mul(2, q), 1));
      const w = betaincOfSquareInverse(b, u);
      const isNear = less(square(w), 0.5);
      const inner = where(isNear, w, 0);
      const near = div(mul(sqrt(df), inner), sqrt(sub(1, square(inner))));
      // x = df / (df + z²)
      const isLower = less(q, 0.5);
      const x = betaincinv(half, 0.5, mul(2, where(isLower, q, sub(1, q))));
      const size = sqrt(mul(df, div(sub(1, x), x)));
      return add(loc, mul(scale, where(isNear, near, where(isLower, neg(size), size))));
    },
  });

/**
 * Degrees of freedom from which the entropy of Student's distribution is a series in 1/df, with derivatives exact to
 * 1e−15.
 */
const MANY_DEGREES = 32;
const entropySeries: readonly number[] = [
  1.4189385332046727,
  1,
  1 / 4,
  -1 / 6,
  -1 / 8,
  3 / 10,
  1 / 4,
  -17 / 14,
  -17 / 16,
  155 / 18,
  31 / 4,
  -2073 / 22,
  -691 / 8,
  38227 / 26,
]; // ½ ln 2πe + 1/df + …

/** Two operands broadcast to one shape. */
function joined(x: Tensor, y: Tensor): readonly [Tensor, Tensor] {
  const shape = broadcastShapes(x.shape, y.shape)!;
  return [expandTo(x, shape), expandTo(y, shape)];
}
