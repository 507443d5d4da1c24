import { tensor, zeros } from "../../../numeric/array/create.ts";
import { mul, square, sub } from "../../../numeric/array/elementwise.ts";
import { sum } from "../../../numeric/array/reduce.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import {
  adagrad,
  type AdagradState,
  applyUpdates,
  type GeneralOptimizer,
  sgd,
} from "../../../numeric/optim/index.ts";
import { normalNow, uniformNow } from "../../../numeric/random/at-once.ts";
import { foldIn, key } from "../../../numeric/random/index.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { scan } from "../../../engine/transforms/structured.ts";
import { showNumber } from "../../viz/show-number.ts";
import { geometric, meanOf } from "../numbers.ts";
import { definePreset, type Preset } from "./preset.ts";

const items = 1500;
const features = 40;
const noise = 0.3;
const eps = 1e-10; // Adagrad's
/**
 * Frequency of each feature: one half for the first half of them, then geometrically from 0.3 down to one in four
 * hundred.
 */
export const frequencies: readonly number[] = [
  .../* @__PURE__ */ Array.from({ length: features / 2 }, () => 0.5),
  .../* @__PURE__ */ geometric(0.3, 1 / 400, features / 2),
];
const triedRates = /* @__PURE__ */ geometric(0.001, 1, 16);

/** Result of one pass over the data. */
export interface TrainingPass {
  readonly rate: number;
  /** Mean loss of the second half of the items, each evaluated before its step. The rate is chosen by this loss. */
  readonly loss: number;
  readonly weights: readonly number[];
  readonly state: unknown;
}

/** Draws items with random binary features. The target is the sum of the features plus noise. */
export function sparseItems(seed: number): { readonly x: Tensor; readonly y: Tensor } {
  const draws = uniformNow(foldIn(key(seed), 0), items * features);
  const x = draws.map((u, i) => (u < frequencies[i % features]! ? 1 : 0));
  const errors = normalNow(foldIn(key(seed), 1), items);
  const y = errors.map(
    (e, i) => x.slice(i * features, (i + 1) * features).reduce((a, b) => a + b, 0) + noise * e,
  );
  return { x: tensor(x, { shape: [items, features] }), y: tensor(y) };
}

/**
 * Returns a function that makes one pass over {@link sparseItems}, one item per step. It is compiled once for all
 * rates.
 */
export function onePass(
  make: (learningRate: Tensor) => GeneralOptimizer<unknown>,
): (rate: number, data: ReturnType<typeof sparseItems>) => TrainingPass {
  const pass = jit((learningRate: Tensor, xs: Tensor, ys: Tensor) => {
    const optimizer = make(learningRate);
    const start = zeros([features]);
    return scan(
      ({ w, state }: { w: Tensor; state: unknown }, [a, b]: readonly [Tensor, Tensor]) => {
        const error = sub(sum(mul(a, w)), b);
        const { updates, state: next } = optimizer.update(mul(a, error), state, w);
        return [{ w: applyUpdates(w, updates), state: next }, square(error)] as const;
      },
      { w: start, state: optimizer.init(start) },
      [xs, ys] as const,
    );
  });
  return (rate, { x, y }) => {
    const [{ w: weights, state }, losses] = pass(tensor(rate), x, y);
    const loss = meanOf((losses.tolist() as number[]).slice(items / 2));
    return {
      rate,
      loss: Number.isFinite(loss) ? loss : Infinity,
      weights: weights.tolist() as number[],
      state,
    };
  };
}

/** Trains each of three methods at 16 rates and returns the pass with the lowest loss. */
export function learnSparse(seed: number): Readonly<Record<"sgd" | "momentum" | "adagrad", TrainingPass>> {
  const data = sparseItems(seed);
  const best = (make: (learningRate: Tensor) => GeneralOptimizer<unknown>): TrainingPass => {
    const pass = onePass(make);
    return triedRates.map((rate) => pass(rate, data)).reduce((a, b) => (b.loss < a.loss ? b : a));
  };
  return {
    sgd: best((learningRate) => sgd({ learningRate })),
    momentum: best((learningRate) => sgd({ learningRate, momentum: 0.9 })),
    adagrad: best((learningRate) => adagrad({ learningRate, eps })),
  };
}

/** Returns the mean weight of the features that occur in less than one of 50 items. The true weight is 1. */
export function rareWeight({ weights }: TrainingPass): number {
  return meanOf(weights.filter((_, j) => frequencies[j]! < 1 / 50));
}

/** Returns the final rate of each weight in a pass with Adagrad: `η/(√Σg² + ε)`. */
export function ratesByWeight({ rate, state }: TrainingPass): number[] {
  const sums = (state as AdagradState<Tensor>).sumOfSquares.tolist() as number[];
  return sums.map((g) => rate / (Math.sqrt(g) + eps));
}

/** Study: Adagrad learns rare features that tuned SGD does not learn. */
export const sparseFeatures: Preset = /* @__PURE__ */ definePreset(
  {
    name: "sparse-features",
    title: "Adagrad for sparse features",
    claim:
      "Where some features are rare, one rate for all is too small for those if it is right for the frequent ones. Adagrad divides each weight's rate by the root of its own squared gradients: rare features keep large steps, and are learnt.",
  },
  () => {
    const learnt = learnSparse(0);
    const named = [
      ["SGD", learnt.sgd],
      ["SGD with momentum", learnt.momentum],
      ["Adagrad", learnt.adagrad],
    ] as const;
    const rates = ratesByWeight(learnt.adagrad);
    return {
      findings: [
        ...named.map(
          ([name, one]) =>
            `${name}, best of ${triedRates.length} rates η = ${showNumber(one.rate, 3)}: loss ${showNumber(one.loss, 3)}; mean weight of features in less than 1 of 50 items ${showNumber(rareWeight(one), 3)}, where the truth is 1.`,
        ),
        `Adagrad's rates in the end go from ${showNumber(Math.min(...rates), 3)} for the most frequent features to ${showNumber(Math.max(...rates), 3)} for the rarest.`,
      ],
      figures: [
        {
          kind: "lines",
          title: "What was learnt of each feature",
          x: { label: "part of the items that have the feature", log: true },
          y: { label: "weight (the truth is 1)" },
          series: [
            ...named.map(([name, { weights }]) => ({
              name,
              x: frequencies,
              y: weights,
              style: "dots" as const,
            })),
            {
              name: "truth",
              x: [Math.min(...frequencies), Math.max(...frequencies)],
              y: [1, 1],
              style: "dashes",
              colour: 6,
            },
          ],
        },
        {
          kind: "lines",
          title: "The rate of each weight in the end",
          x: { label: "part of the items that have the feature", log: true },
          y: { label: "learning rate of the weight", log: true },
          series: named.map(([name, one]) => ({
            name,
            x: frequencies,
            y: name === "Adagrad" ? rates : frequencies.map(() => one.rate),
            style: "dots",
          })),
        },
      ],
    };
  },
);
