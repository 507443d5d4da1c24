// Distributions of vectors with one element per category.
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { convert } from "../../engine/prims/linear.ts";
import { randomBinomial } from "../../engine/prims/index.ts";
import { scan } from "../../engine/transforms/structured.ts";
import { indices } from "../array/create.ts";
import {
  add,
  clip,
  div,
  equal,
  greater,
  less,
  log,
  log1p,
  logicalAnd,
  logicalOr,
  minimum,
  mul,
  neg,
  sigmoid,
  softplus,
  sub,
  where,
} from "../array/elementwise.ts";
import { expandTo } from "../array/promote.ts";
import { all, logsumexp, softmax, sum } from "../array/reduce.ts";
import { moveaxis } from "../array/arrange.ts";
import { expandDims } from "../array/shape.ts";
import { lgamma, logit as logitOf } from "../array/special.ts";
import { keys } from "../random/keys.ts";
import { gumbelOf, logisticOf } from "../random/real.ts";
import { categorical as drawPlaces } from "../random/whole.ts";
import {
  categories,
  entropyOfCategories,
  type ProbsOrLogitsInput,
  type BinomialInputs,
  logCategories,
  logChance,
  logOther,
  type ProbsOrLogits,
  times,
  type BinomialParams,
} from "./discrete.ts";
import type { Distribution, ParameterInputs, ParameterTensors } from "./distribution.ts";
import { makeFamily } from "./distribution.ts";
import { count, logit, nonnegative, positive, probability } from "./domains.ts";
import { inside, isCount, within } from "./support.ts";

const ofProbs = { domain: nonnegative, axes: 1 } as const;
const ofLogits = { domain: logit, axes: 1 } as const;

const eventOf = ({ probs, logits }: ProbsOrLogits): readonly number[] => (probs ?? logits)!.shape.slice(-1);

/** Refuses vectors without elements. */
function checkCategories(name: string, p: ProbsOrLogits): void {
  if (eventOf(p)[0] === 0) throw new DownhillError("shape", `${name}: there must be at least one category.`);
}

/**
 * One-hot categorical distribution: vectors of zeros with a 1 at the index of a category. The probabilities are along
 * the last axis, as in `categorical`. Samples have the dtype of the parameters.
 *
 * @throws DownhillError `range` unless probs are at least 0, `option` unless exactly one of probs and logits is given.
 * @example
 * oneHotCategorical({ probs: [1, 3] }).logProb([0, 1]); // -0.287682…
 */
export const oneHotCategorical: (params: ProbsOrLogitsInput) => Distribution<ProbsOrLogits> =
  /* @__PURE__ */ makeFamily<ProbsOrLogits, ProbsOrLogitsInput>({
    name: "oneHotCategorical",
    parameters: { probs: ofProbs, logits: ofLogits },
    oneOf: ["probs", "logits"],
    check: (p) => checkCategories("oneHotCategorical", p),
    eventShape: eventOf,
    reparameterised: () => false,
    sample(p, { key, shape, dtype }) {
      const places = drawPlaces(key, logCategories(p), { shape });
      return equal(expandDims(places, -1), indices(eventOf(p), 0)).astype(dtype);
    },
    logProb(p, x) {
      const isChosen = equal(x, 1);
      const isInside = logicalAnd(
        all(logicalOr(isChosen, equal(x, 0)), { axis: -1 }),
        equal(sum(isChosen, { axis: -1 }), 1),
      );
      return within(isInside, sum(where(isChosen, logCategories(p), 0), { axis: -1 }));
    },
    mean: categories,
    variance: (p) => mul(categories(p), sub(1, categories(p))),
    entropy: entropyOfCategories,
  });

/**
 * Multinomial distribution: number of occurrences of each category in totalCount draws, with the given probabilities
 * (`probs` or `logits`) along the last axis. probs need not sum to 1. Samples are int32.
 *
 * @throws DownhillError `range` unless totalCount is an integer of 0 or more and probs are at least 0, `option` unless
 * exactly one of probs and logits is given.
 * @example
 * multinomial({ totalCount: 3, probs: [0.5, 0.5] }).logProb([1, 2]); // -0.980829…
 */
