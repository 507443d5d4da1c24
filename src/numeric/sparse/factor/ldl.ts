// LDLᵀ factors of a symmetric matrix of numbers: reading of values, solution, refinement.
import { DownhillError } from "../../../engine/errors/index.ts";
import {
  type FactorProgress,
  factoriseInSteps,
  type Inertia,
  inertiaOf,
  type LdlFactors,
  solveFactored,
} from "./multifrontal.ts";
import type { NumericFactor } from "./numeric-factor.ts";
import { refine } from "./refine.ts";
import type { SparsePattern } from "../matrix/sparse-pattern.ts";
import type { SymmetricAnalysis, TriangleAnalysis } from "../analysis/symbolic.ts";

/** Settings of a numeric LDLᵀ factorisation. */
export interface LdlSettings {
  /** Smallest accepted ratio of a pivot to the largest element of its column, 0 to 0.5. */
  readonly pivotTolerance: number;
  /** Maximum number of steps of iterative refinement per solution. */
  readonly refinements: number;
  /** Numbers that are added to the diagonal, one per row of the matrix. */
  readonly shift?: Float64Array | undefined;
}

/**
 * A column consists of rounding errors, and counts as zero, if no element exceeds this fraction of its original size.
 */
const zeroShare = 2 ** -47;

/** Largest relative difference between the two triangles at which a matrix counts as symmetric. */
const asymmetry = 1e-8;

/**
 * Values of the lower triangle in elimination order, and the largest absolute element of each column of the matrix
 * (`sizes`).
 */
export interface LowerValues {
  readonly values: Float64Array;
  readonly sizes: Float64Array;
}

/** Factorises a matrix in steps. Between them, the caller can run other tasks. */
export function* ldlInSteps(
  operation: string,
  symbolic: SymmetricAnalysis,
  pattern: SparsePattern,
  given: Float64Array,
  settings: LdlSettings,
): Generator<FactorProgress, LdlFactor> {
  const lower = lowerValues(operation, symbolic, pattern, given, settings);
  return yield* ldlOfTriangle(operation, symbolic, lower, settings);
}

/**
 * Factorises a matrix whose lower triangle is given in elimination order. `elements` is memory for the elements of L, for
 * reuse.
 */
export function* ldlOfTriangle(
  operation: string,
  symbolic: TriangleAnalysis,
  lower: LowerValues,
  { pivotTolerance, refinements }: Pick<LdlSettings, "pivotTolerance" | "refinements">,
  elements?: Float64Array,
): Generator<FactorProgress, LdlFactor> {
  const rule = {
    tolerance: pivotTolerance,
    sizes: lower.sizes,
    zeroShare,
    refuse: (k: number): never => {
      throw new DownhillError(
        "range",
        `${operation}: an element overflowed when column ${symbolic.order[k]} was eliminated. Scale rows and columns of the matrix.`,
      );
    },
  };
  const factors = yield* factoriseInSteps(symbolic, lower.values, rule, elements);
  return new LdlFactor(operation, factors, lower.values, refinements);
}

/** Runs all steps of a factorisation and returns its result. */
export function runSteps<T>(steps: Generator<FactorProgress, T>): T {
  let next = steps.next();
  while (next.done !== true) next = steps.next();
  return next.value;
}

function lowerValues(
  operation: string,
  { lower, order }: SymmetricAnalysis,
  pattern: SparsePattern,
  given: Float64Array,
  { shift }: LdlSettings,
): LowerValues {
  const { pointers, rows, entry, mirror } = lower;
  const n = order.length;
  const values = new Float64Array(entry.length);
  const sizes = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let t = pointers[k]!; t < pointers[k + 1]!; t++) {
      const a = given[entry[t]!]!;
      const b = given[mirror[t]!]!;
      const size = Math.max(Math.abs(a), Math.abs(b));
      if (!(size < Infinity)) throw notFinite(operation, pattern, given);
      if (Math.abs(a - b) > asymmetry * size) throw notSymmetric(operation, pattern, mirror[t]!, b, a);
      const value = 0.5 * a + 0.5 * b;
      values[t] = value;
      const row = rows[t]!;
      if (size > sizes[k]!) sizes[k] = size;
      if (size > sizes[row]!) sizes[row] = size;
    }
  }
  if (shift !== undefined) addToDiagonal(operation, lower.rows, pointers, order, shift, values, sizes);
  return { values, sizes };
}

