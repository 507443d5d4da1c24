import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { isIntegerIn, showPlain } from "../../engine/ir/plain-number.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import { matchOperands, normalizeAxis, promoteTypes } from "./promote.ts";

/** Two operands of one dtype, of their own shapes. */
function alike(operation: string, x: TensorLike, y: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = [p.asTensor(x, operation), p.asTensor(y, operation)];
  const { dtype, weak } = promoteTypes(a.type, b.type);
  const kind = dtype === "bool" ? "int32" : dtype;
  return [p.convert(a, kind, weak), p.convert(b, kind, weak)];
}

function contractOver(a: Tensor, b: Tensor, left: readonly number[], right: readonly number[]): Tensor {
  return p.dotGeneral(a, b, { contract: [left, right], batch: [[], []] });
}

/** How operands of sizes that differ are shown. */
function differ(operation: string, a: Tensor, b: Tensor, what: string): DownhillError {
  return new DownhillError("shape", `${operation}: ${showType(a.type)} and ${showType(b.type)}: ${what}.`);
}

/**
 * The sums of products over the last axes of both: the axes of x before, then those of y before. Of vectors `dot`; numbers
 * multiply.
 *
 * @throws DownhillError `shape` for last axes that differ in size.
 */
export function inner(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("inner", arguments, 2);
  const [a, b] = alike("inner", x, y);
  if (a.ndim === 0 || b.ndim === 0) return p.mul(...matchOperands("inner", a, b));
  if (a.type.shape.at(-1) !== b.type.shape.at(-1))
    throw differ("inner", a, b, "their last axes differ in size");
  return contractOver(a, b, [a.ndim - 1], [b.ndim - 1]);
}

/** The sum of the products of all elements, in row-major order. */
export function vdot(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("vdot", arguments, 2);
  const [a, b] = alike("vdot", x, y);
  const [n, m] = [sizeOf(a.type.shape), sizeOf(b.type.shape)];
  if (n !== m) throw differ("vdot", a, b, `${n} elements and ${m} of them`);
  return contractOver(p.reshape(a, [n]), p.reshape(b, [n]), [0], [0]);
}

/** The sums of products of vectors along an axis, all others broadcast. */
export function vecdot(x: TensorLike, y: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 3) refuseExtra("vecdot", arguments, 3);
  checkOptions("vecdot", options, ["axis"]);
  const [a, b] = matchOperands("vecdot", ...alike("vecdot", x, y));
  return p.sum(p.mul(a, b), [normalizeAxis("vecdot", options.axis ?? -1, a.type)]);
}

/** Products of matrices in the last two axes of x and vectors in the last of y, all others broadcast. */
export function matvec(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("matvec", arguments, 2);
  const [a, b] = alike("matvec", x, y);
  if (a.ndim < 2 || b.ndim < 1 || a.type.shape.at(-1) !== b.type.shape.at(-1))
    throw differ("matvec", a, b, "needs matrices with as many columns as vectors have elements");
  if (b.ndim === 1) return contractOver(a, b, [a.ndim - 1], [0]);
  const row = p.reshape(b, [...b.shape.slice(0, -1), 1, b.shape.at(-1)!]);
  const [left, right] = matchOperands("matvec", a, row);
  return p.sum(p.mul(left, right), [left.ndim - 1]);
}

/** Products of vectors in the last axis of x and matrices in the last two of y, all others broadcast. */
export function vecmat(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("vecmat", arguments, 2);
  const [a, b] = alike("vecmat", x, y);
  if (b.ndim < 2 || a.ndim < 1 || a.type.shape.at(-1) !== b.type.shape.at(-2))
    throw differ("vecmat", a, b, "needs matrices with as many rows as vectors have elements");
  if (b.ndim === 2) return contractOver(a, b, [a.ndim - 1], [0]);
  const column = p.reshape(a, [...a.shape, 1]);
  const [left, right] = matchOperands("vecmat", column, b);
  return p.sum(p.mul(left, right), [left.ndim - 2]);
}

/** Axes of x and of y, in pairs, or how many of the last of x and the first of y. */
export type TensordotAxes =
  number | readonly [left: number | readonly number[], right: number | readonly number[]];

/**
 * The sums of products over some axes of both: the other axes of x, then those of y. A number of axes means the last ones of x
 * and the first ones of y (2 where it is left out, as in NumPy).
 *
 * @throws DownhillError `shape` for axes that differ in size or number.
 * @example
 * tensordot([[1, 2], [3, 4]], [5, 6], 1); // f64[2] [17, 39]
 */
export function tensordot(x: TensorLike, y: TensorLike, axes: TensordotAxes = 2): Tensor {
  if (arguments.length > 3) refuseExtra("tensordot", arguments, 3);
  const [a, b] = alike("tensordot", x, y);
  const given: unknown = axes; // callers without types pass anything
  if (!isIntegerIn(given, { to: Math.min(a.ndim, b.ndim) }) && !(Array.isArray(given) && given.length === 2))
    throw new DownhillError("option", `tensordot: axes are a number of axes or two lists, as in tensordot(x, y, 1) or tensordot(x, y, [[1], [0]]); got ${showPlain(given)}.`); // prettier-ignore
  const pairs: TensordotAxes =
    typeof axes === "number" ? [range(a.ndim - axes, a.ndim), range(0, axes)] : axes;
  const [left, right] = pairs.map((list, side) => {
    const { type } = side === 0 ? a : b;
    return (typeof list === "number" ? [list] : list).map((axis) => normalizeAxis("tensordot", axis, type));
  }) as [number[], number[]];
  const isTwice = [left, right].some((list) => new Set(list).size !== list.length);
  const fits = left.length === right.length && left.every((axis, i) => a.shape[axis] === b.shape[right[i]!]);
  if (!fits || isTwice)
    throw differ("tensordot", a, b, `axes [${left.join()}] and [${right.join()}] must be as many, each once, and as long`); // prettier-ignore
  return contractOver(a, b, left, right);
}

/** Options of `cross`. */
export interface CrossOptions {
  /** The axis of the vectors. Default the last. */
  readonly axis?: number;
}

/**
 * The vector product of vectors of three, along an axis; all others are broadcast. Of vectors of two the third component, as in
 * NumPy.
 *
 * @throws DownhillError `shape` for vectors of another size.
 * @example
 * cross([1, 0, 0], [0, 1, 0]); // f64[3] [0, 0, 1]
 */
export function cross(x: TensorLike, y: TensorLike, options: CrossOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("cross", arguments, 3);
  checkOptions("cross", options, ["axis"]);
  const [a, b] = matchOperands("cross", ...alike("cross", x, y));
  const axis = normalizeAxis("cross", options.axis ?? -1, a.type);
  const n = a.type.shape[axis]!;
  if (n !== 3 && n !== 2)
    throw differ("cross", a, b, `axis ${axis} has ${n} components, and vector products are of 3, or of 2`);
  const component = (t: Tensor, i: number): Tensor => p.part(t, axis, i, i + 1);
  const turn = (i: number, j: number): Tensor =>
    p.sub(p.mul(component(a, i), component(b, j)), p.mul(component(a, j), component(b, i)));
  if (n === 2) return p.reshape(turn(0, 1), a.type.shape.toSpliced(axis, 1));
  return p.concatenate([turn(1, 2), turn(2, 0), turn(0, 1)], axis);
}
