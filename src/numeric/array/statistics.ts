import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { isAtHand, readElements } from "../../engine/ir/elements.ts";
import type {
  DeviationOptions,
  MaskedReduceOptions,
  ArgmaxOptions,
  ReduceOptions,
  Tensor,
  TensorLike,
} from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { otherAxes, range, sameShape, sizeOf } from "../../engine/util/shape.ts";
import {
  asFloating,
  expandTo,
  floatingOperands,
  matchFloating,
  normalizeAxes,
  normalizeAxis,
} from "./promote.ts";
import { vmap } from "../../engine/transforms/index.ts";
import * as r from "./reduce.ts";
import { searchsorted } from "./search.ts";
import { moveaxis } from "./arrange.ts";
import { concatenate } from "./shape.ts";
import { nanUnless } from "./nan-unless.ts";

/** True where x is not NaN. */
function isNumber(x: Tensor): Tensor {
  return p.equal(x, x);
}

/** The options with a mask that excludes NaN, combined with the given mask. */
function withNumbers<O extends MaskedReduceOptions>(t: Tensor, options: O, operation: string): O {
  checkOptions(operation, options, ["axis", "keepdims", "where", "ddof"]);
  if (options.where === undefined) return { ...options, where: isNumber(t) };
  const mask = p.asTensor(options.where, operation);
  return { ...options, where: p.both(isNumber(t), expandTo(mask, t.type.shape)) };
}

/** x as a tensor, and whether it can contain NaN: integers cannot. */
function mayHoldNaN(x: TensorLike, operation: string): readonly [Tensor, boolean] {
  const t = p.asTensor(x, operation);
  return [t, isFloating(t.type.dtype)];
}

/** A reduction over the elements that are not NaN. If there are none, the result and its derivatives are NaN. */
function ofNumbers<O extends MaskedReduceOptions>(
  op: (x: Tensor, options: O) => Tensor,
  t: Tensor,
  options: O,
  operation: string,
): Tensor {
  const chosen = withNumbers(t, options, operation);
  const { axis, keepdims, where: mask } = chosen;
  const over = { ...(axis !== undefined && { axis }), ...(keepdims !== undefined && { keepdims }) };
  const whole = r.sum(t, { ...over, ...(options.where !== undefined && { where: options.where }) });
  return nanUnless(r.any(mask!, over), op(t, chosen), [whole]);
}

/** Sum of the elements that are not NaN; 0 if all are NaN. */
export function nansum(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nansum", arguments, 2);
  const [t, may] = mayHoldNaN(x, "nansum");
  return r.sum(t, may ? withNumbers(t, options, "nansum") : options);
}

/** Product of the elements that are not NaN; 1 if all are NaN. */
export function nanprod(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanprod", arguments, 2);
  const [t, may] = mayHoldNaN(x, "nanprod");
  return r.prod(t, may ? withNumbers(t, options, "nanprod") : options);
}

/** Mean of the elements that are not NaN; NaN if all are. */
export function nanmean(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanmean", arguments, 2);
  const t = asFloating(x, "nanmean");
  return ofNumbers(r.mean, t, options, "nanmean");
}

/** Standard deviation of the elements that are not NaN; NaN if all are. */
export function nanstd(x: TensorLike, options: DeviationOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanstd", arguments, 2);
  const t = asFloating(x, "nanstd");
  return ofNumbers(r.std, t, options, "nanstd");
}

/** Variance of the elements that are not NaN; NaN if all are. */
export function nanvar(x: TensorLike, options: DeviationOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanvar", arguments, 2);
  const t = asFloating(x, "nanvar");
  return ofNumbers(r.variance, t, options, "nanvar");
}

/** Largest element that is not NaN; NaN if all are. */
export function nanmax(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanmax", arguments, 2);
  return nanExtremum("nanmax", r.max, x, options);
}

/** Smallest element that is not NaN; NaN if all are. */
export function nanmin(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanmin", arguments, 2);
  return nanExtremum("nanmin", r.min, x, options);
}

