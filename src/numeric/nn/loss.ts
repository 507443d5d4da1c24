import {
  add,
  astype,
  div,
  equal,
  less,
  lessEqual,
  logicalAnd,
  mul,
  neg,
  notEqual,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { readElements } from "../../engine/ir/elements.ts";
import { asFloating, expandTo } from "../array/promote.ts";
import { argmax, logSoftmax, mean, sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { iota } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { broadcastShapes, sameShape } from "../../engine/util/shape.ts";
import { nanUnless } from "../array/nan-unless.ts";
import { isIntegerIn, anyInt32 } from "../../engine/ir/plain-number.ts";

/** Reduction of the losses of the items; see `LossOptions`. */
export type LossReduction = "mean" | "sum" | "none" | "itemMean";
const reductions: readonly LossReduction[] = ["mean", "sum", "none", "itemMean"];

/** Options of a loss. */
export interface LossOptions {
  /**
   * Reduction of the losses of the items: their mean (default), their sum, or `"none"` for all losses. For b items, the
   * sum with learning rate η gives the same step as the mean with η·b. `"itemMean"` is the sum divided by the number of
   * losses, whatever their weights.
   */
  readonly reduction?: LossReduction;
  /**
   * Factor of each loss, in the shape of the losses or broadcast to it; 0 excludes an item. The mean divides by the sum
   * of the weights, like PyTorch's `mse_loss` and `cross_entropy`; for PyTorch's binary losses, which divide by the number
   * of items, take the reduction `"itemMean"`. Default 1.
   */
  readonly weights?: TensorLike;
}

/** Names of the options that all losses have. */
export const lossOptions: readonly string[] = ["reduction", "weights"];

/** Options of `softmaxCrossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** Fraction of each label that is distributed evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /**
   * Factor of each class, shape `[classes]`. For labels that are class indices, the mean divides by the sum of the
   * factors of the labels.
   */
  readonly classWeights?: TensorLike;
  /** A label that marks items to be ignored. */
  readonly ignore?: number;
}

/**
 * Cross-entropy between classes and the softmax of scores: `−log softmax(z)[label]` for each item, computed as
 * `logsumexp(z) − z[label]`, which neither overflows nor loses digits.
 *
 * `logits` has the classes along its last axis (PyTorch: along axis 1). `labels` are class indices in the shape of
 * `logits` without its last axis, or probabilities of the shape of `logits`: then `−Σ p · log softmax(z)`.
 *
 * Derivative in z: `softmax(z) − onehot(label)` for each item.
 *
 * An index that is not a class is refused; inside a transform, where values are unknown, its loss is NaN.
 *
 * @throws DownhillError `shape` if the shapes do not fit, `range` for a label that is not a class.
 * @example
 * // log(1 + e⁻¹ + e⁻²)
 * softmaxCrossEntropy([[2, 1, 0]], [0]).item(); // 0.407606
 */
export function softmaxCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: CrossEntropyOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("softmaxCrossEntropy", arguments, 3);
  const { labelSmoothing = 0, classWeights, ignore, ...rest } = checkedOptions(options);
  const z = asFloating(logits, "softmaxCrossEntropy");
  const y = asTensor(labels, "softmaxCrossEntropy");
  if (z.ndim === 0) {
    throw new DownhillError(
      "shape",
      "softmaxCrossEntropy: logits must have the classes along the last axis, got a scalar.",
    );
  }
  const costs = neg(logSoftmax(z));
  const classes = z.shape.at(-1)!;
  const weights =
    classWeights === undefined ? undefined : asClassWeights("softmaxCrossEntropy", classWeights, z);
  if (sameShape(y.shape, z.shape)) {
    const given = astype(y, z.dtype);
    const p = labelSmoothing === 0 ? given : add(mul(given, 1 - labelSmoothing), labelSmoothing / classes);
    const terms = where(equal(p, 0), 0, mul(p, costs)); // 0 · log 0 counts as 0 here
    const loss = sum(weights === undefined ? terms : mul(terms, weights), { axis: -1 });
    return reduce("softmaxCrossEntropy", loss, rest);
  }
  if (!sameShape(y.shape, z.shape.slice(0, -1))) throw labelsDoNotFit(z, y);
  const label = asLabels(y, classes, ignore);
  const isLabel = equal(expandDims(label, -1), iota("int32", z.shape, z.ndim - 1));
  const isClass = logicalAnd(lessEqual(0, label), less(label, classes));
  const ofLabel = (values: Tensor): Tensor => sum(where(isLabel, values, 0), { axis: -1 });
  const weight = weights === undefined ? undefined : ofLabel(weights);
  const own = weight === undefined ? ofLabel(costs) : mul(ofLabel(costs), weight);
  const loss = labelSmoothing === 0 ? own : smoothed(own, costs, weights, labelSmoothing);
  const counted = nanUnless(isClass, loss, [sum(costs, { axis: -1 })]);
  if (weight === undefined && ignore === undefined) return reduce("softmaxCrossEntropy", counted, rest);
  const isCounted = notEqual(label, ignore ?? -1);
  const losses = ignore === undefined ? counted : where(isCounted, counted, 0);
  if (rest.reduction !== undefined && rest.reduction !== "mean")
    return reduce("softmaxCrossEntropy", losses, rest);
  const counts = weight ?? astype(isCounted, z.dtype);
  const total = reduce("softmaxCrossEntropy", losses, { ...rest, reduction: "sum" });
  const parts = ignore === undefined ? counts : where(isCounted, counts, 0);
  return div(total, reduce("softmaxCrossEntropy", parts, { ...rest, reduction: "sum" }));
}

