import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { alongAxis, asFloating, expandTo, matchFloating, normalizeAxis } from "./promote.ts";
import { concatenate } from "./shape.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/** Options of what goes along an axis, from one element to the next. */
export interface CumulativeOptions {
  /** Default all axes as one, in row-major order. */
  readonly axis?: number;
  /** Whether it begins at the end. Default false. */
  readonly reverse?: boolean;
}

type CumulativePrimitive = (x: Tensor, axis: number, reverse: boolean) => Tensor;

function cumulative(
  operation: string,
  op: CumulativePrimitive,
  x: Tensor,
  options: CumulativeOptions,
): Tensor {
  checkOptions(operation, options, ["axis", "reverse"]);
  checkFlags(operation, options, ["reverse"]);
  const [t, axis] = alongAxis(operation, x, options.axis);
  return op(t, axis, options.reverse === true);
}

/** Numbers to go along: booleans are counted as int32. */
function countable(x: TensorLike, operation: string): Tensor {
  const t = p.asTensor(x, operation);
  return t.dtype === "bool" ? p.convert(t, "int32") : t;
}

/** x with another number where it is NaN. */
function without(x: Tensor, value: number): Tensor {
  return p.where(p.equal(x, x), x, p.full(x.type, value));
}

/**
 * The sum of all elements up to each one along an axis, itself included; with `reverse` from the end. Without an axis all elements
 * are one. Booleans are counted as int32. Sums of float32 are carried in float64, so that long ones lose no digits.
 *
 * @example
 * cumsum([1, 2, 3]);                    // f64[3] [1, 3, 6]
 * cumsum([1, 2, 3], { reverse: true }); // f64[3] [6, 5, 3]
 */
export function cumsum(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cumsum", arguments, 2);
  return cumulative("cumsum", p.cumsum, countable(x, "cumsum"), options);
}

/**
 * The product of all elements up to each one along an axis, itself included; with `reverse` from the end. Without an axis all
 * elements are one. Products of float32 are carried in float64. The derivative is that of the products, where factors are 0 too.
 *
 * @example
 * cumprod([1, 2, 3]); // f64[3] [1, 2, 6]
 */
export function cumprod(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cumprod", arguments, 2);
  return cumulative("cumprod", p.cumprod, countable(x, "cumprod"), options);
}

/**
 * The largest element up to each one along an axis, itself included; with `reverse` from the end. NaN from the first one on. Equal
 * elements share the derivative evenly, as in `max` (PyTorch gives it to the last of them).
 *
 * @example
 * cummax([1, 3, 2]); // f64[3] [1, 3, 3]
 */
export function cummax(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cummax", arguments, 2);
  return cumulative("cummax", p.cummax, countable(x, "cummax"), options);
}

/** The smallest element up to each one along an axis; all else as in `cummax`. */
export function cummin(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cummin", arguments, 2);
  return cumulative("cummin", p.cummin, countable(x, "cummin"), options);
}

/**
 * The logarithm of the sum of e^x up to each element along an axis, itself included, without overflow; with `reverse` from the end.
 * Without an axis all elements are one.
 *
 * @example
 * logcumsumexp([1000, 1000]).sub(1000).tolist(); // [0, 0.69314718…]
 */
export function logcumsumexp(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("logcumsumexp", arguments, 2);
  return cumulative("logcumsumexp", logarithmOfSums, asFloating(x, "logcumsumexp"), options);
}

/** Σ e^(xᵢ − m) grows by the recurrence sᵢ = e^(mᵢ₋₁ − mᵢ) sᵢ₋₁ + e^(xᵢ − mᵢ), m being the largest so far. */
function logarithmOfSums(x: Tensor, axis: number, reverse: boolean): Tensor {
  const n = x.type.shape[axis]!;
  if (n === 0) return x;
  const largest = p.stopGradient(p.cummax(x, axis, reverse));
  const isFinite = p.less(p.abs(largest), p.full(largest.type, Infinity));
  const top = p.where(isFinite, largest, p.zeros(largest.type)); // ∞ − ∞ is NaN
  const [from, to] = reverse ? [0, n - 1] : [1, n];
  const change = p.sub(p.part(top, axis, 1 - from, n - from), p.part(top, axis, from, to));
  const none = p.part(p.zeros(x.type), axis, 0, 1);
  // the largest never falls, but from the 0 that stands for −∞, where the sum is 0 so far, and to that for ∞
  const fall = p.minimum(change, p.zeros(change.type));
  const factors = p.exp(p.concatenate(reverse ? [fall, none] : [none, fall], axis));
  const sums = p.linearRecurrence(factors, p.exp(p.sub(x, top)), { axis, reverse, strong: false });
  return p.add(p.log(sums), top);
}

