// Symbolic analysis of a symmetric matrix: everything about its factorisation that the pattern determines.
import { DownhillError } from "../../../engine/errors/index.ts";
import { now } from "../../../engine/util/now.ts";
import {
  columnCounts,
  type EliminatedTriangle,
  eliminationTree,
  inverseOf,
  postorder,
  renumberParents,
  transposeGraph,
  upperPart,
} from "./elimination-tree.ts";
import { type SymmetricGraph, minimumDegree } from "./minimum-degree.ts";
import type { SparsePattern } from "../matrix/sparse-pattern.ts";
import { type AssemblyPositions, assemblyPositions } from "./assembly.ts";
import { requireMemory } from "./memory-limit.ts";
import { findSupernodes } from "./supernodes.ts";

const none = -1;

/**
 * Order of elimination: approximate minimum degree (`amd`), the order of the matrix (`natural`), or a permutation whose
 * element k is eliminated at step k.
 */
export type Ordering = "amd" | "natural" | Int32Array | readonly number[];

/** Lower triangle of the renumbered matrix by columns, with its diagonal, and the entries of the matrix. */
interface LowerTriangle extends EliminatedTriangle {
  /** For each entry, its index in the lower triangle of the matrix (`entry`), and in the upper one (`mirror`). */
  readonly entry: Int32Array;
  readonly mirror: Int32Array;
}

/** Supernodes of a factor and the rows below each of them. */
export interface SymbolicFactor {
  /** `order[k]` is the vertex that is eliminated at step k. */
  readonly order: Int32Array;
  /** First column of each supernode, and the number of columns at the end. */
  readonly first: Int32Array;
  /** Parent of each supernode; −1 for a root. */
  readonly parent: Int32Array;
  /** Index in `rows` at which the rows below each supernode begin, and the length of `rows` at the end. */
  readonly rowStart: Int32Array;
  /** Renumbered rows below the supernodes, ascending within each of them. */
  readonly rows: Int32Array;
  /** Number of entries of L with its diagonal, without the zeros of merged supernodes. */
  readonly entries: number;
  /** Number of stored entries of L, including the zeros of merged supernodes, if no pivot is delayed. */
  readonly storedEntries: number;
  /** Number of floating-point operations of an LDLᵀ factorisation, without those on zeros of merged supernodes. */
  readonly operations: number;
  /** Seconds spent on the ordering, and on the rest of the analysis. */
  readonly seconds: { readonly ordering: number; readonly analysis: number };
}

/**
 * Symbolic analysis of a symmetric matrix: the structure of its factor, and its lower triangle by columns in elimination
 * order.
 */
export interface TriangleAnalysis extends SymbolicFactor {
  readonly lower: EliminatedTriangle;
  readonly positions: AssemblyPositions;
}

/** Analysis of a symmetric matrix that is stored with both triangles. */
export interface SymmetricAnalysis extends TriangleAnalysis {
  readonly lower: LowerTriangle;
}

/** Analyses a symmetric pattern that has both triangles. */
export function analyseSymmetric(
  operation: string,
  pattern: SparsePattern,
  ordering: Ordering,
): SymmetricAnalysis {
  requireSymmetric(operation, pattern);
  const graph = { pointers: pattern.rowPointers, neighbours: pattern.columns };
  const triangle = analyseTriangle(operation, graph, ordering);
  const begin = now();
  const lower = { ...triangle.lower, ...entriesOfTriangle(pattern, triangle) };
  const { seconds } = triangle;
  return {
    ...triangle,
    lower,
    seconds: { ...seconds, analysis: seconds.analysis + (now() - begin) / 1000 },
  };
}

/** Analyses a symmetric matrix whose lower triangle will be computed in elimination order. */
export function analyseTriangle(
  operation: string,
  graph: SymmetricGraph,
  ordering: Ordering,
): TriangleAnalysis {
  const symbolic = analyseGraph(operation, graph, ordering);
  const begin = now();
  const lower = lowerTriangle(graph, symbolic.order);
  const positions = assemblyPositions(symbolic, lower);
  const { seconds } = symbolic;
  return {
    ...symbolic,
    lower,
    positions,
    seconds: { ...seconds, analysis: seconds.analysis + (now() - begin) / 1000 },
  };
}

/**
 * Orders the vertices of a symmetric graph and determines the structure of the factor.
 *
 * @throws DownhillError `range` if the factor does not fit into memory.
 */
export function analyseGraph(
  operation: string,
  graph: SymmetricGraph,
  ordering: Ordering,
  bytesPerEntry = 8,
): SymbolicFactor {
  const begin = now();
  const given = readOrdering(operation, graph, ordering);
  const middle = now();
  const tree = eliminationTree(upperPart(graph, given));
  const visit = postorder(tree);
  const before = visit.map((k) => given[k]!);
  const counts = columnCounts(upperPart(graph, before), renumberParents(tree, visit));
  const entries = counts.reduce((sum, count) => sum + count, counts.length);
  requireMemory(
    `${operation}: the factor of a matrix with ${counts.length} rows`,
    entries,
    bytesPerEntry,
    ordering === "amd"
      ? "Solve with lsmr, which needs no factor, or give an ordering that suits the problem."
      : 'Use the ordering "amd", or solve with lsmr, which needs no factor.',
  );
  const nodes = findSupernodes(renumberParents(tree, visit), counts);
  const order = nodes.order.map((k) => before[k]!);
  const { first, parent } = nodes;
  const { rowStart, rows } = rowStructures(transposeGraph(upperPart(graph, order)), first, parent);
  let operations = 0;
  for (const count of counts) operations += (count + 1) ** 2;
  let storedEntries = 0;
  for (let s = 0; s < parent.length; s++) {
    const width = first[s + 1]! - first[s]!;
    storedEntries += (width * (width + 1)) / 2 + width * (rowStart[s + 1]! - rowStart[s]!);
  }
  const seconds = { ordering: (middle - begin) / 1000, analysis: (now() - middle) / 1000 };
  return { order, first, parent, rowStart, rows, entries, storedEntries, operations, seconds };
}

