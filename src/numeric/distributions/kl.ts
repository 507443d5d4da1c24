import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  abs,
  add,
  div,
  equal,
  erf,
  exp,
  lessEqual,
  log,
  logicalAnd,
  mul,
  neg,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { broadcastShapes } from "../../engine/util/shape.ts";
import { fullLike } from "../array/create.ts";
import { broadcastTo } from "../array/shape.ts";
import { sum } from "../array/reduce.ts";
import { betaln, digamma, lgamma } from "../array/special.ts";
import { solveTriangular } from "../linalg/solve.ts";
import type { IndependentParams } from "./combined.ts";
import {
  categories,
  chance,
  logCategories,
  logChance,
  logOther,
  type ProbsOrLogits,
  type BinomialParams,
} from "./discrete.ts";
import type { Distribution, ParameterTensors } from "./distribution.ts";
import { logNormaliser, type GammaParams, type BetaParams } from "./gamma.ts";
import { halfLogDet, type MultivariateParams, rootOf, whitened } from "./multivariate.ts";
import { nanUnless } from "../array/nan-unless.ts";
import type { LocScaleParams } from "./line.ts";

const HALF_LOG_2PI = 0.9189385332046728;
const EULER = 0.5772156649015329;

type RateParameter = ParameterTensors<"rate">;
type UniformParams = ParameterTensors<"low" | "high">;

/** Contribution p ln (p / q) of one outcome to a divergence; 0 where p is 0. */
const outcome = (p: Tensor, logP: Tensor, logQ: Tensor): Tensor => {
  const isNever = equal(p, 0);
  return where(isNever, 0, mul(p, sub(where(isNever, 0, logP), where(isNever, 0, logQ))));
};

function betweenChances(p: ProbsOrLogits, q: ProbsOrLogits): Tensor {
  const success = chance(p);
  return add(
    outcome(success, logChance(p), logChance(q)),
    outcome(sub(1, success), logOther(p), logOther(q)),
  );
}

const betweenCategories = (p: ProbsOrLogits, q: ProbsOrLogits): Tensor =>
  sum(outcome(categories(p), logCategories(p), logCategories(q)), { axis: -1 });

/** Returns the divergence between normal distributions, which equals that between the log-normal ones. */
function betweenNormals(p: LocScaleParams, q: LocScaleParams): Tensor {
  const ratio = div(p.scale, q.scale);
  const off = div(sub(p.loc, q.loc), q.scale);
  return sub(mul(0.5, add(square(ratio), sub(square(off), 1))), log(ratio));
}

function betweenGammas(p: GammaParams, q: GammaParams): Tensor {
  const [a, b] = [p.concentration, q.concentration];
  const rates = add(mul(b, log(div(p.rate, q.rate))), mul(a, sub(div(q.rate, p.rate), 1)));
  return add(add(sub(lgamma(b), lgamma(a)), mul(sub(a, b), digamma(a))), rates);
}

const ofExponential = ({ rate }: RateParameter): GammaParams => ({ concentration: fullLike(rate, 1), rate });
const ofScale = ({ scale }: ParameterTensors<"scale">): LocScaleParams => ({
  loc: fullLike(scale, 0),
  scale,
});

function betweenVectors(p: MultivariateParams, q: MultivariateParams): Tensor {
  const root = rootOf(p);
  const other = rootOf(q);
  const n = root.shape.at(-1)!;
  const batch = broadcastShapes(root.shape.slice(0, -2), other.shape.slice(0, -2));
  if (batch === undefined) throw new DownhillError("shape", "kl: the batches do not broadcast.");
  const [left, right] = [other, root].map((x) => broadcastTo(x, [...batch, n, n]));
  // the root of a covariance given by its precision is upper triangular
  const isLower = q.precisionMatrix === undefined;
  const spread = sum(square(solveTriangular(left!, right!, { lower: isLower })), { axis: [-2, -1] });
  const off = sum(square(whitened(q, sub(q.loc, p.loc))), { axis: -1 });
  return add(mul(0.5, sub(add(spread, off), n)), sub(halfLogDet(q), halfLogDet(p)));
}

/** The divergence: −(entropy of `p`) − (expectation of logProb of `q`). */
const crossed = (entropy: Tensor, expected: Tensor): Tensor => neg(add(entropy, expected));

const uniformEntropy = ({ low, high }: UniformParams): Tensor => log(sub(high, low));
const normalEntropy = ({ scale }: LocScaleParams): Tensor => add(log(scale), 0.5 + HALF_LOG_2PI);
const laplaceEntropy = ({ scale }: LocScaleParams): Tensor => add(1, log(mul(2, scale)));
const gammaEntropy = ({ concentration: a, rate }: GammaParams): Tensor =>
  add(sub(add(a, lgamma(a)), log(rate)), mul(sub(1, a), digamma(a)));

