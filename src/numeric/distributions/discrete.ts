// Distributions of counts, booleans and categories.
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { convert } from "../../engine/prims/linear.ts";
import { randomBinomial, randomGamma, randomPoisson, randomUnit } from "../../engine/prims/index.ts";
import { xlogy } from "../array/arithmetic.ts";
import { indices } from "../array/create.ts";
import {
  add,
  div,
  equal,
  exp,
  expm1,
  floor,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalOr,
  maximum,
  mul,
  neg,
  sigmoid,
  softplus,
  sub,
  where,
} from "../array/elementwise.ts";
import { expandTo } from "../array/promote.ts";
import { any, logSoftmax, softmax, sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";
import { betainc, gammaincc, lgamma } from "../array/special.ts";
import { splitKey } from "../random/keys.ts";
import { exponentialOf } from "../random/real.ts";
import { categorical as drawPlaces } from "../random/whole.ts";
import type { Distribution, ParameterInputs, ParameterTensors } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { expectedLogRising } from "./entropy.ts";
import { count, logit, nonnegative, positive, probability } from "./domains.ts";
import { logEvents, logTrials } from "./saddle-point.ts";
import { inside, isCount, within } from "./support.ts";

/** Probabilities, or logits: log p / (1 − p) for a binary event, log p up to an additive constant for categories. */
export type ProbsOrLogits = { readonly probs?: Tensor; readonly logits?: Tensor };
/** Either `probs` or `logits`, as passed by a caller. */
export type ProbsOrLogitsInput =
  | { readonly probs: TensorLike; readonly logits?: never }
  | { readonly logits: TensorLike; readonly probs?: never };

/**
 * Parameters of families with only `probs` or `logits`. Families with more parameters repeat these, because a spread
 * would keep unused families in bundles.
 */
const ofOne = { probs: { domain: probability }, logits: { domain: logit } } as const;

/** Probability of success. */
export const chance = ({ probs, logits }: ProbsOrLogits): Tensor => probs ?? sigmoid(logits!);
/** Logarithm of the probability of success. `logOther` is that of failure. */
export const logChance = ({ probs, logits }: ProbsOrLogits): Tensor =>
  probs === undefined ? neg(softplus(neg(logits!))) : log(probs);
export const logOther = ({ probs, logits }: ProbsOrLogits): Tensor =>
  probs === undefined ? neg(softplus(logits!)) : log1p(neg(probs));

/** Probability of failure. */
const otherChance = ({ probs, logits }: ProbsOrLogits): Tensor =>
  probs === undefined ? sigmoid(neg(logits!)) : sub(1, probs);

/**
 * Returns the logarithm of the Laplace transform `E e⁻ᵏᵗ` of a binomial distribution as a function of s = 1 − e⁻ᵗ,
 * which runs along the last axis.
 */
const logBinomial =
  (n: Tensor, p: Tensor) =>
  (s: Tensor): Tensor =>
    mul(expandDims(n, -1), log1p(neg(mul(expandDims(p, -1), s))));

/** x in float64, because entropies of counts are small differences of large sums. */
const precisely = (x: Tensor): Tensor => convert(x, "float64");

/** k · x for a count k, and 0 where k is 0, for any x. */
export function times(k: Tensor, x: Tensor): Tensor {
  const isNone = equal(k, 0);
  return where(isNone, 0, mul(k, where(isNone, 1, x)));
}

/** Entropy −Σ p log p of success and failure. */
const entropyOfChance = (p: ProbsOrLogits): Tensor =>
  neg(add(times(chance(p), logChance(p)), times(sub(1, chance(p)), logOther(p))));

/**
 * Bernoulli distribution: true with probability probs, or sigmoid(logits). Samples are bool; `logProb` accepts 0 and 1,
 * or booleans.
 *
 * @throws DownhillError `range` unless probs are between 0 and 1, `option` unless exactly one of probs and logits is given.
 * @example
 * bernoulli({ probs: 0.25 }).logProb(1); // -1.386294…
 */
export const bernoulli: (params: ProbsOrLogitsInput) => Distribution<ProbsOrLogits> =
  /* @__PURE__ */ makeFamily<ProbsOrLogits, ProbsOrLogitsInput>({
    name: "bernoulli",
    parameters: ofOne,
    oneOf: ["probs", "logits"],
    reparameterised: () => false,
    sample: (p, { key, shape }) =>
      less(
        convert(randomUnit(key, shape, "float32"), "float64"),
        expandTo(convert(chance(p), "float64"), shape),
      ),
    logProb: (p, x) =>
      within(logicalOr(equal(x, 0), equal(x, 1)), where(equal(x, 1), logChance(p), logOther(p))),
    mean: chance,
    variance: (p) => mul(chance(p), sub(1, chance(p))),
    entropy: entropyOfChance,
  });

/** Normalised log-probabilities of the categories, along the last axis. */
export const logCategories = ({ probs, logits }: ProbsOrLogits): Tensor =>
  logits === undefined ? log(div(probs!, sum(probs!, { axis: -1, keepdims: true }))) : logSoftmax(logits);

/** Probabilities of the categories. */
export const categories = ({ probs, logits }: ProbsOrLogits): Tensor =>
  logits === undefined ? div(probs!, sum(probs!, { axis: -1, keepdims: true })) : softmax(logits);

/** Entropy −Σ p log p of the categories. */
export const entropyOfCategories = (p: ProbsOrLogits): Tensor =>
  neg(sum(times(categories(p), logCategories(p)), { axis: -1 }));

/**
 * Categorical distribution of the indices 0, 1, …, n − 1 with the given probabilities along the last axis. probs need
 * not sum to 1; logits are normalised by softmax. Samples are int32.
 *
 * @throws DownhillError `range` unless probs are at least 0, `option` unless exactly one of probs and logits is given.
 * @example
 * categorical({ probs: [1, 3] }).logProb(1); // -0.287682…
 */
export const categorical: (params: ProbsOrLogitsInput) => Distribution<ProbsOrLogits> =
  /* @__PURE__ */ makeFamily<ProbsOrLogits, ProbsOrLogitsInput>({
    name: "categorical",
    parameters: { probs: { domain: nonnegative, axes: 1 }, logits: { domain: logit, axes: 1 } },
    oneOf: ["probs", "logits"],
    check({ probs, logits }) {
      if ((probs ?? logits)!.shape.at(-1) === 0)
        throw new DownhillError("shape", "categorical: there must be at least one category.");
    },
    reparameterised: () => false,
    sample: (p, { key, shape }) => drawPlaces(key, logCategories(p), { shape }),
    logProb(p, x) {
      const logs = logCategories(p);
      const n = logs.shape.at(-1)!;
      const isThere = equal(expandDims(x, -1), indices([n], 0));
      return within(any(isThere, { axis: -1 }), sum(where(isThere, logs, 0), { axis: -1 }));
    },
    entropy: entropyOfCategories,
  });

export type BinomialParams = ProbsOrLogits & ParameterTensors<"totalCount">;
export type BinomialInputs = ProbsOrLogitsInput & ParameterInputs<"totalCount">;

/**
 * Binomial distribution: number of successes in totalCount trials, each with probability probs, or sigmoid(logits).
 * Samples are int32.
 *
 * @throws DownhillError `range` unless totalCount is an integer of 0 or more and probs are between 0 and 1, `option`
 * unless exactly one of probs and logits is given.
 */
export const binomial: (params: BinomialInputs) => Distribution<BinomialParams> = /* @__PURE__ */ makeFamily<
  BinomialParams,
  BinomialInputs
>({
  name: "binomial",
  parameters: { totalCount: { domain: count }, probs: { domain: probability }, logits: { domain: logit } },
  oneOf: ["probs", "logits"],
  reparameterised: () => false,
  sample: (p, { key, shape }) =>
    randomBinomial(
      key,
      expandTo(convert(p.totalCount, "float64"), shape),
      expandTo(convert(chance(p), "float64"), shape),
    ),
  logProb(p, x) {
    const n = p.totalCount;
    const isInside = logicalAnd(isCount(x), lessEqual(x, n));
    const k = inside(isInside, x, 0);
    const isBetween = logicalAnd(less(0, k), less(k, n));
    const [some, all] = [where(isBetween, k, 1), where(isBetween, n, 2)];
    const between = logTrials(some, all, chance(p), otherChance(p));
    const atEnd = add(times(k, logChance(p)), times(sub(n, k), logOther(p))); // one of the terms has no trials and is 0
    return within(isInside, where(isBetween, between, atEnd));
  },
  mean: (p) => mul(p.totalCount, chance(p)),
  cdf(p, x) {
    const n = p.totalCount;
    const k = floor(x);
    const isInside = logicalAnd(lessEqual(0, k), less(k, n));
    const below = inside(isInside, k, 0);
    const failures = maximum(sub(n, below), 1);
    const value = betainc(failures, add(below, 1), sub(1, chance(p)));
    return where(isInside, value, where(less(k, 0), 0, 1));
  },
  variance: (p) => mul(p.totalCount, mul(chance(p), sub(1, chance(p)))),
  entropy(p) {
    const n = precisely(p.totalCount);
    const [won, lost] = [precisely(chance(p)), precisely(exp(logOther(p)))];
    const side = (q: Tensor): Tensor =>
      sub(expectedLogRising(1, mul(n, q), logBinomial(n, q)), mul(n, xlogy(q, q)));
    return convert(sub(add(side(won), side(lost)), lgamma(add(n, 1))), chance(p).dtype);
  },
});

/**
 * Poisson distribution: probability `rate^k exp(−rate) / k!` of the count k. Samples are int32.
 *
 * @throws DownhillError `range` unless rate is at least 0.
 */
export const poisson: (params: ParameterInputs<"rate">) => Distribution<ParameterTensors<"rate">> =
  /* @__PURE__ */ makeFamily<ParameterTensors<"rate">, ParameterInputs<"rate">>({
    name: "poisson",
    parameters: { rate: { domain: nonnegative } },
    reparameterised: () => false,
    sample: ({ rate }, { key, shape }) => randomPoisson(key, expandTo(convert(rate, "float64"), shape)),
    logProb({ rate }, x) {
      const isInside = isCount(x);
      const k = inside(isInside, x, 0);
      const isSome = less(0, k);
      return within(isInside, where(isSome, logEvents(where(isSome, k, 1), rate), neg(rate)));
    },
    mean: ({ rate }) => rate,
    variance: ({ rate }) => rate,
    entropy({ rate }) {
      const mean = precisely(rate);
      const factorial = expectedLogRising(1, mean, (s) => neg(mul(expandDims(mean, -1), s)));
      return convert(add(sub(mean, xlogy(mean, mean)), factorial), rate.dtype);
    },
    cdf: ({ rate }, x) => where(less(x, 0), 0, gammaincc(add(floor(maximum(x, 0)), 1), rate)),
  });

/**
 * Negative binomial distribution: number of successes before totalCount failures, with success probability probs, or
 * sigmoid(logits), as in PyTorch. (SciPy and NumPy count failures before successes: their p is 1 − probs.) totalCount
 * may be any number above 0. Samples are int32.
 *
 * @throws DownhillError `range` unless totalCount is above 0 and probs are between 0 and 1, `option` unless exactly one
 * of probs and logits is given.
 * @example
 * negativeBinomial({ totalCount: 3, probs: 0.25 }).mean(); // 1
 */
export const negativeBinomial: (params: BinomialInputs) => Distribution<BinomialParams> =
  /* @__PURE__ */ makeFamily<BinomialParams, BinomialInputs>({
    name: "negativeBinomial",
    parameters: {
      totalCount: { domain: positive },
      probs: { domain: probability },
      logits: { domain: logit },
    },
    oneOf: ["probs", "logits"],
    reparameterised: () => false,
    sample(p, { key, shape }) {
      const [keyOfRate, keyOfCount] = splitKey(key);
      const total = expandTo(convert(p.totalCount, "float64"), shape);
      const odds = exp(sub(logChance(p), logOther(p)));
      return randomPoisson(
        keyOfCount,
        mul(randomGamma(keyOfRate, total), expandTo(convert(odds, "float64"), shape)),
      );
    },
    logProb(p, x) {
      const isInside = isCount(x);
      const k = inside(isInside, x, 0);
      const n = p.totalCount;
      const isSome = less(0, k);
      const some = where(isSome, k, 1);
      const all = add(n, some);
      // of all trials except the last, which fails: n / (n + k) of the binomial probability
      const between = sub(logTrials(some, all, chance(p), otherChance(p)), log1p(div(some, n)));
      return within(isInside, where(isSome, between, mul(n, logOther(p))));
    },
    mean: (p) => mul(p.totalCount, exp(sub(logChance(p), logOther(p)))),
    cdf(p, x) {
      const isInside = lessEqual(0, x);
      const value = betainc(p.totalCount, add(floor(inside(isInside, x, 0)), 1), sub(1, chance(p)));
      return where(isInside, value, 0);
    },
    variance: (p) => mul(p.totalCount, exp(sub(logChance(p), mul(2, logOther(p))))),
    entropy(p) {
      const n = precisely(p.totalCount);
      const [won, lost] = [precisely(logChance(p)), precisely(logOther(p))];
      const odds = exp(sub(won, lost));
      const mean = mul(n, odds);
      const logTransform = (s: Tensor): Tensor =>
        neg(mul(expandDims(n, -1), log1p(mul(expandDims(odds, -1), s))));
      const ways = sub(expectedLogRising(n, mean, logTransform), expectedLogRising(1, mean, logTransform));
      const chosen = add(mul(n, neg(lost)), times(mean, neg(won)));
      return convert(sub(chosen, ways), chance(p).dtype);
    },
  });

/**
 * Geometric distribution: number of failures before the first success, with success probability probs, or
 * sigmoid(logits): 0, 1, 2, … as in PyTorch. (`geometric` of `downhill/random`, SciPy and NumPy count the trials, one
 * more.) Samples are int32.
 *
 * @throws DownhillError `range` unless probs are between 0 and 1, `option` unless exactly one of probs and logits is given.
 * @example
 * geometric({ probs: 0.5 }).mean(); // 1
 */
export const geometric: (params: ProbsOrLogitsInput) => Distribution<ProbsOrLogits> =
  /* @__PURE__ */ makeFamily<ProbsOrLogits, ProbsOrLogitsInput>({
    name: "geometric",
    parameters: ofOne,
    oneOf: ["probs", "logits"],
    reparameterised: () => false,
    sample: (p, { key, shape }) =>
      convert(floor(div(exponentialOf(key, shape, "float64"), neg(precisely(logOther(p))))), "int32"),
    logProb(p, x) {
      const isInside = isCount(x);
      const k = inside(isInside, x, 0);
      return within(isInside, add(logChance(p), times(k, logOther(p))));
    },
    mean: (p) => exp(sub(logOther(p), logChance(p))),
    variance: (p) => exp(sub(logOther(p), mul(2, logChance(p)))),
    entropy: (p) => div(entropyOfChance(p), chance(p)),
    cdf: (p, x) => where(less(x, 0), 0, neg(expm1(times(add(floor(maximum(x, 0)), 1), logOther(p))))),
  });
