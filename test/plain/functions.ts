// Thirteen functions in the style of users, without a library. Their hand-written gradients are in
// `bench/rows/plain-by-hand.mjs`.

/** Weights and bias of a linear model. */
export interface Linear {
  readonly w: readonly number[];
  readonly b: number;
}

/** Mean squared error of tanh(w·x + b). The rows of `xs` are concatenated. */
export function regression(p: Linear, xs: Float64Array, ys: Float64Array): number {
  "use ad";
  const m = p.w.length;
  let total = 0;
  for (let i = 0; i < ys.length; i++) {
    let a = p.b;
    for (let j = 0; j < m; j++) a += p.w[j]! * xs[i * m + j]!;
    const error = Math.tanh(a) - ys[i]!;
    total += error ** 2;
  }
  return total / ys.length;
}

/** Mean logistic loss of labels ±1, which does not overflow, and a penalty on the weights. */
export function logistic(p: Linear, xs: Float64Array, labels: Float64Array): number {
  "use ad";
  const m = p.w.length;
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    let score = p.b;
    for (let j = 0; j < m; j++) score += p.w[j]! * xs[i * m + j]!;
    const margin = labels[i]! > 0 ? score : -score;
    if (margin > 0) {
      loss += Math.log1p(Math.exp(-margin));
    } else {
      loss += Math.log1p(Math.exp(margin)) - margin;
    }
  }
  let penalty = 0;
  for (const weight of p.w) penalty += weight * weight;
  return loss / labels.length + 0.01 * penalty;
}

/** Sum of squares of the elements of the product of two n × n matrices. */
export function product(a: Float64Array, b: Float64Array, n: number): number {
  "use ad";
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * b[k * n + j]!;
      c[i * n + j] = sum;
    }
  }
  let total = 0;
  for (let i = 0; i < c.length; i++) total += c[i]! * c[i]!;
  return total;
}

/** Squared distance of a rectified convolution from `target`. */
export function convolution(x: Float64Array, w: Float64Array, target: Float64Array): number {
  "use ad";
  let total = 0;
  for (let i = 0; i < target.length; i++) {
    let sum = 0;
    for (let j = 0; j < w.length; j++) sum += x[i + j]! * w[j]!;
    const off = Math.max(sum, 0) - target[i]!;
    total += off * off;
  }
  return total;
}

function acceleration(angle: number, speed: number, gravity: number, damping: number): number {
  return -gravity * Math.sin(angle) - damping * speed;
}

export interface Pendulum {
  readonly angle: number;
  readonly gravity: number;
  readonly damping: number;
}

/** Squared angle plus squared speed of a damped pendulum after `steps` steps of the classical Runge-Kutta method. */
export function pendulum(p: Pendulum, steps: number): number {
  "use ad";
  const h = 0.01;
  let q = p.angle;
  let v = 0;
  for (let step = 0; step < steps; step++) {
    const v1 = v;
    const a1 = acceleration(q, v1, p.gravity, p.damping);
    const v2 = v + 0.5 * h * a1;
    const a2 = acceleration(q + 0.5 * h * v1, v2, p.gravity, p.damping);
    const v3 = v + 0.5 * h * a2;
    const a3 = acceleration(q + 0.5 * h * v2, v3, p.gravity, p.damping);
    const v4 = v + h * a3;
    const a4 = acceleration(q + h * v3, v4, p.gravity, p.damping);
    q += (h / 6) * (v1 + 2 * v2 + 2 * v3 + v4);
    v += (h / 6) * (a1 + 2 * a2 + 2 * a3 + a4);
  }
  return q * q + v * v;
}

/** Soft dynamic time warping of two series. */
export function softDtw(x: Float64Array, y: Float64Array, gamma: number): number {
  "use ad";
  const width = y.length + 1;
  const cost = new Float64Array((x.length + 1) * width);
  for (let j = 1; j < width; j++) cost[j] = 1e10;
  for (let i = 1; i <= x.length; i++) {
    cost[i * width] = 1e10;
    for (let j = 1; j < width; j++) {
      const d = x[i - 1]! - y[j - 1]!;
      const up = cost[(i - 1) * width + j]!;
      const left = cost[i * width + j - 1]!;
      const both = cost[(i - 1) * width + j - 1]!;
      const least = Math.min(up, left, both);
      const sum =
        Math.exp((least - up) / gamma) + Math.exp((least - left) / gamma) + Math.exp((least - both) / gamma);
      cost[i * width + j] = d * d + least - gamma * Math.log(sum);
    }
  }
  return cost[x.length * width + y.length]!;
}