/** Expectation of the log density of a normal distribution, for a variable with the given mean and variance. */
const expectedNormal = (mean: Tensor, variance: Tensor, { loc, scale }: LocScaleParams): Tensor =>
  sub(mul(-0.5, div(add(variance, square(sub(mean, loc))), square(scale))), add(log(scale), HALF_LOG_2PI));

/** `value`, or ∞ where the support of the first distribution is not contained in that of the second. */
const unless = (isAmong: Tensor, value: Tensor): Tensor => where(isAmong, value, Infinity);

type KlRule = (p: never, q: never) => Tensor;

/** The divergences with a closed form, by the names of both families. */
const rules = (): Readonly<Record<string, KlRule>> => ({ ...withinFamilies(), ...acrossFamilies() });

function withinFamilies(): Readonly<Record<string, KlRule>> {
  const normalLike = (p: LocScaleParams, q: LocScaleParams): Tensor => betweenNormals(p, q);
  return {
    "normal normal": normalLike,
    "logNormal logNormal": normalLike,
    "halfNormal halfNormal": (p: ParameterTensors<"scale">, q: ParameterTensors<"scale">) =>
      betweenNormals(ofScale(p), ofScale(q)),
    "multivariateNormal multivariateNormal": betweenVectors,
    "gamma gamma": betweenGammas,
    "inverseGamma inverseGamma": betweenGammas,
    "exponential exponential": (p: RateParameter, q: RateParameter) =>
      betweenGammas(ofExponential(p), ofExponential(q)),
    "beta beta": (p: BetaParams, q: BetaParams) => {
      const [a, b, c, d] = [p.concentration1, p.concentration0, q.concentration1, q.concentration0];
      const total = add(a, b);
      const own = add(mul(sub(a, c), digamma(a)), mul(sub(b, d), digamma(b)));
      return add(sub(betaln(c, d), betaln(a, b)), add(own, mul(sub(add(c, d), total), digamma(total))));
    },
    "dirichlet dirichlet": (p: ParameterTensors<"concentration">, q: ParameterTensors<"concentration">) => {
      const [a, b] = [p.concentration, q.concentration];
      const total = digamma(sum(a, { axis: -1, keepdims: true }));
      const own = sum(mul(sub(a, b), sub(digamma(a), total)), { axis: -1 });
      return add(sub(logNormaliser(b), logNormaliser(a)), own);
    },
    "bernoulli bernoulli": betweenChances,
    "binomial binomial": (p: BinomialParams, q: BinomialParams) =>
      where(
        lessEqual(p.totalCount, q.totalCount),
        nanUnless(equal(p.totalCount, q.totalCount), mul(p.totalCount, betweenChances(p, q))),
        Infinity,
      ),
    "geometric geometric": (p: ProbsOrLogits, q: ProbsOrLogits) => div(betweenChances(p, q), chance(p)),
    "categorical categorical": betweenCategories,
    "oneHotCategorical oneHotCategorical": betweenCategories,
    "poisson poisson": (p: RateParameter, q: RateParameter) =>
      sub(outcome(p.rate, log(p.rate), log(q.rate)), sub(p.rate, q.rate)),
    "uniform uniform": (p: UniformParams, q: UniformParams) =>
      unless(
        logicalAnd(lessEqual(q.low, p.low), lessEqual(p.high, q.high)),
        log(div(sub(q.high, q.low), sub(p.high, p.low))),
      ),
    "laplace laplace": (p: LocScaleParams, q: LocScaleParams) => {
      const [ratio, off] = [div(p.scale, q.scale), abs(sub(p.loc, q.loc))];
      const near = mul(ratio, exp(neg(div(off, p.scale))));
      return sub(add(add(neg(log(ratio)), div(off, q.scale)), near), 1);
    },
    "gumbel gumbel": (p: LocScaleParams, q: LocScaleParams) => {
      const ratio = div(p.scale, q.scale);
      const off = div(sub(q.loc, p.loc), q.scale);
      const power = exp(add(off, lgamma(add(1, ratio))));
      return add(sub(sub(power, 1 + EULER), add(log(ratio), off)), mul(EULER, ratio));
    },
    "cauchy cauchy": (p: LocScaleParams, q: LocScaleParams) => {
      const both = add(square(add(p.scale, q.scale)), square(sub(p.loc, q.loc)));
      return log(div(both, mul(4, mul(p.scale, q.scale))));
    },
  };
}

