import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type {
  BooleanLike,
  DeviationOptions,
  MaskedReduceOptions,
  ArgmaxOptions,
  ReduceOptions,
  Tensor,
  TensorLike,
} from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { arrayType, isFloating } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes, sameShape, sizeOf } from "../../engine/util/shape.ts";
import { rootOrZero } from "./lengths.ts";
import { asFloating, expandTo, normalizeAxes, normalizeAxis } from "./promote.ts";

type ReductionPrimitive = (x: Tensor, axes: readonly number[]) => Tensor;

function reduce(operation: string, op: ReductionPrimitive, x: Tensor, options: ReduceOptions): Tensor {
  checkOptions(operation, options, ["axis", "keepdims"]);
  checkFlags(operation, options, ["keepdims"]);
  const axes = normalizeAxes(operation, options.axis, x.type);
  const out = op(x, axes);
  return options.keepdims === true
    ? p.reshape(
        out,
        x.type.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
      )
    : out;
}

/** The axes of a reduction, for callers that need them before `reduce` checks the options. */
function axisOf(operation: string, options: ReduceOptions): ReduceOptions["axis"] {
  checkOptions(operation, options, ["axis", "keepdims"]);
  return options.axis;
}

/** Separates the mask of a reduction, as bool of the shape of x, from the other options. */
function takeMask<O extends MaskedReduceOptions>(
  operation: string,
  x: Tensor,
  options: O,
  others: readonly string[] = [],
): readonly [mask: Tensor | undefined, rest: Omit<O, "where">] {
  checkOptions(operation, options, ["axis", "keepdims", "where", ...others]);
  const { where, ...rest } = options;
  if (where === undefined) return [undefined, rest];
  const mask = p.asTensor(where, operation);
  if (mask.type.dtype !== "bool") {
    throw new DownhillError(
      "dtype",
      `${operation}: where is ${showType(mask.type)}, not bool. Compare first, as in { where: greater(x, 0) }.`,
    );
  }
  const fitted = broadcastShapes(mask.type.shape, x.type.shape);
  if (fitted === undefined || !sameShape(fitted, x.type.shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: where is ${showType(mask.type)}, which cannot be broadcast to the shape of ${showType(x.type)}.`,
    );
  }
  return [expandTo(mask, x.type.shape), rest];
}

/**
 * x with 0 where the mask is false. Uses a product with a strong zero (docs/masks.md), so that ∞ and NaN
 * there become 0 too.
 */
function orZero(x: Tensor, mask: Tensor | undefined): Tensor {
  if (mask === undefined) return x;
  const counts = p.convert(mask, x.type.dtype, x.type.weak);
  return isFloating(x.type.dtype) ? p.strongMul(counts, x) : p.mul(counts, x);
}

/** x as numbers: booleans become int32. */
function countable(x: TensorLike, operation: string): Tensor {
  const t = p.asTensor(x, operation);
  return t.type.dtype === "bool" ? p.convert(t, "int32") : t;
}

/** Number of elements counted along the axes, in the type and shape of `like`. */
function countOf(t: Tensor, mask: Tensor | undefined, axes: readonly number[], like: Tensor): Tensor {
  if (mask === undefined) return p.full(like.type, sizeOf(axes.map((axis) => t.type.shape[axis]!)));
  return p.reshape(p.sum(p.convert(mask, t.type.dtype, t.type.weak), axes), like.type.shape);
}

/** Sum over axes (default all). Long sums are added in blocks; booleans count as int32. */
export function sum(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("sum", arguments, 2);
  const t = countable(x, "sum");
  const [mask, rest] = takeMask("sum", t, options);
  return reduce("sum", p.sum, orZero(t, mask), rest);
}

/**
 * Product over axes (default all), by repeatedly multiplying the two halves of each axis; booleans count as int32, and
 * the empty product is 1.
 *
 * Derivative: the product of all other elements, also where some elements are 0.
 *
 * @example
 * prod([[1, 2], [3, 4]], { axis: 0 });      // f64[2] [3, 8]
 * grad((x) => prod(x))([2, 0, 5]).tolist(); // [0, 10, 0]
 */
export function prod(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("prod", arguments, 2);
  const t = countable(x, "prod");
  const [mask, rest] = takeMask("prod", t, options);
  const factors = mask === undefined ? t : p.where(mask, t, p.full(t.type, 1));
  return reduce("prod", (y, axes) => axes.reduceRight(productAlong, y), factors, rest);
}

function productAlong(x: Tensor, axis: number): Tensor {
  const n = x.type.shape[axis]!;
  const shape = x.type.shape.toSpliced(axis, 1);
  if (n === 0) return p.full(arrayType(x.type.dtype, shape, x.type.weak), 1);
  let [factors, odd] = [x, undefined as Tensor | undefined];
  for (let size = n; size > 1; size = size >> 1) {
    const half = size >> 1;
    if (size % 2 === 1) {
      const last = p.part(factors, axis, size - 1, size);
      odd = odd === undefined ? last : p.mul(odd, last);
    }
    factors = p.mul(p.part(factors, axis, 0, half), p.part(factors, axis, half, 2 * half));
  }
  return p.reshape(odd === undefined ? factors : p.mul(factors, odd), shape);
}

/** Mean over axes (default all); integers become float64. NaN for no elements. */
export function mean(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("mean", arguments, 2);
  const t = asFloating(x, "mean");
  const [mask, rest] = takeMask("mean", t, options);
  const total = reduce("mean", p.sum, orZero(t, mask), rest);
  return p.div(total, countOf(t, mask, normalizeAxes("mean", options.axis, t.type), total));
}

/**
 * Variance: mean squared distance from the mean, `Σ (x − x̄)² / (n − ddof)`; NaN if an element is infinite, as in
 * PyTorch and NumPy. As a method it is called `var`.
 */
export function variance(x: TensorLike, options: DeviationOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("variance", arguments, 2);
  return squaredDeviation("variance", x, options);
}

/**
 * Standard deviation, the root of the variance: `√(Σ (x − x̄)² / (n − ddof))`. Where all elements are equal its
 * derivative is 0, as for `norm`.
 */
export function std(x: TensorLike, options: DeviationOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("std", arguments, 2);
  return rootOrZero(squaredDeviation("std", x, options));
}

function squaredDeviation(operation: string, x: TensorLike, options: DeviationOptions): Tensor {
  const t = asFloating(x, operation);
  const [mask, { ddof = 0, ...rest }] = takeMask(operation, t, options, ["ddof"]);
  if (typeof ddof !== "number")
    throw new DownhillError("option", `${operation}: ddof must be a plain number, got ${typeof ddof}.`);
  const axes = normalizeAxes(operation, options.axis, t.type);
  const sums = reduce(operation, p.sum, orZero(t, mask), { axis: axes, keepdims: true });
  const centre = p.div(sums, countOf(t, mask, axes, sums));
  const off = orZero(p.sub(t, expandTo(centre, t.type.shape)), mask);
  const total = reduce(operation, p.sum, p.mul(off, off), rest);
  const count = countOf(t, mask, axes, total);
  return p.div(total, p.sub(count, p.full(count.type, ddof)));
}

/**
 * Largest element along axes (default all); NaN if any element is NaN. Ties share the derivative evenly. If a mask
 * excludes all elements: −∞, or the smallest integer of the dtype.
 */
export function max(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("max", arguments, 2);
  return extremum("max", p.max, x, options);
}

/**
 * Smallest element along axes (default all); NaN if any element is NaN. Ties share the derivative evenly. If a mask
 * excludes all elements: ∞, or the largest integer of the dtype.
 */
export function min(x: TensorLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("min", arguments, 2);
  return extremum("min", p.min, x, options);
}

function extremum(
  operation: "max" | "min",
  op: ReductionPrimitive,
  x: TensorLike,
  options: MaskedReduceOptions,
): Tensor {
  const t = p.asTensor(x, operation);
  const [mask, rest] = takeMask(operation, t, options);
  if (mask === undefined) return reduce(operation, op, t, rest);
  const others = p.full(t.type, ofNothing(operation, t.dtype));
  return reduce(operation, op, p.where(mask, t, others), rest);
}

/**
 * The neutral element of a maximum or minimum: the smallest or largest value of the dtype, which any other number
 * replaces.
 */
function ofNothing(operation: "max" | "min", dtype: DType): number {
  const isMax = operation === "max";
  switch (dtype) {
    case "float64":
    case "float32":
      return isMax ? -Infinity : Infinity;
    case "int32":
      return isMax ? -2147483648 : 2147483647;
    case "uint32":
      return isMax ? 0 : 4294967295;
    case "bool":
      return isMax ? 0 : 1;
  }
}

/**
 * Index of the largest element along an axis, as int32; the first one at a tie. Without an axis, the row-major index.
 */
export function argmax(x: TensorLike, options: ArgmaxOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("argmax", arguments, 2);
  return placeOf("argmax", p.argmax, x, options);
}

/**
 * Index of the smallest element along an axis, as int32; the first one at a tie. Without an axis, the row-major index.
 */
export function argmin(x: TensorLike, options: ArgmaxOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("argmin", arguments, 2);
  return placeOf("argmin", p.argmin, x, options);
}

function placeOf(
  operation: string,
  op: (x: Tensor, axis: number) => Tensor,
  x: TensorLike,
  options: ArgmaxOptions,
): Tensor {
  checkOptions(operation, options, ["axis", "keepdims"]);
  checkFlags(operation, options, ["keepdims"]);
  const t = p.asTensor(x, operation);
  const { shape } = t.type;
  const axis = options.axis === undefined ? undefined : normalizeAxis(operation, options.axis, t.type);
  const place = axis === undefined ? op(p.reshape(t, [sizeOf(shape)]), 0) : op(t, axis);
  if (options.keepdims !== true) return place;
  return p.reshape(place, axis === undefined ? shape.map(() => 1) : shape.with(axis, 1));
}

/**
 * log Σ e^x over axes (default all), without overflow, because the largest element is subtracted first. −∞ for no
 * elements; ∞, with derivative NaN, if an element is ∞, as in PyTorch.
 *
 * Derivative: softmax.
 */
export function logsumexp(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("logsumexp", arguments, 2);
  const t = asFloating(x, "logsumexp");
  const largest = largestAlong(t, normalizeAxes("logsumexp", axisOf("logsumexp", options), t.type));
  const isFinite = p.less(p.abs(largest), p.full(largest.type, Infinity));
  const top = p.where(isFinite, largest, p.zeros(largest.type)); // −∞ − −∞ is NaN
  const powers = p.exp(p.sub(t, expandTo(top, t.type.shape)));
  const total = reduce("logsumexp", p.sum, powers, options);
  return p.add(p.log(total), p.reshape(top, total.type.shape));
}

/** The largest element along axes, to be subtracted from exponents so that nothing overflows; 0 for no elements. */
function largestAlong(t: Tensor, axes: readonly number[]): Tensor {
  if (axes.some((axis) => t.type.shape[axis] === 0)) {
    const shape = t.type.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
    return p.zeros(arrayType(t.dtype, shape, t.type.weak));
  }
  return p.stopGradient(max(t, { axis: axes, keepdims: true }));
}

/**
 * e^x / Σ e^x along an axis (default the last), without overflow; empty for empty x. NaN if the largest element along
 * the axis is ∞, or if all are −∞, as in PyTorch and JAX.
 */
export function softmax(x: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("softmax", arguments, 2);
  checkOptions("softmax", options, ["axis"]);
  const t = asFloating(x, "softmax");
  const axes = normalizeAxes("softmax", options.axis ?? -1, t.type);
  const powers = p.exp(p.sub(t, expandTo(largestAlong(t, axes), t.type.shape)));
  return p.div(
    powers,
    expandTo(reduce("softmax", p.sum, powers, { axis: axes, keepdims: true }), t.type.shape),
  );
}

/** The logarithm of `softmax`, without overflow and without loss of digits for large x; NaN where `softmax` is. */
export function logSoftmax(x: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("logSoftmax", arguments, 2);
  checkOptions("logSoftmax", options, ["axis"]);
  const t = asFloating(x, "logSoftmax");
  const axes = normalizeAxes("logSoftmax", options.axis ?? -1, t.type);
  const below = p.sub(t, expandTo(largestAlong(t, axes), t.type.shape));
  const total = reduce("logSoftmax", p.sum, p.exp(below), { axis: axes, keepdims: true });
  return p.sub(below, expandTo(p.log(total), t.type.shape));
}

/** True if all elements are true (not 0), as bool; true for no elements. Use it with `where`, not in `if`. */
export function all(x: BooleanLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("all", arguments, 2);
  const t = p.convert(p.asTensor(x, "all"), "bool");
  const [mask, rest] = takeMask("all", t, options);
  const isException = p.equal(t, p.zeros(t.type));
  const counted = mask === undefined ? isException : p.both(isException, mask);
  const exception = reduce("all", p.sum, counted, rest); // the sum of booleans is their logical OR
  return p.equal(exception, p.zeros(exception.type));
}

/** True if any element is true (not 0), as bool; false for no elements. Use it with `where`, not in `if`. */
export function any(x: BooleanLike, options: MaskedReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("any", arguments, 2);
  const t = p.convert(p.asTensor(x, "any"), "bool");
  const [mask, rest] = takeMask("any", t, options);
  return reduce("any", p.sum, mask === undefined ? t : p.both(t, mask), rest);
}

/** Euclidean length of x as a vector, `√Σx²`; its derivative at 0 is 0. */
export function norm(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("norm", arguments, 2);
  const t = asFloating(x, "norm");
  const squared = reduce("norm", p.sum, p.mul(t, t), options);
  return rootOrZero(squared);
}
