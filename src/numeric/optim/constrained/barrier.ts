import { multiplyColumns } from "../../sparse/matrix/products.ts";
import type { Linearised, NonlinearProgram, PrimalDual } from "./nonlinear-program.ts";

/**
 * Weight κ_d, in units of the barrier parameter, of a linear term that keeps variables with only one bound from
 * diverging.
 */
const damping = 1e-5;

/** Distances of x from its bounds; ∞ without a bound. */
export interface Slacks {
  readonly slackLow: Float64Array;
  readonly slackHigh: Float64Array;
}

/** Distances of x from its bounds, at least the spacing of floating-point numbers at the bound, so that none is 0. */
export function slacksOf({ low, high }: NonlinearProgram, x: Float64Array): Slacks {
  const [slackLow, slackHigh] = [new Float64Array(x.length), new Float64Array(x.length)];
  for (let i = 0; i < x.length; i++) {
    slackLow[i] = Math.max(x[i]! - low[i]!, spacing(low[i]!));
    slackHigh[i] = Math.max(high[i]! - x[i]!, spacing(high[i]!));
  }
  return { slackLow, slackHigh };
}

function spacing(bound: number): number {
  return 2 ** -53 * Math.abs(bound) + 1e-300;
}

/**
 * Barrier function `f(x) − μ Σ log(slacks)`, plus a linear term for each variable with only one bound. `value` is f(x).
 */
export function barrierValue({ slackLow, slackHigh }: Slacks, value: number, barrier: number): number {
  let [logs, distances] = [0, 0];
  for (let i = 0; i < slackLow.length; i++) {
    const [a, b] = [slackLow[i]!, slackHigh[i]!];
    if (a !== Infinity) logs += Math.log(a);
    if (b !== Infinity) logs += Math.log(b);
    if (a === Infinity && b !== Infinity) distances += b;
    else if (b === Infinity && a !== Infinity) distances += a;
  }
  return value - barrier * logs + damping * barrier * distances;
}

/** Derivative of the linear term with respect to variable i: 0 with two bounds or none. */
function dampingSlope({ slackLow, slackHigh }: Slacks, i: number, barrier: number): number {
  const [a, b] = [slackLow[i]!, slackHigh[i]!];
  if ((a === Infinity) === (b === Infinity)) return 0;
  return a === Infinity ? -damping * barrier : damping * barrier;
}

/** Derivative of `barrierValue` along a direction; `gradient` is that of f. */
export function barrierSlope(
  slacks: Slacks,
  gradient: Float64Array,
  barrier: number,
  direction: Float64Array,
): number {
  const { slackLow, slackHigh } = slacks;
  let slope = 0;
  for (let i = 0; i < gradient.length; i++) {
    const derivative =
      gradient[i]! - barrier / slackLow[i]! + barrier / slackHigh[i]! + dampingSlope(slacks, i, barrier);
    slope += derivative * direction[i]!;
  }
  return slope;
}

/** Gradient of the Lagrangian `f + yᵀc − lowᵀx + highᵀx`. */
export function lagrangianGradient(
  { gradient, jacobian }: Pick<Linearised, "gradient" | "jacobian">,
  { y, low, high }: Omit<PrimalDual, "x">,
): Float64Array {
  const out = gradient.slice();
  const { rowPointers, columns } = jacobian.pattern;
  multiplyColumns(rowPointers, columns, jacobian.values, y, out);
  for (let i = 0; i < out.length; i++) out[i]! += high[i]! - low[i]!;
  return out;
}

/**
 * Right side of the Newton step for the barrier problem: the negative residuals of its optimality conditions, one per
 * block of equations of `KktSystem`.
 */
export function newtonRight(
  point: Linearised,
  at: PrimalDual,
  slacks: Slacks,
  barrier: number,
  residuals: Float64Array = point.residuals,
): PrimalDual {
  const { slackLow, slackHigh } = slacks;
  const dual = lagrangianGradient(point, at);
  const [low, high] = [new Float64Array(dual.length), new Float64Array(dual.length)];
  for (let i = 0; i < dual.length; i++) {
    dual[i] = -dual[i]! - dampingSlope(slacks, i, barrier);
    if (slackLow[i] !== Infinity) low[i] = barrier - slackLow[i]! * at.low[i]!;
    if (slackHigh[i] !== Infinity) high[i] = barrier - slackHigh[i]! * at.high[i]!;
  }
  return { x: dual, y: residuals.map((c) => -c), low, high };
}

/** Largest step up to 1 along which no slack shrinks by more than the fraction τ. */
export function fractionToBoundary({ slackLow, slackHigh }: Slacks, step: Float64Array, tau: number): number {
  let alpha = 1;
  for (let i = 0; i < step.length; i++) {
    const d = step[i]!;
    const slack = d < 0 ? slackLow[i]! : slackHigh[i]!;
    if (Math.abs(d) * alpha > tau * slack) alpha = (tau * slack) / Math.abs(d);
  }
  return alpha;
}