function acrossFamilies(): Readonly<Record<string, KlRule>> {
  return {
    "gamma exponential": (p: GammaParams, q: RateParameter) => betweenGammas(p, ofExponential(q)),
    "exponential gamma": (p: RateParameter, q: GammaParams) => betweenGammas(ofExponential(p), q),
    "normal laplace": (p: LocScaleParams, q: LocScaleParams) => {
      const off = sub(p.loc, q.loc);
      const z = div(off, p.scale);
      const expected = add(
        mul(mul(p.scale, Math.sqrt(2 / Math.PI)), exp(mul(-0.5, square(z)))),
        mul(off, erf(mul(Math.SQRT1_2, z))),
      );
      return sub(add(log(mul(2, q.scale)), div(expected, q.scale)), normalEntropy(p));
    },
    "laplace normal": (p: LocScaleParams, q: LocScaleParams) =>
      crossed(laplaceEntropy(p), expectedNormal(p.loc, mul(2, square(p.scale)), q)),
    "uniform normal": (p: UniformParams, q: LocScaleParams) =>
      crossed(
        uniformEntropy(p),
        expectedNormal(mul(0.5, add(p.low, p.high)), div(square(sub(p.high, p.low)), 12), q),
      ),
    "gamma normal": (p: GammaParams, q: LocScaleParams) =>
      crossed(
        gammaEntropy(p),
        expectedNormal(div(p.concentration, p.rate), div(p.concentration, square(p.rate)), q),
      ),
    "exponential normal": (p: RateParameter, q: LocScaleParams) =>
      crossed(sub(1, log(p.rate)), expectedNormal(div(1, p.rate), div(1, square(p.rate)), q)),
    "gumbel normal": (p: LocScaleParams, q: LocScaleParams) =>
      crossed(
        add(log(p.scale), 1 + EULER),
        expectedNormal(add(p.loc, mul(EULER, p.scale)), mul(Math.PI ** 2 / 6, square(p.scale)), q),
      ),
    "normal gumbel": (p: LocScaleParams, q: LocScaleParams) => {
      const off = div(sub(p.loc, q.loc), q.scale);
      const half = mul(0.5, square(div(p.scale, q.scale)));
      return sub(add(log(q.scale), add(off, exp(sub(half, off)))), normalEntropy(p));
    },
    "uniform exponential": (p: UniformParams, q: RateParameter) =>
      unless(
        lessEqual(0, p.low),
        sub(mul(q.rate, mul(0.5, add(p.low, p.high))), add(log(q.rate), uniformEntropy(p))),
      ),
    "normal exponential": (p: LocScaleParams) => fullLike(p.loc, Infinity),
    "normal gamma": (p: LocScaleParams) => fullLike(p.loc, Infinity),
    "normal uniform": (p: LocScaleParams) => fullLike(p.loc, Infinity),
    "bernoulli poisson": (p: ProbsOrLogits, q: RateParameter) => {
      const success = chance(p);
      const own = add(outcome(success, logChance(p), log(q.rate)), outcome(sub(1, success), logOther(p), mul(0, success))); // prettier-ignore
      return add(own, q.rate);
    },
  };
}

let known: Readonly<Record<string, KlRule>> | undefined;

/**
 * Kullback–Leibler divergence of `q` from `p`, the expectation of `log p(x) − log q(x)` over events of `p`, in closed
 * form; one number per element of a batch. The documentation of distributions lists the supported pairs.
 *
 * @throws DownhillError `option` for families whose divergence has no known closed form.
 * @example
 * kl(normal({ loc: 0, scale: 1 }), normal({ loc: 1, scale: 2 })); // 0.443147…
 */
export function kl<P, Q>(p: Distribution<P>, q: Distribution<Q>): Tensor {
  if (arguments.length > 2) refuseExtra("kl", arguments, 2);
  known ??= rules();
  if (p.name === "independent" && q.name === "independent") {
    const [left, right] = [p, q].map((d) => (d.params as IndependentParams).baseDistribution);
    const axes = p.eventShape.length - left!.eventShape.length;
    if (axes === q.eventShape.length - right!.eventShape.length) {
      const each = kl(left!, right!);
      return axes === 0
        ? each
        : sum(each, { axis: Array.from({ length: axes }, (_, i) => each.ndim - 1 - i) });
    }
  }
  const rule = known[`${p.name} ${q.name}`];
  if (rule !== undefined) return rule(p.params as never, q.params as never);
  throw new DownhillError(
    "option",
    `kl: the divergence of ${q.name} from ${p.name} is not known in closed form. Estimate it by mean(p.logProb(x) − q.logProb(x)) for x = p.sample(key, n).`,
  );
}
