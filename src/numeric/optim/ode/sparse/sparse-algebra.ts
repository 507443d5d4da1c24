import { DownhillError } from "../../../../engine/errors/index.ts";
import { runSteps } from "../../../sparse/factor/ldl.ts";
import { analyseLu, type LuAnalysis, luInSteps } from "../../../sparse/factor/lu.ts";
import { StaticLu } from "../../../sparse/factor/static-lu.ts";
import { sortPositions } from "../../../sparse/matrix/coordinates.ts";
import { multiplyRows } from "../../../sparse/matrix/products.ts";
import { SparsePattern } from "../../../sparse/matrix/sparse-pattern.ts";
import type { NumericAlgebra, SparseFactors } from "./numeric-method.ts";
import { isAllFinite } from "../../vector.ts";

/** A sparse mass matrix. */
export interface SparseMass {
  readonly pattern: SparsePattern;
  readonly values: Float64Array;
}

/** The nonzero elements of a dense mass matrix. */
export function sparseMass(n: number, elements: ArrayLike<number>): SparseMass {
  const rowPointers = new Int32Array(n + 1);
  const [columns, values]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (elements[i * n + j] === 0) continue;
      columns.push(j);
      values.push(elements[i * n + j]!);
    }
    rowPointers[i + 1] = columns.length;
  }
  const pattern = SparsePattern.fromChecked([n, n], rowPointers, Int32Array.from(columns));
  return { pattern, values: Float64Array.from(values) };
}

function identity(n: number): SparseMass {
  const rowPointers = Int32Array.from({ length: n + 1 }, (_, i) => i);
  const pattern = SparsePattern.fromChecked([n, n], rowPointers, rowPointers.slice(0, n));
  return { pattern, values: new Float64Array(n).fill(1) };
}

/** A sparse matrix, with its analysis for factorisations, whose entries are sums of given values. */
interface AssembledMatrix {
  readonly pattern: SparsePattern;
  readonly analysis: LuAnalysis;
  /** Entry that each given value is added to. */
  readonly entryOf: Int32Array;
}

/** Largest number of operations per entry of L for which rows of numbers are factorised faster than dense fronts. */
const mostOperations = 100;

/** Linear algebra of stage equations for Jacobians of one pattern, with one analysis for all factorisations. */
export class SparseStages implements NumericAlgebra {
  readonly pattern: SparsePattern;
  readonly #mass: SparseMass;
  readonly #hasMass: boolean;
  /** Real matrices of stage equations, assembled from the entries of J followed by those of M. */
  readonly #single: AssembledMatrix;
  /** The real form of complex matrices. */
  #double: AssembledMatrix | undefined;
  /** The last bound, because several steps have the same Jacobian. */
  #bound: { readonly jacobian: Float64Array; readonly value: number } | undefined;
  /** Faster factors with pivots on the diagonal, for matrices with few operations. */
  readonly #static: StaticLu | undefined;

