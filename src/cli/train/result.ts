import { type Standardiser, unstandardise } from "../../training/data/index.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import type { LearningProblem } from "./data.ts";
import type { TrainableNetwork } from "./model.ts";

/** What a network says of the test part. */
export type TestResult = ClassificationResult | RegressionResult;

/** One item of the test part and the class that the network gives it. */
export interface ClassifiedItem {
  /** Its place in the test part. */
  readonly index: number;
  /** Its row in the data, from 0. */
  readonly row: number;
  readonly label: number;
  readonly predicted: number;
  /** The probability that the network gives its answer. */
  readonly probability: number;
}

export interface ClassificationResult {
  readonly kind: "classification";
  readonly accuracy: number;
  /** `counts[label][predicted]` */
  readonly counts: readonly (readonly number[])[];
  /** What it gets wrong, the most certain first. */
  readonly mistakes: readonly ClassifiedItem[];
}

export interface RegressionResult {
  readonly kind: "regression";
  /** 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; 1 is perfect, 0 as good as the mean. */
  readonly r2: number;
  /** Root of the mean squared error, in units of the target. */
  readonly rmse: number;
  /** Targets and predictions in units of the target. */
  readonly points: readonly (readonly [actual: number, predicted: number])[];
}

/** Asks the network about every item of the test part. */
export function testModel(
  { task, test }: LearningProblem,
  model: TrainableNetwork,
  params: MlpParams,
): TestResult {
  const values = model.predict(params, test);
  if (task.kind === "regression") return regressionResult(test.y.data, values, task.scale);
  const n = task.classes.length;
  const counts = task.classes.map(() => new Array<number>(n).fill(0));
  const judgements = Array.from(test.y.data, (label, index): ClassifiedItem => {
    const row = values.subarray(index * n, (index + 1) * n);
    const predicted = row.reduce((best, p, i) => (p > row[best]! ? i : best), 0);
    counts[label]![predicted]!++;
    return { index, row: test.rows[index]!, label, predicted, probability: row[predicted]! };
  });
  const mistakes = judgements.filter(({ label, predicted }) => label !== predicted);
  return {
    kind: "classification",
    accuracy: (judgements.length - mistakes.length) / judgements.length,
    counts,
    mistakes: mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index),
  };
}

/** How well a class is told from the others; `undefined` where nothing is to be divided by. */
export interface ClassScore {
  /** Of the items taken for it the part that is of it. */
  readonly precision: number | undefined;
  /** Of its items the part that was found. */
  readonly recall: number | undefined;
  /** The harmonic mean of both. */
  readonly f1: number | undefined;
  /** Its items. */
  readonly support: number;
}

/** The scores of each class, of how often each was taken for each: `counts[label][predicted]`. */
export function classScores(counts: ClassificationResult["counts"]): ClassScore[] {
  const ratio = (part: number, all: number): number | undefined => (all === 0 ? undefined : part / all);
  return counts.map((row, i) => {
    const hits = row[i]!;
    const support = row.reduce((a, b) => a + b, 0);
    const taken = counts.reduce((total, from) => total + from[i]!, 0);
    return {
      precision: ratio(hits, taken),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, taken + support),
      support,
    };
  });
}

/** Of standardised targets and predictions: squares in units of the target may be too large for a number. */
function regressionResult(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  scale: Standardiser,
): RegressionResult {
  const pairs = Array.from(actual, (y, i) => [y, predicted[i]!] as const);
  const mean = pairs.reduce((sum, [y]) => sum + y, 0) / pairs.length;
  const residual = pairs.reduce((sum, [y, guess]) => sum + (y - guess) ** 2, 0);
  const total = pairs.reduce((sum, [y]) => sum + (y - mean) ** 2, 0);
  const original = (values: ArrayLike<number>): ArrayLike<number> =>
    unstandardise({ shape: [values.length], dtype: "float64", data: Float64Array.from(values) }, scale).data;
  const [y, guesses] = [original(actual), original(predicted)];
  return {
    kind: "regression",
    r2: 1 - residual / total,
    rmse: Math.sqrt(residual / pairs.length) * scale.std[0]!,
    points: Array.from(y, (value, i) => [value, guesses[i]!] as const),
  };
}