/** Largest step up to 1 along which no bound multiplier in `z` shrinks by more than the fraction τ. */
export function fractionToZero(z: Float64Array, step: Float64Array, tau: number): number {
  let alpha = 1;
  for (let i = 0; i < step.length; i++)
    if (step[i]! < 0 && -step[i]! * alpha > tau * z[i]!) alpha = (tau * z[i]!) / -step[i]!;
  return alpha;
}

/** Residuals of the optimality conditions in the maximum norm, scaled as in equation 5 of Wächter and Biegler. */
export interface OptimalityErrors {
  /** Largest component of the gradient of the Lagrangian, divided by s_d. */
  readonly dual: number;
  /** Largest residual of an equation in absolute value. */
  readonly primal: number;
  /** Largest deviation of a product slack · multiplier from μ, divided by s_c. */
  readonly complementarity: number;
  /** E_μ, the largest of the three residuals. */
  readonly total: number;
  /** Number of finite bounds. */
  readonly bounds: number;
  readonly gap: number;
  /** s_d, which is above 1 if the multipliers are large. */
  readonly dualScale: number;
}

const largestMean = 100; // s_max

/**
 * E_μ of equation 5: the residual of the optimality conditions for the barrier parameter μ.
 *
 * @see Wächter, Biegler, On the implementation of an interior-point filter line-search algorithm for large-scale
 * nonlinear programming, Mathematical Programming 106, 2006.
 */
export function optimalityErrors(
  point: Pick<Linearised, "gradient" | "jacobian" | "residuals">,
  at: PrimalDual,
  { slackLow, slackHigh }: Slacks,
  barrier: number,
): OptimalityErrors {
  const n = at.low.length;
  let [forces, equations, products, bounds, gap] = [0, 0, 0, 0, 0];
  const add = (slack: number, z: number): void => {
    if (slack === Infinity) return;
    forces += z;
    bounds++;
    gap += slack * z;
    products = Math.max(products, Math.abs(slack * z - barrier));
  };
  for (let i = 0; i < n; i++) {
    add(slackLow[i]!, at.low[i]!);
    add(slackHigh[i]!, at.high[i]!);
  }
  let primal = 0;
  for (let j = 0; j < at.y.length; j++) {
    equations += Math.abs(at.y[j]!);
    primal = Math.max(primal, Math.abs(point.residuals[j]!));
  }
  let slope = 0;
  for (const g of lagrangianGradient(point, at)) slope = Math.max(slope, Math.abs(g));
  const dualScale = Math.max(largestMean, (equations + forces) / Math.max(1, n + at.y.length)) / largestMean;
  const dual = slope / dualScale;
  const complementarity = products / (Math.max(largestMean, forces / Math.max(1, n)) / largestMean);
  return {
    dual,
    primal,
    complementarity,
    total: Math.max(dual, primal, complementarity),
    bounds,
    gap,
    dualScale,
  };
}

/** Clips the bound multipliers to [μ / (10¹⁰ slack), 10¹⁰ μ / slack] (equation 16). Changes them in place. */
export function resetMultipliers(
  { low, high }: PrimalDual,
  { slackLow, slackHigh }: Slacks,
  barrier: number,
): void {
  const factor = 1e10;
  const reset = (z: Float64Array, slack: Float64Array): void => {
    for (let i = 0; i < z.length; i++) {
      if (slack[i] === Infinity) continue;
      const centre = barrier / slack[i]!;
      z[i] = Math.max(Math.min(z[i]!, factor * centre), centre / factor);
    }
  };
  reset(low, slackLow);
  reset(high, slackHigh);
}

/** Mean and smallest product of slacks and multipliers of bounds; 0 without bounds. */
export function boundProducts(
  { low, high }: Pick<PrimalDual, "low" | "high">,
  { slackLow, slackHigh }: Slacks,
): { readonly mean: number; readonly smallest: number } {
  let [sum, count, smallest] = [0, 0, Infinity];
  for (let i = 0; i < low.length; i++) {
    if (slackLow[i] !== Infinity) {
      sum += slackLow[i]! * low[i]!;
      smallest = Math.min(smallest, slackLow[i]! * low[i]!);
      count++;
    }
    if (slackHigh[i] !== Infinity) {
      sum += slackHigh[i]! * high[i]!;
      smallest = Math.min(smallest, slackHigh[i]! * high[i]!);
      count++;
    }
  }
  return count === 0 ? { mean: 0, smallest: 0 } : { mean: sum / count, smallest };
}

/** Infeasibility θ, `Σ |cⱼ|`. */
export function infeasibility(residuals: Float64Array): number {
  let sum = 0;
  for (const c of residuals) sum += Math.abs(c);
  return sum;
}
