import type { LowRankTerm } from "./low-rank.ts";
import type { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";

/** A sparse matrix: its pattern, and the value of each entry. */
export interface MatrixEntries {
  readonly pattern: SparsePattern;
  readonly values: Float64Array;
}

/** A symmetric matrix: its entries, minus a term of low rank. */
export interface HessianEntries extends MatrixEntries {
  readonly lowRank?: LowRankTerm;
}

/** Objective f(x) and residuals c(x) of the equations at one point. */
export interface ProgramValues {
  readonly value: number;
  readonly residuals: Float64Array;
}

/** A nonlinear program in vectors: minimise f(x) subject to c(x) = 0 and low ≤ x ≤ high, with low < high. */
export interface NonlinearProgram {
  /** Lower and upper bounds, one per variable; −∞ and ∞ for none. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly equations: number;
  readonly values: (x: Float64Array) => ProgramValues;
  readonly gradient: (x: Float64Array) => Float64Array;
  /** Jacobian of the equations, one row per equation. */
  readonly jacobian: (x: Float64Array) => MatrixEntries;
  /** Hessian of `weight f + yᵀc`, with the entries of both triangles. */
  readonly hessian: (x: Float64Array, weight: number, y: Float64Array) => HessianEntries;
  /** Called with each new barrier parameter; present if the objective depends on it. */
  readonly setBarrier?: (barrier: number) => void;
}

/**
 * Variables x with multipliers: `y` of the equations, `low` and `high` of the bounds (0 without a bound). Also used for
 * steps of these numbers, and for residuals of the optimality conditions.
 */
export interface PrimalDual {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** The functions of a program and their first derivatives at x. */
export interface Linearised extends ProgramValues {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  readonly jacobian: MatrixEntries;
}

/** Computes the first derivatives at a point whose values are known. */
export function linearise(program: NonlinearProgram, x: Float64Array, values: ProgramValues): Linearised {
  return { ...values, x, gradient: program.gradient(x), jacobian: program.jacobian(x) };
}
