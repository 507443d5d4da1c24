import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import type { DTypeOption } from "./create.ts";
import { asFloating, asPartOf, checkShape, expandTo, normalizeAxis } from "./promote.ts";
import { checkInteger, anyInt32 } from "../../engine/ir/plain-number.ts";

/**
 * Options of `diagonal` and `trace`. Offset 0 is the main diagonal, positive offsets are above it, negative ones below.
 */
export interface DiagonalOptions {
  /** Offset of the diagonal. Default 0. */
  readonly offset?: number;
  /** The axes of the matrices. Default the first two. */
  readonly axis1?: number;
  readonly axis2?: number;
}

/**
 * Returns the number of elements of the diagonal `offset` of a matrix: 0 is the main one, positive ones are above it.
 */
function lengthOf(rows: number, columns: number, offset: number): number {
  return Math.max(0, Math.min(rows - Math.max(0, -offset), columns - Math.max(0, offset)));
}

/** The diagonals of the matrices in the last two axes, as a last axis. */
function diagonalOf(x: Tensor, offset: number): Tensor {
  const { shape } = x.type;
  const [lead, rows, columns] = [shape.slice(0, -2), shape.at(-2)!, shape.at(-1)!];
  const n = lengthOf(rows, columns, offset);
  const axis = lead.length;
  const flat = p.reshape(x, [...lead, rows * columns]);
  const start = Math.max(0, -offset) * columns + Math.max(0, offset);
  const limit = n === 0 ? start : start + (n - 1) * (columns + 1) + 1;
  const kept = (value: number): number[] => lead.map(() => value);
  if (n === 0) return p.part(flat, axis, 0, 0);
  return p.slice(flat, {
    starts: [...kept(0), start],
    limits: [...lead, limit],
    strides: [...kept(1), columns + 1],
  });
}

/** Square matrices with the vectors of the last axis on a diagonal and zeros elsewhere. */
function onDiagonal(x: Tensor, offset: number): Tensor {
  const { shape } = x.type;
  const [lead, n] = [shape.slice(0, -1), shape.at(-1)!];
  const size = n + Math.abs(offset);
  const axis = lead.length;
  if (n === 0) return p.zeros(arrayType(x.dtype, [...lead, size, size], x.type.weak));
  // in row-major order, diagonal elements are one row and one column apart
  const before = Math.max(0, -offset) * size + Math.max(0, offset);
  const covered = (n - 1) * (size + 1) + 1;
  const widths = (value: number): number[] => range(0, axis + 1).map((i) => (i === axis ? value : 0));
  const flat = p.pad(x, {
    low: widths(before),
    high: widths(size * size - before - covered),
    interior: widths(size),
  });
  return p.reshape(flat, [...lead, size, size]);
}

