import { refuseExtra } from "../../../engine/errors/arguments.ts";
import type { SymmetricGraph } from "../analysis/minimum-degree.ts";
import { requireMemory } from "../analysis/memory-limit.ts";
import { type EliminatedTriangle, inverseOf } from "../analysis/elimination-tree.ts";
import { grown } from "./combine.ts";
import { type Entries, SparsePattern, type TransposedEntries, transposeEntries } from "./sparse-pattern.ts";

/** Computes the products AᵀA of matrices A with one pattern. */
export interface NormalProduct {
  /** Pattern of AᵀA with both triangles and the whole diagonal. */
  readonly pattern: SparsePattern;
  /** Values of AᵀA, or of Aᵀ W A with one weight per row. They are written into `out` if it is given. */
  evaluate(values: Float64Array, weights?: Float64Array, out?: Float64Array): Float64Array;
}

/** Groups of adjacent rows with equal columns, which form dense blocks. The entries have one row per group. */
interface RowGroups extends Entries {
  /** First row of each group, and the number of rows at the end. */
  readonly first: Int32Array;
}

/**
 * Prepares the product AᵀA for matrices with this pattern: its pattern, and the index in it of each product of two
 * entries of a row. Adjacent rows with equal columns, such as the residuals of one observation, share these indices.
 *
 * @throws DownhillError `range` if the product or these indices do not fit into memory.
 */
export function normalProduct(pattern: SparsePattern): NormalProduct {
  if (arguments.length > 1) refuseExtra("normalProduct", arguments, 1);
  const { graph, triangleProduct } = normalGraph(pattern);
  const { pointers, neighbours } = graph;
  const n = pattern.shape[1];
  const square = SparsePattern.fromChecked([n, n], pointers, neighbours);
  const order = Int32Array.from({ length: n }, (_, j) => j);
  const addUpper = triangleProduct(order, { pointers, rows: neighbours });
  return {
    pattern: square,
    evaluate(values, weights, out = new Float64Array(square.nnz)) {
      addUpper(values, weights, out);
      const { rows, columns } = square;
      const mirror = square.transposed.from;
      for (let p = 0; p < out.length; p++) if (columns[p]! < rows[p]!) out[p] = out[mirror[p]!]!;
      return out;
    },
  };
}

/** Writes the values of one triangle of AᵀA, or of Aᵀ W A with one weight per row, into `out`. */
export type TriangleProduct = (
  values: Float64Array,
  weights: Float64Array | undefined,
  out: Float64Array,
) => void;

/**
 * Structure of AᵀA as a graph, in which each vertex is its own neighbour. `triangleProduct` prepares the products for an
 * order of elimination: its second argument has the entries of the lower triangle in that order; further ones stay 0.
 *
 * @throws DownhillError `range` if the product or the indices of its terms do not fit into memory.
 */
export function normalGraph(pattern: SparsePattern): {
  readonly graph: SymmetricGraph;
  readonly triangleProduct: (order: Int32Array, triangle: EliminatedTriangle) => TriangleProduct;
} {
  const groups = groupRows(pattern);
  requireSmallProduct(groups);
  const byColumn = transposeEntries(groups);
  return {
    graph: graphOf(groups, byColumn),
    triangleProduct: (order, triangle) =>
      productInto(pattern.rowPointers, groups.first, positionsOf(groups, byColumn, order, triangle)),
  };
}

/** A function of its own, so that its result does not keep the groups alive. */
function productInto(rowPointers: Int32Array, first: Int32Array, positions: Int32Array): TriangleProduct {
  return (values, weights, out) => {
    out.fill(0);
    addProducts(rowPointers, first, positions, values, weights, out);
  };
}

/** Neighbours of each column: itself, and all columns that occur in a row with it. */
function graphOf(groups: RowGroups, { rowPointers, columns }: TransposedEntries): SymmetricGraph {
  const n = groups.shape[1];
  const mark = new Int32Array(n).fill(-1);
  const pointers = new Int32Array(n + 1);
  let neighbours = new Int32Array(Math.max(16, 2 * groups.columns.length + n));
  let count = 0;
  for (let j = 0; j < n; j++) {
    const start = count;
    const add = (i: number): void => {
      if (mark[i] === j) return;
      mark[i] = j;
      if (count === neighbours.length) neighbours = grown(neighbours);
      neighbours[count++] = i;
    };
    add(j);
    for (let p = rowPointers[j]!; p < rowPointers[j + 1]!; p++) {
      const g = columns[p]!;
      for (let q = groups.rowPointers[g]!; q < groups.rowPointers[g + 1]!; q++) add(groups.columns[q]!);
    }
    neighbours.subarray(start, count).sort();
    pointers[j + 1] = count;
  }
  return { pointers, neighbours: neighbours.slice(0, count) };
}

