import { zeros } from "../array/create.ts";
import { cumsum } from "../array/cumulative.ts";
import {
  add,
  astype,
  clip,
  div,
  equal,
  floor,
  greater,
  greaterEqual,
  isNaN as isMissing,
  lessEqual,
  logicalAnd,
  logicalOr,
  mul,
  sub,
  where,
} from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { any, argmax, sum } from "../array/reduce.ts";
import { addAt } from "../array/set-at.ts";
import { expandDims, reshape } from "../array/shape.ts";
import { topK } from "../array/sort.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { readElements } from "../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { sameShape, sizeOf } from "../../engine/util/shape.ts";
import { checkInteger, isIntegerIn } from "../../engine/ir/plain-number.ts";

/**
 * A measure of agreement between predictions and targets, accumulated batch by batch. States are plain records of
 * float64 counts, for `jit` and as the carry of `scan`. The states of two parts of the data add up to that of the
 * whole. An invalid target or a NaN score is an error; inside transforms, where values are unknown, it makes the value
 * NaN instead.
 */
export interface Metric<S> {
  /** The state before the first item. */
  init(): S;
  /** The state with these items added. */
  update(state: S, predictions: TensorLike, targets: TensorLike): S;
  /** The metric of all items so far, float64. */
  value(state: S): Tensor;
}

/** State of `accuracyMetric` and `topKMetric`: scalars. */
export interface HitCounts {
  readonly hits: Tensor;
  readonly items: Tensor;
}

/**
 * Fraction of items whose highest score (the first at a tie) is that of their class. Predictions are `[…, classes]`,
 * targets are class indices `[…]`. NaN before the first item. For one batch it equals `accuracy`.
 *
 * @example
 * const metric = accuracyMetric();
 * let state = metric.init();
 * state = metric.update(state, [[2, 1], [0, 3]], [0, 1]);
 * state = metric.update(state, [[1, 0]], [1]);
 * metric.value(state).item(); // 0.6666666…
 */
export function accuracyMetric(): Metric<HitCounts> {
  if (arguments.length > 0) refuseExtra("accuracyMetric", arguments, 0);
  return hitMetric("accuracyMetric", 1);
}

/**
 * Fraction of items whose class is among those with the `k` highest scores; of equal scores the first count as higher.
 * Otherwise like `accuracyMetric`, which has k = 1.
 *
 * @throws DownhillError `range` if k is not an integer of 1 or more; in `update`, if there are fewer classes.
 * @example
 * const metric = topKMetric(2);
 * metric.value(metric.update(metric.init(), [[3, 1, 2], [3, 2, 1]], [2, 2])).item(); // 0.5
 */
export function topKMetric(k: number): Metric<HitCounts> {
  if (arguments.length > 1) refuseExtra("topKMetric", arguments, 1);
  checkInteger("topKMetric", "k", k, { from: 1 });
  return hitMetric("topKMetric", k);
}

function hitMetric(operation: string, k: number): Metric<HitCounts> {
  return {
    init: () => ({ hits: zeros([]), items: zeros([]) }),
    update({ hits, items }, predictions, targets) {
      const scores = asTensor(predictions, operation);
      const y = asTensor(targets, operation);
      const classes = scores.shape.at(-1);
      if (classes === undefined || !sameShape(scores.shape.slice(0, -1), y.shape))
        throw doNotFit(operation, scores, y, "scores […, classes] and targets […]");
      if (classes < k) {
        throw new DownhillError(
          "range",
          `${operation}: predictions are ${showType(scores.type)}, with fewer than k = ${k} classes along the last axis.`,
        );
      }
      checkElements(operation, "predictions", scores, isNumber, "a number");
      const label = readClasses(operation, "targets", y, classes);
      const isHit = any(equal(topK(scores, k)[1], expandDims(label, -1)), { axis: -1 });
      const isSound = logicalAnd(isClass(label, classes), notMissing(scores));
      return {
        hits: add(hits, sum(where(isSound, astype(isHit, "float64"), Number.NaN))),
        items: add(items, sizeOf(label.shape)),
      };
    },
    value: ({ hits, items }) => div(hits, items),
  };
}

/**
 * State of `precisionMetric`, `recallMetric`, `f1Metric` and `iouMetric`: scalars for binary targets, else one entry
 * per class.
 */
