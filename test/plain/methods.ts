// Functions written with array methods, spreads and small helpers, in a common style.

type Vector = readonly [number, number, number];

export interface Ball {
  readonly center: Vector;
  readonly radius: number;
  readonly albedo: number;
}

/** Brightness at the nearest ball on a ray, lit by a lamp; 0 if the ray meets no ball. */
export function shade(origin: Vector, direction: Vector, balls: Ball[], lamp: Vector): number {
  "use ad";
  let nearest = Infinity;
  let hit = -1;
  for (let i = 0; i < balls.length; i++) {
    const ball = balls[i]!;
    const away = origin.map((o, k) => o - ball.center[k]!);
    const b = away.reduce((sum, x, k) => sum + x * direction[k]!, 0);
    const c = away.reduce((sum, x) => sum + x * x, 0) - ball.radius ** 2;
    if (b * b < c) continue;
    const t = -b - Math.sqrt(b * b - c);
    if (t > 1e-4 && t < nearest) {
      nearest = t;
      hit = i;
    }
  }
  if (hit < 0) return 0;
  const { center, radius, albedo } = balls[hit]!;
  const point = origin.map((o, k) => o + nearest * direction[k]!);
  const normal = point.map((x, k) => (x - center[k]!) / radius);
  const toLamp = lamp.map((x, k) => x - point[k]!);
  const distance = Math.hypot(...toLamp);
  return albedo * Math.max(0, toLamp.reduce((sum, x, k) => sum + x * normal[k]!, 0) / distance); // prettier-ignore
}

/** Norm of the solution of a tridiagonal system, by Thomas' algorithm. */
export function tridiagonal(lower: number[], diagonal: number[], upper: number[], right: number[]): number {
  "use ad";
  const n = right.length;
  const [c, x] = [[...upper], [...right]];
  c[0] = c[0]! / diagonal[0]!;
  x[0] = x[0]! / diagonal[0]!;
  for (let i = 1; i < n; i++) {
    const pivot = 1 / (diagonal[i]! - lower[i]! * c[i - 1]!);
    c[i] = c[i]! * pivot;
    x[i] = (x[i]! - lower[i]! * x[i - 1]!) * pivot;
  }
  for (let i = n - 2; i >= 0; i--) x[i] = x[i]! - c[i]! * x[i + 1]!;
  return Math.hypot(...x);
}

/** Mean squared error of a polynomial, by Horner's rule from the highest power. */
export function polynomialFit(coefficients: number[], xs: Float64Array, ys: Float64Array): number {
  "use ad";
  const at = (x: number): number => coefficients.reduceRight((sum, c) => sum * x + c);
  return xs.reduce((sum, x, i) => sum + (at(x) - ys[i]!) ** 2, 0) / xs.length;
}

/** Log-probability of observations under a hidden Markov model whose rows are given by their logits. */
export function markovChance(steps: number[][], emissions: number[][], observed: Int32Array): number {
  "use ad";
  const softmax = (row: number[]): number[] => {
    const top = Math.max(...row);
    const parts = row.map((x) => Math.exp(x - top));
    const total = parts.reduce((a, b) => a + b);
    return parts.map((x) => x / total);
  };
  const [step, emit] = [steps.map(softmax), emissions.map(softmax)];
  let state: number[] = new Array<number>(steps.length).fill(1 / steps.length);
  let logs = 0;
  for (const seen of observed) {
    const next = state.map(
      (_, j) => emit[j]![seen]! * state.reduce((sum, p, i) => sum + p * step[i]![j]!, 0),
    );
    const total = next.reduce((a, b) => a + b);
    logs += Math.log(total);
    state = next.map((p) => p / total);
  }
  return logs;
}

