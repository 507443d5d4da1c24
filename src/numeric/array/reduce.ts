import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { BooleanLike, ReduceOptions, Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { asFloating, expandTo, normalizeAxes, normalizeAxis } from "./promote.ts";

type Reduction = (x: Tensor, axes: readonly number[]) => Tensor;

function reduce(operation: string, op: Reduction, x: Tensor, options: ReduceOptions): Tensor {
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

/** The axes of a reduction that looks at them before `reduce` does. */
function axisOf(operation: string, options: ReduceOptions): ReduceOptions["axis"] {
  checkOptions(operation, options, ["axis", "keepdims"]);
  return options.axis;
}

/** Sum over axes (all where left out). Long sums are added up in blocks; booleans are counted as int32. */
export function sum(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("sum", arguments, 2);
  const t = p.asTensor(x, "sum");
  return reduce("sum", p.sum, t.type.dtype === "bool" ? p.convert(t, "int32") : t, options);
}

/** Mean over axes (all where left out); integers become float64. NaN of nothing. */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("mean", arguments, 2);
  const t = asFloating(x, "mean");
  const count = sizeOf(
    normalizeAxes("mean", axisOf("mean", options), t.type).map((axis) => t.type.shape[axis]!),
  );
  const total = reduce("mean", p.sum, t, options);
  return p.div(total, p.full(total.type, count));
}

/** Mean squared distance from the mean, `Σ (x − x̄)² / (n − ddof)`; NaN where an element is infinite, as in PyTorch and NumPy. */
export function variance(x: TensorLike, options: ReduceOptions & { readonly ddof?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("variance", arguments, 2);
  checkOptions("variance", options, ["axis", "keepdims", "ddof"]);
  const { ddof = 0, ...rest } = options;
  const t = asFloating(x, "variance");
  const axes = normalizeAxes("variance", options.axis, t.type);
  const count = sizeOf(axes.map((axis) => t.type.shape[axis]!));
  const centre = mean(t, { axis: axes, keepdims: true });
  const off = p.sub(t, expandTo(centre, t.type.shape));
  const total = reduce("variance", p.sum, p.mul(off, off), rest);
  return p.div(total, p.full(total.type, count - ddof));
}

/** Largest element along axes (all where left out); NaN if there is one. Ties share the derivative evenly. */
export function max(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("max", arguments, 2);
  return reduce("max", p.max, p.asTensor(x, "max"), options);
}

/** Smallest element along axes (all where left out); NaN if there is one. Ties share the derivative evenly. */
export function min(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("min", arguments, 2);
  return reduce("min", p.min, p.asTensor(x, "min"), options);
}

/** The place of the largest element along an axis, as int32: the first of a tie. */
export function argmax(x: TensorLike, options: { readonly axis: number }): Tensor {
  if (arguments.length > 2) refuseExtra("argmax", arguments, 2);
  checkOptions("argmax", options, ["axis"]);
  const t = p.asTensor(x, "argmax");
  return p.argmax(t, normalizeAxis("argmax", (options as typeof options | undefined)?.axis, t.type));
}

/** The place of the smallest element along an axis, as int32: the first of a tie. */
export function argmin(x: TensorLike, options: { readonly axis: number }): Tensor {
  if (arguments.length > 2) refuseExtra("argmin", arguments, 2);
  checkOptions("argmin", options, ["axis"]);
  const t = p.asTensor(x, "argmin");
  return p.argmin(t, normalizeAxis("argmin", (options as typeof options | undefined)?.axis, t.type));
}

/**
 * log Σ e^x over axes (all where left out), without overflow: the largest element is taken out first. −∞ of nothing; ∞ where an
 * element is, with NaN as its derivative, as in PyTorch.
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

/** The largest element along axes, to be taken out of exponents so that nothing overflows; 0 where there is none. */
function largestAlong(t: Tensor, axes: readonly number[]): Tensor {
  if (axes.some((axis) => t.type.shape[axis] === 0)) {
    const shape = t.type.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
    return p.zeros(arrayType(t.dtype, shape, t.type.weak));
  }
  return p.stopGradient(max(t, { axis: axes, keepdims: true }));
}

/**
 * The sum of all elements up to each one along an axis, itself included; with `reverse` from the end. Booleans are counted
 * as int32.
 *
 * @example
 * cumsum([1, 2, 3], { axis: 0 });                // f64[3] [1, 3, 6]
 * cumsum([1, 2, 3], { axis: 0, reverse: true }); // f64[3] [6, 5, 3]
 */
export function cumsum(
  x: TensorLike,
  options: { readonly axis: number; readonly reverse?: boolean },
): Tensor {
  if (arguments.length > 2) refuseExtra("cumsum", arguments, 2);
  checkOptions("cumsum", options, ["axis", "reverse"]);
  checkFlags("cumsum", options, ["reverse"]);
  const { axis, reverse = false } = (options as typeof options | undefined) ?? {};
  const t = p.asTensor(x, "cumsum");
  const numbers = t.dtype === "bool" ? p.convert(t, "int32") : t;
  return p.cumsum(numbers, normalizeAxis("cumsum", axis, t.type), reverse);
}

/**
 * e^x / Σ e^x along an axis (the last, unless said otherwise), without overflow; nothing of nothing. NaN along an axis whose largest
 * element is ∞, or which holds −∞ alone, as in PyTorch and JAX.
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

/** The logarithm of `softmax`, without overflow and with all its digits however large x is; NaN where that is. */
export function logSoftmax(x: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("logSoftmax", arguments, 2);
  checkOptions("logSoftmax", options, ["axis"]);
  const t = asFloating(x, "logSoftmax");
  const axes = normalizeAxes("logSoftmax", options.axis ?? -1, t.type);
  const below = p.sub(t, expandTo(largestAlong(t, axes), t.type.shape));
  const total = reduce("logSoftmax", p.sum, p.exp(below), { axis: axes, keepdims: true });
  return p.sub(below, expandTo(p.log(total), t.type.shape));
}

/** Not for `if`: use `where`. Whether every element is true (not 0); true of nothing. */
export function all(x: BooleanLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("all", arguments, 2);
  const t = p.convert(p.asTensor(x, "all"), "bool");
  const exception = reduce("all", p.sum, p.equal(t, p.zeros(t.type)), options); // the sum of booleans is their "or"
  return p.equal(exception, p.zeros(exception.type));
}

/** Not for `if`: use `where`. Whether any element is true (not 0); false of nothing. */
export function any(x: BooleanLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("any", arguments, 2);
  return reduce("any", p.sum, p.convert(p.asTensor(x, "any"), "bool"), options);
}

/** Length of x as a vector, `√Σx²`; its derivative at 0 is 0. */
export function norm(x: TensorLike, options: ReduceOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("norm", arguments, 2);
  const t = asFloating(x, "norm");
  const squared = reduce("norm", p.sum, p.mul(t, t), options);
  const isZero = p.equal(squared, p.zeros(squared.type));
  // √ has slope ∞ at 0: there the derivative is set to 0, as a minimum of the length allows
  const safe = p.where(isZero, p.full(squared.type, 1), squared);
  return p.where(isZero, p.zeros(squared.type), p.sqrt(safe));
}