  constructor(pattern: SparsePattern, mass: SparseMass | undefined) {
    const [n] = pattern.shape;
    this.pattern = pattern;
    this.#hasMass = mass !== undefined;
    this.#mass = mass ?? identity(n);
    const rows = joined(pattern.rows, this.#mass.pattern.rows);
    const columns = joined(pattern.columns, this.#mass.pattern.columns);
    const sorted = sortPositions([n, n], rows, columns);
    const analysis = analyseLu("solveOde", sorted.pattern, "amd");
    this.#single = { ...sorted, analysis };
    const isLight = analysis.operations <= mostOperations * analysis.entries;
    this.#static = isLight ? new StaticLu(analysis) : undefined;
  }

  /** Operations of one factorisation. */
  get operations(): number {
    return 2 * this.#single.analysis.operations;
  }

  applyMass(x: Float64Array): Float64Array {
    if (!this.#hasMass) return x;
    const { pattern, values } = this.#mass;
    const out = new Float64Array(x.length);
    multiplyRows(pattern.rowPointers, pattern.columns, values, x, out);
    return out;
  }

  factor(jacobian: Float64Array, shift: number): SparseFactors {
    const { pattern, entryOf } = this.#single;
    const values = new Float64Array(pattern.nnz);
    const mass = this.#mass.values;
    const first = jacobian.length;
    for (let t = 0; t < first; t++) values[entryOf[t]!]! -= jacobian[t]!;
    for (let t = 0; t < mass.length; t++) values[entryOf[first + t]!]! += shift * mass[t]!;
    return this.#static?.factorise(values) ?? factorsOf(this.#single, values);
  }

  factorPair(jacobian: Float64Array, re: number, im: number): SparseFactors {
    const { pattern, entryOf } = this.#single;
    const values = new Float64Array(2 * pattern.nnz);
    const mass = this.#mass.values;
    const first = jacobian.length;
    for (let t = 0; t < first; t++) values[2 * entryOf[t]!]! -= jacobian[t]!;
    for (let t = 0; t < mass.length; t++) {
      const entry = 2 * entryOf[first + t]!;
      values[entry]! += re * mass[t]!;
      values[entry + 1]! += im * mass[t]!;
    }
    return this.#static?.factorisePairs(values) ?? this.#factorDoubled(values);
  }

  /** Factors of the real form of a complex matrix. */
  #factorDoubled(values: Float64Array): SparseFactors {
    const double = (this.#double ??= this.#doubled());
    const blocks = new Float64Array(double.pattern.nnz);
    for (let t = 0; 2 * t < values.length; t++) {
      const [x, y] = [values[2 * t]!, values[2 * t + 1]!];
      [x, -y, y, x].forEach((value, k) => (blocks[double.entryOf[4 * t + k]!] = value));
    }
    return factorsOf(double, blocks);
  }

  /** The real form of complex matrices, with 2 × 2 blocks: the parts of component k are 2k and 2k + 1. */
  #doubled(): AssembledMatrix {
    const { pattern, analysis } = this.#single;
    const twice = (indices: Int32Array, parts: readonly number[]): Int32Array =>
      Int32Array.from({ length: 4 * indices.length }, (_, t) => 2 * indices[t >> 2]! + parts[t & 3]!);
    const [n] = pattern.shape;
    const sorted = sortPositions([2 * n, 2 * n], twice(pattern.rows, [0, 0, 1, 1]), twice(pattern.columns, [0, 1, 0, 1])); // prettier-ignore
    const order = Int32Array.from({ length: 2 * n }, (_, k) => 2 * analysis.order[k >> 1]! + (k & 1));
    return { ...sorted, analysis: analyseLu("solveOde", sorted.pattern, order) };
  }

  /** The smaller one of the largest row and column sums. */
  bound(jacobian: Float64Array): number {
    if (this.#bound?.jacobian !== jacobian) this.#bound = { jacobian, value: this.#boundOf(jacobian) };
    return this.#bound.value;
  }

  #boundOf(jacobian: Float64Array): number {
    const [rows, columns] = [
      new Float64Array(this.pattern.shape[0]),
      new Float64Array(this.pattern.shape[1]),
    ];
    const { rows: rowOf, columns: columnOf } = this.pattern;
    for (let t = 0; t < jacobian.length; t++) {
      const size = Math.abs(jacobian[t]!);
      rows[rowOf[t]!]! += size;
      columns[columnOf[t]!]! += size;
    }
    let [row, column] = [0, 0];
    for (let i = 0; i < rows.length; i++) {
      row = Math.max(row, rows[i]!);
      column = Math.max(column, columns[i]!);
    }
    return Math.min(row, column);
  }
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Newton's method and the error estimate tolerate rounding errors, so solutions are not refined. */
const settings = { pivotTolerance: 0.1, refinements: 0 };

function factorsOf({ pattern, analysis }: AssembledMatrix, values: Float64Array): SparseFactors {
  if (!isAllFinite(values)) return undefined;
  try {
    const factors = runSteps(luInSteps("solveOde", analysis, pattern, values, settings));
    return factors.zeroPivots > 0 ? undefined : { solve: (b) => factors.solve(b, false) };
  } catch (error) {
    if (error instanceof DownhillError && error.code === "range") return undefined; // the factors overflowed
    throw error;
  }
}
