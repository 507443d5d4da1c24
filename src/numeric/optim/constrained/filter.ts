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
 * The filter: pairs (θ, φ) that each later point must improve on in at least one component. A step along which φ
 * promises to fall enough must meet the Armijo condition on φ. Any other step must reduce θ or φ, and the filter grows
 * by the pair before it.
 *
 * @see Fletcher, Leyffer, Nonlinear programming without a penalty function, 2002; Wächter and Biegler 2006, section 2.3.
 */
export class Filter {
  #pairs: FilterPair[] = [];
  readonly #largest: number;
  readonly #smallest: number;

  /**
   * Creates the filter of a search whose start has this infeasibility. It rejects points with 10⁴ times that
   * infeasibility.
   */
  constructor(startInfeasibility: number) {
    this.#largest = 1e4 * Math.max(1, startInfeasibility);
    this.#smallest = 1e-4 * Math.max(1, startInfeasibility);
  }

  /** Removes all pairs, because φ has changed with the barrier parameter. */
  reset(): void {
    this.#pairs = [];
  }

  /** Adds a pair, lowered by the margins γ_θ θ and γ_φ θ. Removes the pairs that it makes superfluous. */
  add({ infeasibility, value }: FilterPair): void {
    const pair = {
      infeasibility: (1 - infeasibilityMargin) * infeasibility,
      value: value - valueMargin * infeasibility,
    };
    this.#pairs = this.#pairs.filter((p) => p.infeasibility < pair.infeasibility || p.value < pair.value);
    this.#pairs.push(pair);
  }

  /**
   * True if the point improves on each pair of the filter in one component, up to rounding, and is not too infeasible.
   * False for NaN.
   */
  accepts({ infeasibility, value }: FilterPair): boolean {
    if (!(infeasibility <= this.#largest) || Number.isNaN(value)) return false;
    return this.#pairs.every(
      (p) => infeasibility <= p.infeasibility || value <= p.value + rounding * Math.abs(p.value),
    );
  }

  /** True if the step promises a decrease of φ that outweighs the infeasibility (equation 19). */
  isDescentStep(now: FilterPair, slope: number, alpha: number): boolean {
    return (
      slope < 0 &&
      now.infeasibility <= this.#smallest &&
      alpha * (-slope) ** valueExponent > now.infeasibility ** infeasibilityExponent
    );
  }

  /**
   * True if the search may move from `now` to `trial`, a step `alpha` along a direction in which the barrier function
   * has this slope.
   */
  allows(now: FilterPair, trial: FilterPair, slope: number, alpha: number): boolean {
    if (!this.accepts(trial)) return false;
    if (this.isDescentStep(now, slope, alpha)) return isArmijo(now, trial, slope, alpha);
    return isProgress(now, trial);
  }

  /** True if the pair `now` must be added to the filter after the step to `trial`. */
  mustExtend(now: FilterPair, trial: FilterPair, slope: number, alpha: number): boolean {
    return !this.isDescentStep(now, slope, alpha) || !isArmijo(now, trial, slope, alpha);
  }

  /** Step size below which the search restores feasibility instead (equation 23). */
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

/** True if a trial point reduces θ or φ by its margin. */
export function isProgress(now: FilterPair, trial: FilterPair): boolean {
  return (
    trial.infeasibility <= (1 - infeasibilityMargin) * now.infeasibility ||
    trial.value - now.value <= -valueMargin * now.infeasibility + rounding * Math.abs(now.value)
  );
}

function isArmijo(now: FilterPair, trial: FilterPair, slope: number, alpha: number): boolean {
  return trial.value - now.value <= armijo * alpha * slope + rounding * Math.abs(now.value);
}