export interface ClassCounts {
  /** Number of items of the class that were predicted to be of it. */
  readonly hits: Tensor;
  /** Number of items that were predicted to be of the class, rightly or wrongly. */
  readonly predicted: Tensor;
  /** Number of items of the class. */
  readonly actual: Tensor;
}

/** Options of `precisionMetric`, `recallMetric`, `f1Metric` and `iouMetric`. */
export interface ClassMetricOptions {
  /**
   * Number of classes. Targets are class indices `[…]`; predictions are scores `[…, classes]` or class indices `[…]`.
   * Default: binary, with targets of 0 and 1 (or booleans), and predictions of the same shape, scores or booleans.
   */
  readonly classes?: number;
  /** Score above which a prediction is positive. Default 0.5; use 0 for logits. */
  readonly threshold?: number;
  /**
   * Average over classes: the mean over classes that occur in targets or predictions (default), one value from the
   * counts of all classes, or one value per class.
   */
  readonly average?: "macro" | "micro" | "none";
}

/**
 * Precision: the fraction of the items predicted to be of a class that belong to it, `hits / predicted`; 0 if there are
 * none. Like scikit-learn's `precision_score` with `zero_division=0`, where `average: "macro"` also ignores classes
 * that never occur.
 *
 * @throws DownhillError `range` for `classes` that is not an integer of 2 or more, `option`; in `update`, `shape`, and
 * `range` for targets.
 * @example
 * const metric = precisionMetric();
 * metric.value(metric.update(metric.init(), [0.9, 0.8, 0.2], [1, 0, 1])).item(); // 0.5
 */
export function precisionMetric(options: ClassMetricOptions = {}): Metric<ClassCounts> {
  if (arguments.length > 1) refuseExtra("precisionMetric", arguments, 1);
  return classMetric("precisionMetric", options, ({ hits, predicted }) => [hits, predicted]);
}

/**
 * Recall: the fraction of items of a class that were predicted as such, `hits / actual`. Otherwise like
 * `precisionMetric`.
 */
export function recallMetric(options: ClassMetricOptions = {}): Metric<ClassCounts> {
  if (arguments.length > 1) refuseExtra("recallMetric", arguments, 1);
  return classMetric("recallMetric", options, ({ hits, actual }) => [hits, actual]);
}

/**
 * F1 score, the harmonic mean of precision and recall: `2 · hits / (predicted + actual)`. Otherwise like
 * `precisionMetric`.
 */
export function f1Metric(options: ClassMetricOptions = {}): Metric<ClassCounts> {
  if (arguments.length > 1) refuseExtra("f1Metric", arguments, 1);
  return classMetric("f1Metric", options, ({ hits, predicted, actual }) => [
    mul(hits, 2),
    add(predicted, actual),
  ]);
}

/**
 * Intersection over union, the Jaccard index: `hits / (predicted + actual − hits)`. Otherwise like `precisionMetric`;
 * with `classes` it is the mean over classes, as for segmentations.
 *
 * @example
 * const metric = iouMetric({ classes: 2 });
 * metric.value(metric.update(metric.init(), [0, 0, 1], [0, 1, 1])).item(); // 0.5
 */
export function iouMetric(options: ClassMetricOptions = {}): Metric<ClassCounts> {
  if (arguments.length > 1) refuseExtra("iouMetric", arguments, 1);
  return classMetric("iouMetric", options, ({ hits, predicted, actual }) => [
    hits,
    sub(add(predicted, actual), hits),
  ]);
}

type Ratio = (counts: ClassCounts) => readonly [above: Tensor, below: Tensor];

