// LU factors of a square matrix of numbers.
import { DownhillError } from "../../../engine/errors/index.ts";
import { sortPositions } from "../matrix/coordinates.ts";
import { notFinite, singular } from "./ldl.ts";
import type { FactorProgress } from "./multifrontal.ts";
import {
  type AssemblyLists,
  factoriseLuInSteps,
  type LuFactors,
  solveLu,
  solveLuTransposed,
} from "./multifrontal-lu.ts";
import type { NumericFactor } from "./numeric-factor.ts";
import { multiplyColumns, multiplyRows } from "../matrix/products.ts";
import { refine } from "./refine.ts";
import type { SparsePattern } from "../matrix/sparse-pattern.ts";
import { analyseGraph, type Ordering, type SymbolicFactor } from "../analysis/symbolic.ts";
import { maximumTransversal } from "../analysis/transversal.ts";
import { inverseOf } from "../analysis/elimination-tree.ts";

/** Symbolic analysis of a square matrix for LU. */
export interface LuAnalysis extends SymbolicFactor {
  readonly lists: AssemblyLists;
  /** Row of the matrix that becomes row k. */
  readonly rowOrder: Int32Array;
}

/** Settings of a numeric LU factorisation. */
export interface LuSettings {
  readonly pivotTolerance: number;
  readonly refinements: number;
}

/**
 * Matches rows with columns, and orders the symmetric pattern of B + Bᵀ. B is the matrix with the matched entries on
 * its diagonal.
 */
export function analyseLu(operation: string, pattern: SparsePattern, ordering: Ordering): LuAnalysis {
  const [n, columnCount] = pattern.shape;
  if (n !== columnCount)
    throw new DownhillError("shape", `${operation}: the matrix must be square; got ${n} × ${columnCount}.`);
  const rowOf = maximumTransversal(pattern);
  const columnOf = inverseOf(rowOf);
  const both = new Int32Array(2 * pattern.nnz);
  const mirrored = new Int32Array(2 * pattern.nnz);
  for (let i = 0, t = 0; i < n; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++) {
      both[t] = mirrored[t + 1] = columnOf[i]!;
      both[t + 1] = mirrored[t] = pattern.columns[p]!;
      t += 2;
    }
  const union = sortPositions([n, n], both, mirrored).pattern;
  const graph = { pointers: union.rowPointers, neighbours: union.columns };
  const symbolic = analyseGraph(operation, graph, ordering, 16); // L and U
  const rowOrder = symbolic.order.map((k) => rowOf[k]!);
  return { ...symbolic, rowOrder, lists: assemblyLists(pattern, rowOrder, symbolic.order) };
}

function assemblyLists(pattern: SparsePattern, rowOrder: Int32Array, order: Int32Array): AssemblyLists {
  const n = order.length;
  const [rowNumber, columnNumber] = [inverseOf(rowOrder), inverseOf(order)];
  const pointers = new Int32Array(n + 1);
  const stepOf = (i: number, p: number): number =>
    Math.min(rowNumber[i]!, columnNumber[pattern.columns[p]!]!);
  for (let i = 0; i < n; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++) pointers[stepOf(i, p) + 1]!++;
  for (let k = 0; k < n; k++) pointers[k + 1]! += pointers[k]!;
  const next = pointers.slice(0, n);
  const [entry, rows, columns] = [
    new Int32Array(pattern.nnz),
    new Int32Array(pattern.nnz),
    new Int32Array(pattern.nnz),
  ];
  for (let i = 0; i < n; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++) {
      const t = next[stepOf(i, p)]!++;
      entry[t] = p;
      rows[t] = rowNumber[i]!;
      columns[t] = columnNumber[pattern.columns[p]!]!;
    }
  return { pointers, entry, rows, columns };
}

/**
 * A column consists of rounding errors, and counts as zero, if no element exceeds this fraction of its original size.
 */
const zeroShare = 2 ** -47;

