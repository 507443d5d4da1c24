import { minimumDegree, type SymmetricGraph } from "../../sparse/analysis/minimum-degree.ts";
import type { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";

const none = -1;

/**
 * Order of elimination of a KKT matrix `[H Jᵀ; J 0]`. The diagonal entry of an equation is 0 until one of its variables
 * is eliminated. Each equation is therefore paired with a variable that has a large coefficient in it. The pair is
 * ordered as one vertex, the variable first. Otherwise pivots could be delayed up to the root.
 */
export function pairedOrder(matrix: SparsePattern, jacobian: MatrixEntries): Int32Array {
  const n = jacobian.pattern.shape[1];
  const partner = matchVariables(jacobian);
  const vertexOf = new Int32Array(matrix.shape[0]);
  for (let i = 0; i < n; i++) vertexOf[i] = i;
  let vertices = n;
  partner.forEach((variable, row) => (vertexOf[n + row] = variable === none ? vertices++ : variable));
  const rowOf = new Int32Array(vertices).fill(none);
  for (let row = 0; row < partner.length; row++) rowOf[vertexOf[n + row]!] = n + row;
  const order = new Int32Array(matrix.shape[0]);
  let next = 0;
  for (const vertex of minimumDegree(mergedGraph(matrix, vertexOf, rowOf, n))) {
    if (vertex < n) order[next++] = vertex;
    if (rowOf[vertex]! !== none) order[next++] = rowOf[vertex]!;
  }
  return order;
}

/** Variables with coefficients below this fraction of the largest one in a row are not paired with the row. */
const smallShare = 0.1;

/**
 * Pairs each equation with a variable; −1 if all its variables with large enough coefficients are taken. Equations with
 * few variables choose first.
 */
function matchVariables({ pattern, values }: MatrixEntries): Int32Array {
  const { rowPointers, columns, shape } = pattern;
  const partner = new Int32Array(shape[0]).fill(none);
  const isTaken = new Uint8Array(shape[1]);
  const uses = new Int32Array(shape[1]);
  for (const column of columns) uses[column]!++;
  const lengths = partner.map((_, row) => rowPointers[row + 1]! - rowPointers[row]!);
  for (const row of partner.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]! || a - b)) {
    let most = 0;
    for (let p = rowPointers[row]!; p < rowPointers[row + 1]!; p++)
      most = Math.max(most, Math.abs(values[p]!));
    let best = none;
    for (let p = rowPointers[row]!; p < rowPointers[row + 1]!; p++) {
      const column = columns[p]!;
      if (isTaken[column] === 1 || Math.abs(values[p]!) < smallShare * most) continue;
      if (best === none || uses[column]! < uses[best]!) best = column;
    }
    partner[row] = best;
    if (best !== none) isTaken[best] = 1;
  }
  return partner;
}

/** Graph of the matrix in which an equation and its variable are one vertex. */
function mergedGraph(
  { rowPointers, columns }: SparsePattern,
  vertexOf: Int32Array,
  rowOf: Int32Array,
  n: number,
): SymmetricGraph {
  const pointers = new Int32Array(rowOf.length + 1);
  const neighbours = new Int32Array(columns.length);
  const mark = new Int32Array(rowOf.length).fill(none);
  let next = 0;
  for (let vertex = 0; vertex < rowOf.length; vertex++) {
    mark[vertex] = vertex;
    for (const row of vertex < n ? [vertex, rowOf[vertex]!] : [rowOf[vertex]!]) {
      if (row === none) continue;
      for (let p = rowPointers[row]!; p < rowPointers[row + 1]!; p++) {
        const other = vertexOf[columns[p]!]!;
        if (mark[other] === vertex) continue;
        mark[other] = vertex;
        neighbours[next++] = other;
      }
    }
    pointers[vertex + 1] = next;
  }
  return { pointers, neighbours: neighbours.slice(0, next) };
}