/** The loss with label smoothing: the fraction `part` of each label's probability is distributed over all classes. */
function smoothed(own: Tensor, costs: Tensor, weights: Tensor | undefined, part: number): Tensor {
  const all = sum(weights === undefined ? costs : mul(costs, weights), { axis: -1 });
  return add(mul(own, 1 - part), mul(all, part / costs.shape.at(-1)!));
}

function checkedOptions(options: CrossEntropyOptions): CrossEntropyOptions {
  checkOptions("softmaxCrossEntropy", options, [...lossOptions, "labelSmoothing", "classWeights", "ignore"]);
  const { labelSmoothing = 0, ignore, reduction = "mean" } = options;
  checkChoice("softmaxCrossEntropy", "reduction", reduction, reductions);
  checkSmoothing("softmaxCrossEntropy", labelSmoothing);
  if (ignore !== undefined && !isIntegerIn(ignore, anyInt32)) {
    throw new DownhillError(
      "range",
      `softmaxCrossEntropy: ignore must be an integer, the label of items to ignore; got ${String(ignore)}.`,
    );
  }
  return options;
}

/** Checks the fraction of each label that is distributed over the classes. */
export function checkSmoothing(operation: string, labelSmoothing: number): void {
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return;
  throw new DownhillError(
    "range",
    `${operation}: labelSmoothing must be between 0 and 1, got ${String(labelSmoothing)}.`,
  );
}

/**
 * Converts the weights of the classes to the dtype of the logits z. There must be one for each class along the last axis
 * of z.
 */
export function asClassWeights(operation: string, classWeights: TensorLike, z: Tensor): Tensor {
  const weights = asTensor(classWeights, operation);
  if (sameShape(weights.shape, [z.shape.at(-1)!])) return astype(weights, z.dtype);
  throw new DownhillError(
    "shape",
    `${operation}: classWeights are ${showType(weights.type)}, but logits ${showType(z.type)} need one for each of ${z.shape.at(-1)!} classes.`,
  );
}

/** Converts labels to int32. Known labels are checked, and traced labels of a floating dtype are refused. */
function asLabels(y: Tensor, classes: number, ignore: number | undefined): Tensor {
  if (y.tracer === undefined) {
    readElements(y, "softmaxCrossEntropy").forEach((label, i) => {
      if (label === ignore || (Number.isInteger(label) && label >= 0 && label < classes)) return;
      throw new DownhillError(
        "range",
        `softmaxCrossEntropy: label ${i} is ${label}, but the classes are 0 to ${classes - 1} (logits have ${classes} along the last axis).`,
      );
    });
  } else if (isFloating(y.dtype)) {
    throw new DownhillError(
      "dtype",
      `softmaxCrossEntropy: labels are ${showType(y.type)}, not integers. Convert them with astype("int32").`,
    );
  }
  return astype(y, "int32");
}

