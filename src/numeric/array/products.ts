import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { isIntegerIn, showPlain } from "../../engine/ir/plain-number.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import { matchOperands, normalizeAxis, promoteTypes } from "./promote.ts";

/** Two operands in one dtype, with their shapes unchanged; booleans become int32. */
function alike(operation: string, x: TensorLike, y: TensorLike): readonly [Tensor, Tensor] {
  const [a, b] = [p.asTensor(x, operation), p.asTensor(y, operation)];
  const { dtype, weak } = promoteTypes(a.type, b.type);
  const kind = dtype === "bool" ? "int32" : dtype;
  return [p.convert(a, kind, weak), p.convert(b, kind, weak)];
}

function contractOver(a: Tensor, b: Tensor, left: readonly number[], right: readonly number[]): Tensor {
  return p.dotGeneral(a, b, { contract: [left, right], batch: [[], []] });
}

/** Error for two operands that do not fit together; `what` says why. */
function differ(operation: string, a: Tensor, b: Tensor, what: string): DownhillError {
  return new DownhillError("shape", `${operation}: ${showType(a.type)} and ${showType(b.type)}: ${what}.`);
}

/**
 * Sums of products over the last axes of both operands. The result has the other axes of x, then those of y. For
 * vectors this is `dot`; scalars multiply.
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

/** Sum of the products of all elements, in row-major order. */
export function vdot(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("vdot", arguments, 2);
  const [a, b] = alike("vdot", x, y);
  const [n, m] = [sizeOf(a.type.shape), sizeOf(b.type.shape)];
  if (n !== m) throw differ("vdot", a, b, `${n} and ${m} elements`);
  return contractOver(p.reshape(a, [n]), p.reshape(b, [n]), [0], [0]);
}

/** Sums of products of vectors along an axis; the other axes broadcast. */
export function vecdot(x: TensorLike, y: TensorLike, options: { readonly axis?: number } = {}): Tensor {
  if (arguments.length > 3) refuseExtra("vecdot", arguments, 3);
  checkOptions("vecdot", options, ["axis"]);
  const [a, b] = matchOperands("vecdot", ...alike("vecdot", x, y));
  return p.sum(p.mul(a, b), [normalizeAxis("vecdot", options.axis ?? -1, a.type)]);
}

/** Products of matrices in the last two axes of x with vectors in the last axis of y; the other axes broadcast. */
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

/** Products of vectors in the last axis of x with matrices in the last two axes of y; the other axes broadcast. */
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

/** Paired axes of x and y, or the number of last axes of x and first axes of y. */
export type TensordotAxes =
  number | readonly [left: number | readonly number[], right: number | readonly number[]];

/**
 * Sums of products over paired axes of both operands. The result has the other axes of x, then those of y. A number
 * selects the last axes of x and the first axes of y (default 2, as in NumPy).
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
    throw differ("tensordot", a, b, `axes [${left.join()}] and [${right.join()}] must be equal in number and sizes, without repeated axes`); // prettier-ignore
  return contractOver(a, b, left, right);
}

/** Options of `cross`. */
export interface CrossOptions {
  /** Axis of the vectors. Default the last. */
  readonly axis?: number;
}

/**
 * Cross product of vectors with 3 components along an axis; the other axes broadcast. For vectors with 2 components it
 * is the third component, as in NumPy.
 *
 * @throws DownhillError `shape` for vectors with any other number of components.
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
    throw differ("cross", a, b, `axis ${axis} has ${n} components; cross products need 3 or 2`);
  const component = (t: Tensor, i: number): Tensor => p.part(t, axis, i, i + 1);
  const turn = (i: number, j: number): Tensor =>
    p.sub(p.mul(component(a, i), component(b, j)), p.mul(component(a, j), component(b, i)));
  if (n === 2) return p.reshape(turn(0, 1), a.type.shape.toSpliced(axis, 1));
  return p.concatenate([turn(1, 2), turn(2, 0), turn(0, 1)], axis);
}
