import {
  astype,
  equal,
  less,
  lessEqual,
  logicalAnd,
  mul,
  neg,
  square,
  sub,
  where,
} from "../array/elementwise.ts";
import { elements } from "../array/read.ts";
import { asFloating } from "../array/promote.ts";
import { argmax, logSoftmax, mean, sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkChoice, checkOptions } from "../errors/options.ts";
import type { Tensor, TensorLike } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { iota } from "../prims/index-ops.ts";
import { asTensor } from "../prims/lift.ts";
import { sameShape } from "../util/shape.ts";

/** Options of a loss. */
export interface LossOptions {
  /**
   * What becomes of the losses of single items: their mean (default), their sum, or `"none"`: all of them. A sum at
   * learning rate η makes the step of the mean at η·b, for b items.
   */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * Cross-entropy between classes and the softmax of scores: `−log softmax(z)[label]` for each item, computed as
 * `logsumexp(z) − z[label]`, which neither overflows nor loses digits.
 *
 * `logits` has the classes along its last axis (PyTorch: along axis 1). `labels` are the numbers of the classes, of the
 * shape of `logits` without its last axis, or probabilities of the shape of `logits`: then `−Σ p · log softmax(z)`.
 *
 * Derivative in z: `softmax(z) − onehot(label)` for each item.
 *
 * A number that is no class is refused; inside a transform, where values are not known, its loss is NaN.
 *
 * @throws DownhillError `shape` if the shapes do not fit, `range` for a label that is no class.
 * @example
 * // log(1 + e⁻¹ + e⁻²)
 * softmaxCrossEntropy([[2, 1, 0]], [0]).item(); // 0.407606
 */
export function softmaxCrossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: LossOptions = {},
): Tensor {
  const z = asFloating(logits, "softmaxCrossEntropy");
  const y = asTensor(labels, "softmaxCrossEntropy");
  if (z.ndim === 0) {
    throw new DownhillError(
      "shape",
      "softmaxCrossEntropy: logits must have the classes along the last axis, got a scalar.",
    );
  }
  const scores = logSoftmax(z);
  if (sameShape(y.shape, z.shape)) {
    const p = astype(y, z.dtype);
    // 0 · log 0 is 0 here
    return reduce(
      "softmaxCrossEntropy",
      sum(where(equal(p, 0), 0, mul(p, neg(scores))), { axis: -1 }),
      options,
    );
  }
  if (!sameShape(y.shape, z.shape.slice(0, -1))) throw labelsDoNotFit(z, y);
  const classes = z.shape.at(-1)!;
  const label = asLabels(y, classes);
  const isLabel = equal(expandDims(label, -1), iota("int32", z.shape, z.ndim - 1));
  const isClass = logicalAnd(lessEqual(0, label), less(label, classes));
  const loss = sum(where(isLabel, neg(scores), 0), { axis: -1 });
  return reduce("softmaxCrossEntropy", where(isClass, loss, Number.NaN), options);
}

/** Labels as int32, looked at where they are known. */
function asLabels(y: Tensor, classes: number): Tensor {
  if (y.tracer === undefined) {
    elements(y, "softmaxCrossEntropy").forEach((label, i) => {
      if (Number.isInteger(label) && label >= 0 && label < classes) return;
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
 * `(prediction − target)²`, averaged over all elements unless `reduction` says otherwise.
 *
 * @throws DownhillError `shape` if the two have not one shape: `[n]` and `[n, 1]` would broadcast to `[n, n]`.
 * @example
 * meanSquaredError([1, 2], [1, 4]).item(); // 2
 */
export function meanSquaredError(
  prediction: TensorLike,
  target: TensorLike,
  options: LossOptions = {},
): Tensor {
  const x = asFloating(prediction, "meanSquaredError");
  const y = asTensor(target, "meanSquaredError");
  if (!sameShape(x.shape, y.shape)) {
    const repair = x.shape.filter((n) => n !== 1).join() === y.shape.filter((n) => n !== 1).join();
    throw new DownhillError(
      "shape",
      `meanSquaredError: prediction is ${showType(x.type)} and target ${showType(y.type)}; they must have one shape.` +
        (repair ? ` Reshape one of them, as in reshape(target, [${x.shape.join()}]).` : ""),
    );
  }
  return reduce("meanSquaredError", square(sub(x, y)), options);
}

/**
 * The part of items whose highest score is that of their class; the first of a tie counts. For watching, not for
 * training: its derivative is 0.
 *
 * @example
 * accuracy([[2, 1], [0, 3], [1, 0]], [0, 1, 1]).item(); // 0.6666666…
 */
export function accuracy(logits: TensorLike, labels: TensorLike): Tensor {
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

function reduce(operation: string, losses: Tensor, options: LossOptions): Tensor {
  checkOptions(operation, options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkChoice(operation, "reduction", reduction, ["mean", "sum", "none"]);
  return reduction === "mean" ? mean(losses) : reduction === "sum" ? sum(losses) : losses;
}