/** Energy of the output of causal attention. */
export function attention(queries: number[][], keys: number[][], values: number[][]): number {
  "use ad";
  const scale = 1 / Math.sqrt(queries[0]!.length);
  let energy = 0;
  for (const [i, query] of queries.entries()) {
    const scores = keys.map((key, j) =>
      j > i ? -Infinity : scale * key.reduce((sum, x, k) => sum + x * query[k]!, 0),
    );
    const top = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - top));
    const total = weights.reduce((a, b) => a + b);
    for (let k = 0; k < values[0]!.length; k++) {
      const out = weights.reduce((sum, weight, j) => sum + (weight / total) * values[j]![k]!, 0);
      energy += out ** 2;
    }
  }
  return energy;
}

/** Return of a portfolio over its risk. */
export function sharpeRatio(weights: number[], returns: number[], covariance: number[][]): number {
  "use ad";
  const gain = weights.reduce((sum, w, i) => sum + w * returns[i]!, 0);
  const risks = weights.map((w, i) => w * covariance[i]!.reduce((sum, c, j) => sum + c * weights[j]!, 0));
  return gain / Math.sqrt(risks.reduce((a, b) => a + b));
}

export interface Joint {
  readonly angle: number;
  readonly twist: number;
  readonly length: number;
  readonly offset: number;
}

/** Distance that an arm of joints reaches, by products of 4 × 4 matrices (Denavit, Hartenberg, 1955). */
export function reach(joints: Joint[]): number {
  "use ad";
  let pose = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ];
  for (const { angle, twist, length, offset } of joints) {
    const [c, s, ct, st] = [Math.cos(angle), Math.sin(angle), Math.cos(twist), Math.sin(twist)];
    const joint = [
      [c, -s * ct, s * st, length * c],
      [s, c * ct, -c * st, length * s],
      [0, st, ct, offset],
      [0, 0, 0, 1],
    ];
    pose = pose.map((row) => row.map((_, j) => row.reduce((sum, x, k) => sum + x * joint[k]![j]!, 0)));
  }
  return Math.hypot(pose[0]![3]!, pose[1]![3]!, pose[2]![3]!);
}

export interface Particle {
  readonly position: readonly [number, number];
  readonly velocity: readonly [number, number];
  readonly mass: number;
}

/** Kinetic energy of particles that attract one another, after some steps. */
export function swarm(particles: Particle[], steps: number): number {
  "use ad";
  const now = particles.map(({ position: [x, y], velocity: [vx, vy], mass }) => ({ x, y, vx, vy, mass }));
  for (let step = 0; step < steps; step++) {
    for (const [i, one] of now.entries()) {
      for (const [j, other] of now.entries()) {
        if (i === j) continue;
        const [dx, dy] = [other.x - one.x, other.y - one.y];
        const pull = (0.01 * other.mass) / (dx * dx + dy * dy + 0.01) ** 1.5;
        one.vx += dx * pull;
        one.vy += dy * pull;
      }
    }
    now.forEach((one) => {
      one.x += 0.01 * one.vx;
      one.y += 0.01 * one.vy;
    });
  }
  return now.reduce((sum, { vx, vy, mass }) => sum + 0.5 * mass * (vx ** 2 + vy ** 2), 0);
}

export interface Garch {
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Log-likelihood of returns whose variance follows a GARCH(1, 1) process. */
export function volatility({ omega, alpha, beta }: Garch, returns: Float64Array): number {
  "use ad";
  let variance = omega / (1 - alpha - beta);
  let logs = 0;
  returns.forEach((r, t) => {
    if (t > 0) variance = omega + alpha * returns[t - 1]! ** 2 + beta * variance;
    logs -= 0.5 * (Math.log(2 * Math.PI * variance) + r ** 2 / variance);
  });
  return logs;
}

/** Squared distances of points from the nearest of some centers. */
export function clusters(centers: number[][], points: number[][]): number {
  "use ad";
  return points
    .map((point) =>
      Math.min(...centers.map((center) => center.reduce((sum, x, k) => sum + (x - point[k]!) ** 2, 0))),
    )
    .reduce((a, b) => a + b);
}
