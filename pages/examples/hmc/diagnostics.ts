// Convergence diagnostics of Markov chains.

/** Diagnostics of one quantity from several chains of equal length. */
export interface Diagnosis {
  readonly mean: number;
  /** Effective sample size: the number of independent draws that would estimate the mean equally well. */
  readonly effective: number;
  /**
   * Potential scale reduction R̂: the spread of all chains relative to that of each chain. Near 1 if the chains have
   * converged to the same distribution.
   */
  readonly rHat: number;
}

/**
 * Mean, effective sample size and R̂ of chains.
 *
 * @see Gelman et al., Bayesian data analysis, 3rd edition, 2013, sections 11.4 and 11.5. Sums of autocorrelations end by Geyer's
 * rule: where the sum of two neighbours is no longer positive.
 */
export function diagnose(chains: readonly (readonly number[])[]): Diagnosis {
  const [m, n] = [chains.length, chains[0]!.length];
  const means = chains.map(average);
  const mean = average(means);
  const within = average(chains.map((chain, i) => squaresAround(chain, means[i]!) / (n - 1)));
  const between = squaresAround(means, mean) / (m - 1);
  const variance = ((n - 1) / n) * within + between;
  const correlation = (lag: number): number => {
    const apart = average(
      chains.map((chain) => average(chain.slice(lag).map((x, i) => (x - chain[i]!) ** 2))),
    );
    return 1 - apart / (2 * variance);
  };
  let total = 0;
  for (let lag = 1; lag + 1 < n; lag += 2) {
    const pair = correlation(lag) + correlation(lag + 1);
    if (!(pair > 0)) break;
    total += pair;
  }
  return { mean, effective: Math.min(m * n, (m * n) / (1 + 2 * total)), rHat: Math.sqrt(variance / within) };
}

function average(xs: readonly number[]): number {
  return xs.reduce((sum, x) => sum + x, 0) / xs.length;
}

function squaresAround(xs: readonly number[], centre: number): number {
  return xs.reduce((sum, x) => sum + (x - centre) ** 2, 0);
}