function matrices(operation: string, x: Tensor, options: DiagonalOptions): Tensor {
  checkOptions(operation, options, ["offset", "axis1", "axis2"]);
  const { offset = 0, axis1 = 0, axis2 = 1 } = options;
  checkInteger(operation, "offset", offset, anyInt32);
  if (x.ndim < 2)
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(x.type)} has ${x.ndim} axes; diagonals need two.`,
    );
  const [a, b] = [axis1, axis2].map((axis) => normalizeAxis(operation, axis, x.type)) as [number, number];
  if (a === b) throw new DownhillError("range", `${operation}: axis1 and axis2 are both ${a}.`);
  return p.permute(x, [...range(0, x.ndim).filter((axis) => axis !== a && axis !== b), a, b]);
}

/**
 * The diagonals of matrices, as a last axis.
 *
 * @throws DownhillError `shape` for fewer than two axes.
 * @example
 * diagonal([[1, 2], [3, 4]]);                // f64[2] [1, 4]
 * diagonal([[1, 2], [3, 4]], { offset: 1 }); // f64[1] [2]
 */
export function diagonal(x: TensorLike, options: DiagonalOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("diagonal", arguments, 2);
  return diagonalOf(matrices("diagonal", p.asTensor(x, "diagonal"), options), options.offset ?? 0);
}

/** Sum of a diagonal of each matrix; options as for `diagonal`. */
export function trace(x: TensorLike, options: DiagonalOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("trace", arguments, 2);
  const t = p.asTensor(x, "trace");
  const numbers = t.dtype === "bool" ? p.convert(t, "int32") : t;
  const found = diagonalOf(matrices("trace", numbers, options), options.offset ?? 0);
  return p.sum(found, [found.ndim - 1]);
}

/**
 * For a vector, the matrix with it on a diagonal and zeros elsewhere; for a matrix, its diagonal. For batches use
 * `diagonal` and `diagEmbed`.
 *
 * @throws DownhillError `shape` for any other number of axes.
 * @example
 * diag([1, 2]).tolist();     // [[1, 0], [0, 2]]
 * diag([[1, 2], [3, 4]]);    // f64[2] [1, 4]
 */
export function diag(x: TensorLike, options: { readonly k?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("diag", arguments, 2);
  checkOptions("diag", options, ["k"]);
  const { k = 0 } = options;
  checkInteger("diag", "k", k, anyInt32);
  const t = p.asTensor(x, "diag");
  if (t.ndim === 1) return onDiagonal(t, k);
  if (t.ndim === 2) return diagonalOf(t, k);
  throw new DownhillError("shape", `diag: ${showType(t.type)} is neither a vector nor a matrix. For batches use diagonal or diagEmbed.`); // prettier-ignore
}

/** The matrix with all elements of x on a diagonal and zeros elsewhere. */
export function diagflat(x: TensorLike, options: { readonly k?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("diagflat", arguments, 2);
  checkOptions("diagflat", options, ["k"]);
  const t = p.asTensor(x, "diagflat");
  return diag(p.reshape(t, [sizeOf(t.type.shape)]), options);
}

/** Matrices with the vectors of the last axis of x on a diagonal and zeros elsewhere: batched `diag`. */
export function diagEmbed(x: TensorLike, options: { readonly offset?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("diagEmbed", arguments, 2);
  checkOptions("diagEmbed", options, ["offset"]);
  const { offset = 0 } = options;
  checkInteger("diagEmbed", "offset", offset, anyInt32);
  const t = p.asTensor(x, "diagEmbed");
  if (t.ndim === 0) throw new DownhillError("shape", `diagEmbed: ${showType(t.type)} is not a vector.`);
  return onDiagonal(t, offset);
}

/** Mask of a matrix that is true on the diagonal `k` and below it. */
function isBelow(rows: number, columns: number, k: number): Tensor {
  const shape = [rows, columns];
  const [row, column] = [p.iota("int32", shape, 0), p.iota("int32", shape, 1)];
  return p.lessEqual(column, p.add(row, p.full(row.type, k)));
}

/**
 * The lower triangle up to the diagonal `k` of matrices, or the upper triangle from that diagonal on; zeros elsewhere.
 */
function triangle(
  operation: string,
  x: TensorLike,
  options: { readonly k?: number },
  isLower: boolean,
): Tensor {
  checkOptions(operation, options, ["k"]);
  const { k = 0 } = options;
  checkInteger(operation, "k", k, anyInt32);
  const t = p.asTensor(x, operation);
  if (t.ndim < 2)
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(t.type)} is not a matrix: it has ${t.ndim} axes.`,
    );
  const [rows, columns] = t.type.shape.slice(-2) as [number, number];
  // clamping k to the corners changes nothing and avoids int32 overflow
  const bound = Math.min(columns, Math.max(-rows, k));
  const mask = expandTo(isBelow(rows, columns, isLower ? bound : bound - 1), t.type.shape);
  const zero = p.zeros(t.type);
  return isLower ? p.where(mask, t, zero) : p.where(mask, zero, t);
}

