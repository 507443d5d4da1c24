import {
  abs,
  add,
  astype,
  div,
  equal,
  greater,
  less,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from "../array/elementwise.ts";
import { cummin } from "../array/cumulative.ts";
import { nanUnless } from "../array/nan-unless.ts";
import { asFloating, asPlaces } from "../array/promote.ts";
import { all, any, norm, sum } from "../array/reduce.ts";
import { concatenate, expandDims, matmul, transpose } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { relu } from "./activation.ts";
import { asClassWeights, lossOptions, reduce, softmaxCrossEntropy, type LossOptions } from "./loss.ts";

/** Options of losses with a margin. */
export interface MarginOptions extends LossOptions {
  /** Distance or score difference that counts as sufficient. The default depends on the loss. */
  readonly margin?: number;
}

/** The margin of the options (default `otherwise`), and the options that all losses share. */
function marginOf(
  operation: string,
  options: MarginOptions,
  otherwise: number,
): readonly [margin: number, rest: LossOptions] {
  checkOptions(operation, options, [...lossOptions, "margin"]);
  const { margin = otherwise, ...rest } = options;
  refuseTensor(operation, "margin", margin);
  if (Number.isFinite(margin)) return [margin, rest];
  throw new DownhillError("range", `${operation}: margin must be a finite number, got ${String(margin)}.`);
}

/** Operands as floats of equal shape. If they are vectors, they must have a last axis. */
function alike(operation: string, given: readonly TensorLike[], areVectors: boolean): Tensor[] {
  const tensors = given.map((x) => asFloating(x, operation));
  const [first] = tensors;
  if (tensors.every((t) => sameShape(t.shape, first!.shape)) && !(areVectors && first!.ndim === 0))
    return tensors;
  throw new DownhillError(
    "shape",
    `${operation}: ${tensors.map((t) => showType(t.type)).join(" and ")} must have one shape${areVectors ? ", with vectors along the last axis" : ""}.`,
  );
}

/** True for pairs that belong together (target 1), false for others (−1). */
function areTogether(operation: string, target: TensorLike, losses: Tensor): Tensor {
  const y = asTensor(target, operation);
  if (sameShape(y.shape, losses.shape)) return greater(y, 0);
  throw new DownhillError(
    "shape",
    `${operation}: the target is ${showType(y.type)}, but the pairs are ${showType(losses.type)}; it must have 1 or −1 for each pair.`,
  );
}

/** Options of `tripletLoss`. */
export interface TripletOptions extends MarginOptions {
  /** Exponent of the distance: 2 for Euclidean distance (default), 1 for the sum of absolute differences. */
  readonly power?: 1 | 2;
  /** True to use the distance from the negative to the positive if that is smaller. Default false. */
  readonly swap?: boolean;
  /** Constant added to each difference of two elements. Default 0; PyTorch adds 1e-6. */
  readonly epsilon?: number;
}

/**
 * `max(0, |a − p| − |a − n| + margin)` for an anchor a, a positive p and a negative n, vectors along the last axis. The
 * positive should be closer to the anchor than the negative by the margin (default 1). With `swap`, |p − n| replaces |a
 * − n| if it is smaller.
 *
 * @throws DownhillError `shape` if the shapes differ; `range` for `power`, `margin` and `epsilon`.
 * @see Schroff, Kalenichenko, Philbin, FaceNet, CVPR 2015, eq. 2, with distances not squared, as in PyTorch.
 * @example
 * tripletLoss([[0, 0]], [[3, 4]], [[0, 5.5]]).item(); // 0.5
 */
export function tripletLoss(
  anchor: TensorLike,
  positive: TensorLike,
  negative: TensorLike,
  options: TripletOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("tripletLoss", arguments, 4);
  checkOptions("tripletLoss", options, [...lossOptions, "margin", "power", "swap", "epsilon"]);
  checkFlags("tripletLoss", options, ["swap"]);
  const { power = 2, swap = false, epsilon = 0, ...others } = options;
  const [margin, rest] = marginOf("tripletLoss", others, 1);
  if (power !== 1 && power !== 2)
    throw new DownhillError("range", `tripletLoss: power must be 1 or 2, got ${String(power)}.`);
  const [a, p, n] = alike("tripletLoss", [anchor, positive, negative], true);
  refuseTensor("tripletLoss", "epsilon", epsilon);
  if (!Number.isFinite(epsilon))
    throw new DownhillError("range", `tripletLoss: epsilon must be a finite number, got ${String(epsilon)}.`);
  const distance = (x: Tensor, y: Tensor): Tensor => {
    const off = epsilon === 0 ? sub(x, y) : add(sub(x, y), epsilon);
    return power === 2 ? norm(off, { axis: -1 }) : sum(abs(off), { axis: -1 });
  };
  const away = swap ? minimum(distance(a!, n!), distance(p!, n!)) : distance(a!, n!);
  return reduce("tripletLoss", relu(add(sub(distance(a!, p!), away), margin)), rest);
}

/**
 * `max(0, −y · (a − b) + margin)`: a should rank above b if y is 1, and below b if y is −1, by the margin (default 0).
 *
 * @throws DownhillError `shape` if the shapes differ.
 * @example
 * marginRankingLoss([2, 2], [1, 3], [1, 1]).item(); // 0.5
 */
export function marginRankingLoss(
  a: TensorLike,
  b: TensorLike,
  target: TensorLike,
  options: MarginOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("marginRankingLoss", arguments, 4);
  const [margin, rest] = marginOf("marginRankingLoss", options, 0);
  const [x, y] = alike("marginRankingLoss", [a, b], false);
  const lead = where(areTogether("marginRankingLoss", target, x!), sub(x!, y!), sub(y!, x!));
  return reduce("marginRankingLoss", relu(sub(margin, lead)), rest);
}

/**
 * For vectors a and b along the last axis: `1 − cos(a, b)` if the target is 1, and `max(0, cos(a, b) − margin)` if it
 * is −1 (default margin 0).
 *
 * @throws DownhillError `shape` if the shapes of the vectors differ, or there is not one target per pair.
 * @example
 * cosineEmbeddingLoss([[1, 0], [1, 0]], [[2, 0], [3, 4]], [1, -1]).item(); // 0.3
 */
export function cosineEmbeddingLoss(
  a: TensorLike,
  b: TensorLike,
  target: TensorLike,
  options: MarginOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("cosineEmbeddingLoss", arguments, 4);
  const [margin, rest] = marginOf("cosineEmbeddingLoss", options, 0);
  const [x, y] = alike("cosineEmbeddingLoss", [a, b], true);
  const cosine = sum(mul(unit(x!), unit(y!)), { axis: -1 });
  const together = areTogether("cosineEmbeddingLoss", target, cosine);
  return reduce("cosineEmbeddingLoss", where(together, sub(1, cosine), relu(sub(cosine, margin))), rest);
}

/** Vectors along the last axis divided by their norms; zero vectors stay zero. */
function unit(x: Tensor): Tensor {
  const length = norm(x, { axis: -1, keepdims: true });
  return div(x, maximum(length, 1e-12));
}

/**
 * For a distance x: x if the target is 1, and `max(0, margin − x)` if it is −1 (default margin 1).
 *
 * @throws DownhillError `shape` if the shapes differ.
 * @example
 * hingeEmbeddingLoss([0.2, 0.25], [1, -1], { reduction: "none" }).tolist(); // [0.2, 0.75]
 */
export function hingeEmbeddingLoss(x: TensorLike, target: TensorLike, options: MarginOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("hingeEmbeddingLoss", arguments, 3);
  const [margin, rest] = marginOf("hingeEmbeddingLoss", options, 1);
  const distance = asFloating(x, "hingeEmbeddingLoss");
  const together = areTogether("hingeEmbeddingLoss", target, distance);
  return reduce("hingeEmbeddingLoss", where(together, distance, relu(sub(margin, distance))), rest);
}

/** Options of `multiMarginLoss`. */
export interface MultiMarginOptions extends MarginOptions {
  /** Exponent of each term: 1 (default) or 2. */
  readonly power?: 1 | 2;
  /**
   * Factor of each class, shape `[classes]`: the loss of an item is multiplied by that of its label. The mean divides by
   * the number of items, as in PyTorch.
   */
  readonly classWeights?: TensorLike;
}

/**
 * `Σ max(0, margin − z[label] + z[j])^power / classes` over the other classes j, along the last axis: the score of the
 * label should exceed all others by the margin (default 1).
 *
 * @throws DownhillError `shape` if there is not one label per item, or one weight per class.
 * @example
 * multiMarginLoss([[0.1, 0.2, 0.9]], [2]).item(); // 0.166666…
 */
export function multiMarginLoss(
  logits: TensorLike,
  labels: TensorLike,
  options: MultiMarginOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("multiMarginLoss", arguments, 3);
  checkOptions("multiMarginLoss", options, [...lossOptions, "margin", "power", "classWeights"]);
  const { power = 1, classWeights, ...others } = options;
  const [margin, rest] = marginOf("multiMarginLoss", others, 1);
  if (power !== 1 && power !== 2)
    throw new DownhillError("range", `multiMarginLoss: power must be 1 or 2, got ${String(power)}.`);
  const z = asFloating(logits, "multiMarginLoss");
  const label = asPlaces("multiMarginLoss", labels);
  if (z.ndim === 0 || !sameShape(label.shape, z.shape.slice(0, -1))) {
    throw new DownhillError(
      "shape",
      `multiMarginLoss: labels are ${showType(label.type)}, but logits ${showType(z.type)} need them of shape [${z.shape.slice(0, -1).join()}].`,
    );
  }
  const isLabel = equal(expandDims(label, -1), iota("int32", z.shape, z.ndim - 1));
  const own = sum(where(isLabel, z, 0), { axis: -1, keepdims: true });
  const over = where(isLabel, 0, relu(add(sub(z, own), margin)));
  const loss = div(sum(power === 2 ? mul(over, over) : over, { axis: -1 }), z.shape.at(-1)!);
  if (classWeights === undefined) return reduce("multiMarginLoss", loss, rest);
  const factors = asClassWeights("multiMarginLoss", classWeights, z);
  return reduce("multiMarginLoss", mul(loss, sum(where(isLabel, factors, 0), { axis: -1 })), rest);
}

/**
 * For items that belong to several classes: `Σ max(0, margin − z[j] + z[i]) / classes` over the labels j of an item and
 * the classes i that are not among them (default margin 1). `logits` has the classes along the last axis, and `labels`
 * the class indices of each item, followed by −1 up to the length of the axis. PyTorch's `multilabel_margin_loss`.
 *
 * A label that is not a class is refused; inside a transform, where values are unknown, its loss is NaN.
 *
 * @throws DownhillError `shape` if the labels do not fit, `range` for a label that is not a class.
 * @example
 * multilabelMarginLoss([[0.1, 0.2, 0.4, 0.8]], [[3, 0, -1, 1]]).item(); // 0.85
 */
export function multilabelMarginLoss(
  logits: TensorLike,
  labels: TensorLike,
  options: MarginOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("multilabelMarginLoss", arguments, 3);
  const [margin, rest] = marginOf("multilabelMarginLoss", options, 1);
  const z = asFloating(logits, "multilabelMarginLoss");
  const given = asPlaces("multilabelMarginLoss", labels);
  if (z.ndim === 0 || given.ndim !== z.ndim || !sameShape(given.shape.slice(0, -1), z.shape.slice(0, -1))) {
    throw new DownhillError(
      "shape",
      `multilabelMarginLoss: labels are ${showType(given.type)}, but logits ${showType(z.type)} need a list of them per item, shape [${[...z.shape.slice(0, -1), "labels"].join()}].`,
    );
  }
  const classes = z.shape.at(-1)!;
  if (isAtHand(given))
    checkLabelLists(readElements(given, "multilabelMarginLoss"), given.shape.at(-1)!, classes);
  const label = astype(given, "int32");
  // all labels before the first −1 count
  const counts = greater(cummin(label, { axis: -1 }), -1);
  const isAt = equal(expandDims(label, -1), iota("int32", [...label.shape, classes], label.ndim));
  const isOwn = logicalAnd(isAt, expandDims(counts, -1));
  const own = sum(where(isAt, expandDims(z, -2), 0), { axis: -1, keepdims: true });
  const isOther = logicalAnd(logicalNot(any(isOwn, { axis: -2, keepdims: true })), expandDims(counts, -1));
  const over = where(isOther, relu(add(sub(expandDims(z, -2), own), margin)), 0);
  const loss = div(sum(over, { axis: [-2, -1] }), classes);
  const areClasses = all(logicalOr(logicalNot(counts), less(label, classes)), { axis: -1 });
  return reduce("multilabelMarginLoss", nanUnless(areClasses, loss, [sum(z, { axis: -1 })]), rest);
}

/** Checks known labels of items, each a list of `length` that may end with −1. */
function checkLabelLists(labels: ArrayLike<number>, length: number, classes: number): void {
  let isOver = false;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    isOver = (i % length > 0 && isOver) || label === -1;
    if (isOver || (label >= 0 && label < classes)) continue;
    throw new DownhillError(
      "range",
      `multilabelMarginLoss: label ${i % length} of item ${Math.floor(i / length)} is ${label}, but the classes are 0 to ${classes - 1}, and −1 ends a list.`,
    );
  }
}