/** Factorises a matrix in steps. Between them, the caller can run other tasks. */
export function* luInSteps(
  operation: string,
  analysis: LuAnalysis,
  pattern: SparsePattern,
  given: Float64Array,
  settings: LuSettings,
): Generator<FactorProgress, LuFactor> {
  const n = analysis.order.length;
  const scales = new Float64Array(n).fill(1);
  const values = new Float64Array(given.length);
  const columnNumber = inverseOf(analysis.order);
  const zeroSizes = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const [from, end] = [pattern.rowPointers[i]!, pattern.rowPointers[i + 1]!];
    let largest = 0;
    for (let p = from; p < end; p++) {
      const size = Math.abs(given[p]!);
      if (!(size < Infinity)) throw notFinite(operation, pattern, given);
      largest = Math.max(largest, size);
    }
    if (largest > 0) scales[i] = 2 ** Math.max(-1000, Math.min(1000, -Math.round(Math.log2(largest)))); // rows of like size
    for (let p = from; p < end; p++) {
      values[p] = given[p]! * scales[i]!;
      const k = columnNumber[pattern.columns[p]!]!;
      zeroSizes[k] = Math.max(zeroSizes[k]!, zeroShare * Math.abs(values[p]!));
    }
  }
  const rule = { tolerance: settings.pivotTolerance, zeroSizes };
  const factors = yield* factoriseLuInSteps(analysis, analysis.lists, values, rule);
  return new LuFactor(operation, analysis, pattern, given.slice(), scales, factors, settings.refinements);
}

/** LU factors of a matrix of numbers. */
export class LuFactor implements NumericFactor {
  readonly kind = "lu";
  readonly #operation: string;
  readonly #analysis: LuAnalysis;
  readonly #pattern: SparsePattern;
  readonly #values: Float64Array;
  /** Power of two by which each row is multiplied before the factorisation. */
  readonly #scales: Float64Array;
  readonly #factors: LuFactors;
  readonly #refinements: number;

  constructor(
    operation: string,
    analysis: LuAnalysis,
    pattern: SparsePattern,
    values: Float64Array,
    scales: Float64Array,
    factors: LuFactors,
    refinements: number,
  ) {
    this.#operation = operation;
    this.#analysis = analysis;
    this.#pattern = pattern;
    this.#values = values;
    this.#scales = scales;
    this.#factors = factors;
    this.#refinements = refinements;
  }

  get entries(): number {
    return this.#factors.elementStart.at(-1)!;
  }

  get delays(): number {
    return this.#factors.delays;
  }

  get zeroPivots(): number {
    return this.#factors.zeroPivots;
  }

  solve(b: Float64Array, isTransposed: boolean): Float64Array {
    if (this.zeroPivots > 0) throw singular(this.#operation, b.length, this.zeroPivots);
    const { rowPointers, columns } = this.#pattern;
    const values = this.#values;
    return refine(
      b,
      isTransposed ? (r) => this.#solveTransposed(r) : (r) => this.#solve(r),
      isTransposed
        ? (x, out) => multiplyColumns(rowPointers, columns, values, x, out.fill(0))
        : (x, out) => multiplyRows(rowPointers, columns, values, x, out),
      this.#refinements,
    );
  }

  #solve(b: Float64Array): Float64Array {
    const { rowOrder, order } = this.#analysis;
    const side = new Float64Array(b.length);
    for (let k = 0; k < side.length; k++) side[k] = b[rowOrder[k]!]! * this.#scales[rowOrder[k]!]!;
    const x = solveLu(this.#factors, side);
    const out = new Float64Array(b.length);
    for (let k = 0; k < out.length; k++) out[order[k]!] = x[k]!;
    return out;
  }

  #solveTransposed(b: Float64Array): Float64Array {
    const { rowOrder, order } = this.#analysis;
    const side = new Float64Array(b.length);
    for (let k = 0; k < side.length; k++) side[k] = b[order[k]!]!;
    const x = solveLuTransposed(this.#factors, side);
    const out = new Float64Array(b.length);
    for (let k = 0; k < out.length; k++) out[rowOrder[k]!] = x[k]! * this.#scales[rowOrder[k]!]!;
    return out;
  }
}
