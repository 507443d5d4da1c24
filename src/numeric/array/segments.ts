import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType, isFloating, withShape } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range, sameShape, sizeOf } from "../../engine/util/shape.ts";
import { search } from "./halving.ts";
import { multiplyOneByOne } from "./multiply-at.ts";
import { foundLength } from "./places.ts";
import { asFloating, asPartOf, asPlaces, checkShape } from "./promote.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/** Options of the reductions over segments. */
export interface SegmentOptions {
  /** Number of segments. Default 1 + the largest id, which is unknown in compiled functions. */
  readonly size?: number;
}

/**
 * Segment ids, one per row. `isInside` is false for ids that are out of range; undefined if all ids are known to be in
 * range.
 */
interface SegmentIds {
  readonly ids: Tensor;
  readonly size: number;
  readonly isInside: Tensor | undefined;
}

/** Reads segment ids. Known ids are checked; unknown ids get a mask of those in range. */
function segmentsOf(operation: string, given: TensorLike, size: number | undefined, least = 0): SegmentIds {
  const ids = asPlaces(operation, given);
  const n = foundLength(operation, size, () => lengthOf(ids, least));
  if (isAtHand(ids)) {
    const outside = readElements(ids, operation).find((id) => id < 0 || id >= n);
    if (outside === undefined) return { ids, size: n, isInside: undefined };
    throw new DownhillError(
      "range",
      `${operation}: ${outside} is out of range: there are ${n}, numbered from 0.`,
    );
  }
  const isInside = p.both(p.lessEqual(p.zeros(ids.type), ids), p.less(ids, p.full(ids.type, n)));
  return { ids: p.where(isInside, ids, p.zeros(ids.type)), size: n, isInside };
}

/** 1 + the largest id, at least `least`. */
function lengthOf(ids: Tensor, least: number): Tensor {
  const scalar = arrayType("int32", []);
  if (sizeOf(ids.type.shape) === 0) return p.full(scalar, least);
  const most = p.max(p.convert(ids, "int32"), range(0, ids.ndim));
  return p.maximum(p.add(most, p.full(scalar, 1)), p.full(scalar, least));
}

