import type { SparsePattern } from "../matrix/sparse-pattern.ts";

const none = -1;

/**
 * Maximum transversal of a square pattern: matches a row with each column, so that as many matched positions as
 * possible are entries. Diagonal entries are matched first, and augmenting paths complete the matching (Duff 1981).
 * Columns without a partner get the remaining rows.
 */
export function maximumTransversal(pattern: SparsePattern): Int32Array {
  const n = pattern.shape[0];
  const { rowPointers: starts, columns: rowsOfColumn } = pattern.transposed.pattern;
  const rowOf = new Int32Array(n).fill(none);
  const columnOf = new Int32Array(n).fill(none);
  for (let j = 0; j < n; j++)
    for (let p = starts[j]!; p < starts[j + 1]!; p++) if (rowsOfColumn[p] === j) rowOf[j] = columnOf[j] = j;
  const visited = new Int32Array(n).fill(none);
  const next = new Int32Array(n);
  const path = new Int32Array(n);
  for (let j = 0; j < n; j++)
    if (rowOf[j] === none) augment(j, starts, rowsOfColumn, rowOf, columnOf, visited, next, path);
  let free = 0;
  for (let j = 0; j < n; j++) {
    if (rowOf[j] !== none) continue;
    while (columnOf[free] !== none) free++;
    rowOf[j] = free;
    columnOf[free] = j;
  }
  return rowOf;
}

/**
 * Searches for a path from the unmatched column `root` to an unmatched row. If there is one, exchanges the matches
 * along it.
 */
function augment(
  root: number,
  starts: Int32Array,
  rowsOfColumn: Int32Array,
  rowOf: Int32Array,
  columnOf: Int32Array,
  visited: Int32Array,
  next: Int32Array,
  path: Int32Array,
): void {
  let depth = 0;
  path[0] = root;
  visited[root] = root;
  next[root] = starts[root]!;
  while (depth >= 0) {
    const j = path[depth]!;
    let row = none;
    for (let p = starts[j]!; p < starts[j + 1]! && row === none; p++)
      if (columnOf[rowsOfColumn[p]!] === none) row = rowsOfColumn[p]!;
    if (row !== none) {
      for (let d = depth; d >= 0; d--) {
        const column = path[d]!;
        const before = rowOf[column]!;
        rowOf[column] = row;
        columnOf[row] = column;
        row = before;
      }
      return;
    }
    let isDeeper = false;
    while (!isDeeper && next[j]! < starts[j + 1]!) {
      const column = columnOf[rowsOfColumn[next[j]!++]!]!;
      if (visited[column] === root) continue;
      visited[column] = root;
      next[column] = starts[column]!;
      path[++depth] = column;
      isDeeper = true;
    }
    if (!isDeeper) depth--;
  }
}
