import type { Inertia } from "./multifrontal.ts";

/** Factors of a matrix of numbers. */
export interface NumericFactor {
  readonly kind: "ldl" | "lu";
  /** Number of stored entries of the factors. */
  readonly entries: number;
  /** Number of times that an elimination was delayed to the parent supernode, because the pivot was too small. */
  readonly delays: number;
  /** Number of pivots that are zero: the rank deficiency. */
  readonly zeroPivots: number;
  /** Numbers of positive, negative and zero eigenvalues; only for `ldl`. */
  readonly inertia?: Inertia;
  /**
   * Solves A x = b, or Aᵀ x = b if `isTransposed`.
   *
   * @throws DownhillError `range` for a singular matrix.
   */
  solve(b: Float64Array, isTransposed: boolean): Float64Array;
}