/** Reduces the rows of an array by segment, starting from the neutral element. */
function segment(
  operation: string,
  x: TensorLike,
  ids: TensorLike,
  options: SegmentOptions,
  neutralOf: (x: Tensor) => number,
  write: (into: Tensor, ids: Tensor, rows: Tensor, axis: number) => Tensor,
): Tensor {
  checkOptions(operation, options, ["size"]);
  const given = p.asTensor(x, operation);
  const t = given.dtype === "bool" ? p.convert(given, "int32") : given;
  const segments = segmentsOf(operation, ids, options.size);
  const { shape } = segments.ids.type;
  if (shape.length === 0 || !sameShape(t.type.shape.slice(0, shape.length), shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: segment ids are ${showType(segments.ids.type)}; for ${showType(t.type)} there must be one per row, with shape ${showShape(t.type.shape.slice(0, 1))}.`,
    );
  }
  const neutral = neutralOf(t);
  const rows =
    segments.isInside === undefined
      ? t
      : p.where(
          p.broadcast(segments.isInside, t.type.shape, range(0, shape.length)),
          t,
          p.full(t.type, neutral),
        );
  const into = p.full(withShape(t.type, [segments.size, ...t.type.shape.slice(shape.length)]), neutral);
  return segments.size === 0 ? into : write(into, segments.ids, rows, 0);
}

/**
 * Adds each row of `rows` to the row of `into` that its id selects. Sums of float32 are accumulated in float64, as in
 * `sum`.
 */
function addRows(into: Tensor, ids: Tensor, rows: Tensor, axis: number): Tensor {
  return p.scatterAdd(into, ids, rows, axis, { isWide: into.dtype === "float32" });
}

const [int32Least, int32Most, uint32Most] = [-(2 ** 31), 2 ** 31 - 1, 2 ** 32 - 1];
const leastOf = ({ dtype }: Tensor): number =>
  isFloating(dtype) ? -Infinity : dtype === "int32" ? int32Least : 0;
const mostOf = ({ dtype }: Tensor): number =>
  isFloating(dtype) ? Infinity : dtype === "int32" ? int32Most : uint32Most;

/**
 * For each segment, the sum of the rows of x that belong to it; 0 for an empty segment. `ids` are integers, one per row
 * of x, in any order; the result has one row per segment. Known ids out of range are an error. In compiled functions
 * such rows are ignored, so that ids can mark padding.
 * @throws DownhillError `range` for an id out of range, `trace` for traced ids without a size.
 * @example
 * segmentSum([1, 2, 3, 4], [0, 0, 2, 0]).tolist(); // [ 7, 0, 3 ]
 */
export function segmentSum(x: TensorLike, ids: TensorLike, options: SegmentOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("segmentSum", arguments, 3);
  return segment("segmentSum", x, ids, options, () => 0, addRows);
}

/**
 * For each segment, the product of the rows of x that belong to it; 1 for an empty segment. Loops over the rows; see
 * `segmentSum`.
 *
 * @throws DownhillError as `segmentSum`.
 * @example
 * segmentProd([1, 2, 3, 4], [0, 0, 2, 0]).tolist(); // [ 8, 1, 3 ]
 */
export function segmentProd(x: TensorLike, ids: TensorLike, options: SegmentOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("segmentProd", arguments, 3);
  return segment("segmentProd", x, ids, options, () => 1, multiplyOneByOne);
}

/**
 * For each segment, the largest of the rows of x that belong to it, element by element; −∞ (the smallest integer for
 * integer dtypes) for an empty segment. Ties share the derivative evenly; see `segmentSum`.
 *
 * @throws DownhillError as `segmentSum`.
 * @example
 * segmentMax([1, 2, 3, 4], [0, 0, 1, 0]).tolist(); // [ 4, 3 ]
 */
export function segmentMax(x: TensorLike, ids: TensorLike, options: SegmentOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("segmentMax", arguments, 3);
  return segment("segmentMax", x, ids, options, leastOf, p.scatterMax);
}

/**
 * For each segment, the smallest of the rows of x that belong to it, element by element; ∞ (the largest integer for
 * integer dtypes) for an empty segment. Ties share the derivative evenly; see `segmentSum`.
 *
 * @throws DownhillError as `segmentSum`.
 * @example
 * segmentMin([1, 2, 3, 4], [0, 0, 1, 0]).tolist(); // [ 1, 3 ]
 */
export function segmentMin(x: TensorLike, ids: TensorLike, options: SegmentOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("segmentMin", arguments, 3);
  return segment("segmentMin", x, ids, options, mostOf, p.scatterMin);
}

/** Options of `bincount`. */
export interface BincountOptions {
  /** Weight of each element. Default 1, as int32. */
  readonly weights?: TensorLike;
  /** Minimum length of the result. Default 0. */
  readonly minlength?: number;
  /** Length of the result, required in compiled functions, where larger values of x are ignored. */
  readonly size?: number;
}

/**
 * Number of occurrences of each of 0, 1, 2, … in the integers x, as int32; with weights, the sums of weights, in their
 * dtype. The length is 1 + the largest element, at least `minlength`.
 * @throws DownhillError `range` for negative integers, `trace` for traced ones without a size, `shape` for weights of
 * another shape.
 * @example
 * bincount([1, 3, 1]).tolist(); // [ 0, 2, 0, 1 ]
 */
export function bincount(x: TensorLike, options: BincountOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("bincount", arguments, 2);
  checkOptions("bincount", options, ["weights", "minlength", "size"]);
  const { minlength = 0, size, weights } = options;
  checkShape("bincount", [minlength]);
  return count("bincount", segmentsOf("bincount", x, size, minlength), weights);
}

function count(
  operation: string,
  { ids, size, isInside }: SegmentIds,
  weights: TensorLike | undefined,
): Tensor {
  const { shape } = ids.type;
  const w = weights === undefined ? p.full(arrayType("int32", shape), 1) : p.asTensor(weights, operation);
  if (!sameShape(w.type.shape, shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: weights are ${showType(w.type)}, but must have the shape of x, ${showShape(shape)}.`,
    );
  }
  const numbers = w.dtype === "bool" ? p.convert(w, "int32") : w;
  const counted = isInside === undefined ? numbers : p.where(isInside, numbers, p.zeros(numbers.type));
  const into = p.zeros(withShape(numbers.type, [size]));
  return size === 0 ? into : addRows(into, ids, counted, 0);
}

/** Options of `histogram`. */
export interface HistogramOptions {
  /** Number of bins of equal width, or the bounds of the bins in ascending order. Default 10. */
  readonly bins?: number | TensorLike;
  /** Start and end of the bins of equal width. Default the smallest and the largest element. */
  readonly range?: readonly [low: number, high: number];
  /** Weight of each element. Default 1, as int32. */
  readonly weights?: TensorLike;
  /**
   * True to return a density, whose integral is 1: counts divided by their sum and by the widths of the bins. Default
   * false.
   */
  readonly density?: boolean;
}