function classMetric(operation: string, options: ClassMetricOptions, ratio: Ratio): Metric<ClassCounts> {
  checkOptions(operation, options, ["classes", "threshold", "average"]);
  const { classes, threshold = 0.5, average = "macro" } = options;
  checkChoice(operation, "average", average, ["macro", "micro", "none"]);
  if (classes !== undefined && !isIntegerIn(classes, { from: 2 })) {
    throw new DownhillError(
      "range",
      `${operation}: classes must be an integer of 2 or more, got ${String(classes)}. Omit it for binary targets.`,
    );
  }
  if (Number.isNaN(threshold))
    throw new DownhillError("range", `${operation}: threshold must be a number, got NaN.`);
  const shape = classes === undefined ? [] : [classes];
  return {
    init: () => ({ hits: zeros(shape), predicted: zeros(shape), actual: zeros(shape) }),
    update(state, predictions, targets) {
      const x = asTensor(predictions, operation);
      const y = asTensor(targets, operation);
      const [predicted, actual] =
        classes === undefined ? yesAndNo(operation, x, y, threshold) : membership(operation, x, y, classes);
      const count = (members: Tensor): Tensor => sum(reshape(members, [-1, ...shape]), { axis: 0 });
      return {
        hits: add(state.hits, count(mul(predicted, actual))),
        predicted: add(state.predicted, count(predicted)),
        actual: add(state.actual, count(actual)),
      };
    },
    value(state) {
      if (average === "micro") {
        const { hits, predicted, actual } = state;
        return part(...ratio({ hits: sum(hits), predicted: sum(predicted), actual: sum(actual) }));
      }
      const each = part(...ratio(state));
      if (classes === undefined || average === "none") return each;
      const isAbsent = astype(equal(add(state.predicted, state.actual), 0), "float64");
      return part(sum(each), sub(classes, sum(isAbsent)));
    },
  };
}

/** The quotient `above / below`; 0 where `below` is 0. */
function part(above: Tensor, below: Tensor): Tensor {
  const isEmpty = equal(below, 0);
  return where(isEmpty, 0, div(above, where(isEmpty, 1, below)));
}

/** Binary predictions and targets: 1 for positive, 0 for negative, NaN for a prediction that is missing. */
function yesAndNo(operation: string, x: Tensor, y: Tensor, threshold: number): [Tensor, Tensor] {
  if (!sameShape(x.shape, y.shape))
    throw doNotFit(operation, x, y, "the same shape, or the option classes for more than two classes");
  const actual = readTargets(operation, y);
  if (x.dtype === "bool") return [astype(x, "float64"), actual];
  checkElements(operation, "predictions", x, isNumber, "a number");
  const predicted = astype(greater(x, threshold), "float64");
  return [isFloating(x.dtype) ? where(isMissing(x), Number.NaN, predicted) : predicted, actual];
}

/**
 * Returns the membership of items in classes, for predictions and for targets: 1 or 0 along a new last axis of classes.
 * All are NaN for an item whose label is no class, and for a prediction whose scores contain NaN.
 */
function membership(operation: string, x: Tensor, y: Tensor, classes: number): [Tensor, Tensor] {
  const areScores = sameShape(x.shape, [...y.shape, classes]);
  if (!areScores && !sameShape(x.shape, y.shape))
    throw doNotFit(operation, x, y, `scores […, ${classes}] or classes […], and targets […]`);
  const oneHot = (label: Tensor): Tensor => {
    const members = equal(expandDims(label, -1), iota("int32", [...label.shape, classes], label.ndim));
    return where(expandDims(isClass(label, classes), -1), astype(members, "float64"), Number.NaN);
  };
  const actual = oneHot(readClasses(operation, "targets", y, classes));
  if (!areScores) return [oneHot(readClasses(operation, "predictions", x, classes)), actual];
  checkElements(operation, "predictions", x, isNumber, "a number");
  const predicted = oneHot(argmax(x, { axis: -1 }));
  return [where(expandDims(notMissing(x), -1), predicted, Number.NaN), actual];
}

/** State of `aucMetric`: numbers of positive and negative items with a score in each bin. */
export interface ScoreCounts {
  readonly positives: Tensor;
  readonly negatives: Tensor;
}

/** Options of `aucMetric`. */
export interface AucMetricOptions {
  /** Number of bins of [0, 1] for the scores. Default 200. */
  readonly bins?: number;
}

/**
 * Area under the receiver operating characteristic: the probability that a positive item has a higher score than a
 * negative one, with ties counting half. Predictions are probabilities in [0, 1]; targets are 0 or 1, in the same
 * shape. NaN until there are both positive and negative items.
 *
 * Scores are counted in bins of equal width, and scores in one bin count as ties. This is the trapezoidal area over
 * thresholds, like that of Keras and torchmetrics with thresholds. It differs from the exact area by at most half the
 * fraction of pairs (a positive and a negative item) that share a bin.
 *
 * @throws DownhillError `range` for `bins` that is not an integer of 2 or more; in `update`, for a score outside [0, 1]
 * or an invalid target.
 * @example
 * const metric = aucMetric();
 * metric.value(metric.update(metric.init(), [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).item(); // 0.75
 */