export const multinomial: (params: BinomialInputs) => Distribution<BinomialParams> =
  /* @__PURE__ */ makeFamily<BinomialParams, BinomialInputs>({
    name: "multinomial",
    parameters: { totalCount: { domain: count }, probs: ofProbs, logits: ofLogits },
    oneOf: ["probs", "logits"],
    check: (p) => checkCategories("multinomial", p),
    eventShape: eventOf,
    reparameterised: () => false,
    sample(p, { key, shape }) {
      const n = eventOf(p)[0]!;
      const total = expandTo(convert(p.totalCount, "float64"), shape);
      const probs = moveaxis(expandTo(convert(categories(p), "float64"), [...shape, n]), -1, 0);
      // each category in turn takes a binomial part of the remaining draws, by its probability among the remaining
      // categories
      const [, counts] = scan(
        ([left, mass]: readonly [Tensor, Tensor], [own, prob]: readonly [Tensor, Tensor]) => {
          const isNone = logicalOr(equal(left, 0), equal(prob, 0));
          const part = where(isNone, 0, minimum(1, div(prob, where(isNone, 1, mass))));
          const taken = convert(randomBinomial(own, left, part), "float64");
          return [[sub(left, taken), sub(mass, prob)], taken] as const;
        },
        [total, expandTo(sum(probs, { axis: 0 }), shape)] as const,
        [keys(key, n), probs] as const,
      );
      return convert(moveaxis(counts, 0, -1), "int32");
    },
    logProb(p, x) {
      const n = p.totalCount;
      const isInside = logicalAnd(all(isCount(x), { axis: -1 }), equal(sum(x, { axis: -1 }), n));
      const k = inside(expandDims(isInside, -1), x, 0);
      const ways = sub(lgamma(add(n, 1)), sum(lgamma(add(k, 1)), { axis: -1 }));
      return within(isInside, add(ways, sum(times(k, logCategories(p)), { axis: -1 })));
    },
    mean: (p) => mul(expandDims(p.totalCount, -1), categories(p)),
    variance: (p) => mul(expandDims(p.totalCount, -1), mul(categories(p), sub(1, categories(p)))),
  });

type RelaxedParams = ProbsOrLogits & ParameterTensors<"temperature">;
type RelaxedInputs = ProbsOrLogitsInput & ParameterInputs<"temperature">;

/**
 * Relaxed Bernoulli distribution of numbers in (0, 1), close to 0 or 1 at low temperatures: `sigmoid((logit + ℓ) /
 * temperature)` for a logistic variate ℓ. It converges to `bernoulli` as the temperature falls to
 * 0. Samples have derivatives.
 *
 * @throws DownhillError `range` unless temperature is above 0 and probs are between 0 and 1, `option` unless exactly
 * one of probs and logits is given.
 * @see Maddison, Mnih, Teh, The concrete distribution, ICLR 2017.
 */
export const relaxedBernoulli: (params: RelaxedInputs) => Distribution<RelaxedParams> =
  /* @__PURE__ */ makeFamily<RelaxedParams, RelaxedInputs>({
    name: "relaxedBernoulli",
    parameters: {
      temperature: { domain: positive },
      probs: { domain: probability },
      logits: { domain: logit },
    },
    oneOf: ["probs", "logits"],
    reparameterised: () => true,
    sample: (p, { key, shape, dtype }) =>
      sigmoid(div(add(odds(p), logisticOf(key, shape, dtype)), p.temperature)),
    logProb(p, x) {
      const isInside = logicalAnd(greater(x, 0), less(x, 1));
      const own = inside(isInside, x, 0.5);
      const [logX, logRest] = [log(own), log1p(neg(own))];
      const off = sub(odds(p), mul(p.temperature, sub(logX, logRest)));
      const logistic = sub(off, mul(2, softplus(off)));
      return within(isInside, sub(add(log(p.temperature), logistic), add(logX, logRest)));
    },
    cdf: (p, x) => sigmoid(sub(mul(p.temperature, logitOf(clip(x, 0, 1))), odds(p))),
    icdf: (p, q) => sigmoid(div(add(odds(p), logitOf(q)), p.temperature)),
  });

const odds = (p: ProbsOrLogits): Tensor => p.logits ?? sub(logChance(p), logOther(p));

/**
 * Relaxed one-hot categorical distribution (Gumbel softmax) of vectors in the simplex, close to its corners at low
 * temperatures: `softmax((logits + g) / temperature)` for Gumbel variates g. It converges to `oneHotCategorical` as the
 * temperature falls to 0. Samples have derivatives.
 *
 * @throws DownhillError `range` unless temperature is above 0 and probs are at least 0, `option` unless exactly one of
 * probs and logits is given.
 * @see Jang, Gu, Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017.
 */
export const relaxedOneHotCategorical: (params: RelaxedInputs) => Distribution<RelaxedParams> =
  /* @__PURE__ */ makeFamily<RelaxedParams, RelaxedInputs>({
    name: "relaxedOneHotCategorical",
    parameters: { temperature: { domain: positive }, probs: ofProbs, logits: ofLogits },
    oneOf: ["probs", "logits"],
    check: (p) => checkCategories("relaxedOneHotCategorical", p),
    eventShape: eventOf,
    reparameterised: () => true,
    sample(p, { key, shape, dtype }) {
      const noise = gumbelOf(key, [...shape, ...eventOf(p)], dtype);
      return softmax(div(add(logCategories(p), noise), expandDims(p.temperature, -1)));
    },
    logProb(p, x) {
      const n = eventOf(p)[0]!;
      const isInside = all(greater(x, 0), { axis: -1 });
      const logX = log(inside(expandDims(isInside, -1), x, 1 / n));
      const score = sub(logCategories(p), mul(expandDims(p.temperature, -1), logX));
      const spread = sub(sum(score, { axis: -1 }), mul(n, logsumexp(score, { axis: -1 })));
      const constant = add(lgamma(n), mul(n - 1, log(p.temperature)));
      return within(isInside, sub(add(constant, spread), sum(logX, { axis: -1 })));
    },
  });