/** The lower triangle of matrices: zeros above the diagonal `k` (default 0, the main one). */
export function tril(x: TensorLike, options: { readonly k?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("tril", arguments, 2);
  return triangle("tril", x, options, true);
}

/** The upper triangle of matrices: zeros below the diagonal `k` (default 0, the main one). */
export function triu(x: TensorLike, options: { readonly k?: number } = {}): Tensor {
  if (arguments.length > 2) refuseExtra("triu", arguments, 2);
  return triangle("triu", x, options, false);
}

/** Options of `tri`. */
export interface TriOptions extends DTypeOption {
  /** Number of columns. Default n. */
  readonly columns?: number;
  /** The last diagonal with ones. Default 0. */
  readonly k?: number;
}

/** A matrix of n rows with ones on a diagonal and below, and zeros above. */
export function tri(n: number, options: TriOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("tri", arguments, 2);
  checkOptions("tri", options, ["columns", "k", "dtype"]);
  const { columns = n, k = 0, dtype = "float64" } = options;
  checkShape("tri", [n, columns]);
  checkInteger("tri", "k", k, anyInt32);
  return p.convert(isBelow(n, columns, Math.min(columns, Math.max(-n, k))), dtype);
}

/** Indices of the matrix elements for which a condition holds, in row-major order, as `[rows, columns]` of int32. */
function placesWhere(
  rows: number,
  columns: number,
  holds: (row: number, column: number) => boolean,
): [rows: Tensor, columns: Tensor] {
  const found = range(0, rows).flatMap((i) => range(0, columns).flatMap((j) => (holds(i, j) ? [[i, j]] : []))); // prettier-ignore
  const along = (axis: number): Tensor =>
    p.fromFlat(arrayType("int32", [found.length]), found.map((place) => place[axis]!)); // prettier-ignore
  return [along(0), along(1)];
}

/** Options of `trilIndices` and `triuIndices`. */
export interface TriangleOptions {
  /** Number of columns. Default n. */
  readonly columns?: number;
  /** The diagonal that bounds the triangle. Default 0. */
  readonly k?: number;
}

function triangleOf(operation: string, n: number, options: TriangleOptions): readonly [number, number] {
  checkOptions(operation, options, ["columns", "k"]);
  const { columns = n, k = 0 } = options;
  checkShape(operation, [n, columns]);
  checkInteger(operation, "k", k, anyInt32);
  return [columns, k];
}

/** The indices `[rows, columns]` of the lower triangle of a matrix of n rows, as int32. */
export function trilIndices(n: number, options: TriangleOptions = {}): [rows: Tensor, columns: Tensor] {
  if (arguments.length > 2) refuseExtra("trilIndices", arguments, 2);
  const [columns, k] = triangleOf("trilIndices", n, options);
  return placesWhere(n, columns, (i, j) => j <= i + k);
}

/** The indices `[rows, columns]` of the upper triangle of a matrix of n rows, as int32. */
export function triuIndices(n: number, options: TriangleOptions = {}): [rows: Tensor, columns: Tensor] {
  if (arguments.length > 2) refuseExtra("triuIndices", arguments, 2);
  const [columns, k] = triangleOf("triuIndices", n, options);
  return placesWhere(n, columns, (i, j) => j >= i + k);
}

/** The indices of the main diagonal of an array with `axes` axes of size n: 0, 1, …, n − 1 for each axis, as int32. */
export function diagIndices(n: number, axes = 2): Tensor[] {
  if (arguments.length > 2) refuseExtra("diagIndices", arguments, 2);
  checkShape("diagIndices", [n, axes]);
  return range(0, axes).map(() => p.iota("int32", [n], 0));
}

/** A matrix with its main diagonal replaced by a number, or by one value per element. */
export function fillDiagonal(x: TensorLike, values: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fillDiagonal", arguments, 2);
  const t = p.asTensor(x, "fillDiagonal");
  if (t.ndim !== 2) throw new DownhillError("shape", `fillDiagonal: ${showType(t.type)} is not a matrix.`);
  const [rows, columns] = t.type.shape as [number, number];
  const given = asPartOf("fillDiagonal", t, values);
  const n = lengthOf(rows, columns, 0);
  if (given.ndim > 1 || (given.ndim === 1 && given.shape[0] !== n)) {
    throw new DownhillError(
      "shape",
      `fillDiagonal: values are ${showType(given.type)}; for ${showType(t.type)} give a number or ${n} of them.`,
    );
  }
  const row = given.ndim === 0 ? given : p.reshape(padTo(given, rows), [rows, 1]);
  const mask = p.equal(p.iota("int32", [rows, columns], 0), p.iota("int32", [rows, columns], 1));
  return p.where(mask, expandTo(row, [rows, columns]), t);
}

function padTo(x: Tensor, n: number): Tensor {
  return p.pad(x, { low: [0], high: [n - x.type.shape[0]!], interior: [0] });
}

/** Options of `vander`. */
export interface VanderOptions {
  /** Number of columns. Default the length of x. */
  readonly n?: number;
  /** True if powers increase from left to right. Default false. */
  readonly increasing?: boolean;
}

/** The Vandermonde matrix of a vector: its powers, from the highest on the left to 1 on the right. */
export function vander(x: TensorLike, options: VanderOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("vander", arguments, 2);
  checkOptions("vander", options, ["n", "increasing"]);
  checkFlags("vander", options, ["increasing"]);
  const t = asFloating(x, "vander");
  if (t.ndim !== 1) throw new DownhillError("shape", `vander: ${showType(t.type)} is not a vector.`);
  const rows = t.type.shape[0]!;
  const { n = rows, increasing = false } = options;
  checkInteger("vander", "n", n);
  const ones = p.full(arrayType(t.dtype, [rows, Math.min(1, n)], t.type.weak), 1);
  if (n < 2) return ones;
  const factors = p.broadcast(t, [rows, n - 1], [0]);
  const powers = p.concatenate([ones, p.cumprod(factors, 1)], 1);
  return increasing ? powers : p.reverse(powers, [1]);
}
