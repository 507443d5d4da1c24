import type { NumericFactor } from "../../sparse/factor/numeric-factor.ts";
import { multiplyColumns, multiplyRows } from "../../sparse/matrix/products.ts";
import { withoutReports } from "../minimize/search-space.ts";
import { isAllFinite, largest } from "../vector.ts";
import { kktAnalysis, type KktStructure, kktStructure, kktValues } from "./kkt-structure.ts";
import { LowRankSolver } from "./low-rank.ts";
import type { HessianEntries, MatrixEntries, PrimalDual } from "./nonlinear-program.ts";

/** Coefficients of the primal-dual equations at a point. */
export interface KktCoefficients {
  readonly hessian: HessianEntries;
  readonly jacobian: MatrixEntries;
  /** Distances from the bounds, ∞ without a bound, and the multipliers of the bounds. */
  readonly slackLow: Float64Array;
  readonly slackHigh: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

// constants of section 3.1 of Wächter and Biegler
const smallestShift = 1e-20;
const firstShift = 1e-4;
const largestShift = 1e40;
const firstGrowth = 100;
const growth = 8;
const shrink = 1 / 3;
const equationShift = 1e-8;
const equationExponent = 0.25;

/** Pivot tolerances in order of use. The next larger one is used after an inaccurate solution. */
const pivotTolerances = [1e-6, 1e-3, 0.1];
const mostRefinements = 10;
/**
 * Residual at which refinement ends (`accurate`), and the largest one that is accepted (`inaccurate`), relative to
 * right side and solution.
 */
const accurate = 1e-10;
const inaccurate = 1e-5;
/** Residual of a solution that is accepted without refinement. */
const unrefined = 1e-13;

/**
 * The linear equations of a step. δ_w makes the Hessian positive definite on the null space of J, so that the step is a
 * descent direction (algorithm IC). δ_c keeps the matrix regular if rows of J are dependent.
 *
 * - (H + δ_w) dx + Jᵀ dy − d_low + d_high = r.x.
 * - J dx − δ_c dy = r.y.
 * - low dx + slackLow d_low = r.low.
 * - −high dx + slackHigh d_high = r.high.
 */
export class KktSystem {
  readonly #operation: string;
  #coefficients!: KktCoefficients;
  #structure!: KktStructure;
  #solveSides!: (side: Float64Array) => Float64Array;
  #level = 0;
  /** The last δ_w above 0 (`lastShift`), and the current δ_w (`shift`) and δ_c (`equationShift`). */
  #lastShift = 0;
  #shift = 0;
  #equationShift = 0;
  /** Number of consecutive factorisations that needed δ_c. */
  #dependentRows = 0;

  constructor(operation: string) {
    this.#operation = operation;
  }

  /** The current δ_w. */
  get regularisation(): number {
    return this.#shift;
  }

