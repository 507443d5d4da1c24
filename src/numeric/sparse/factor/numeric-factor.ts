import type { Inertia } from "./multifrontal.ts";

/** Factors of a matrix of numbers. */
export interface NumericFactor {
  readonly kind: "ldl" | "lu";
  /** Stored entries of the factors. */
  readonly entries: number;
  /** Number of times that an elimination was delayed to a parent because its pivot was too small. */
  readonly delays: number;
  /** Number of pivots that are zero: the rank deficiency. */
  readonly zeroPivots: number;
  /** Numbers of positive, negative and zero eigenvalues; only for `ldl`. */
  readonly inertia?: Inertia;
  /**
   * Solution of A x = b, or of Aᵀ x = b.
   * @throws DownhillError `range` for a singular matrix.
   */
  solve(b: Float64Array, isTransposed: boolean): Float64Array;
}
