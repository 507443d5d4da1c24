// Objectives of GradBench's evals as plain functions. Those of ba, ht and lstm are ADBench's (`adbench.ts`).

/** The square of a number: GradBench's `hello`. */
export function square(x: number): number {
  "use ad";
  return x * x;
}

/** Half the squared distance of a polynomial from the sign of t, at n points from −1 to 1. */
export function leastSquaresPolynomial(x: number[], n: number): number {
  "use ad";
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const t = -1 + (2 * i) / (n - 1);
    let rest = Math.sign(t);
    let power = 1;
    for (let j = 0; j < x.length; j++) {
      rest -= x[j]! * power;
      power *= t;
    }
    sum += rest * rest;
  }
  return sum / 2;
}

/** log Σ exp. */
export function logSumExp(x: number[]): number {
  "use ad";
  let most = -Infinity;
  for (const value of x) most = Math.max(most, value);
  let sum = 0;
  for (const value of x) sum += Math.exp(value - most);
  return most + Math.log(sum);
}

/** Components of a mixture: weights, means, logarithms of diagonals, and strict lower triangles column by column. */
export interface Mixture {
  readonly alpha: number[];
  readonly mu: number[][];
  readonly q: number[][];
  readonly l: number[][];
}

/**
 * Log-posterior of a mixture of Gaussians with Wishart's prior, up to the prior's constant. ADBench's `gmm` subtracts the prior.
 */
export function logPosterior(p: Mixture, points: number[][], gamma: number, m: number): number {
  "use ad";
  const [k, n, d] = [p.alpha.length, points.length, points[0]!.length];
  const sums = new Float64Array(k);
  let prior = 0;
  for (let c = 0; c < k; c++) {
    let squares = 0;
    for (let i = 0; i < d; i++) {
      sums[c]! += p.q[c]![i]!;
      squares += Math.exp(2 * p.q[c]![i]!);
    }
    for (const below of p.l[c]!) squares += below ** 2;
    prior += m * sums[c]! - 0.5 * gamma ** 2 * squares;
  }
  const terms = new Array<number>(k).fill(0);
  const y = new Float64Array(d);
  let total = 0;
  for (const x of points) {
    for (let c = 0; c < k; c++) {
      for (let i = 0; i < d; i++) y[i] = Math.exp(p.q[c]![i]!) * (x[i]! - p.mu[c]![i]!);
      let next = 0;
      for (let j = 0; j < d; j++) {
        for (let i = j + 1; i < d; i++) y[i]! += p.l[c]![next++]! * (x[j]! - p.mu[c]![j]!);
      }
      let squared = 0;
      for (let i = 0; i < d; i++) squared += y[i]! ** 2;
      terms[c] = p.alpha[c]! + sums[c]! - 0.5 * squared;
    }
    total += logSumExp(terms);
  }
  return total - 0.5 * n * d * Math.log(2 * Math.PI) - n * logSumExp(p.alpha) + prior;
}

/** Sum of the squared distances of points from the nearest centroid. */
export function clusterCost(points: number[][], centroids: number[][]): number {
  "use ad";
  let cost = 0;
  for (const point of points) {
    let least = Infinity;
    for (const centroid of centroids) {
      let distance = 0;
      for (let i = 0; i < point.length; i++) distance += (point[i]! - centroid[i]!) ** 2;
      least = Math.min(least, distance);
    }
    cost += least;
  }
  return cost;
}

/** Determinant of a matrix of n rows by Laplace's expansion, in which minors of the same columns are computed once. */
export function determinant(a: number[], n: number): number {
  "use ad";
  const minors = new Float64Array(2 ** n); // of the first rows, by the set of their columns
  minors[0] = 1;
  for (let columns = 1; columns < 2 ** n; columns++) {
    let row = -1;
    for (let j = 0; j < n; j++) row += Math.floor(columns / 2 ** j) % 2;
    let sum = 0;
    let sign = 1;
    for (let j = n - 1; j >= 0; j--) {
      if (Math.floor(columns / 2 ** j) % 2 === 0) continue;
      sum += sign * a[row * n + j]! * minors[columns - 2 ** j]!;
      sign = -sign;
    }
    minors[columns] = sum;
  }
  return minors[2 ** n - 1]!;
}

function slopesInto(out: Float64Array, x: number[], y: Float64Array): void {
  out[0] = x[0]!;
  for (let i = 1; i < x.length; i++) out[i] = x[i]! * y[i - 1]!;
}

/** Solution at t = 2 of y₀′ = x₀, yᵢ′ = xᵢ yᵢ₋₁ from 0, by the fourth-order Runge-Kutta method in `steps` steps. */
export function integrate(x: number[], steps: number): number[] {
  "use ad";
  const n = x.length;
  const h = 2 / steps;
  const y = new Array<number>(n).fill(0);
  const [at, k1, k2] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const [k3, k4] = [new Float64Array(n), new Float64Array(n)];
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < n; i++) at[i] = y[i]!;
    slopesInto(k1, x, at);
    for (let i = 0; i < n; i++) at[i] = y[i]! + (h * k1[i]!) / 2;
    slopesInto(k2, x, at);
    for (let i = 0; i < n; i++) at[i] = y[i]! + (h * k2[i]!) / 2;
    slopesInto(k3, x, at);
    for (let i = 0; i < n; i++) at[i] = y[i]! + h * k3[i]!;
    slopesInto(k4, x, at);
    for (let i = 0; i < n; i++) y[i]! += (h * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)) / 6;
  }
  return y;
}

/** The last number of `integrate`. */
export function integrateLast(x: number[], steps: number): number {
  "use ad";
  return integrate(x, steps)[x.length - 1]!;
}

/** Potential of charges at (10, 10 − w) and (10, 0). */
export function potential(at: number[], w: number): number {
  "use ad";
  const [x, y] = [at[0]!, at[1]!];
  return 1 / Math.sqrt((x - 10) ** 2 + (y - (10 - w)) ** 2) + 1 / Math.sqrt((x - 10) ** 2 + y ** 2);
}

/** A saddle: least in p, greatest in q. */
export function saddle(p: number[], q: number[]): number {
  "use ad";
  return p[0]! ** 2 + p[1]! ** 2 - (q[0]! ** 2 + q[1]! ** 2);
}
