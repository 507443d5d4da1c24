import { addScaled, dot, scaled } from "./vector.ts";

/**
 * The most recent steps s and the corresponding changes y of the gradient, newest last: an estimate of the curvature.
 */
export interface CurvatureHistory {
  readonly steps: readonly Float64Array[];
  readonly changes: readonly Float64Array[];
  /** γ = sᵀy/yᵀy of the newest pair, the scale of the initial inverse Hessian. */
  readonly scale: number;
}

/** A history without steps. */
export const noHistory: CurvatureHistory = { steps: [], changes: [], scale: 1 };

/**
 * Returns the history with another step and its change of the gradient appended, and the scale of this pair. Only the
 * newest `size` pairs are kept.
 */
export function remember(
  { steps, changes }: CurvatureHistory,
  step: Float64Array,
  change: Float64Array,
  size: number,
): CurvatureHistory {
  return {
    steps: [...steps, step].slice(-size),
    changes: [...changes, change].slice(-size),
    scale: dot(change, step) / dot(change, change),
  };
}

/**
 * The L-BFGS search direction `−Hg` for the inverse Hessian H that the history approximates, by the two-loop recursion
 * without forming H.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, algorithm 7.4.
 */
export function quasiNewtonDirection(
  { steps, changes, scale }: CurvatureHistory,
  gradient: Float64Array,
): Float64Array {
  const rho = steps.map((s, i) => 1 / dot(changes[i]!, s));
  const alpha: number[] = [];
  let q = scaled(-1, gradient);
  for (let i = steps.length - 1; i >= 0; i--) {
    alpha[i] = dot(steps[i]!, q) * rho[i]!;
    q = addScaled(q, -alpha[i]!, changes[i]!);
  }
  let r = scaled(scale, q);
  for (let i = 0; i < steps.length; i++) {
    const beta = dot(changes[i]!, r) * rho[i]!;
    r = addScaled(r, alpha[i]! - beta, steps[i]!);
  }
  return r;
}
