import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { alongAxis, asFloating, expandTo, matchFloating, normalizeAxis } from "./promote.ts";
import { concatenate } from "./shape.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/** Options of cumulative operations along an axis. */
export interface CumulativeOptions {
  /** Axis to accumulate along. Default: all axes flattened into one, in row-major order. */
  readonly axis?: number;
  /** True to start at the end. Default false. */
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

/** x as numbers: booleans become int32. */
function countable(x: TensorLike, operation: string): Tensor {
  const t = p.asTensor(x, operation);
  return t.dtype === "bool" ? p.convert(t, "int32") : t;
}

/** x with NaN replaced by `value`. */
function without(x: Tensor, value: number): Tensor {
  return p.where(p.equal(x, x), x, p.full(x.type, value));
}

/**
 * Cumulative sum along an axis, including the element itself; with `reverse` from the end. Without an axis, x is
 * flattened. Booleans count as int32. Sums of float32 are accumulated in float64, so that long ones lose no digits.
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
 * Cumulative product along an axis, including the element itself; with `reverse` from the end. Without an axis, x is
 * flattened. Products of float32 are accumulated in float64. The derivative is also right where factors are 0.
 *
 * @example
 * cumprod([1, 2, 3]); // f64[3] [1, 2, 6]
 */
export function cumprod(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cumprod", arguments, 2);
  return cumulative("cumprod", p.cumprod, countable(x, "cumprod"), options);
}

/**
 * Cumulative maximum along an axis, including the element itself; with `reverse` from the end. NaN from the first NaN
 * on. Equal elements share the derivative evenly, as in `max` (PyTorch gives it to the last of them).
 *
 * @example
 * cummax([1, 3, 2]); // f64[3] [1, 3, 3]
 */
export function cummax(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cummax", arguments, 2);
  return cumulative("cummax", p.cummax, countable(x, "cummax"), options);
}

/** Cumulative minimum along an axis; otherwise like `cummax`. */
export function cummin(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cummin", arguments, 2);
  return cumulative("cummin", p.cummin, countable(x, "cummin"), options);
}

/**
 * Index of the cumulative maximum along an axis, as int32: `takeAlongAxis(x, argcummax(x, options), options)` is
 * `cummax(x, options)`. Of equal elements it is the last in the direction of the accumulation, as in PyTorch's `cummax`;
 * from the first NaN on, the last NaN.
 *
 * @example
 * argcummax([1, 3, 2, 3]).tolist();                    // [0, 1, 1, 3]
 * argcummax([1, 3, 2, 3], { reverse: true }).tolist(); // [1, 1, 3, 3]
 */
export function argcummax(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("argcummax", arguments, 2);
  return cumulative("argcummax", (t, axis, reverse) => indexOfExtreme(p.cummax, t, axis, reverse), countable(x, "argcummax"), options); // prettier-ignore
}

/** Index of the cumulative minimum along an axis; otherwise like `argcummax`. */
export function argcummin(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("argcummin", arguments, 2);
  return cumulative("argcummin", (t, axis, reverse) => indexOfExtreme(p.cummin, t, axis, reverse), countable(x, "argcummin"), options); // prettier-ignore
}

/** Index of the last element that equals the cumulative extreme, or of the last NaN. */
function indexOfExtreme(op: CumulativePrimitive, x: Tensor, axis: number, reverse: boolean): Tensor {
  const n = x.type.shape[axis]!;
  const i = p.iota("int32", x.type.shape, axis);
  if (n === 0) return i;
  const isExtreme = p.either(p.equal(x, op(x, axis, reverse)), p.notEqual(x, x));
  const none = p.full(i.type, reverse ? n - 1 : 0);
  const found = p.where(isExtreme, i, none);
  return reverse ? p.cummin(found, axis, true) : p.cummax(found, axis);
}

/**
 * Logarithm of the cumulative sum of e^x along an axis, including the element itself, without overflow; with `reverse`
 * from the end. Without an axis, x is flattened.
 *
 * @example
 * logcumsumexp([1000, 1000]).sub(1000).tolist(); // [0, 0.69314718…]
 */
export function logcumsumexp(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("logcumsumexp", arguments, 2);
  return cumulative("logcumsumexp", logarithmOfSums, asFloating(x, "logcumsumexp"), options);
}

/**
 * log Σ e^xᵢ of all elements up to each one. With m the running maximum, the sums s = Σ e^(xᵢ − m) follow the
 * recurrence sᵢ = e^(mᵢ₋₁ − mᵢ) sᵢ₋₁ + e^(xᵢ − mᵢ).
 */
function logarithmOfSums(x: Tensor, axis: number, reverse: boolean): Tensor {
  const n = x.type.shape[axis]!;
  if (n === 0) return x;
  const largest = p.stopGradient(p.cummax(x, axis, reverse));
  const isFinite = p.less(p.abs(largest), p.full(largest.type, Infinity));
  const top = p.where(isFinite, largest, p.zeros(largest.type)); // ∞ − ∞ is NaN
  const [from, to] = reverse ? [0, n - 1] : [1, n];
  const change = p.sub(p.part(top, axis, 1 - from, n - from), p.part(top, axis, from, to));
  const none = p.part(p.zeros(x.type), axis, 0, 1);
  // the maximum never falls, except from the 0 that replaces −∞, where the sum is still 0, and to the 0 that replaces ∞
  const fall = p.minimum(change, p.zeros(change.type));
  const factors = p.exp(p.concatenate(reverse ? [fall, none] : [none, fall], axis));
  const sums = p.linearRecurrence(factors, p.exp(p.sub(x, top)), { axis, reverse, strong: false });
  return p.add(p.log(sums), top);
}

/** `cumsum` with NaN counted as 0. */
export function nancumsum(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nancumsum", arguments, 2);
  return cumulative("nancumsum", p.cumsum, without(countable(x, "nancumsum"), 0), options);
}

/** `cumprod` with NaN counted as 1. */
export function nancumprod(x: TensorLike, options: CumulativeOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nancumprod", arguments, 2);
  return cumulative("nancumprod", p.cumprod, without(countable(x, "nancumprod"), 1), options);
}

/** Options of `diff`. */
export interface DiffOptions {
  /** Axis to take differences along. Default the last. */
  readonly axis?: number;
  /** Number of times that differences are taken. Default 1. */
  readonly n?: number;
  /**
   * Values put before the first and after the last element beforehand: arrays that can be concatenated with x along the
   * axis, or numbers.
   */
  readonly prepend?: TensorLike;
  readonly append?: TensorLike;
}

/**
 * Differences of neighbours along an axis, `xᵢ₊₁ − xᵢ`, taken `n` times. For booleans, true where neighbours differ.
 * @throws DownhillError `range` for an `n` that is not an integer ≥ 0, `shape` for a scalar.
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

/** Applies `op` to each pair of neighbours along an axis, the later one first. */
function neighbours(x: Tensor, axis: number, op: (later: Tensor, earlier: Tensor) => Tensor): Tensor {
  const n = x.type.shape[axis]!;
  return op(p.part(x, axis, Math.min(1, n), n), p.part(x, axis, 0, Math.max(0, n - 1)));
}

/** Differences between neighbouring elements of x in row-major order, `xᵢ₊₁ − xᵢ`, as a vector. */
export function ediff1d(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("ediff1d", arguments, 1);
  const t = countable(x, "ediff1d");
  return neighbours(p.reshape(t, [t.type.shape.reduce((a, b) => a * b, 1)]), 0, p.sub);
}

/** Options of `trapezoid` and `cumulativeTrapezoid`. */
export interface TrapezoidOptions {
  /** Coordinates of the values: a vector, or an array of the shape of y. */
  readonly x?: TensorLike;
  /** Distance between neighbours, used without x. Default 1. */
  readonly dx?: TensorLike;
  /** Axis to integrate along. Default the last. */
  readonly axis?: number;
}

/** The areas of the trapezoids between neighbours along an axis, and that axis. */
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

/**
 * Distances between neighbouring coordinates. The coordinates are a vector for one axis of y, or an array of the shape
 * of y.
 */
function stepsAlong(operation: string, x: Tensor, y: Tensor, axis: number): Tensor {
  const n = y.type.shape[axis]!;
  if (x.ndim === y.ndim && x.type.shape[axis] === n) return neighbours(x, axis, p.sub);
  if (x.ndim !== 1 || x.type.shape[0] !== n) {
    throw new DownhillError(
      "shape",
      `${operation}: coordinates are ${showType(x.type)}; for axis ${axis} of ${showType(y.type)} they must be a vector of length ${n}, or an array of its shape.`,
    );
  }
  const steps = neighbours(x, 0, p.sub);
  return p.reshape(steps, y.type.shape.map((_, i) => (i === axis ? n - 1 : 1))); // prettier-ignore
}

/**
 * Integral of values along an axis by the trapezoidal rule, `Σ (xᵢ₊₁ − xᵢ) · (yᵢ + yᵢ₊₁) / 2`.
 * @throws DownhillError `shape` for coordinates that do not fit, `option` if both x and dx are given.
 * @example
 * trapezoid([0, 1, 4], { x: [0, 1, 2] }); // 3
 */
export function trapezoid(y: TensorLike, options: TrapezoidOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("trapezoid", arguments, 2);
  const [areas, axis] = trapezoids("trapezoid", y, options);
  return p.sum(areas, [axis]);
}

/**
 * Integrals from the first value up to each later one along an axis, by the trapezoidal rule; one fewer than there are
 * values.
 */
export function cumulativeTrapezoid(y: TensorLike, options: TrapezoidOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("cumulativeTrapezoid", arguments, 2);
  const [areas, axis] = trapezoids("cumulativeTrapezoid", y, options);
  return p.cumsum(areas, axis);
}

/** Options of `gradient` along one axis. */
export interface GradientOptions {
  /** Axis to differentiate along. Optional for vectors. */
  readonly axis?: number;
  /** Distance between neighbours, or the coordinates along the axis as a vector. Default 1. */
  readonly spacing?: TensorLike;
}

/** Options of `gradient` along several axes. */
export interface GradientsOptions extends Omit<GradientOptions, "axis"> {
  readonly axis: readonly number[];
}

/**
 * Slope of sampled values along an axis by finite differences. Interior slopes are second order:
 * `(yᵢ₊₁ − yᵢ₋₁) / (xᵢ₊₁ − xᵢ₋₁)` if the coordinates are evenly spaced. Slopes at the ends use the one neighbour. A
 * list of axes gives a list of arrays.
 *
 * This differences data; for derivatives of functions use `grad`.
 *
 * @throws DownhillError `shape` for fewer than two values along an axis, or coordinates that do not fit; `option` if y
 * has several axes and none is named.
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
  // the interior slope is the mean of the neighbouring chords, each weighted by the width of the other
  const [before, after] = [p.part(widths, axis, 0, n - 2), p.part(widths, axis, 1, n - 1)];
  const [left, right] = [p.part(chords, axis, 0, n - 2), p.part(chords, axis, 1, n - 1)];
  const inner = p.div(p.add(p.mul(left, after), p.mul(right, before)), p.add(before, after));
  return p.concatenate([first, inner, last], axis);
}
