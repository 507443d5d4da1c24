import { type Standardiser, unstandardise } from "../../training/data/index.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import type { LearningProblem } from "./data.ts";
import type { TrainableNetwork } from "./model.ts";

/** Results of a network on the test part of the data. */
export type TestResult = ClassificationResult | RegressionResult;

/** An item of the test part and its predicted class. */
export interface ClassifiedItem {
  /** Index in the test part. */
  readonly index: number;
  /** Its row in the data, from 0. */
  readonly row: number;
  readonly label: number;
  readonly predicted: number;
  /** The probability of the predicted class. */
  readonly probability: number;
}

export interface ClassificationResult {
  readonly kind: "classification";
  readonly accuracy: number;
  /** Confusion matrix: number of items by class and predicted class, `counts[label][predicted]`. */
  readonly counts: readonly (readonly number[])[];
  /** The misclassified items, the most certain first. */
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

/** Evaluates the network on every item of the test part. */
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

/** Scores of the recognition of a class; a score is `undefined` if its denominator is 0. */
export interface ClassScore {
  /** Share of the items predicted as this class that belong to it. */
  readonly precision: number | undefined;
  /** Share of the items of this class that were predicted as it. */
  readonly recall: number | undefined;
  /** Harmonic mean of precision and recall. */
  readonly f1: number | undefined;
  /** Number of items of the class. */
  readonly support: number;
}

/** Computes the scores of each class from the confusion matrix `counts[label][predicted]`. */
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

/**
 * Computes the result of a regression from standardised targets and predictions, because squares in units of the target
 * may overflow.
 */
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