export function aucMetric(options: AucMetricOptions = {}): Metric<ScoreCounts> {
  if (arguments.length > 1) refuseExtra("aucMetric", arguments, 1);
  checkOptions("aucMetric", options, ["bins"]);
  const { bins = 200 } = options;
  checkInteger("aucMetric", "bins", bins, { from: 2 });
  return {
    init: () => ({ positives: zeros([bins]), negatives: zeros([bins]) }),
    update({ positives, negatives }, predictions, targets) {
      const x = asFloating(predictions, "aucMetric");
      const y = asTensor(targets, "aucMetric");
      if (!sameShape(x.shape, y.shape)) throw doNotFit("aucMetric", x, y, "one shape");
      checkElements(
        "aucMetric",
        "predictions",
        x,
        (score) => score >= 0 && score <= 1,
        "a probability in [0, 1]",
      );
      const isScore = logicalAnd(greaterEqual(x, 0), lessEqual(x, 1));
      const yes = reshape(where(isScore, readTargets("aucMetric", y), Number.NaN), [-1]);
      const scaled = clip(floor(mul(astype(x, "float64"), bins)), 0, bins - 1); // a score of 1 belongs to the last bin
      const bin = reshape(astype(where(isScore, scaled, 0), "int32"), [-1]);
      return { positives: addAt(positives, yes, bin), negatives: addAt(negatives, sub(1, yes), bin) };
    },
    value({ positives, negatives }) {
      const below = sub(cumsum(negatives, { axis: 0 }), div(negatives, 2));
      return div(sum(mul(positives, below)), mul(sum(positives), sum(negatives)));
    },
  };
}

/** Targets of 0 and 1 as float64. Other targets are an error if known, else NaN. */
function readTargets(operation: string, y: Tensor): Tensor {
  checkElements(operation, "targets", y, (target) => target === 0 || target === 1, "0 or 1");
  const target = astype(y, "float64");
  return where(logicalOr(equal(target, 0), equal(target, 1)), target, Number.NaN);
}

/**
 * Returns class labels as int32. Labels that are being traced are not checked.
 *
 * @throws DownhillError `dtype` for traced floats, or the error of `checkElements` for a label that is not an integer
 * from 0 to `classes` − 1.
 */
function readClasses(operation: string, what: string, y: Tensor, classes: number): Tensor {
  if (y.tracer !== undefined && isFloating(y.dtype)) {
    throw new DownhillError(
      "dtype",
      `${operation}: ${what} are ${showType(y.type)}, not integers. Convert them with astype("int32").`,
    );
  }
  const holds = (label: number): boolean => Number.isInteger(label) && label >= 0 && label < classes;
  checkElements(operation, what, y, holds, `a class, 0 to ${classes - 1}`);
  return astype(y, "int32");
}

/** True for each label that is the index of a class. */
function isClass(label: Tensor, classes: number): Tensor {
  return logicalAnd(greaterEqual(label, 0), greater(classes, label));
}

/** True for each item that has no NaN score. */
function notMissing(scores: Tensor): Tensor {
  return equal(astype(any(isMissing(asFloating(scores, "isNaN")), { axis: -1 }), "int32"), 0);
}

const isNumber = (score: number): boolean => !Number.isNaN(score);

function checkElements(
  operation: string,
  what: string,
  x: Tensor,
  holds: (value: number) => boolean,
  range: string,
): void {
  if (x.tracer !== undefined) return;
  const values = readElements(x, operation);
  const wrong = values.findIndex((value) => !holds(value));
  if (wrong < 0) return;
  throw new DownhillError(
    "range",
    `${operation}: ${what} must each be ${range}, but number ${wrong} is ${String(values[wrong])}.`,
  );
}

function doNotFit(operation: string, x: Tensor, y: Tensor, expected: string): DownhillError {
  return new DownhillError(
    "shape",
    `${operation}: predictions are ${showType(x.type)} and targets ${showType(y.type)}; expected ${expected}.`,
  );
}