/** The sums of `cumsum` with 0 for NaN. */
export function nancumsum(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nancumsum", arguments, 2);
  return cumulative("nancumsum", p.cumsum, without(countable(x, "nancumsum"), 0), options);
}

/** The products of `cumprod` with 1 for NaN. */
export function nancumprod(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nancumprod", arguments, 2);
  return cumulative("nancumprod", p.cumprod, without(countable(x, "nancumprod"), 1), options);
}

/** Options of `diff`. */
export interface DiffOptions {
  /** Default the last. */
  readonly axis?: number;
  /** How often differences are taken. Default once. */
  readonly n?: number;
  /** What is put before the first and behind the last element first: arrays that join x along the axis, or numbers. */
  readonly prepend?: TensorLike;
  readonly append?: TensorLike;
}

/**
 * The differences of neighbours along an axis, `xᵢ₊₁ − xᵢ`, taken `n` times. Of booleans, whether they differ.
 *
 * @throws DownhillError `range` for an `n` that is no whole number, `shape` for a scalar.
 * @example
 * diff([1, 4, 9]);           // f64[2] [3, 5]
 * diff([1, 4, 9], { n: 2 }); // f64[1] [2]
 */
export function diff(x: TensorLike, options: DiffOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("diff", arguments, 2);
  checkOptions("diff", options, ["axis", "n", "prepend", "append"]);
  const { n = 1, prepend, append } = options;
  checkInteger("diff", "n", n);
  const given = p.asTensor(x, "diff");
  if (given.ndim === 0)
    throw new DownhillError("shape", `diff: ${showType(given.type)} has no neighbours. Give an array.`);
  const axis = normalizeAxis("diff", options.axis ?? -1, given.type);
  const ends = [prepend, given, append].filter((end) => end !== undefined);
  const besides = ends.map((end) => {
    const t = p.asTensor(end, "diff");
    return t.ndim === 0 ? expandTo(t, given.type.shape.with(axis, 1)) : t;
  });
  let t = besides.length === 1 ? given : concatenate(besides, { axis });
  for (let k = 0; k < n; k++) t = neighbours(t, axis, t.dtype === "bool" ? p.differ : p.sub);
  return t;
}

/** Of each element along an axis but the first, and the one before it, what `op` gives. */
function neighbours(x: Tensor, axis: number, op: (later: Tensor, earlier: Tensor) => Tensor): Tensor {
  const n = x.type.shape[axis]!;
  return op(p.part(x, axis, Math.min(1, n), n), p.part(x, axis, 0, Math.max(0, n - 1)));
}

/** The differences of neighbours of all elements in row-major order. */
export function ediff1d(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("ediff1d", arguments, 1);
  const t = countable(x, "ediff1d");
  return neighbours(p.reshape(t, [t.type.shape.reduce((a, b) => a * b, 1)]), 0, p.sub);
}

/** Options of `trapezoid` and `cumulativeTrapezoid`. */
export interface TrapezoidOptions {
  /** Where the values lie: a vector, or an array of the shape of y. */
  readonly x?: TensorLike;
  /** The distance of neighbours, where no x is given. Default 1. */
  readonly dx?: TensorLike;
  /** Default the last. */
  readonly axis?: number;
}

/** The areas between neighbours along an axis. */
function trapezoids(operation: string, y: TensorLike, options: TrapezoidOptions): readonly [Tensor, number] {
  checkOptions(operation, options, ["x", "dx", "axis"]);
  if (options.x !== undefined && options.dx !== undefined)
    throw new DownhillError("option", `${operation}: takes x or dx, not both.`);
  const t = asFloating(y, operation);
  const axis = normalizeAxis(operation, options.axis ?? -1, t.type);
  const means = p.scale(neighbours(t, axis, p.add), 0.5);
  const widths =
    options.x === undefined
      ? p.asTensor(options.dx ?? 1, operation)
      : stepsAlong(operation, asFloating(options.x, operation), t, axis);
  const [left, right] = matchFloating(operation, means, widths);
  return [p.mul(left, right), axis];
}