function nanExtremum(
  operation: string,
  op: (x: Tensor, options: MaskedReduceOptions) => Tensor,
  x: TensorLike,
  options: MaskedReduceOptions,
): Tensor {
  const [t, may] = mayHoldNaN(x, operation);
  if (!may) return op(t, options);
  return ofNumbers(op, t, options, operation);
}

/** Index of the largest element that is not NaN, like `argmax`; index of the first element if all are NaN. */
export function nanargmax(x: TensorLike, options: ArgmaxOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanargmax", arguments, 2);
  const t = asFloating(x, "nanargmax");
  return r.argmax(p.where(isNumber(t), t, p.full(t.type, -Infinity)), options);
}

/** Index of the smallest element that is not NaN, like `argmin`; index of the first element if all are NaN. */
export function nanargmin(x: TensorLike, options: ArgmaxOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanargmin", arguments, 2);
  const t = asFloating(x, "nanargmin");
  return r.argmin(p.where(isNumber(t), t, p.full(t.type, Infinity)), options);
}

/** Largest element minus smallest element along axes (default all). */
export function ptp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("ptp", arguments, 2);
  checkOptions("ptp", options, ["axis", "keepdims"]);
  return p.sub(r.max(x, options), r.min(x, options));
}

/** Number of elements along axes (default all) that are not 0, as int32. */
export function countNonzero(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("countNonzero", arguments, 2);
  checkOptions("countNonzero", options, ["axis", "keepdims"]);
  const t = p.asTensor(x, "countNonzero");
  return r.sum(t.dtype === "bool" ? t : p.notEqual(t, p.zeros(t.type)), options);
}

/** Options of `average`. */
export interface AverageOptions extends ReduceOptions {
  /** Weights in the shape of x, or a vector for one axis. Default all 1. */
  readonly weights?: TensorLike;
}

/**
 * Weighted mean `Σ w x / Σ w` over axes (default all).
 *
 * @throws DownhillError `shape` for weights that do not fit.
 * @example
 * average([1, 2, 6], { weights: [1, 1, 2] }); // 3.75
 */
export function average(x: TensorLike, options: AverageOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("average", arguments, 2);
  checkOptions("average", options, ["axis", "keepdims", "weights"]);
  const { weights, ...rest } = options;
  const t = asFloating(x, "average");
  if (weights === undefined) return r.mean(t, rest);
  const given = asFloating(weights, "average");
  const isVector = given.ndim === 1 && t.ndim > 1 && typeof rest.axis === "number";
  const axis = isVector ? normalizeAxis("average", rest.axis as number, t.type) : 0;
  const n = isVector ? t.type.shape[axis]! : 0;
  if (isVector ? given.shape[0] !== n : !sameShape(given.type.shape, t.type.shape)) {
    throw new DownhillError(
      "shape",
      `average: weights are ${showType(given.type)}; for ${showType(t.type)} they must have its shape, or be a vector for one axis.`,
    );
  }
  const w = isVector ? p.reshape(given, t.type.shape.map((_, i) => (i === axis ? n : 1))) : given; // prettier-ignore
  const [values, factors] = matchFloating("average", t, w);
  return p.div(r.sum(p.mul(values, factors), rest), r.sum(factors, rest));
}

/** Rule for a quantile that falls between two elements. */
export type QuantileMethod = "linear" | "lower" | "higher" | "midpoint" | "nearest";
const methods: readonly QuantileMethod[] = ["linear", "lower", "higher", "midpoint", "nearest"];

/** Options of the quantile functions. */
export interface QuantileOptions extends ReduceOptions {
  /**
   * Value of a quantile between two elements: linear interpolation (default), one of the two elements, or their
   * midpoint.
   */
  readonly method?: QuantileMethod;
}

/**
 * The `q`-quantile of the elements along axes (default all); several values of `q` get a new first axis. NaN if an
 * element is NaN.
 *
 * The derivative in x flows to the elements that it is computed from; the derivative in `q` is proportional to their
 * distance.
 *
 * @param q Fractions from 0 to 1.
 * @throws DownhillError `range` for a known `q` out of range.
 * @example
 * quantile([1, 2, 3, 10], 0.5);                      // 2.5
 * quantile([1, 2, 3, 10], 0.5, { method: "lower" }); // 2
 */
