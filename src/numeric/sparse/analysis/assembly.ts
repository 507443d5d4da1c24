// Positions of matrix entries and of Schur complements in fronts, which the pattern determines.
import type { EliminatedTriangle } from "./elimination-tree.ts";
import type { SymbolicFactor } from "./symbolic.ts";

/** Positions for fronts without delayed variables: columns of a supernode, then its rows. */
export interface AssemblyPositions {
  /** Row in the front of the parent, by row below a supernode as in `rows`; 0 at a root. */
  readonly parentRow: Int32Array;
  /** Element of the front, whose columns are `size` apart, by entry of the lower triangle. */
  readonly elementOf: Int32Array;
}

export function assemblyPositions(
  { first, parent, rowStart, rows }: Pick<SymbolicFactor, "first" | "parent" | "rowStart" | "rows">,
  lower: EliminatedTriangle,
): AssemblyPositions {
  const parentRow = new Int32Array(rows.length);
  const elementOf = new Int32Array(lower.rows.length);
  const rowOf = new Int32Array(lower.pointers.length);
  for (let s = 0; s < parent.length; s++) {
    const [begin, end] = [first[s]!, first[s + 1]!];
    const [from, to] = [rowStart[s]!, rowStart[s + 1]!];
    const width = end - begin;
    const size = width + to - from;
    for (let p = from; p < to; p++) rowOf[rows[p]!] = width + p - from;
    for (let j = begin; j < end; j++) rowOf[j] = j - begin;
    for (let j = begin; j < end; j++)
      for (let t = lower.pointers[j]!; t < lower.pointers[j + 1]!; t++)
        elementOf[t] = (j - begin) * size + rowOf[lower.rows[t]!]!;
    const p = parent[s]!;
    if (p < 0) continue;
    const [above, below] = [first[p]!, first[p + 1]!];
    const offset = below - above - rowStart[p]!;
    for (let i = from, low = rowStart[p]!; i < to; i++) {
      const variable = rows[i]!;
      if (variable < below) parentRow[i] = variable - above;
      else {
        low = indexOf(rows, variable, low, rowStart[p + 1]!);
        parentRow[i] = offset + low;
      }
    }
  }
  return { parentRow, elementOf };
}

/** Index of a value in the ascending part of an array from `from` to `to`, which contains it. */
function indexOf(array: Int32Array, value: number, from: number, to: number): number {
  let [low, step] = [from, 1];
  while (low + step < to && array[low + step]! <= value) step *= 2; // the value is near more often than not
  let high = Math.min(to, low + step);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (array[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