/** The distances of neighbours, for places that are given for one axis of y or for all of it. */
function stepsAlong(operation: string, x: Tensor, y: Tensor, axis: number): Tensor {
  const n = y.type.shape[axis]!;
  if (x.ndim === y.ndim && x.type.shape[axis] === n) return neighbours(x, axis, p.sub);
  if (x.ndim !== 1 || x.type.shape[0] !== n) {
    throw new DownhillError(
      "shape",
      `${operation}: places are ${showType(x.type)}; for axis ${axis} of ${showType(y.type)} they must be a vector of ${n}, or of its shape.`,
    );
  }
  const steps = neighbours(x, 0, p.sub);
  return p.reshape(steps, y.type.shape.map((_, i) => (i === axis ? n - 1 : 1))); // prettier-ignore
}

/**
 * The integral of values along an axis by the trapezoidal rule, `Σ (xᵢ₊₁ − xᵢ) · (yᵢ + yᵢ₊₁) / 2`.
 *
 * @throws DownhillError `shape` for places that do not fit, `option` where both x and dx are given.
 * @example
 * trapezoid([0, 1, 4], { x: [0, 1, 2] }); // 3
 */
export function trapezoid(y: TensorLike, options: TrapezoidOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("trapezoid", arguments, 2);
  const [areas, axis] = trapezoids("trapezoid", y, options);
  return p.sum(areas, [axis]);
}

/** The integrals from the first value up to each later one along an axis, by the trapezoidal rule; one fewer than there are values. */
export function cumulativeTrapezoid(y: TensorLike, options: TrapezoidOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cumulativeTrapezoid", arguments, 2);
  const [areas, axis] = trapezoids("cumulativeTrapezoid", y, options);
  return p.cumsum(areas, axis);
}

/** Options of `gradient`: along one axis, and along several. */
export interface GradientOptions {
  /** Which a vector may leave out. */
  readonly axis?: number;
  /** The distance of neighbours, or where the values lie along the axis, as a vector. Default 1. */
  readonly spacing?: TensorLike;
}

/** Options of `gradient` along several axes. */
export interface GradientsOptions extends Omit<GradientOptions, "axis"> {
  readonly axis: readonly number[];
}

/**
 * The slope of values along an axis by differences: inside of second order, `(yᵢ₊₁ − yᵢ₋₁) / (xᵢ₊₁ − xᵢ₋₁)` where places are
 * evenly spaced, and at the ends to the one neighbour. For a list of axes a list of arrays.
 *
 * This differences data; derivatives of functions are `grad`.
 *
 * @throws DownhillError `shape` for fewer than two values along an axis, or places that do not fit; `option` for several axes of
 * which none is named.
 * @example
 * gradient([1, 4, 9, 16]); // f64[4] [3, 4, 6, 7]
 */
export function gradient(y: TensorLike, options?: GradientOptions): Tensor;
export function gradient(y: TensorLike, options: GradientsOptions): Tensor[];
export function gradient(y: TensorLike, options: GradientOptions | GradientsOptions = {}): Tensor | Tensor[] {
  if (arguments.length > 2) refuseExtra("gradient", arguments, 2);
  checkOptions("gradient", options, ["axis", "spacing"]);
  const t = asFloating(y, "gradient");
  const axis = options.axis ?? (t.ndim === 1 ? 0 : undefined);
  const spacing = p.asTensor(options.spacing ?? 1, "gradient");
  const along = (a: number | undefined): Tensor => slopes(t, normalizeAxis("gradient", a, t.type), spacing);
  return typeof axis === "object" ? axis.map(along) : along(axis);
}

function slopes(y: Tensor, axis: number, spacing: Tensor): Tensor {
  const n = y.type.shape[axis]!;
  if (n < 2) {
    throw new DownhillError(
      "shape",
      `gradient: axis ${axis} of ${showType(y.type)} has ${n} values, and slopes need two.`,
    );
  }
  const steps = spacing.ndim === 0 ? spacing : stepsAlong("gradient", spacing, y, axis);
  const [rises, widths] = matchFloating("gradient", neighbours(y, axis, p.sub), steps);
  const chords = p.div(rises, widths);
  const [first, last] = [p.part(chords, axis, 0, 1), p.part(chords, axis, n - 2, n - 1)];
  if (n === 2) return p.concatenate([first, last], axis);
  // the slope in a place is the mean of the chords beside it, each weighted by the width of the other
  const [before, after] = [p.part(widths, axis, 0, n - 2), p.part(widths, axis, 1, n - 1)];
  const [left, right] = [p.part(chords, axis, 0, n - 2), p.part(chords, axis, 1, n - 1)];
  const inner = p.div(p.add(p.mul(left, after), p.mul(right, before)), p.add(before, after));
  return p.concatenate([first, inner, last], axis);
}
