import { analysisOf, type SparseAnalysis } from "../../sparse/factor/factorise.ts";
import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";
import { pairedOrder } from "./paired-order.ts";

/** Pattern of a KKT matrix `[H Jᵀ; J 0]` with its whole diagonal, and the positions of its blocks. */
export interface KktStructure {
  readonly pattern: SparsePattern;
  /** For each entry of H, its index in the matrix. */
  readonly ofHessian: Int32Array;
  /** For each entry of J, its index in the rows of J (`ofJacobian`) and in Jᵀ (`ofMirror`). */
  readonly ofJacobian: Int32Array;
  readonly ofMirror: Int32Array;
  /** Order of elimination, shared by the analyses for all pivot tolerances. */
  readonly order: Int32Array;
  readonly analyses: Map<number, SparseAnalysis>;
}

const structures = /* @__PURE__ */ new WeakMap<SparsePattern, WeakMap<SparsePattern, KktStructure>>();

/**
 * Returns the structure for the patterns of H and J. It is cached while both patterns live; the values of J at the
 * first call determine the order of elimination.
 */
export function kktStructure(hessian: SparsePattern, jacobian: MatrixEntries): KktStructure {
  let ofHessian = structures.get(hessian);
  if (ofHessian === undefined) structures.set(hessian, (ofHessian = new WeakMap()));
  let found = ofHessian.get(jacobian.pattern);
  if (found === undefined) ofHessian.set(jacobian.pattern, (found = makeStructure(hessian, jacobian)));
  return found;
}

/** Analysis of the KKT matrix for factorisations with the given pivot tolerance and without refinement. Cached. */
export function kktAnalysis(
  operation: string,
  { pattern, order, analyses }: KktStructure,
  pivotTolerance: number,
): SparseAnalysis {
  let analysis = analyses.get(pivotTolerance);
  if (analysis === undefined)
    analyses.set(
      pivotTolerance,
      (analysis = analysisOf(operation, pattern, { ordering: order, pivotTolerance, refinements: 0 })),
    );
  return analysis;
}

function makeStructure(hessian: SparsePattern, entries: MatrixEntries): KktStructure {
  const jacobian = entries.pattern;
  const n = hessian.shape[0];
  const m = jacobian.shape[0];
  const rowPointers = new Int32Array(n + m + 1);
  const columns = new Int32Array(hessian.nnz + 2 * jacobian.nnz + n + m);
  const ofHessian = new Int32Array(hessian.nnz);
  const ofJacobian = new Int32Array(jacobian.nnz);
  const ofMirror = new Int32Array(jacobian.nnz);
  const { pattern: transposed, from } = jacobian.transposed;
  let next = 0;
  for (let i = 0; i < n; i++) {
    let hasDiagonal = false;
    for (let p = hessian.rowPointers[i]!; p < hessian.rowPointers[i + 1]!; p++) {
      const column = hessian.columns[p]!;
      if (column > i && !hasDiagonal) columns[next++] = i;
      if (column >= i) hasDiagonal = true;
      ofHessian[p] = next;
      columns[next++] = column;
    }
    if (!hasDiagonal) columns[next++] = i;
    for (let p = transposed.rowPointers[i]!; p < transposed.rowPointers[i + 1]!; p++) {
      ofMirror[from[p]!] = next;
      columns[next++] = n + transposed.columns[p]!;
    }
    rowPointers[i + 1] = next;
  }
  for (let i = 0; i < m; i++) {
    for (let p = jacobian.rowPointers[i]!; p < jacobian.rowPointers[i + 1]!; p++) {
      ofJacobian[p] = next;
      columns[next++] = jacobian.columns[p]!;
    }
    columns[next++] = n + i;
    rowPointers[n + i + 1] = next;
  }
  const pattern = SparsePattern.fromChecked([n + m, n + m], rowPointers, columns.slice(0, next));
  const order = pairedOrder(pattern, entries);
  return { pattern, ofHessian, ofJacobian, ofMirror, order, analyses: new Map() };
}

/** Values of the entries of the KKT matrix; 0 in the diagonal block of the equations. */
export function kktValues(
  { pattern, ofHessian, ofJacobian, ofMirror }: KktStructure,
  hessian: MatrixEntries,
  jacobian: MatrixEntries,
): Float64Array {
  const values = new Float64Array(pattern.nnz);
  for (let q = 0; q < ofHessian.length; q++) values[ofHessian[q]!] = hessian.values[q]!;
  for (let q = 0; q < ofJacobian.length; q++) {
    values[ofJacobian[q]!] = jacobian.values[q]!;
    values[ofMirror[q]!] = jacobian.values[q]!;
  }
  return values;
}