export function quantile(x: TensorLike, q: TensorLike, options: QuantileOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("quantile", arguments, 3);
  return quantiles("quantile", x, fraction("quantile", q, 1), options, false);
}

/** `quantile` for `q` in percent, from 0 to 100. */
export function percentile(x: TensorLike, q: TensorLike, options: QuantileOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("percentile", arguments, 3);
  return quantiles("percentile", x, fraction("percentile", q, 100), options, false);
}

/** `quantile` of the elements that are not NaN; NaN if all are. */
export function nanquantile(x: TensorLike, q: TensorLike, options: QuantileOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("nanquantile", arguments, 3);
  return quantiles("nanquantile", x, fraction("nanquantile", q, 1), options, true);
}

/** `percentile` of the elements that are not NaN; NaN if all are. */
export function nanpercentile(x: TensorLike, q: TensorLike, options: QuantileOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("nanpercentile", arguments, 3);
  return quantiles("nanpercentile", x, fraction("nanpercentile", q, 100), options, true);
}

/**
 * The middle element along axes (default all), or the mean of the two middle ones; NaN if an element is NaN. The
 * derivative flows to the middle elements, and equal elements share it evenly, as for `max`.
 */
export function median(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("median", arguments, 2);
  checkOptions("median", options, ["axis", "keepdims"]);
  return quantiles("median", x, p.asTensor(0.5, "median"), { ...options, method: "midpoint" }, false, true);
}

/** `median` of the elements that are not NaN; NaN if all are. */
export function nanmedian(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanmedian", arguments, 2);
  checkOptions("nanmedian", options, ["axis", "keepdims"]);
  return quantiles(
    "nanmedian",
    x,
    p.asTensor(0.5, "nanmedian"),
    { ...options, method: "midpoint" },
    true,
    true,
  );
}

/** q as a fraction of 1, given as a fraction of `whole`. Checks known values. */
function fraction(operation: string, q: TensorLike, whole: number): Tensor {
  const given = p.convert(p.asTensor(q, operation), "float64");
  const known =
    typeof q === "number" ? [q] : isAtHand(given) ? Array.from(readElements(given, operation)) : [];
  const odd = known.find((value) => !(value >= 0 && value <= whole));
  if (odd !== undefined)
    throw new DownhillError("range", `${operation}: q must be between 0 and ${whole}, got ${odd}.`);
  return whole === 1 ? given : p.div(given, p.full(given.type, whole));
}

