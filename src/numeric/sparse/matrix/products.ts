import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { convert, zeros } from "../../../engine/prims/linear.ts";
import { broadcast, mul, scatterAdd, take } from "../../../engine/prims/index.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import { areConcrete, floatsOf, fromFloats, indices, type SparseEntries } from "./entries.ts";

/**
 * Reads a float64 vector `[n]`, or several vectors as columns `[n, m]`. `side` names the axis of the matrix in errors.
 */
export function readVectors(operation: string, given: TensorLike, n: number, side: string): Tensor {
  const isEmpty = Array.isArray(given) && given.length === 0;
  const x = asTensor(isEmpty ? new Float64Array(0) : given, operation);
  if ((x.ndim !== 1 && x.ndim !== 2) || x.type.shape[0] !== n)
    throw new DownhillError(
      "shape",
      `${operation}: expects a vector ${showType(arrayType("float64", [n]))} or columns f64[${n},m], one element per ${side} ` +
        `of the matrix; got ${showType(x.type)}.`,
    );
  return x.dtype === "float64" && !x.type.weak ? x : convert(x, "float64");
}

/** A x, for x of shape `[columns]` or `[columns, m]`. */
export function matvec({ pattern, values }: SparseEntries, x: Tensor): Tensor {
  const [rows] = pattern.shape;
  if (!areConcrete(values, x)) return gathered(values, x, pattern.columns, pattern.rows, rows);
  const width = x.ndim === 1 ? 1 : x.type.shape[1]!;
  const out = new Float64Array(rows * width);
  const [v, from] = [floatsOf(values, "matvec"), floatsOf(x, "matvec")];
  const { rowPointers, columns } = pattern;
  if (width === 1) multiplyRows(rowPointers, columns, v, from, out);
  else
    for (let i = 0; i < rows; i++)
      for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++)
        for (let k = 0, a = v[p]!, s = columns[p]! * width, t = i * width; k < width; k++)
          out[t + k]! += a * from[s + k]!;
  return fromFloats(out, [rows, ...x.type.shape.slice(1)]);
}

/** Aᵀ y, for y of shape `[rows]` or `[rows, m]`. */
export function rmatvec({ pattern, values }: SparseEntries, y: Tensor): Tensor {
  const [rows, columnCount] = pattern.shape;
  if (!areConcrete(values, y)) return gathered(values, y, pattern.rows, pattern.columns, columnCount);
  const width = y.ndim === 1 ? 1 : y.type.shape[1]!;
  const out = new Float64Array(columnCount * width);
  const [v, from] = [floatsOf(values, "rmatvec"), floatsOf(y, "rmatvec")];
  const { rowPointers, columns } = pattern;
  if (width === 1) multiplyColumns(rowPointers, columns, v, from, out);
  else
    for (let i = 0; i < rows; i++)
      for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++)
        for (let k = 0, a = v[p]!, t = columns[p]! * width, s = i * width; k < width; k++)
          out[t + k]! += a * from[s + k]!;
  return fromFloats(out, [columnCount, ...y.type.shape.slice(1)]);
}

/** Computes out = A x over typed arrays. */
export function multiplyRows(
  rowPointers: Int32Array,
  columns: Int32Array,
  values: Float64Array,
  x: Float64Array,
  out: Float64Array,
): void {
  for (let i = 0, p = 0; i < rowPointers.length - 1; i++) {
    let sum = 0;
    for (const end = rowPointers[i + 1]!; p < end; p++) sum += values[p]! * x[columns[p]!]!;
    out[i] = sum;
  }
}

/** Adds Aᵀ y to `out` over typed arrays. */
export function multiplyColumns(
  rowPointers: Int32Array,
  columns: Int32Array,
  values: Float64Array,
  y: Float64Array,
  out: Float64Array,
): void {
  for (let i = 0, p = 0; i < rowPointers.length - 1; i++) {
    const factor = y[i]!;
    for (const end = rowPointers[i + 1]!; p < end; p++) out[columns[p]!]! += values[p]! * factor;
  }
}

/** Computes `out[to[p]] += values[p] x[from[p]]` by primitives, for traced operands. `out` has `size` rows. */
function gathered(values: Tensor, x: Tensor, from: Int32Array, to: Int32Array, size: number): Tensor {
  const rest = x.type.shape.slice(1);
  const taken = take(x, indices(from), 0);
  const products = mul(broadcast(values, taken.type.shape, [0]), taken);
  const into = zeros(arrayType("float64", [size, ...rest]));
  // an array without rows has no index that scatterAdd accepts
  return sizeOf(products.type.shape) === 0 ? into : scatterAdd(into, indices(to), products, 0);
}