function addToDiagonal(
  operation: string,
  rows: Int32Array,
  pointers: Int32Array,
  order: Int32Array,
  shift: Float64Array,
  values: Float64Array,
  sizes: Float64Array,
): void {
  for (let k = 0; k < order.length; k++) {
    const added = shift[order[k]!]!;
    if (added === 0) continue;
    let t = pointers[k]!;
    while (t < pointers[k + 1]! && rows[t] !== k) t++;
    if (t === pointers[k + 1])
      throw new DownhillError(
        "range",
        `${operation}: row ${order[k]} has no diagonal entry to add to. Store explicit zeros on the diagonal.`,
      );
    values[t]! += added;
    sizes[k] = Math.max(sizes[k]!, Math.abs(added));
  }
}

/** Error that names the first entry that is not finite. */
export function notFinite(
  operation: string,
  { rows, columns }: SparsePattern,
  values: Float64Array,
): DownhillError {
  const p = values.findIndex((x) => !Number.isFinite(x));
  return new DownhillError(
    "range",
    `${operation}: entry (${rows[p]}, ${columns[p]}) is ${values[p]}; all entries must be finite.`,
  );
}

function notSymmetric(
  operation: string,
  { rows, columns }: SparsePattern,
  p: number,
  a: number,
  b: number,
): DownhillError {
  const [i, j] = [rows[p], columns[p]];
  return new DownhillError(
    "range",
    `${operation}: the matrix is not symmetric: entry (${i}, ${j}) is ${a} and entry (${j}, ${i}) is ${b}. ` +
      `kind "lu" factorises such matrices.`,
  );
}

/** LDLᵀ factors of a matrix of numbers. */
export class LdlFactor implements NumericFactor {
  readonly kind = "ldl";
  readonly factors: LdlFactors;
  readonly inertia: Inertia;
  readonly #operation: string;
  readonly #values: Float64Array;
  readonly #refinements: number;

  constructor(operation: string, factors: LdlFactors, values: Float64Array, refinements: number) {
    this.factors = factors;
    this.inertia = inertiaOf(factors);
    this.#operation = operation;
    this.#values = values;
    this.#refinements = refinements;
  }

  /** Number of stored entries of L, with its diagonal. */
  get entries(): number {
    return this.factors.elementStart.at(-1)!;
  }

  get delays(): number {
    return this.factors.delays;
  }

  get zeroPivots(): number {
    return this.inertia.zero;
  }

  solve(b: Float64Array): Float64Array {
    if (this.inertia.zero > 0) throw singular(this.#operation, b.length, this.inertia.zero);
    const { order } = this.factors.symbolic;
    const side = new Float64Array(b.length);
    for (let k = 0; k < side.length; k++) side[k] = b[order[k]!]!;
    const x = refine(
      side,
      (r) => {
        solveFactored(this.factors, r);
        return r;
      },
      (y, out) => this.#multiply(y, out),
      this.#refinements,
    );
    const out = new Float64Array(b.length);
    for (let k = 0; k < out.length; k++) out[order[k]!] = x[k]!;
    return out;
  }

  /** Computes out = A x; x and out are in elimination order. */
  #multiply(x: Float64Array, out: Float64Array): void {
    const { pointers, rows } = this.factors.symbolic.lower;
    const values = this.#values;
    out.fill(0);
    for (let k = 0; k < x.length; k++) {
      const factor = x[k]!;
      let sum = 0;
      for (let t = pointers[k]!; t < pointers[k + 1]!; t++) {
        const row = rows[t]!;
        const value = values[t]!;
        sum += value * x[row]!;
        if (row !== k) out[row]! += value * factor;
      }
      out[k]! += sum;
    }
  }
}

/** Error for a singular n × n matrix with the given number of zero pivots. */
export function singular(operation: string, n: number, zeros: number): DownhillError {
  return new DownhillError(
    "range",
    `${operation}: the matrix is singular: its rank is ${n - zeros} of ${n} as far as rounding shows. ` +
      `Add a small multiple of the identity, or use lsmr for the solution of least norm.`,
  );
}