function quantiles(
  operation: string,
  x: TensorLike,
  q: Tensor,
  options: QuantileOptions,
  ignoresNaN: boolean,
  sharesTies = false,
): Tensor {
  checkOptions(operation, options, ["axis", "keepdims", "method"]);
  checkFlags(operation, options, ["keepdims"]);
  const { method = "linear" } = options;
  checkChoice(operation, "method", method, methods);
  const t = asFloating(x, operation);
  const axes = normalizeAxes(operation, options.axis, t.type);
  const others = otherAxes(t.ndim, axes);
  const [n, kept] = [sizesAlong(t, axes), others.map((axis) => t.type.shape[axis]!)];
  if (n === 0) {
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(t.type)} has no elements along axes [${axes.join()}].`,
    );
  }
  const rows = p.reshape(p.permute(t, [...others, ...axes]), [...kept, n]);
  const sorted = p.takeAlong(rows, p.argsort(rows, kept.length, false), kept.length);
  const numbers = p.sum(p.convert(isNumber(rows), "float64"), [kept.length]); // sorting puts NaN last
  const all = p.full(numbers.type, n);
  const hasResult = ignoresNaN ? p.less(p.zeros(numbers.type), numbers) : p.equal(numbers, all);
  const last = p.sub(ignoresNaN ? numbers : all, p.full(numbers.type, 1));
  // the axes of q follow the row axes while elements are read, and precede them in the result
  const asked = [...kept, ...q.shape];
  const [ofRows, ofQ] = [range(0, kept.length), range(kept.length, asked.length)];
  const place = p.mul(p.broadcast(last, asked, ofRows), p.broadcast(q, asked, ofQ));
  const elementAt = (whole: Tensor): Tensor => {
    const places = p.reshape(p.convert(whole, "int32"), [...kept, sizeOf(q.shape)]);
    const found = p.reshape(p.takeAlong(sorted, places, kept.length), asked);
    return sharesTies ? sharedAmong(rows, found) : found;
  };
  const out = between(method, place, elementAt);
  const ofRow = p.broadcast(p.sum(rows, [kept.length]), asked, ofRows);
  const whole = nanUnless(p.broadcast(hasResult, asked, ofRows), out, [
    ofRow,
    p.convert(p.broadcast(q, asked, ofQ), out.type.dtype),
  ]);
  const inFront = p.permute(whole, [...ofQ, ...ofRows]);
  if (options.keepdims !== true) return inFront;
  return p.reshape(inFront, [...q.shape, ...t.type.shape.map((size, i) => (axes.includes(i) ? 1 : size))]);
}

/** The elements that were found, with a derivative that elements of equal value share evenly, as for `max`. */
function sharedAmong(rows: Tensor, found: Tensor): Tensor {
  const { shape } = rows.type;
  const kept = range(0, shape.length - 1);
  const isFound = p.equal(rows, p.broadcast(p.stopGradient(found), shape, kept));
  return p.max(p.where(isFound, rows, p.full(rows.type, -Infinity)), [shape.length - 1]);
}

const sizesAlong = (x: Tensor, axes: readonly number[]): number =>
  sizeOf(axes.map((axis) => x.type.shape[axis]!));

/** The quantile at a fractional index, by the given method. */
function between(method: QuantileMethod, place: Tensor, elementAt: (whole: Tensor) => Tensor): Tensor {
  if (method === "nearest") return elementAt(p.round(place));
  const [floor, ceil] = [p.floor(place), p.ceil(place)];
  const lower = elementAt(floor);
  if (method === "lower") return lower;
  const upper = elementAt(ceil);
  if (method === "higher") return upper;
  const above = p.convert(method === "midpoint" ? p.full(place.type, 0.5) : p.sub(place, floor), lower.dtype);
  const below = p.sub(p.full(above.type, 1), above);
  const width = p.sub(upper, lower);
  // start from the nearer element, so that the rounded result stays between the two
  const isNearer = p.less(above, p.full(above.type, 0.5));
  const onLine = p.where(isNearer, p.add(lower, p.mul(width, above)), p.sub(upper, p.mul(width, below)));
  const mixed = p.add(p.mul(lower, below), p.mul(upper, above)); // for an infinite width, or NaN for two equal infinities
  const isFinite = p.less(p.abs(width), p.full(width.type, Infinity));
  return p.where(p.equal(floor, ceil), lower, p.where(isFinite, onLine, mixed));
}

/** Options of `cov`. */
export interface CovarianceOptions {
  /** True if each row is a variable and each column an observation, false for the transpose. Default true. */
  readonly rowvar?: boolean;
  /**
   * Delta degrees of freedom: sums of products are divided by the number of observations minus this. Default 1, as in
   * NumPy.
   */
  readonly ddof?: number;
  /** Additional variables with the same observations. */
  readonly y?: TensorLike;
}

/** The variables as rows, with their means subtracted. */
function centred(operation: string, x: TensorLike, options: CovarianceOptions): Tensor {
  const { rowvar = true, y } = options;
  checkFlags(operation, options, ["rowvar"]);
  const rowsOf = (given: TensorLike): Tensor => {
    const t = asFloating(given, operation);
    if (t.ndim > 2 || t.ndim === 0) {
      throw new DownhillError(
        "shape",
        `${operation}: needs a vector or a matrix of variables and observations, got ${showType(t.type)}.`,
      );
    }
    if (t.ndim === 1) return p.reshape(t, [1, t.shape[0]!]);
    return rowvar ? t : p.permute(t, [1, 0]);
  };
  const rows = y === undefined ? rowsOf(x) : concatenate([rowsOf(x), rowsOf(y)]);
  return p.sub(rows, expandTo(r.mean(rows, { axis: 1, keepdims: true }), rows.type.shape));
}

/** The matrix of products; its only element as a scalar if there is only one variable. */
function asNumberOfOne(x: Tensor): Tensor {
  return x.type.shape[0] === 1 ? p.reshape(x, []) : x;
}

function productsOfRows(x: Tensor): Tensor {
  return p.dotGeneral(x, x, { contract: [[1], [1]], batch: [[], []] });
}

/**
 * Covariance matrix of variables, the rows of x: `Σ (xᵢ − x̄)(yᵢ − ȳ) / (n − ddof)`; for a single variable, its
 * variance.
 *
 * @throws DownhillError `shape` for more than two axes.
 * @example
 * cov([[1, 2, 3], [3, 2, 1]]).tolist(); // [[1, -1], [-1, 1]]
 */
export function cov(x: TensorLike, options: CovarianceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cov", arguments, 2);
  checkOptions("cov", options, ["rowvar", "ddof", "y"]);
  const { ddof = 1 } = options;
  const rows = centred("cov", x, options);
  const products = productsOfRows(rows);
  return asNumberOfOne(p.div(products, p.full(products.type, rows.type.shape[1]! - ddof)));
}

/**
 * Matrix of correlation coefficients of variables, the rows of x, from −1 to 1; for a single variable, 1. Options as
 * for `cov`.
 */
export function corrcoef(x: TensorLike, options: Omit<CovarianceOptions, "ddof"> = {}): Tensor {
  if (arguments.length > 2) refuseExtra("corrcoef", arguments, 2);
  checkOptions("corrcoef", options, ["rowvar", "y"]);
  const rows = centred("corrcoef", x, options);
  const lengths = r.norm(rows, { axis: 1, keepdims: true });
  const unit = p.div(rows, expandTo(lengths, rows.type.shape));
  return asNumberOfOne(productsOfRows(unit));
}

/** Options of `rankdata`. */
export interface RankdataOptions {
  /**
   * Ranks of equal elements: the mean, smallest or largest of their positions (`"average"`, `"min"`, `"max"`). `"dense"` counts
   * distinct smaller elements, and `"ordinal"` follows the order of occurrence. Default "average".
   */
  readonly method?: "average" | "min" | "max" | "dense" | "ordinal";
  /** Axis along which to rank. Default: all elements. */
  readonly axis?: number;
}

/**
 * Ranks of elements in ascending order, from 1 on: float64 in the shape of x, int32 for methods other than "average". NaN
 * makes all ranks along the axis NaN, or 0 for int32. Derivative: 0.
 *
 * @throws DownhillError `option`, `axis`
 * @example
 * rankdata([0, 2, 3, 2]).tolist(); // [1, 2.5, 4, 2.5]
 */
export function rankdata(x: TensorLike, options: RankdataOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("rankdata", arguments, 2);
  checkOptions("rankdata", options, ["method", "axis"]);
  const { method = "average", axis } = options;
  checkChoice("rankdata", "method", method, ["average", "min", "max", "dense", "ordinal"]);
  const t = p.stopGradient(p.asTensor(x, "rankdata"));
  const { shape } = t.type;
  if (axis === undefined) return p.reshape(ranksOf(p.reshape(t, [sizeOf(shape)]), method), shape);
  const along = normalizeAxis("rankdata", axis, t.type);
  const last = moveaxis(t, along, -1);
  const rows = p.reshape(last, [sizeOf(last.type.shape.slice(0, -1)), shape[along]!]);
  const ranks = vmap((row: Tensor) => ranksOf(row, method))(rows);
  return moveaxis(p.reshape(ranks, last.type.shape), -1, along);
}

/** Ranks of the elements of a vector. If an element is NaN, all ranks are NaN for averages, otherwise 0. */
function ranksOf(row: Tensor, method: NonNullable<RankdataOptions["method"]>): Tensor {
  const n = row.type.shape[0]!;
  const isKnown = isFloating(row.dtype)
    ? r.all(isNumber(row))
    : p.full({ ...row.type, dtype: "bool", shape: [] }, 1);
  const one = (like: Tensor): Tensor => p.full(like.type, 1);
  const masked = (ranks: Tensor, missing: number): Tensor =>
    p.where(expandTo(isKnown, ranks.type.shape), ranks, p.full(ranks.type, missing));
  const order = p.argsort(row, 0);
  if (method === "ordinal") {
    const ranks = p.argsort(order, 0);
    return masked(p.add(ranks, one(ranks)), 0);
  }
  const sorted = p.take(row, order, 0);
  const lower = searchsorted(sorted, row);
  const upper = searchsorted(sorted, row, { side: "right" });
  switch (method) {
    case "min":
      return masked(p.add(lower, one(lower)), 0);
    case "max":
      return masked(upper, 0);
    case "dense": {
      // the number of first elements of runs of equal ones, up to the element
      const isFirst =
        n === 0
          ? sorted
          : concatenate([
              p.full({ ...sorted.type, dtype: "bool", shape: [1] }, 1),
              p.notEqual(p.part(sorted, 0, 1, n), p.part(sorted, 0, 0, n - 1)),
            ]);
      const runs = p.cumsum(p.convert(isFirst, "int32"), 0);
      return masked(p.take(runs, lower, 0), 0);
    }
    case "average": {
      const sum = p.convert(p.add(p.add(lower, upper), one(lower)), "float64");
      return masked(p.scale(sum, 0.5), NaN);
    }
    default:
      return assertNever(method, "rankdata");
  }
}

/**
 * Correlation coefficient of two vectors of n ≥ 2 numbers, and its p-value. The p-value is the probability that
 * uncorrelated normal variables have a coefficient at least as far from 0. `[r, p]`; NaN for constant vectors,
 * and p = 1 for n = 2. Both have derivatives.
 *
 * @throws DownhillError `shape` unless x and y are vectors of equal length of at least 2.
 * @example
 * const [r, p] = pearsonr([1, 2, 3, 4, 5], [10, 9, 2.5, 6, 4]);
 * r.item(); // -0.742610657…
 * p.item(); // 0.150555808…
 */
export function pearsonr(x: TensorLike, y: TensorLike): [r: Tensor, p: Tensor] {
  if (arguments.length > 2) refuseExtra("pearsonr", arguments, 2);
  const given = [x, y].map((each) => asFloating(each, "pearsonr"));
  const n = given[0]!.type.shape[0] ?? 0;
  if (given.some((each) => each.ndim !== 1 || each.type.shape[0] !== n) || n < 2)
    throw new DownhillError(
      "shape",
      `pearsonr: needs two vectors of the same length of at least 2, got ${given.map((each) => showType(each.type)).join(" and ")}.`,
    );
  const [a, b] = floatingOperands("pearsonr", x, y);
  const unit = (t: Tensor): Tensor => {
    const off = p.sub(t, expandTo(r.mean(t), t.type.shape));
    return p.div(off, expandTo(r.norm(off), t.type.shape));
  };
  const whole = r.sum(p.mul(unit(a), unit(b)));
  const limit = p.full(whole.type, 1);
  const coefficient = p.maximum(p.minimum(whole, limit), p.neg(limit));
  if (n === 2) return [coefficient, p.where(p.equal(coefficient, coefficient), limit, coefficient)];
  // of independent normal variables, (1 − r²) has a beta distribution
  const rest = p.mul(p.sub(limit, coefficient), p.add(limit, coefficient));
  const tail = p.betainc(p.full(whole.type, n / 2 - 1), p.full(whole.type, 0.5), rest);
  return [coefficient, tail];
}
