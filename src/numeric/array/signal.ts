import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { refuseTensor } from "../../engine/ir/plain-number.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import { mod } from "./arithmetic.ts";
import { conv } from "./convolution.ts";
import { search } from "./halving.ts";
import { asFloating, expandTo, normalizeAxis, promoteTypes } from "./promote.ts";

/**
 * Part of a convolution to return: all of it (`full`), the middle part with the length of the longer operand (`same`),
 * or the part where both operands overlap completely (`valid`).
 */
export type ConvolveMode = "full" | "same" | "valid";
const modes: readonly ConvolveMode[] = ["full", "same", "valid"];

function vector(operation: string, x: TensorLike): Tensor {
  const t = p.asTensor(x, operation);
  const line = t.ndim === 0 ? p.reshape(t, [1]) : t;
  if (line.ndim === 1 && line.type.shape[0]! > 0) return line;
  throw new DownhillError("shape", `${operation}: ${showType(t.type)} is not a vector with elements.`);
}

/** `Σⱼ xᵢ₊ⱼ yⱼ` of two vectors, the second not longer than the first, for the indices i of the mode. */
function slide(x: Tensor, y: Tensor, mode: ConvolveMode): Tensor {
  const [n, m] = [x.type.shape[0]!, y.type.shape[0]!];
  const after = mode === "full" ? m - 1 : mode === "same" ? (m - 1) >> 1 : 0;
  const before = mode === "same" ? m - 1 - after : after;
  const [image, filter] = [p.reshape(x, [1, 1, n]), p.reshape(y, [1, 1, m])];
  const out = conv(image, filter, { padding: [[before, after]] });
  return p.reshape(out, [n + before + after - m + 1]);
}

function correlation(
  operation: string,
  x: TensorLike,
  y: TensorLike,
  mode: ConvolveMode,
  turns: boolean,
): Tensor {
  checkChoice(operation, "mode", mode, modes);
  const [a, b] = [vector(operation, x), vector(operation, y)];
  const backwards = (t: Tensor): Tensor => p.reverse(t, [0]);
  const isShorter = a.type.shape[0]! < b.type.shape[0]!;
  const [long, short] = isShorter ? [b, a] : [a, b];
  if (turns) return slide(long, backwards(short), mode);
  return isShorter ? backwards(slide(long, short, mode)) : slide(long, short, mode);
}

/**
 * Convolution of two vectors, `Σⱼ xⱼ yᵢ₋ⱼ`. The second vector is flipped; for the convolution of neural networks, which
 * does not flip, see `conv`.
 * @throws DownhillError `shape` for operands that are not vectors with elements.
 * @example
 * convolve([1, 2, 3], [0, 1, 0.5]); // f64[5] [0, 1, 2.5, 4, 1.5]
 */
export function convolve(x: TensorLike, y: TensorLike, mode: ConvolveMode = "full"): Tensor {
  if (arguments.length > 3) refuseExtra("convolve", arguments, 3);
  return correlation("convolve", x, y, mode, true);
}

/**
 * Cross-correlation of two vectors, `Σⱼ xᵢ₊ⱼ yⱼ`.
 * @throws DownhillError `shape` for operands that are not vectors with elements.
 * @example
 * correlate([1, 2, 3], [0, 1, 0.5]);         // f64[1] [3.5]
 * correlate([1, 2, 3], [0, 1, 0.5], "full"); // f64[5] [0.5, 2, 3.5, 3, 0]
 */
export function correlate(x: TensorLike, y: TensorLike, mode: ConvolveMode = "valid"): Tensor {
  if (arguments.length > 3) refuseExtra("correlate", arguments, 3);
  return correlation("correlate", x, y, mode, false);
}

/** Options of `interp`. */
export interface InterpOptions {
  /** Value for x below the first point. Default the first value. */
  readonly left?: TensorLike;
  /** Value for x above the last point. Default the last value. */
  readonly right?: TensorLike;
  /**
   * Period with which points and values repeat. The points may then have any order, and `left` and `right` are not
   * allowed. Default none.
   */
  readonly period?: number;
}

/**
 * Piecewise linear interpolation at x between given values at ascending points.
 *
 * The derivative in x is the slope of the segment that contains x (at a point, of the segment after it), and 0 outside.
 *
 * @throws DownhillError `shape` if points and values are not two vectors of equal length, `range` for a period that is
 * not positive, `option` for a period with `left` or `right`.
 * @example
 * interp([0.5, 3], [0, 1, 2], [0, 10, 30]); // f64[2] [5, 30]
 * interp([3.5, -1], [0, 1, 2], [0, 10, 30], { period: 4 }); // f64[2] [7.5, 15]
 */
