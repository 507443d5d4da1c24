import { add, greater, less, logicalAnd, neg, notEqual, where } from "../array/elementwise.ts";
import { full } from "../array/create.ts";
import { takeAlongAxis } from "../array/gather.ts";
import { asFloating, asPlaces } from "../array/promote.ts";
import { logSoftmax, logsumexp } from "../array/reduce.ts";
import { broadcastTo, concatenate, expandDims, reshape, stack } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { iota, moveAxis, part } from "../../engine/prims/index-ops.ts";
import { scan } from "../../engine/transforms/structured.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { lossOptions, reduce, type LossOptions } from "./loss.ts";

/** Options of `ctcLoss`. */
export interface CtcOptions extends LossOptions {
  /** Number of steps of each sequence. Default all. */
  readonly lengths?: TensorLike;
  /** Number of labels of each sequence. Default all. */
  readonly labelLengths?: TensorLike;
  /** Index of the blank, the class that stands for no label. Default 0. */
  readonly blank?: number;
}

/** Logarithm of probability 0: a finite number, so that sums and differences are not NaN. */
const impossible = -1e30;

/**
 * Connectionist temporal classification: `−log` of the total probability of all alignments of `logits`, shape
 * `[…, time, classes]`, that spell `labels`, shape `[…, n]`, with blanks between labels and repeated steps. Infinite if
 * there are too few steps.
 *
 * The mean is taken over the losses, as in Optax; PyTorch first divides each loss by its number of labels.
 *
 * @throws DownhillError `shape` if labels or lengths do not fit, `range` for a blank that is not a class.
 * @see Graves, Fernández, Gomez, Schmidhuber, Connectionist temporal classification, ICML 2006, eq. 6 to 8.
 * @example
 * // of two steps with even chances for two classes: label and label, blank and label, label and blank
 * ctcLoss([[0, 0], [0, 0]], [1]).item(); // 0.287682
 */
export function ctcLoss(logits: TensorLike, labels: TensorLike, options: CtcOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("ctcLoss", arguments, 3);
  checkOptions("ctcLoss", options, [...lossOptions, "lengths", "labelLengths", "blank"]);
  const { lengths, labelLengths, blank = 0, ...rest } = options;
  const z = asFloating(logits, "ctcLoss");
  const y = asPlaces("ctcLoss", labels);
  const lead = z.shape.slice(0, -2);
  if (z.ndim < 2 || y.ndim === 0 || !sameShape(y.shape.slice(0, -1), lead)) {
    throw new DownhillError(
      "shape",
      `ctcLoss: logits are ${showType(z.type)} and labels ${showType(y.type)}; they must have shapes […, time, classes] and […, n].`,
    );
  }
  const [time, classes] = [z.shape.at(-2)!, z.shape.at(-1)!];
  const n = y.shape.at(-1)!;
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    throw new DownhillError(
      "range",
      `ctcLoss: blank must be a class from 0 to ${classes - 1}, got ${String(blank)}.`,
    );
  const count = (given: TensorLike | undefined, most: number, what: string): Tensor => {
    if (given === undefined) return full(lead, most, { dtype: "int32" });
    const t = asPlaces("ctcLoss", given);
    if (sameShape(t.shape, lead)) return t;
    throw new DownhillError(
      "shape",
      `ctcLoss: ${what} are ${showType(t.type)}; they must have shape ${showShape(lead)}.`,
    );
  };
  const ends = count(lengths, time, "lengths");
  const ways =
    y.dtype === "int32" ? spelling(y, blank) : spelling(asPlaces("ctcLoss", y.astype("int32")), blank);
  const size = 2 * n + 1;
  const steps = moveAxis(
    takeAlongAxis(logSoftmax(z), broadcastTo(expandDims(ways, -2), [...lead, time, size]), { axis: -1 }),
    z.ndim - 2,
    0,
  );
  // a label may directly follow a different label without a blank between
  const before = shifted(ways, 2, blank);
  const mayFollow = logicalAnd(notEqual(ways, blank), notEqual(ways, before));
  const start = concatenate(
    [full([...lead, 1], 0, { dtype: z.dtype }), full([...lead, size - 1], impossible, { dtype: z.dtype })],
    { axis: -1 },
  );
  const [last] = scan(
    (old: Tensor, [row, t]: readonly [Tensor, Tensor]) => {
      const skipped = where(mayFollow, shifted(old, 2, impossible), impossible);
      const total = logsumexp(stack([old, shifted(old, 1, impossible), skipped]), { axis: 0 });
      return [where(expandDims(less(t, ends), -1), add(total, row), old), null] as const;
    },
    start,
    [steps, iota("int32", [time], 0)] as const,
  );
  const most = count(labelLengths, n, "labelLengths").mul(2);
  const at = (place: Tensor): Tensor =>
    reshape(takeAlongAxis(last, expandDims(place, -1), { axis: -1 }), lead);
  const behindLabel = where(greater(most, 0), at(where(greater(most, 0), most.sub(1), 0)), impossible);
  const total = logsumexp(stack([at(most), behindLabel]), { axis: 0 });
  return reduce("ctcLoss", where(less(total, impossible / 2), Infinity, neg(total)), rest);
}

/** The labels of each sequence with a blank before, between and after them. */
function spelling(labels: Tensor, blank: number): Tensor {
  const { shape } = labels;
  const none = full(shape, blank, { dtype: "int32" });
  const pairs = reshape(stack([none, labels], { axis: -1 }), [...shape.slice(0, -1), 2 * shape.at(-1)!]);
  return concatenate([pairs, full([...shape.slice(0, -1), 1], blank, { dtype: "int32" })], { axis: -1 });
}

/** The elements shifted by `by` positions along the last axis, with `before` inserted in front. */
function shifted(x: Tensor, by: number, before: number): Tensor {
  const [axis, n] = [x.ndim - 1, x.shape.at(-1)!];
  const count = Math.min(by, n);
  const lead = full([...x.shape.slice(0, -1), count], before, { dtype: x.dtype });
  return concatenate([lead, part(x, axis, 0, n - count)], { axis: -1 });
}