/** Options of `ntXentLoss`. */
export interface NtXentOptions extends LossOptions {
  /** Divisor of the cosines. Default 0.5. */
  readonly temperature?: number;
}

/**
 * Normalised temperature-scaled cross-entropy of two views a and b of n items, shape `[n, features]`. Each of the 2n
 * vectors classifies the other view of its item among all other vectors, by the softmax of cosines divided by the
 * temperature.
 *
 * @throws DownhillError `shape` if the views are not matrices of equal shape, `range` if the temperature is not
 * positive.
 * @see Chen, Kornblith, Norouzi, Hinton, A simple framework for contrastive learning, ICML 2020, eq. 1.
 * @example
 * ntXentLoss([[1, 0], [0, 1]], [[1, 0], [0, 1]]).item(); // 0.239545
 */
export function ntXentLoss(a: TensorLike, b: TensorLike, options: NtXentOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("ntXentLoss", arguments, 3);
  checkOptions("ntXentLoss", options, [...lossOptions, "temperature"]);
  const { temperature = 0.5, ...rest } = options;
  refuseTensor("ntXentLoss", "temperature", temperature);
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new DownhillError(
      "range",
      `ntXentLoss: temperature must be a positive number, got ${String(temperature)}.`,
    );
  const [x, y] = alike("ntXentLoss", [a, b], true);
  if (x!.ndim !== 2)
    throw new DownhillError(
      "shape",
      `ntXentLoss: the views are ${showType(x!.type)}; they must be matrices.`,
    );
  const n = x!.shape[0]!;
  const units = concatenate([unit(x!), unit(y!)]);
  const cosines = div(matmul(units, transpose(units)), temperature);
  const [rows, columns] = [0, 1].map((axis) => iota("int32", [2 * n, 2 * n], axis));
  const others = where(equal(rows!, columns!), -Infinity, cosines);
  const places = iota("int32", [n], 0);
  return softmaxCrossEntropy(others, concatenate([add(places, n), places]), rest);
}
