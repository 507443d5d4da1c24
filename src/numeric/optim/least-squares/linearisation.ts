import type { DerivativeFault } from "../minimize/stop.ts";

/** The residuals near a point, `r + Jδ`, for steps δ in coordinates. */
export interface Linearisation {
  readonly residuals: Float64Array;
  /** Jᵀr. */
  readonly gradient: Float64Array;
  /** Norms of the columns of J, or estimates. */
  readonly columnSizes: Float64Array;
  /** Finds an element of J that is not finite, given that the gradient or a column size is not. */
  readonly fault: () => DerivativeFault;
  /** `|Jδ|²` */
  readonly squaredChange: (step: Float64Array) => number;
  /** Jᵀ(r + Jδ) */
  readonly gradientAfter: (step: Float64Array) => Float64Array;
  /**
   * The step δ + `held` that minimises `|r + J(δ + held)|² + Σ shift δ²` with δ = 0 where `free` is 0; `undefined` if it
   * cannot be computed. `held` is 0 where `free` is 1. Yields between the stages of a long computation.
   */
  readonly solve: (
    free: Float64Array,
    shift: Float64Array,
    held: Float64Array,
  ) => Generator<undefined, Float64Array | undefined, void>;
}

/** Residuals of a large problem. */
export interface LargeProblem {
  readonly values: (x: Float64Array) => Float64Array;
  readonly linearise: (x: Float64Array) => Linearisation;
}

/** Seconds spent on the parts of a fit. */
export interface SolverSeconds {
  /** Finding the pattern and its colouring, and compiling the derivative; 0 if they were known from an earlier call. */
  pattern: number;
  /** Evaluations of the residuals without derivatives, and of their Jacobian. */
  residuals: number;
  jacobian: number;
  /** Computing JᵀJ, including its pattern. */
  normal: number;
  /** Order of elimination, and the structure of the factor. */
  ordering: number;
  analysis: number;
  factorisation: number;
  /** Solutions with the factors, or by lsmr. */
  solve: number;
}

/** Seconds that are all 0. */
export function noSeconds(): SolverSeconds {
  return {
    pattern: 0,
    residuals: 0,
    jacobian: 0,
    normal: 0,
    ordering: 0,
    analysis: 0,
    factorisation: 0,
    solve: 0,
  };
}

/** The first column size that is not finite. */
export function overflowIn(columnSizes: Float64Array): DerivativeFault {
  const coordinate = Math.max(
    0,
    columnSizes.findIndex((size) => !Number.isFinite(size)),
  );
  return { residual: undefined, coordinate, value: columnSizes[coordinate]! };
}
