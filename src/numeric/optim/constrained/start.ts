import { isAllFinite, largest } from "../vector.ts";
import { kktAnalysis, kktStructure } from "./kkt-structure.ts";
import type { Linearised, MatrixEntries, NonlinearProgram, PrimalDual } from "./nonlinear-program.ts";

const boundFraction = 0.01; // κ₁ and κ₂

/** Moves x inside its bounds (section 3.6), by at least a small distance from each finite bound. */
export function pushInside(
  x: Float64Array,
  low: Float64Array,
  high: Float64Array,
  fraction: number = boundFraction,
): Float64Array {
  return x.map((xi, i) => {
    const [a, b] = [low[i]!, high[i]!];
    const part = fraction * (b - a);
    const least = a === -Infinity ? -Infinity : a + Math.min(fraction * Math.max(1, Math.abs(a)), part);
    const most = b === Infinity ? Infinity : b - Math.min(fraction * Math.max(1, Math.abs(b)), part);
    return Math.min(Math.max(xi, least), most);
  });
}

/** Bound multipliers: `value` for each finite bound, otherwise 0. */
export function boundMultipliers(
  { low, high }: NonlinearProgram,
  value: number,
): Pick<PrimalDual, "low" | "high"> {
  return {
    low: low.map((bound) => (bound === -Infinity ? 0 : value)),
    high: high.map((bound) => (bound === Infinity ? 0 : value)),
  };
}

/**
 * λ_max of section 3.6. A larger estimate indicates nearly dependent equations, so that all estimates are replaced by
 * 0.
 */
const largestEstimate = 1e3;
/**
 * Pivot tolerance for the equations of the estimates. It is the smallest tolerance for steps, so that both share an
 * analysis.
 */
const estimateTolerance = 1e-6;

/**
 * Equation multipliers that minimise |∇f + Jᵀy − low + high|. All are 0 if an estimate is too large or the equations
 * are dependent.
 */
export function leastSquaresMultipliers(
  operation: string,
  { gradient, jacobian }: Pick<Linearised, "gradient" | "jacobian">,
  { low, high }: Pick<PrimalDual, "low" | "high">,
  hessian: MatrixEntries,
): Float64Array {
  const n = gradient.length;
  const m = jacobian.pattern.shape[0];
  if (m === 0) return new Float64Array(0);
  const structure = kktStructure(hessian.pattern, jacobian);
  const { pattern, ofJacobian, ofMirror } = structure;
  const values = new Float64Array(pattern.nnz);
  for (let q = 0; q < ofJacobian.length; q++) {
    values[ofJacobian[q]!] = jacobian.values[q]!;
    values[ofMirror[q]!] = jacobian.values[q]!;
  }
  const identity = new Float64Array(n + m).fill(1, 0, n);
  const factor = kktAnalysis(operation, structure, estimateTolerance).factorise(values, identity);
  if (factor.zeroPivots > 0) return new Float64Array(m);
  const side = new Float64Array(n + m);
  for (let i = 0; i < n; i++) side[i] = low[i]! - high[i]! - gradient[i]!;
  const y = factor.solve(side, false).slice(n);
  return isAllFinite(y) && largest(y) <= largestEstimate ? y : new Float64Array(m);
}
