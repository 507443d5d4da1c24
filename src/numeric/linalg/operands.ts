import { DownhillError, showType } from "../../engine/errors/index.ts";
import { placeOfElements } from "../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { convert, stopGradient } from "../../engine/prims/linear.ts";
import { requireMatrices, requireSquare } from "../../engine/prims/linear-algebra.ts";
import { permute, reshape } from "../../engine/prims/index.ts";
import { broadcastShapes, range, sizeOf } from "../../engine/util/shape.ts";
import { asFloating, expandTo, promoteTypes } from "../array/promote.ts";

/** Reads an array of floating matrices; integers become float64. */
export function readMatrices(operation: string, x: TensorLike): Tensor {
  const t = asFloating(x, operation);
  requireMatrices(operation, t.type);
  return convert(t, t.dtype);
}

/** Reads an array of square floating matrices. */
export function readSquare(operation: string, x: TensorLike): Tensor {
  const t = readMatrices(operation, x);
  requireSquare(operation, t.type);
  return t;
}

/**
 * A linear system in one dtype: matrices `a` and right-hand sides `b`. `isVector` is true if b is a vector, a single
 * right-hand side.
 */
export interface LinearSystem {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly isVector: boolean;
}

/**
 * Reads matrices a with n rows, and right-hand sides b of shape `[n]` or `[…, n, m]`.
 *
 * @throws DownhillError `shape` or `dtype`
 */
export function readSides(operation: string, x: TensorLike, y: TensorLike, isSquare = true): LinearSystem {
  const [given, sides] = [asFloating(x, operation), asFloating(y, operation)];
  const { dtype } = promoteTypes(given.type, sides.type);
  const a = convert(given, dtype);
  if (isSquare) requireSquare(operation, a.type);
  else requireMatrices(operation, a.type);
  const { shape } = sides.type;
  const isVector = shape.length === 1;
  const rows = a.type.shape.at(-2)!;
  if (shape.length === 0 || shape.at(isVector ? -1 : -2) !== rows)
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(a.type)} has ${rows} rows, and the right-hand sides must have the same number: b must be a vector [${rows}], or [${rows}, m], or a batch of these; got ${showType(sides.type)}.`,
    );
  return { a, b: convert(sides, dtype), isVector };
}

/** The right-hand sides as the columns of matrices; a vector becomes a matrix of one column. */
export function asColumns({ b, isVector }: Pick<LinearSystem, "b" | "isVector">): Tensor {
  return isVector ? reshape(b, [...b.type.shape, 1]) : b;
}

/**
 * Solves a system whose batches of matrices and of right-hand sides broadcast. If there is a single matrix, all
 * right-hand sides become columns of one system.
 */
export function overBatches(
  operation: string,
  sides: LinearSystem,
  solve: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const { a, isVector } = sides;
  const b = asColumns(sides);
  if (a.ndim === 2 && b.ndim === 2) {
    const x = solve(a, b);
    return isVector ? reshape(x, [x.type.shape[0]!]) : x;
  }
  const [leadOfA, leadOfB] = [a.type.shape.slice(0, -2), b.type.shape.slice(0, -2)];
  if (leadOfA.length === 0 && leadOfB.length > 0) {
    const axes = range(0, b.ndim - 2);
    const [n, m] = [b.type.shape.at(-2)!, b.type.shape.at(-1)!];
    const wide = reshape(permute(b, [b.ndim - 2, ...axes, b.ndim - 1]), [n, sizeOf(leadOfB) * m]);
    const out = solve(a, wide);
    const rows = out.type.shape[0]!;
    return permute(reshape(out, [rows, ...leadOfB, m]), [...axes.map((axis) => axis + 1), 0, b.ndim - 1]);
  }
  const lead = broadcastShapes(leadOfA, leadOfB);
  if (lead === undefined)
    throw new DownhillError(
      "shape",
      `${operation}: batches of ${showType(a.type)} and ${showType(b.type)} cannot be broadcast together.`,
    );
  const fit = (x: Tensor): Tensor => expandTo(x, [...lead, ...x.type.shape.slice(-2)]);
  const out = solve(fit(a), fit(b));
  return isVector ? reshape(out, out.type.shape.slice(0, -1)) : out;
}

/**
 * Throws if `isRegular` rejects a diagonal element of `factors`, which means that a matrix of the batch is singular.
 * This is known only outside traced functions; inside, the result is NaN.
 * @throws DownhillError `range`, with the result of `problem` for the row of the first rejected element.
 */
export function requireRegular(
  operation: string,
  factors: Tensor,
  isRegular: (pivot: number) => boolean,
  problem: (row: number) => string,
): void {
  const known = asConstant(factors);
  if (known.tracer !== undefined) return;
  const [rows, n] = [factors.type.shape.at(-2)!, factors.type.shape.at(-1)!];
  const { array, offset } = placeOfElements(known, operation);
  const length = sizeOf(factors.type.shape);
  for (let start = 0; start < length; start += rows * n)
    for (let i = 0; i < Math.min(rows, n); i++)
      if (!isRegular(array[offset + start + i * (n + 1)]!)) {
        const which = factors.ndim > 2 ? `matrix ${start / (rows * n)} of the batch` : "the matrix";
        throw new DownhillError("range", `${operation}: ${which} ${problem(i)}`);
      }
}

/**
 * True if all systems of a batch have a solution, judged by their first elements: a singular matrix makes all elements
 * NaN. False is inconclusive, because NaN may have other causes and there may be no right-hand sides; then the factors
 * must be checked.
 */
export function areSolved(operation: string, x: Tensor, isVector: boolean): boolean {
  const { shape } = x.type;
  const [length, n] = [sizeOf(shape), shape.at(-1)!];
  const step = isVector ? n : n * shape.at(-2)!;
  const { array, offset } = placeOfElements(x, operation);
  for (let i = 0; i < length; i += step) if (Number.isNaN(array[offset + i])) return false;
  return length > 0;
}

/** Parameters for primitives without parameters. All share this object, so that comparing parameters is fast. */
export const none = {};

/** x as a constant, without the derivatives of enclosing traces. */
export function asConstant(x: Tensor): Tensor {
  return x.tracer === undefined ? x : stopGradient(x);
}

/**
 * True if a pivot can be divided by. NaN counts as valid, because it comes from NaN in the matrix and propagates to the
 * result.
 */
export function isNotZero(pivot: number): boolean {
  return pivot !== 0;
}

/** Error message for a matrix that is singular at the given row. */
export function isSingularAt(row: number): string {
  return (
    `is singular: pivot ${row} is 0. Check that no row is a linear combination of others; pinv and lstsq of downhill/linalg accept such ` +
    "matrices. (In compiled functions the result is NaN.)"
  );
}

/** The type of arrays of matrices with the given numbers of rows and columns. */
export function withSides({ dtype, shape }: ArrayType, rows: number, columns: number): ArrayType {
  return { dtype, shape: [...shape.slice(0, -2), rows, columns], weak: false };
}
