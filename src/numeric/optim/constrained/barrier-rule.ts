import { boundProducts, optimalityErrors, type Slacks } from "./barrier.ts";
import type { Linearised, PrimalDual } from "./nonlinear-program.ts";

/**
 * Rule for the barrier parameter μ. `monotone`: μ falls when the barrier problem is solved up to a multiple of μ.
 * `adaptive`: each iteration chooses μ by the complementarity products, and falls back to `monotone` without progress.
 */
export type BarrierRule = "monotone" | "adaptive";

const barrierFactor = 10; // κ_ε
const barrierShrink = 0.2; // κ_μ
const barrierExponent = 1.5; // θ_μ
const smallestBarrier = 1e-14;
const largestBarrier = 1e5;
/**
 * The adaptive rule makes progress if the error of an iterate is at most this multiple of the largest of the last four
 * errors.
 */
const progress = 0.9999;
const errorsKept = 4;
/**
 * The monotone rule begins with this fraction of the mean complementarity product as μ when it replaces the adaptive
 * rule.
 */
const fallbackShare = 0.8;

/** An iterate, with the measures from which `BarrierParameter` computes the next μ. */
export interface BarrierState {
  readonly point: Linearised;
  readonly at: PrimalDual;
  readonly slacks: Slacks;
  /** E₀, the error of the optimality conditions for μ = 0 (`optimalityErrors`). */
  readonly error: number;
  /** True if steps were too short to change the variables. */
  readonly isStuck: boolean;
  /**
   * Upper bound of the smallest μ of the search: with a larger μ, the complementarity gap of a solution would be too
   * large.
   */
  readonly most: number;
}

/** The barrier parameter of a search. */
export class BarrierParameter {
  value: number;
  readonly #tolerance: number;
  /** Errors of the last iterates of the adaptive rule; `undefined` while the monotone rule is in use. */
  #latest: number[] | undefined;
  readonly #rule: BarrierRule;

  constructor(rule: BarrierRule, start: number, tolerance: number) {
    this.value = start;
    this.#rule = rule;
    this.#tolerance = tolerance;
    this.#latest = rule === "adaptive" ? [] : undefined;
  }

  /** Chooses μ for the next step. Returns true if it changed. */
  update(state: BarrierState): boolean {
    const before = this.value;
    const least = Math.max(smallestBarrier, Math.min(this.#tolerance / (barrierFactor + 1), state.most));
    if (this.#latest !== undefined) this.#adapt(state, this.#latest, least);
    else this.#lower(state, least);
    return this.value !== before;
  }

  #adapt(state: BarrierState, latest: number[], least: number): void {
    const { at, slacks, error } = state;
    const { mean, smallest } = boundProducts(at, slacks);
    const isWorse = latest.length === errorsKept && error > progress * Math.max(...latest);
    if (isWorse || state.isStuck) {
      this.#latest = undefined;
      this.value = Math.min(Math.max(fallbackShare * mean, least), largestBarrier);
      return;
    }
    latest.push(error);
    if (latest.length > errorsKept) latest.shift();
    if (mean === 0) return;
    // the more the products differ, the more the step aims at the centre
    const evenness = smallest / mean;
    const centring = 0.1 * Math.min((0.05 * (1 - evenness)) / evenness, 2) ** 3;
    this.value = Math.min(Math.max(centring * mean, least), largestBarrier);
  }

  /**
   * Lowers μ repeatedly while the barrier problem for μ counts as solved at the iterate. Also lowers it once if the
   * search is stuck.
   */
  #lower({ point, at, slacks, isStuck }: BarrierState, least: number): void {
    let isSolved = isStuck;
    while (this.value > least) {
      isSolved ||= optimalityErrors(point, at, slacks, this.value).total <= barrierFactor * this.value;
      if (!isSolved) break;
      if (this.#rule === "adaptive" && !isStuck) this.#latest = [];
      this.value = Math.max(least, Math.min(barrierShrink * this.value, this.value ** barrierExponent));
      isSolved = false;
    }
  }
}