function labelsDoNotFit(z: Tensor, y: Tensor): DownhillError {
  const [lead, full] = [z.shape.slice(0, -1), z.shape];
  return new DownhillError(
    "shape",
    `softmaxCrossEntropy: labels are ${showType(y.type)}, but logits ${showType(z.type)} need integer labels of shape ` +
      `[${lead.join()}] or probabilities of shape [${full.join()}].`,
  );
}

/**
 * `(prediction − target)²`, averaged over all elements by default (`reduction`).
 *
 * @throws DownhillError `shape` if the shapes differ, because `[n]` and `[n, 1]` would broadcast to `[n, n]`.
 * @example
 * meanSquaredError([1, 2], [1, 4]).item(); // 2
 */
export function meanSquaredError(
  prediction: TensorLike,
  target: TensorLike,
  options: LossOptions = {},
): Tensor {
  if (arguments.length > 3) refuseExtra("meanSquaredError", arguments, 3);
  const x = asFloating(prediction, "meanSquaredError");
  const y = asTensor(target, "meanSquaredError");
  if (!sameShape(x.shape, y.shape)) {
    const repair = x.shape.filter((n) => n !== 1).join() === y.shape.filter((n) => n !== 1).join();
    throw new DownhillError(
      "shape",
      `meanSquaredError: prediction is ${showType(x.type)} and target ${showType(y.type)}; they must have the same shape.` +
        (repair ? ` Reshape one of them, as in reshape(target, [${x.shape.join()}]).` : ""),
    );
  }
  return reduce("meanSquaredError", square(sub(x, y)), options);
}

/**
 * Fraction of items whose highest score is that of their class; at a tie the first counts. For monitoring, not for
 * training, because its derivative is 0.
 *
 * @example
 * accuracy([[2, 1], [0, 3], [1, 0]], [0, 1, 1]).item(); // 0.6666666…
 */
export function accuracy(logits: TensorLike, labels: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("accuracy", arguments, 2);
  const z = asFloating(logits, "accuracy");
  const y = asTensor(labels, "accuracy");
  if (!sameShape(y.shape, z.shape.slice(0, -1))) {
    throw new DownhillError(
      "shape",
      `accuracy: labels are ${showType(y.type)}, but logits ${showType(z.type)} need them of shape [${z.shape.slice(0, -1).join()}].`,
    );
  }
  return mean(astype(equal(argmax(z, { axis: -1 }), astype(y, "int32")), z.dtype));
}

/** Applies weights and reduction to the losses of the items. */
export function reduce(operation: string, losses: Tensor, options: LossOptions): Tensor {
  checkOptions(operation, options, lossOptions);
  const { reduction = "mean", weights } = options;
  checkChoice(operation, "reduction", reduction, reductions);
  const factors = weights === undefined ? undefined : asWeights(operation, weights, losses);
  const weighted = factors === undefined ? losses : mul(losses, factors);
  switch (reduction) {
    case "none":
      return weighted;
    case "sum":
      return sum(weighted);
    case "itemMean":
      return mean(weighted);
    case "mean":
      return factors === undefined ? mean(losses) : div(sum(weighted), sum(factors));
  }
}

/** Weights broadcast to the shape of the losses. */
function asWeights(operation: string, weights: TensorLike, losses: Tensor): Tensor {
  const given = astype(asTensor(weights, operation), losses.dtype);
  const fitted = broadcastShapes(given.shape, losses.shape);
  if (fitted !== undefined && sameShape(fitted, losses.shape)) return expandTo(given, losses.shape);
  throw new DownhillError(
    "shape",
    `${operation}: weights are ${showType(given.type)}, but the losses ${showType(losses.type)}; they must have the same shape, or weights must broadcast to it.`,
  );
}