/**
 * Number of elements of x in each bin, as int32 (with weights, the sums of weights), and the bounds of the bins, one
 * more than there are bins. A bin includes its left bound; the last bin includes both bounds. Elements outside all bins
 * are ignored. The derivative flows to the weights, and to the elements that determine the bounds.
 * @throws DownhillError `range` if the number of bins is not an integer ≥ 1 or the range is reversed, `shape` for
 * weights that do not fit.
 * @example
 * const [counts, bounds] = histogram([1, 2, 2, 9], { bins: 2 });
 * counts.tolist(); // [ 3, 1 ]
 * bounds.tolist(); // [ 1, 5, 9 ]
 */
export function histogram(x: TensorLike, options: HistogramOptions = {}): [counts: Tensor, bounds: Tensor] {
  if (arguments.length > 2) refuseExtra("histogram", arguments, 2);
  checkOptions("histogram", options, ["bins", "range", "weights", "density"]);
  checkFlags("histogram", options, ["density"]);
  const given = asFloating(x, "histogram");
  const t = p.reshape(given, [sizeOf(given.type.shape)]);
  const bounds = boundsOf(t, options);
  const bins = bounds.type.shape[0]! - 1;
  const type = arrayType("int32", t.type.shape);
  const last = p.broadcast(p.take(bounds, p.full(arrayType("int32", []), bins), 0), t.type.shape, []);
  const there = p.convert(t, bounds.dtype);
  const bin = p.sub(search("histogram", bounds, there, "right"), p.full(type, 1));
  const ids = p.where(p.equal(there, last), p.full(type, bins - 1), bin);
  const isInside = p.both(
    p.both(p.lessEqual(p.zeros(type), ids), p.less(ids, p.full(type, bins))),
    p.equal(there, there), // false for NaN
  );
  const weights = options.weights === undefined ? undefined : p.asTensor(options.weights, "histogram");
  const flat =
    weights && sameShape(weights.type.shape, given.type.shape) ? p.reshape(weights, t.type.shape) : weights;
  const held = p.where(isInside, ids, p.zeros(type));
  const counts = count("histogram", { ids: held, size: bins, isInside }, flat);
  if (options.density !== true) return [counts, bounds];
  const widths = p.sub(p.part(bounds, 0, 1, bins + 1), p.part(bounds, 0, 0, bins));
  const share = p.convert(counts, bounds.dtype);
  const total = p.broadcast(p.sum(share, [0]), [bins], []);
  return [p.div(p.div(share, total), widths), bounds];
}

function boundsOf(x: Tensor, { bins = 10, range: between }: HistogramOptions): Tensor {
  if (typeof bins !== "number") {
    const bounds = asFloating(bins, "histogram");
    if (bounds.ndim === 1 && bounds.type.shape[0]! > 1) return bounds;
    throw new DownhillError(
      "shape",
      `histogram: bins are ${showType(bounds.type)}; give a number, or a vector of at least two bounds.`,
    );
  }
  checkInteger("histogram", "bins", bins, { from: 1 });
  const scalar = arrayType(x.dtype, []);
  if (between !== undefined && !(between[0] <= between[1] && between.every(Number.isFinite))) {
    throw new DownhillError(
      "range",
      `histogram: range must be two finite numbers, the lower one first; got [${between.join(", ")}].`,
    );
  }
  const isEmpty = sizeOf(x.type.shape) === 0;
  const [low, high] =
    between === undefined
      ? isEmpty
        ? [p.zeros(scalar), p.full(scalar, 1)]
        : [p.min(x, [0]), p.max(x, [0])]
      : between.map((bound) => asPartOf("histogram", x, bound));
  // bins of width 0 would be empty
  const half = p.where(p.equal(low!, high!), p.full(scalar, 0.5), p.zeros(scalar));
  const [from, to] = [p.sub(low!, half), p.add(high!, half)];
  const type = arrayType(x.dtype, [bins + 1]);
  const steps = p.iota(x.dtype, type.shape, 0);
  const spread = (one: Tensor): Tensor => p.broadcast(one, type.shape, []);
  const along = p.div(p.mul(spread(p.sub(to, from)), steps), p.full(type, bins));
  // the last bound equals the largest element exactly
  return p.where(p.equal(steps, p.full(type, bins)), spread(to), p.add(spread(from), along));
}