export function interp(
  x: TensorLike,
  places: TensorLike,
  values: TensorLike,
  options: InterpOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("interp", arguments, 4);
  checkOptions("interp", options, ["left", "right", "period"]);
  const given = [x, places, values].map((operand) => asFloating(operand, "interp"));
  const { dtype, weak } = given.map((t) => t.type).reduce((a, b) => ({ ...a, ...promoteTypes(a, b) }));
  const [t, xs, ys] = given.map((operand) => p.convert(operand, dtype, weak)) as [Tensor, Tensor, Tensor];
  const n = xs.type.shape[0];
  if (xs.ndim !== 1 || ys.ndim !== 1 || n !== ys.type.shape[0] || n === 0) {
    throw new DownhillError(
      "shape",
      `interp: points are ${showType(xs.type)} and values ${showType(ys.type)}; give two vectors of equal length.`,
    );
  }
  const { left, right, period } = options;
  if (period === undefined) return onLines(t, xs, ys, left, right);
  refuseTensor("interp", "period", period);
  if (!(period > 0 && Number.isFinite(period)))
    throw new DownhillError("range", `interp: period must be a positive number, got ${String(period)}.`);
  if (left !== undefined || right !== undefined)
    throw new DownhillError(
      "option",
      "interp: with a period no x is outside the points; omit left and right.",
    );
  const within = (place: Tensor): Tensor => mod(place, p.full(place.type, period));
  const order = p.argsort(p.stopGradient(within(xs)), 0);
  const [sorted, own] = [p.take(within(xs), order, 0), p.take(ys, order, 0)];
  // the last point one period earlier, and the first point one period later
  const wrap = (list: Tensor, shift: number): Tensor => {
    const [first, last] = [p.part(list, 0, 0, 1), p.part(list, 0, n! - 1, n!)];
    return p.concatenate(
      [p.sub(last, p.full(last.type, shift)), list, p.add(first, p.full(first.type, shift))],
      0,
    );
  };
  return onLines(within(t), wrap(sorted, period), wrap(own, 0));
}

/**
 * Linear interpolation at t between points with ascending coordinates xs; `below` and `above` are the values outside.
 */
function onLines(t: Tensor, xs: Tensor, ys: Tensor, below?: TensorLike, above?: TensorLike): Tensor {
  const n = xs.type.shape[0]!;
  // the last point at or below t, but at most the last but one
  const found = search("interp", p.stopGradient(xs), p.stopGradient(t), "right");
  const at = (place: number): Tensor => p.full(found.type, place);
  const before = p.minimum(p.maximum(p.sub(found, at(1)), at(0)), at(Math.max(0, n - 2)));
  const behind = p.minimum(p.add(before, at(1)), at(n - 1));
  const [x0, x1] = [p.take(xs, before, 0), p.take(xs, behind, 0)];
  const [y0, y1] = [p.take(ys, before, 0), p.take(ys, behind, 0)];
  const width = p.sub(x1, x0);
  const isPoint = p.equal(width, p.zeros(width.type));
  const slope = p.div(p.sub(y1, y0), p.where(isPoint, p.full(width.type, 1), width));
  const line = p.add(y0, p.mul(slope, p.sub(t, x0)));
  const edge = (option: TensorLike | undefined, place: number): readonly [Tensor, Tensor] => {
    const value = option === undefined ? p.part(ys, 0, place, place + 1) : p.asTensor(option, "interp");
    const scalar = p.reshape(p.convert(value, ys.dtype, ys.type.weak), []);
    return [
      expandTo(p.reshape(p.part(xs, 0, place, place + 1), []), t.type.shape),
      expandTo(scalar, t.type.shape),
    ];
  };
  const [first, left] = edge(below, 0);
  const [last, right] = edge(above, n - 1);
  return p.where(p.less(t, first), left, p.where(p.less(last, t), right, line));
}

/** Options of `unwrap`. */
export interface UnwrapOptions {
  /** Axis to unwrap along. Default the last. */
  readonly axis?: number;
  /** Period of the angles, whose multiples are added. Default 2π. */
  readonly period?: number;
  /** Smallest jump that is removed. Default half a period. */
  readonly discont?: number;
}

/**
 * Removes jumps from angles along an axis: where two neighbours differ by more than half a period, multiples of the
 * period are added to all later elements. The derivative is 1.
 */
export function unwrap(x: TensorLike, options: UnwrapOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("unwrap", arguments, 2);
  checkOptions("unwrap", options, ["axis", "period", "discont"]);
  const { period = 2 * Math.PI, discont = period / 2 } = options;
  const t = asFloating(x, "unwrap");
  const axis = normalizeAxis("unwrap", options.axis ?? -1, t.type);
  const n = t.type.shape[axis]!;
  if (n < 2) return t;
  const angles = p.stopGradient(t);
  const step = p.sub(p.part(angles, axis, 1, n), p.part(angles, axis, 0, n - 1));
  const at = (value: number): Tensor => p.full(step.type, value);
  const short = p.sub(mod(p.add(step, at(period / 2)), at(period)), at(period / 2));
  const isHalf = p.both(p.equal(short, at(-period / 2)), p.less(at(0), step)); // a step up by half a period stays a step up
  const change = p.sub(p.where(isHalf, at(period / 2), short), step);
  const counted = p.where(p.less(p.abs(step), at(Math.max(discont, period / 2))), at(0), change);
  const widths = (low: number): number[] => range(0, t.ndim).map((i) => (i === axis ? low : 0));
  const shifts = p.pad(p.cumsum(counted, axis), { low: widths(1), high: widths(0), interior: widths(0) });
  return p.add(t, shifts);
}