function groupRows({ shape, rowPointers, columns }: Entries): RowGroups {
  const first: number[] = [];
  const pointers: number[] = [0];
  const kept = new Int32Array(columns.length);
  let count = 0;
  for (let i = 0; i < shape[0]; i++) {
    const [before, from, end] = [rowPointers[i - 1] ?? 0, rowPointers[i]!, rowPointers[i + 1]!];
    let isSame = i > 0 && from - before === end - from;
    for (let p = from; isSame && p < end; p++) isSame = columns[p] === columns[p - (end - from)];
    if (isSame) continue;
    first.push(i);
    for (let p = from; p < end; p++) kept[count++] = columns[p]!;
    pointers.push(count);
  }
  return {
    shape: [first.length, shape[1]],
    rowPointers: Int32Array.from(pointers),
    columns: kept.slice(0, count),
    first: Int32Array.from([...first, shape[0]]),
  };
}

/** Checks the sizes of AᵀA and of the index of each product, by the widest row and the widths of all rows. */
function requireSmallProduct({ rowPointers, shape }: Entries): void {
  let [widest, products] = [0, 0];
  for (let i = 0; i < shape[0]; i++) {
    const width = rowPointers[i + 1]! - rowPointers[i]!;
    widest = Math.max(widest, width);
    products += (width * (width + 1)) / 2;
  }
  const repair = 'Solve with lsmr (linearSolver: "lsmr"), which does not compute it.';
  requireMemory(`normalProduct: a row has ${widest} entries, so AᵀA`, widest ** 2, 8, repair);
  requireMemory("normalProduct: the products of AᵀA", products, 4, repair);
}

/**
 * For each pair of columns a and b ≤ a of each group, the index of the entry of the product. Ordered by group, a and b.
 */
function positionsOf(
  groups: RowGroups,
  { rowPointers, columns, from }: TransposedEntries,
  order: Int32Array,
  { pointers, rows }: EliminatedTriangle,
): Int32Array {
  const count = groups.shape[0];
  const starts = new Float64Array(count + 1);
  for (let g = 0; g < count; g++) {
    const width = groups.rowPointers[g + 1]! - groups.rowPointers[g]!;
    starts[g + 1] = starts[g]! + (width * (width + 1)) / 2;
  }
  const positions = new Int32Array(starts[count]!);
  const step = inverseOf(order);
  const entryOf = new Int32Array(order.length);
  for (let k = 0; k < order.length; k++) {
    const j = order[k]!;
    for (let t = pointers[k]!; t < pointers[k + 1]!; t++) entryOf[rows[t]!] = t;
    for (let q = rowPointers[j]!; q < rowPointers[j + 1]!; q++) {
      const g = columns[q]!;
      const [begin, end, start] = [groups.rowPointers[g]!, groups.rowPointers[g + 1]!, starts[g]!];
      const a = from[q]! - begin;
      for (let p = begin, b = 0; p < end; p++, b++) {
        const row = step[groups.columns[p]!]!;
        if (row < k) continue;
        positions[start + (b <= a ? (a * (a + 1)) / 2 + b : (b * (b + 1)) / 2 + a)] = entryOf[row]!;
      }
    }
  }
  return positions;
}

function addProducts(
  rowPointers: Int32Array,
  first: Int32Array,
  positions: Int32Array,
  values: Float64Array,
  weights: Float64Array | undefined,
  out: Float64Array,
): void {
  for (let g = 0, t = 0; g < first.length - 1; g++) {
    const [row, end] = [first[g]!, first[g + 1]!];
    const width = rowPointers[row + 1]! - rowPointers[row]!;
    for (let a = 0; a < width; a++)
      for (let b = 0; b <= a; b++, t++) {
        let sum = 0;
        for (let i = row, p = rowPointers[row]!; i < end; i++, p += width)
          sum += (weights === undefined ? 1 : weights[i]!) * values[p + a]! * values[p + b]!;
        out[positions[t]!]! += sum;
      }
  }
}