function requireSymmetric(operation: string, pattern: SparsePattern): void {
  const [rows, columns] = pattern.shape;
  if (rows !== columns)
    throw new DownhillError("shape", `${operation}: the matrix must be square; got ${rows} × ${columns}.`);
  if (pattern.transposed.pattern !== pattern)
    throw new DownhillError(
      "range",
      `${operation}: the pattern is not symmetric. kind "ldl" needs both triangles of a symmetric matrix; ` +
        `kind "lu" factorises other matrices.`,
    );
}

function readOrdering(operation: string, graph: SymmetricGraph, ordering: Ordering): Int32Array {
  const n = graph.pointers.length - 1;
  if (ordering === "amd") return minimumDegree(graph);
  if (ordering === "natural") return Int32Array.from({ length: n }, (_, i) => i);
  return readPermutation(operation, ordering, n);
}

/** Reads a permutation of the numbers 0 to n − 1. */
function readPermutation(operation: string, given: unknown, n: number): Int32Array {
  const isList = Array.isArray(given) || given instanceof Int32Array;
  const order = isList ? Int32Array.from(given as readonly number[]) : undefined;
  if (order?.length !== n || order.some((x) => x < 0 || x >= n) || new Set(order).size !== n)
    throw new DownhillError(
      "option",
      `${operation}: ordering must be "amd", "natural" or a permutation of 0 to ${n - 1}; got ${
        isList ? `a list of ${order!.length} numbers` : JSON.stringify(given)
      }.`,
    );
  return order;
}

/** Determines the rows below each supernode: the rows of its columns and of its children. */
function rowStructures(
  { pointers, neighbours }: SymmetricGraph,
  first: Int32Array,
  parent: Int32Array,
): { readonly rowStart: Int32Array; readonly rows: Int32Array } {
  const count = parent.length;
  const mark = new Int32Array(pointers.length - 1).fill(none);
  const rowStart = new Int32Array(count + 1);
  const lastChild = new Int32Array(count).fill(none);
  const sibling = new Int32Array(count).fill(none);
  let rows = new Int32Array(Math.max(16, 2 * neighbours.length));
  let n = 0;
  for (let s = 0; s < count; s++) {
    const [from, end] = [n, first[s + 1]!];
    const room = rows.length;
    const add = (row: number): void => {
      if (row < end || mark[row] === s) return;
      mark[row] = s;
      rows[n++] = row;
    };
    let bound = n + pointers[end]! - pointers[first[s]!]!;
    for (let c = lastChild[s]!; c !== none; c = sibling[c]!) bound += rowStart[c + 1]! - rowStart[c]!;
    if (bound > room) {
      const wider = new Int32Array(Math.max(2 * room, bound));
      wider.set(rows);
      rows = wider;
    }
    for (let p = pointers[first[s]!]!; p < pointers[end]!; p++) add(neighbours[p]!);
    for (let c = lastChild[s]!; c !== none; c = sibling[c]!)
      for (let p = rowStart[c]!; p < rowStart[c + 1]!; p++) add(rows[p]!);
    rows.subarray(from, n).sort();
    rowStart[s + 1] = n;
    const p = parent[s]!;
    if (p === none) continue;
    sibling[s] = lastChild[p]!;
    lastChild[p] = s;
  }
  return { rowStart, rows: rows.slice(0, n) };
}

/** Lower triangle of the renumbered matrix by columns. Vertices of the graph may be their own neighbours. */
function lowerTriangle({ pointers, neighbours }: SymmetricGraph, order: Int32Array): EliminatedTriangle {
  const n = order.length;
  const position = inverseOf(order);
  const starts = new Int32Array(n + 1);
  for (let k = 0; k < n; k++) {
    let count = 0;
    for (let p = pointers[order[k]!]!; p < pointers[order[k]! + 1]!; p++)
      if (position[neighbours[p]!]! >= k) count++;
    starts[k + 1] = starts[k]! + count;
  }
  const rows = new Int32Array(starts[n]!);
  for (let k = 0, t = 0; k < n; k++)
    for (let p = pointers[order[k]!]!; p < pointers[order[k]! + 1]!; p++) {
      const row = position[neighbours[p]!]!;
      if (row >= k) rows[t++] = row;
    }
  return { pointers: starts, rows };
}

/**
 * For each element of the lower triangle, the entries of the matrix at its position (`entry`) and at the transposed one
 * (`mirror`).
 */
function entriesOfTriangle(
  pattern: SparsePattern,
  { order, lower }: TriangleAnalysis,
): Pick<LowerTriangle, "entry" | "mirror"> {
  const { rowPointers, columns } = pattern;
  const { from } = pattern.transposed; // entry q of the transposed pattern, which is the same one, is entry from[q]
  const position = inverseOf(order);
  const [entry, mirror] = [new Int32Array(lower.rows.length), new Int32Array(lower.rows.length)];
  for (let k = 0, t = 0; k < order.length; k++)
    for (let p = rowPointers[order[k]!]!; p < rowPointers[order[k]! + 1]!; p++) {
      if (position[columns[p]!]! < k) continue;
      const isLower = order[k]! >= columns[p]!;
      entry[t] = isLower ? p : from[p]!;
      mirror[t++] = isLower ? from[p]! : p;
    }
  return { entry, mirror };
}
