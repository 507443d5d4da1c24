import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { convert, zeros } from "../../../engine/prims/linear.ts";
import { scatterAdd } from "../../../engine/prims/index.ts";
import { indices, type SparseEntries } from "./entries.ts";
import { asInt32, type MatrixShape, readMatrixShape, SparsePattern } from "./sparse-pattern.ts";

/** A matrix as a list of entries in any order (COO). The values of entries at the same position are added. */
export interface CoordinateEntries {
  readonly shape: MatrixShape;
  /** Row of each entry. */
  readonly rows: Int32Array | readonly number[];
  /** Column of each entry. */
  readonly columns: Int32Array | readonly number[];
  /** Value of each entry. */
  readonly values: TensorLike;
}

/** Entries of a matrix, sorted by row and then by column. */
export interface SortedCoordinates {
  readonly shape: MatrixShape;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /** float64, one value per entry. */
  readonly values: Tensor;
}

/** Pattern of a list of positions. `entryOf` has the index of the pattern entry for each position in the list. */
export interface SortedPositions {
  readonly pattern: SparsePattern;
  readonly entryOf: Int32Array;
}

/** Sorts positions by row and column, and merges repeated ones, by two counting sorts. */
export function sortPositions(shape: MatrixShape, rows: Int32Array, columns: Int32Array): SortedPositions {
  const byColumn = countingOrder(columns, shape[1]);
  const order = countingOrder(rows, shape[0], byColumn);
  const entryOf = new Int32Array(rows.length);
  const merged = new Int32Array(rows.length);
  const rowPointers = new Int32Array(shape[0] + 1);
  let n = 0;
  let [lastRow, lastColumn] = [-1, -1];
  for (let t = 0; t < order.length; t++) {
    const place = order[t]!;
    const row = rows[place]!;
    const column = columns[place]!;
    if (row !== lastRow || column !== lastColumn) {
      merged[n++] = column;
      rowPointers[row + 1]!++;
      lastRow = row;
      lastColumn = column;
    }
    entryOf[place] = n - 1;
  }
  for (let i = 0; i < shape[0]; i++) rowPointers[i + 1]! += rowPointers[i]!;
  return { pattern: SparsePattern.fromChecked(shape, rowPointers, merged.slice(0, n)), entryOf };
}

/**
 * Indices that sort integers from 0 to `size` − 1 stably. `first` is the initial order, such as the result for another
 * key.
 */
function countingOrder(keys: Int32Array, size: number, first?: Int32Array): Int32Array {
  const next = new Int32Array(size + 1);
  for (let i = 0; i < keys.length; i++) next[keys[i]! + 1]!++;
  for (let i = 0; i < size; i++) next[i + 1]! += next[i]!;
  const order = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const place = first === undefined ? i : first[i]!;
    order[next[keys[place]!]!++] = place;
  }
  return order;
}

/** Reads a list of entries as a sparse matrix. */
export function readCoordinates(operation: string, given: CoordinateEntries): SparseEntries {
  if (arguments.length > 2) refuseExtra(operation, arguments, 2);
  checkOptions(operation, given, ["shape", "rows", "columns", "values"]);
  const shape = readMatrixShape(operation, given.shape);
  const rows = asInt32(operation, "rows", given.rows);
  const columns = asInt32(operation, "columns", given.columns);
  const isEmpty = Array.isArray(given.values) && given.values.length === 0;
  const values = asTensor(isEmpty ? new Float64Array(0) : given.values, operation);
  if (rows.length !== columns.length || values.ndim !== 1 || values.type.shape[0] !== rows.length)
    throw new DownhillError(
      "shape",
      `${operation}: rows, columns and values must have one element per entry; got ${rows.length} rows, ` +
        `${columns.length} columns and values ${showType(values.type)}.`,
    );
  checkPositions(operation, "row", rows, shape[0]);
  checkPositions(operation, "column", columns, shape[1]);
  const { pattern, entryOf } = sortPositions(shape, rows, columns);
  const floats = values.dtype === "float64" && !values.type.weak ? values : convert(values, "float64");
  const into = zeros(arrayType("float64", [pattern.nnz]));
  return { pattern, values: rows.length === 0 ? into : scatterAdd(into, indices(entryOf), floats, 0) };
}

/** Refuses row or column numbers (`side`) outside of a matrix. */
export function checkPositions(operation: string, side: string, places: Int32Array, size: number): void {
  const odd = places.findIndex((x) => x < 0 || x >= size);
  if (odd < 0) return;
  throw new DownhillError(
    "range",
    `${operation}: entry ${odd} is in ${side} ${places[odd]}, and the matrix has ${size} ${side}s, numbered from 0.`,
  );
}
