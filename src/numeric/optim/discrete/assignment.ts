import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../../engine/errors/options.ts";
import { readElements } from "../../../engine/ir/elements.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { stopGradient } from "../../../engine/prims/linear.ts";

/** Options of `linearSumAssignment`. */
export interface AssignmentOptions {
  /** True to find the largest sum instead of the smallest. Default false. */
  readonly maximize?: boolean;
}

/**
 * Assignment of rows to columns of a cost matrix `[m, n]` with the smallest sum of costs, each row and column at most once.
 * Returns `[rows, columns]`, two int32 vectors of length min(m, n) with ascending rows. By shortest augmenting paths, in time m² n for
 * m ≤ n. An infinite cost excludes a pair.
 *
 * The assignment is piecewise constant and has no derivatives; the sum has those of its elements:
 * `sum(cost.at(rows, columns))`.
 *
 * @throws DownhillError `shape` for arrays that are not matrices, `range` for NaN or if no assignment has a finite cost, `trace`
 * for values that are unknown in compiled functions.
 * @see Crouse, IEEE Trans. Aerospace Electron. Syst. 52, 2016.
 * @example
 * const [rows, columns] = linearSumAssignment([[4, 1, 3], [2, 0, 5], [3, 2, 2]]);
 * columns.tolist(); // [1, 0, 2]
 */
export function linearSumAssignment(
  cost: TensorLike,
  options: AssignmentOptions = {},
): [rows: Tensor, columns: Tensor] {
  if (arguments.length > 2) refuseExtra("linearSumAssignment", arguments, 2);
  checkOptions("linearSumAssignment", options, ["maximize"]);
  checkFlags("linearSumAssignment", options, ["maximize"]);
  const t = stopGradient(asTensor(cost, "linearSumAssignment"));
  if (t.tracer !== undefined)
    throw new DownhillError(
      "trace",
      "linearSumAssignment: the assignment depends on values, which are unknown in jit, vmap and other traced functions. Call it outside of them.",
    );
  if (t.ndim !== 2)
    throw new DownhillError(
      "shape",
      `linearSumAssignment: needs a matrix of costs [m, n], got ${showType(t.type)}.`,
    );
  const [m, n] = t.shape as [number, number];
  const sign = options.maximize === true ? -1 : 1;
  const elements = readElements(t, "linearSumAssignment");
  const given = Float64Array.from(elements, (x) => sign * x);
  if (given.some((x) => Number.isNaN(x) || x === -Infinity))
    throw new DownhillError(
      "range",
      `linearSumAssignment: costs must be numbers, and not NaN or ${sign > 0 ? "−∞" : "∞"}.`,
    );
  const isTall = m > n;
  const at = isTall
    ? (i: number, j: number) => given[j * n + i]!
    : (i: number, j: number) => given[i * n + j]!;
  const columnOfRow = shortestPaths(Math.min(m, n), Math.max(m, n), at);
  const pairs = Array.from(columnOfRow, (j, i) => (isTall ? ([j, i] as const) : ([i, j] as const)));
  if (isTall) pairs.sort(([a], [b]) => a - b);
  const indices = (axis: 0 | 1): Tensor =>
    asTensor(
      Int32Array.from(pairs, (pair) => pair[axis]),
      "linearSumAssignment",
    );
  return [indices(0), indices(1)];
}

/** Column of each row in an optimal assignment of m rows to n ≥ m columns. */
function shortestPaths(m: number, n: number, cost: (row: number, column: number) => number): Int32Array {
  const [rowPrices, columnPrices] = [new Float64Array(m), new Float64Array(n)];
  const columnOfRow = new Int32Array(m).fill(-1);
  const rowOfColumn = new Int32Array(n).fill(-1);
  for (let start = 0; start < m; start++) {
    // Dijkstra's algorithm from the row, over reduced costs, to a column that is free
    const distance = new Float64Array(n).fill(Infinity);
    const from = new Int32Array(n).fill(-1);
    const isDone = new Uint8Array(n);
    let [row, reached, sink] = [start, 0, -1];
    const rows = [start];
    while (sink < 0) {
      let nearest = -1;
      let least = Infinity;
      for (let j = 0; j < n; j++) {
        if (isDone[j] === 1) continue;
        const through = reached + cost(row, j) - rowPrices[row]! - columnPrices[j]!;
        if (through < distance[j]!) {
          distance[j] = through;
          from[j] = row;
        }
        // among equal distances a free column ends the search
        if (distance[j]! < least || (distance[j] === least && rowOfColumn[j] === -1)) {
          least = distance[j]!;
          nearest = j;
        }
      }
      if (nearest < 0 || least === Infinity)
        throw new DownhillError(
          "range",
          "linearSumAssignment: every assignment has an infinite cost. Allow more pairs by finite costs.",
        );
      reached = least;
      isDone[nearest] = 1;
      if (rowOfColumn[nearest]! < 0) sink = nearest;
      else rows.push((row = rowOfColumn[nearest]!));
    }
    rowPrices[start]! += reached;
    for (const i of rows) if (i !== start) rowPrices[i]! += reached - distance[columnOfRow[i]!]!;
    for (let j = 0; j < n; j++) if (isDone[j] === 1) columnPrices[j]! -= reached - distance[j]!;
    for (let j = sink; ;) {
      const i = from[j]!;
      rowOfColumn[j] = i;
      const next = columnOfRow[i]!;
      columnOfRow[i] = j;
      if (i === start) break;
      j = next;
    }
  }
  return columnOfRow;
}
