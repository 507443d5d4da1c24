/** Infeasibility θ and value φ of the barrier function at a point. */
export interface FilterPair {
  readonly infeasibility: number;
  readonly value: number;
}

const infeasibilityMargin = 1e-5; // γ_θ
const valueMargin = 1e-8; // γ_φ
const armijo = 1e-8; // η_φ
const infeasibilityExponent = 1.1; // s_θ
const valueExponent = 2.3; // s_φ
const shortest = 0.05; // γ_α
/** Differences below this multiple of |φ| are rounding errors. */
const rounding = 10 * 2 ** -52;

/**
 * The filter: pairs (θ, φ) that later points must improve on in one component. A step that lowers φ by a fraction of
 * what its slope promises is accepted as in descent methods; other steps must reduce θ or φ, and extend the filter.
 *
 * @see Fletcher, Leyffer, Nonlinear programming without a penalty function, 2002; Wächter and Biegler 2006, section 2.3.
 */
export class Filter {
  #pairs: FilterPair[] = [];
  readonly #largest: number;
  readonly #smallest: number;

  /** For a search whose start has this infeasibility. */
  constructor(startInfeasibility: number) {
    this.#largest = 1e4 * Math.max(1, startInfeasibility);
    this.#smallest = 1e-4 * Math.max(1, startInfeasibility);
  }

  /** Forgets all pairs, for another barrier parameter. */
  reset(): void {
    this.#pairs = [];
  }

  /** Adds a pair with its margins. */
  add({ infeasibility, value }: FilterPair): void {
    const pair = {
      infeasibility: (1 - infeasibilityMargin) * infeasibility,
      value: value - valueMargin * infeasibility,
    };
    this.#pairs = this.#pairs.filter((p) => p.infeasibility < pair.infeasibility || p.value < pair.value);
    this.#pairs.push(pair);
  }

  /** True if no pair of the filter is at least as good in both components. */
  accepts({ infeasibility, value }: FilterPair): boolean {
    if (!(infeasibility <= this.#largest) || Number.isNaN(value)) return false;
    return this.#pairs.every(
      (p) => infeasibility <= p.infeasibility || value <= p.value + rounding * Math.abs(p.value),
    );
  }

  /** True if a step of size α promises a decrease that outweighs the infeasibility (equation 19). */
  isDescentStep(now: FilterPair, slope: number, alpha: number): boolean {
    return (
      slope < 0 &&
      now.infeasibility <= this.#smallest &&
      alpha * (-slope) ** valueExponent > now.infeasibility ** infeasibilityExponent
    );
  }

  /** True if a trial point may follow `now`, along a direction with this slope of the barrier function. */
  allows(now: FilterPair, trial: FilterPair, slope: number, alpha: number): boolean {
    if (!this.accepts(trial)) return false;
    if (this.isDescentStep(now, slope, alpha)) return isArmijo(now, trial, slope, alpha);
    return isProgress(now, trial);
  }

  /** True if an accepted step must extend the filter. */
  mustExtend(now: FilterPair, trial: FilterPair, slope: number, alpha: number): boolean {
    return !this.isDescentStep(now, slope, alpha) || !isArmijo(now, trial, slope, alpha);
  }

  /** Step size below which the search turns to restoring feasibility (equation 23). */
  smallestStep({ infeasibility }: FilterPair, slope: number): number {
    let least = infeasibilityMargin;
    if (slope < 0) {
      least = Math.min(least, (valueMargin * infeasibility) / -slope);
      if (infeasibility <= this.#smallest)
        least = Math.min(least, infeasibility ** infeasibilityExponent / (-slope) ** valueExponent);
    }
    return shortest * least;
  }
}

/** True if a trial point reduces infeasibility or value by their margins. */
export function isProgress(now: FilterPair, trial: FilterPair): boolean {
  return (
    trial.infeasibility <= (1 - infeasibilityMargin) * now.infeasibility ||
    trial.value - now.value <= -valueMargin * now.infeasibility + rounding * Math.abs(now.value)
  );
}

function isArmijo(now: FilterPair, trial: FilterPair, slope: number, alpha: number): boolean {
  return trial.value - now.value <= armijo * alpha * slope + rounding * Math.abs(now.value);
}