  /** Factorises the matrix at a point. Returns false if no δ_w leads to the right inertia. */
  *factorise(coefficients: KktCoefficients, barrier: number): Generator<undefined, boolean, void> {
    this.#coefficients = coefficients;
    this.#structure = kktStructure(coefficients.hessian.pattern, coefficients.jacobian);
    const values = this.#values();
    const dependent = equationShift * barrier ** equationExponent;
    const rows = coefficients.jacobian.pattern.shape[0];
    this.#shift = 0;
    this.#equationShift = this.#dependentRows >= 3 ? dependent : 0;
    for (let trial = 0; this.#shift <= largestShift; trial++) {
      const factor: NumericFactor = yield* this.#factoriseWith(values);
      const zeros = factor.zeroPivots;
      if (zeros === 0 && factor.inertia?.negative === rows) {
        if (this.#shift > 0) this.#lastShift = this.#shift;
        this.#dependentRows = this.#equationShift > 0 ? this.#dependentRows + 1 : 0;
        this.#accept(factor);
        return true;
      }
      // rounding can hide a zero eigenvalue, and then no δ_w helps
      if (this.#equationShift === 0 && rows > 0 && (zeros > 0 || trial === 3)) {
        this.#equationShift = dependent;
        if (zeros > 0 && trial === 0) continue;
      }
      this.#shift = this.#nextShift();
    }
    return false;
  }

  /**
   * Increases the pivot tolerance, δ_c or δ_w after an inaccurate solution, in this order. Returns false if δ_w cannot
   * grow further, or the matrix is singular.
   */
  *strengthen(barrier: number): Generator<undefined, boolean, void> {
    if (this.#level + 1 < pivotTolerances.length) this.#level++;
    else if (this.#equationShift === 0 && this.#coefficients.jacobian.pattern.shape[0] > 0)
      this.#equationShift = equationShift * barrier ** equationExponent;
    else this.#shift = this.#nextShift();
    if (this.#shift > largestShift) return false;
    const factor = yield* this.#factoriseWith(this.#values());
    this.#accept(factor);
    return factor.zeroPivots === 0;
  }

  #nextShift(): number {
    if (this.#shift === 0)
      return this.#lastShift === 0 ? firstShift : Math.max(smallestShift, shrink * this.#lastShift);
    return this.#shift * (this.#lastShift === 0 ? firstGrowth : growth);
  }

  #accept(factor: NumericFactor): void {
    const { lowRank } = this.#coefficients.hessian;
    const solve = (side: Float64Array): Float64Array => factor.solve(side, false);
    const { shape } = this.#structure.pattern;
    const corrected = lowRank && new LowRankSolver(lowRank, shape[0], solve);
    this.#solveSides = corrected === undefined ? solve : (side) => corrected.solve(side);
  }

  #values(): Float64Array {
    const { hessian, jacobian } = this.#coefficients;
    return kktValues(this.#structure, hessian, jacobian);
  }

  *#factoriseWith(values: Float64Array): Generator<undefined, NumericFactor, void> {
    const { slackLow, slackHigh, low, high } = this.#coefficients;
    const n = slackLow.length;
    const diagonal = new Float64Array(this.#structure.pattern.shape[0]).fill(-this.#equationShift, n);
    for (let i = 0; i < n; i++) diagonal[i] = this.#shift + low[i]! / slackLow[i]! + high[i]! / slackHigh[i]!;
    const analysis = kktAnalysis(this.#operation, this.#structure, pivotTolerances[this.#level]!);
    return yield* withoutReports(analysis.factoriseInSteps(values, diagonal));
  }

  /** Solves for one right side and refines the solution. `undefined` if its residual stays large. */
  solve(right: PrimalDual): PrimalDual | undefined {
    let step = this.#solveOnce(right);
    const size = Math.max(largest(right.x), largest(right.y), largest(right.low), largest(right.high));
    let before = Infinity;
    for (let refinement = 0; ; refinement++) {
      const rest = this.#residual(right, step);
      const left = Math.max(largest(rest.x), largest(rest.y), largest(rest.low), largest(rest.high));
      const scale = size + Math.min(largest(step.x), 1e6 * size);
      const ratio = scale === 0 ? left : left / scale;
      const isEnough = ratio <= accurate || refinement === mostRefinements || !(ratio < 0.5 * before);
      // the first solution of a good factorisation needs no refinement
      if (refinement === 0 && ratio <= unrefined) return step;
      if (isEnough && refinement > 0) return ratio <= inaccurate ? step : undefined;
      before = ratio;
      step = sumOf(step, this.#solveOnce(rest));
    }
  }

  #solveOnce({ x, y, low, high }: PrimalDual): PrimalDual {
    const { slackLow, slackHigh, low: zLow, high: zHigh } = this.#coefficients;
    const n = x.length;
    const side = new Float64Array(n + y.length);
    for (let i = 0; i < n; i++) side[i] = x[i]! + low[i]! / slackLow[i]! - high[i]! / slackHigh[i]!;
    side.set(y, n);
    const solution = this.#solveSides(side);
    const dx = solution.slice(0, n);
    const [dLow, dHigh] = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      dLow[i] = (low[i]! - zLow[i]! * dx[i]!) / slackLow[i]!;
      dHigh[i] = (high[i]! + zHigh[i]! * dx[i]!) / slackHigh[i]!;
    }
    return { x: dx, y: solution.slice(n), low: dLow, high: dHigh };
  }

  #residual(right: PrimalDual, step: PrimalDual): PrimalDual {
    const { hessian, jacobian, slackLow, slackHigh, low: zLow, high: zHigh } = this.#coefficients;
    const n = step.x.length;
    const dual = new Float64Array(n);
    multiplyRows(hessian.pattern.rowPointers, hessian.pattern.columns, hessian.values, step.x, dual);
    hessian.lowRank?.subtractFrom(dual, step.x);
    multiplyColumns(jacobian.pattern.rowPointers, jacobian.pattern.columns, jacobian.values, step.y, dual);
    const primal = new Float64Array(step.y.length);
    multiplyRows(jacobian.pattern.rowPointers, jacobian.pattern.columns, jacobian.values, step.x, primal);
    const [low, high] = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      dual[i] = right.x[i]! - dual[i]! - this.#shift * step.x[i]! + step.low[i]! - step.high[i]!;
      if (slackLow[i] !== Infinity)
        low[i] = right.low[i]! - zLow[i]! * step.x[i]! - slackLow[i]! * step.low[i]!;
      if (slackHigh[i] !== Infinity)
        high[i] = right.high[i]! + zHigh[i]! * step.x[i]! - slackHigh[i]! * step.high[i]!;
    }
    for (let j = 0; j < primal.length; j++)
      primal[j] = right.y[j]! - primal[j]! + this.#equationShift * step.y[j]!;
    return { x: dual, y: primal, low, high };
  }
}

/** True if all elements of the step are finite. */
export function isFiniteStep({ x, y, low, high }: PrimalDual): boolean {
  return isAllFinite(x) && isAllFinite(y) && isAllFinite(low) && isAllFinite(high);
}

function sumOf(a: PrimalDual, b: PrimalDual): PrimalDual {
  const sum = (u: Float64Array, v: Float64Array): Float64Array => {
    const out = new Float64Array(u.length);
    for (let i = 0; i < u.length; i++) out[i] = u[i]! + v[i]!;
    return out;
  };
  return { x: sum(a.x, b.x), y: sum(a.y, b.y), low: sum(a.low, b.low), high: sum(a.high, b.high) };
}