/**
 * Cost of the cheapest alignment of two series, with cost `gap` for an unmatched element. Two rows are swapped in each
 * step.
 */
export function alignment(x: Float64Array, y: Float64Array, gap: number): number {
  "use ad";
  const n = y.length + 1;
  let above = new Float64Array(n);
  let row = new Float64Array(n);
  for (let j = 0; j < n; j++) above[j] = j * gap;
  for (let i = 0; i < x.length; i++) {
    row[0] = (i + 1) * gap;
    for (let j = 1; j < n; j++) {
      const pair = above[j - 1]! + (x[i]! - y[j - 1]!) ** 2;
      row[j] = Math.min(pair, above[j]! + gap, row[j - 1]! + gap);
    }
    [above, row] = [row, above];
  }
  return above[y.length]!;
}

/** Weights, means and logarithms of widths of a mixture of Gaussians. */
export interface Mixture {
  readonly alpha: Float64Array;
  readonly mu: Float64Array;
  readonly logs: Float64Array;
}

/** Log-likelihood of points with d coordinates each under a mixture of Gaussians. */
export function mixture(p: Mixture, xs: Float64Array, d: number): number {
  "use ad";
  const parts = p.alpha.length;
  const points = xs.length / d;
  const terms = new Float64Array(parts);
  let total = 0;
  for (let i = 0; i < points; i++) {
    let best = -Infinity;
    for (let k = 0; k < parts; k++) {
      let square = 0;
      let logs = 0;
      for (let j = 0; j < d; j++) {
        const u = (xs[i * d + j]! - p.mu[k * d + j]!) * Math.exp(-p.logs[k * d + j]!);
        square += u * u;
        logs += p.logs[k * d + j]!;
      }
      terms[k] = p.alpha[k]! - 0.5 * square - logs;
      best = Math.max(best, terms[k]!);
    }
    let sum = 0;
    for (let k = 0; k < parts; k++) sum += Math.exp(terms[k]! - best);
    total += best + Math.log(sum);
  }
  let weights = 0;
  for (let k = 0; k < parts; k++) weights += Math.exp(p.alpha[k]!);
  return total - points * Math.log(weights);
}

function distance(dx: number, dy: number, dz: number): number {
  return Math.sqrt(dx * dx + dy * dy + dz * dz + 1e-4);
}

/** Potential energy of masses that attract one another, softened where they meet. */
export function bodies(places: Float64Array, masses: Float64Array): number {
  "use ad";
  let energy = 0;
  for (let i = 0; i < masses.length; i++) {
    for (let j = i + 1; j < masses.length; j++) {
      const r = distance(
        places[3 * i]! - places[3 * j]!,
        places[3 * i + 1]! - places[3 * j + 1]!,
        places[3 * i + 2]! - places[3 * j + 2]!,
      );
      energy -= (masses[i]! * masses[j]!) / r;
    }
  }
  return energy;
}

/** A logarithmic barrier: infinite or huge if an element is not positive. Elements above 10 cost nothing. */
export function barrier(x: Float64Array): number {
  "use ad";
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i]! <= 0) return 1e6 + total;
    if (x[i]! > 10) continue;
    total -= Math.log(x[i]!);
  }
  return total;
}

export function sumOfSquares(x: Float64Array): number {
  "use ad";
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i]! * x[i]!;
  return total;
}

export function rosenbrock(x: Float64Array): number {
  "use ad";
  let total = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const valley = x[i + 1]! - x[i]! ** 2;
    const away = 1 - x[i]!;
    total += 100 * valley * valley + away * away;
  }
  return total;
}

/** The root of x³ + k x = a, by Newton's iteration from a data-dependent start. */
export function newton(a: number, k: number): number {
  "use ad";
  let x = a > 1 ? a : 1;
  let count = 0;
  while (Math.abs(x * x * x + k * x - a) > 1e-12 && count < 100) {
    x -= (x * x * x + k * x - a) / (3 * x * x + k);
    count++;
  }
  return x;
}
