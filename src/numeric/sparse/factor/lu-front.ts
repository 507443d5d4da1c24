// Partial LU factorisation of a dense frontal matrix with threshold pivoting.
import { DownhillError } from "../../../engine/errors/index.ts";

/** A frontal matrix by columns, with `size` numbers per column. */
export interface LuFront {
  readonly elements: Float64Array;
  readonly size: number;
  /** Number of leading rows and columns that are fully summed, so that they may be eliminated in this front. */
  readonly summed: number;
  /** Renumbered rows and columns of the matrix. The factorisation reorders the first `summed` of both. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** Settings of the search for pivots. */
export interface LuPivotRule {
  /** Smallest accepted ratio of a pivot to the largest element of its column, 0 to 1. */
  readonly tolerance: number;
  /** For each column, the largest size of its elements at which the column counts as zero. */
  readonly zeroSizes: Float64Array;
}

const windowColumns = 24;

/**
 * Eliminates the fully summed variables that have acceptable pivots; all of them if `isRoot`. Returns their number. L
 * (below its unit diagonal) and U replace the eliminated rows and columns of the front. The rest becomes the Schur
 * complement.
 */
export function factoriseLuFront(front: LuFront, rule: LuPivotRule, isRoot: boolean): number {
  const { elements, size, summed } = front;
  let done = 0;
  let end = 0;
  while (done < summed) {
    const width = Math.min(summed, Math.max(end, done) + windowColumns);
    const isLast = width === end;
    if (isLast && !isRoot) break;
    end = width;
    const next = eliminateWindow(front, rule, done, end, isLast);
    if (next > done) updateColumns(elements, size, done, next, end);
    done = next;
  }
  return done;
}

/**
 * Eliminates the columns from `from` on of a window that is up to date. Columns without an acceptable pivot move to its
 * end. Returns how many columns of the front are eliminated so far.
 */
function eliminateWindow(
  front: LuFront,
  rule: LuPivotRule,
  from: number,
  end: number,
  isForced: boolean,
): number {
  let done = from;
  let candidates = end;
  while (done < candidates) {
    const row = pivotRow(front, rule, done, isForced);
    if (row < 0) {
      exchangeColumns(front, done, --candidates);
      continue;
    }
    exchangeRows(front, done, row);
    eliminate(front, done, end);
    done++;
    candidates = end;
  }
  return done;
}

/**
 * Row of the pivot for column k: the diagonal element if it is large enough, otherwise the largest element; −1 if that
 * is too small. With `isForced`, any element but 0 is large enough.
 */
function pivotRow(
  { elements, size, summed, rows, columns }: LuFront,
  rule: LuPivotRule,
  k: number,
  isForced: boolean,
): number {
  const column = k * size;
  let [inside, outside, total, best, diagonal] = [0, 0, 0, k, -1];
  for (let i = k; i < summed; i++) {
    const x = Math.abs(elements[column + i]!);
    total += x;
    if (x > inside) {
      inside = x;
      best = i;
    }
    if (rows[i] === columns[k]) diagonal = i;
  }
  for (let i = summed; i < size; i++) {
    const x = Math.abs(elements[column + i]!);
    total += x;
    if (x > outside) outside = x;
  }
  const largest = Math.max(inside, outside);
  if (!(total < Infinity))
    throw new DownhillError(
      "range",
      "factorise: an element of the LU factors overflowed. Scale rows and columns of the matrix.",
    );
  if (largest <= rule.zeroSizes[columns[k]!]!) {
    elements.fill(0, column + k, column + size);
    return diagonal < 0 ? k : diagonal;
  }
  if (diagonal >= 0) {
    const d = Math.abs(elements[column + diagonal]!);
    if (d > 0 && d >= rule.tolerance * largest) return diagonal;
  }
  return inside > 0 && (isForced || inside >= rule.tolerance * largest) ? best : -1;
}

/** Eliminates column k and updates the columns before `end`. */
function eliminate({ elements: a, size }: LuFront, k: number, end: number): void {
  const column = k * size;
  const pivot = a[column + k]!;
  if (pivot === 0) return; // then the whole column is zero
  for (let i = k + 1; i < size; i++) a[column + i]! /= pivot;
  for (let j = k + 1; j < end; j++) {
    const target = j * size;
    const factor = a[target + k]!;
    if (factor === 0) continue;
    for (let i = k + 1; i < size; i++) a[target + i]! -= factor * a[column + i]!;
  }
}

/** Applies the pivots `from` to `to − 1` to the columns from `end` on. */
function updateColumns(a: Float64Array, size: number, from: number, to: number, end: number): void {
  for (let j = end; j < size; j++) {
    const target = j * size;
    for (let p = from; p < to; p++) {
      const factor = a[target + p]!;
      if (factor === 0) continue;
      for (let i = p + 1; i < to; i++) a[target + i]! -= factor * a[p * size + i]!;
    }
    let p = from;
    for (; p + 3 < to; p += 4) subtractFour(a, size, p, to, target);
    for (; p < to; p++) {
      const factor = a[target + p]!;
      for (let i = to, s = p * size + to; i < size; i++) a[target + i]! -= factor * a[s++]!;
    }
  }
}

/** Subtracts the products of four pivots, from p on, from the rows from `first` on of one column. */
function subtractFour(a: Float64Array, size: number, p: number, first: number, target: number): void {
  const s0 = p * size;
  const s1 = s0 + size;
  const s2 = s1 + size;
  const s3 = s2 + size;
  const x0 = a[target + p]!;
  const x1 = a[target + p + 1]!;
  const x2 = a[target + p + 2]!;
  const x3 = a[target + p + 3]!;
  for (let i = first; i < size; i++)
    a[target + i]! -= x0 * a[s0 + i]! + x1 * a[s1 + i]! + x2 * a[s2 + i]! + x3 * a[s3 + i]!;
}

function exchangeRows({ elements: a, size, rows }: LuFront, i: number, j: number): void {
  if (i === j) return;
  for (let p = i, q = j; p < size * size; p += size, q += size) {
    const value = a[p]!;
    a[p] = a[q]!;
    a[q] = value;
  }
  const row = rows[i]!;
  rows[i] = rows[j]!;
  rows[j] = row;
}

function exchangeColumns({ elements: a, size, columns }: LuFront, i: number, j: number): void {
  if (i === j) return;
  for (let p = i * size, q = j * size, k = 0; k < size; k++, p++, q++) {
    const value = a[p]!;
    a[p] = a[q]!;
    a[q] = value;
  }
  const column = columns[i]!;
  columns[i] = columns[j]!;
  columns[j] = column;
}
