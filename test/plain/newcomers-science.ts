// Programs of newcomers, continued: simulations, games, statistics, signals, geometry and machine learning.
import type { NewcomerProgram } from "./newcomers.ts";

export const scienceNewcomers: Readonly<Record<string, NewcomerProgram>> = {
  "three bodies whose state is a list of objects": {
    text: `interface Body { readonly mass: number; position: [number, number]; velocity: [number, number] }
const G = 1;
function energy(bodies: Body[]): number {
  let e = 0;
  for (const [i, a] of bodies.entries()) {
    e += 0.5 * a.mass * Math.hypot(...a.velocity) ** 2;
    for (const b of bodies.slice(i + 1)) {
      const [dx, dy] = [a.position[0] - b.position[0], a.position[1] - b.position[1]];
      e -= (G * a.mass * b.mass) / Math.hypot(dx, dy);
    }
  }
  return e;
}
function step(bodies: Body[], dt: number): Body[] {
  return bodies.map((a, i) => {
    const acc = bodies.reduce<[number, number]>(
      ([ax, ay], b, j) => {
        if (i === j) return [ax, ay];
        const d = b.position.map((x, k) => x - a.position[k]!);
        const r3 = (Math.hypot(...d) + 1e-3) ** 3;
        return [ax + (G * b.mass * d[0]!) / r3, ay + (G * b.mass * d[1]!) / r3];
      },
      [0, 0],
    );
    const velocity: [number, number] = [a.velocity[0] + dt * acc[0], a.velocity[1] + dt * acc[1]];
    return { ...a, velocity, position: [a.position[0] + dt * velocity[0], a.position[1] + dt * velocity[1]] };
  });
}
export function finalEnergy(bodies: Body[], steps = 3): number {
  "use ad";
  let current = bodies;
  for (let i = 0; i < steps; i++) current = step(current, 0.01);
  return energy(current);
}`,
    args: [
      [
        { mass: 1, position: [0, 0], velocity: [0, 0.1] },
        { mass: 2, position: [1, 0.2], velocity: [0.3, 0] },
        { mass: 0.5, position: [0.4, 2], velocity: [0, -0.2] },
      ],
      3,
    ],
  },
  "a recursive filter with a tuple of coefficients": {
    text: `type Biquad = readonly [b0: number, b1: number, b2: number, a1: number, a2: number];
function filter(signal: Float64Array, [b0, b1, b2, a1, a2]: Biquad): Float64Array {
  const out = new Float64Array(signal.length);
  let x1 = 0, x2 = 0, y1 = 0, y2 = 0;
  signal.forEach((x, n) => {
    const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    out[n] = y;
  });
  return out;
}
export function mismatch(coefficients: Biquad, signal: Float64Array, target: Float64Array): number {
  "use ad";
  const y = filter(signal, coefficients);
  return Math.sqrt(y.reduce((s, v, i) => s + (v - target[i]!) ** 2, 0) / y.length);
}`,
    args: [
      [0.2, 0.3, 0.1, -0.4, 0.1],
      Float64Array.of(1, 0, -1, 2, 0.5),
      Float64Array.of(0.1, 0.2, 0, 0.3, 0.1),
    ],
  },
  "a spectrum filled by push": {
    text: `export function spectrum(freq: number, n = 16): number {
  "use ad";
  const window = Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (n - 1)));
  const signal = window.map((w, i) => w * Math.sin(2 * Math.PI * freq * i));
  const power: number[] = [];
  for (let k = 0; k < n / 2; k++) {
    let re = 0;
    let im = 0;
    for (const [i, s] of signal.entries()) {
      const phase = (-2 * Math.PI * k * i) / n;
      re += s * Math.cos(phase);
      im += s * Math.sin(phase);
    }
    power.push(re ** 2 + im ** 2);
  }
  const total = power.reduce((a, b) => a + b);
  return power.map((p, k) => (k * p) / total).reduce((a, b) => a + b);
}`,
    args: [0.13, 16],
  },
  "a mixture of distributions with helpers": {
    text: `interface Component { weight: number; mean: number; logStd: number }
const logNormal = (x: number, mu: number, logStd: number) => -0.5 * ((x - mu) / Math.exp(logStd)) ** 2 - logStd - 0.5 * Math.log(2 * Math.PI);
const logSumExp = (xs: number[]) => {
  const m = Math.max(...xs);
  return m + Math.log(xs.reduce((s, x) => s + Math.exp(x - m), 0));
};
export function nll(components: Component[], data: number[]): number {
  "use ad";
  const norm = logSumExp(components.map((c) => c.weight));
  return -data.reduce((ll, x) => ll + logSumExp(components.map(({ weight, mean, logStd }) => weight - norm + logNormal(x, mean, logStd))), 0);
}`,
    args: [
      [
        { weight: 0.1, mean: -1, logStd: 0.2 },
        { weight: 0.5, mean: 2, logStd: -0.1 },
      ],
      [-1.2, 0.3, 2.2, 1.7],
    ],
  },
  "ratings with a table by the result of a game": {
    text: `interface Game { white: number; black: number; result: "win" | "draw" | "loss" }
const SCORE: Record<Game["result"], number> = { win: 1, draw: 0.5, loss: 0 };
export function negLogLik(ratings: number[], games: Game[], advantage = 30): number {
  "use ad";
  let ll = 0;
  for (const { white, black, result } of games) {
    const diff = ratings[white]! + advantage - ratings[black]!;
    const p = 1 / (1 + 10 ** (-diff / 400));
    const s = SCORE[result];
    ll += s * Math.log(p) + (1 - s) * Math.log(1 - p);
  }
  return -ll;
}`,
    args: [
      [1500, 1600, 1400],
      [
        { white: 0, black: 1, result: "win" },
        { white: 2, black: 0, result: "draw" },
        { white: 1, black: 2, result: "loss" },
      ],
      30,
    ],
  },
  "options with defaults and no type": {
    text: `interface State { x: number; y: number; vx: number; vy: number }
const GRAVITY = 9.81;
export function range(angle: number, speed: number, { drag = 0.01, dt = 0.05, maxBounces = 1 } = {}): number {
  "use ad";
  let s: State = { x: 0, y: 0, vx: speed * Math.cos(angle), vy: speed * Math.sin(angle) };
  let bounces = 0;
  while (bounces <= maxBounces) {
    const v = Math.hypot(s.vx, s.vy);
    const next = { ...s, vx: s.vx - drag * v * s.vx * dt, vy: s.vy - (GRAVITY + drag * v * s.vy) * dt };
    next.x += next.vx * dt;
    next.y += next.vy * dt;
    if (next.y < 0) {
      bounces++;
      next.y = -next.y;
      next.vy *= -0.5;
    }
    s = next;
  }
  return s.x;
}`,
    args: [0.7, 10, { drag: 0.02, dt: 0.05, maxBounces: 1 }],
    wrt: [0, 1],
  },
  "a filter that skips missing values": {
    text: `export function kalman(params: { q: number; r: number }, ys: number[]): number {
  "use ad";
  const { q, r } = params;
  let mean = 0, variance = 1, ll = 0;
  for (const y of ys) {
    variance += Math.exp(q);
    if (Number.isNaN(y)) continue;
    const s = variance + Math.exp(r);
    const gain = variance / s;
    const innovation = y - mean;
    mean += gain * innovation;
    variance *= 1 - gain;
    ll -= 0.5 * (Math.log(2 * Math.PI * s) + innovation ** 2 / s);
  }
  return ll;
}`,
    args: [{ q: -1, r: 0.2 }, [0.1, NaN, 0.5, 0.9]],
  },
  "a search that a label ends": {
    text: `export function boost(xs: number[][], ys: number[], weights: number[]): number {
  "use ad";
  let best = { error: Infinity, feature: -1, threshold: 0 };
  const features = xs[0]?.length ?? 0;
  outer: for (let f = 0; f < features; f++) {
    for (const row of xs) {
      const threshold = row[f]!;
      let error = 0;
      xs.forEach((other, i) => {
        const predicted = other[f]! > threshold ? 1 : -1;
        if (predicted !== ys[i]) error += weights[i]!;
      });
      if (error === 0) break outer;
      if (error < best.error) best = { error, feature: f, threshold };
    }
  }
  return 0.5 * Math.log((1 - best.error) / best.error);
}`,
    args: [
      [
        [1, 2],
        [2, 1],
        [3, 5],
        [0, 4],
      ],
      [1, -1, 1, -1],
      [0.2, 0.3, 0.25, 0.25],
    ],
    wrt: [2],
  },
  "static members of a class": {
    text: `class Epidemic {
  static readonly DAYS = 10;
  static derivative([s, i, r]: [number, number, number], beta: number, gamma: number): [number, number, number] {
    const n = s + i + r;
    const infections = (beta * s * i) / n;
    return [-infections, infections - gamma * i, gamma * i];
  }
  static peak(beta: number, gamma = 0.1): number {
    "use ad";
    let y: [number, number, number] = [0.99, 0.01, 0];
    let peak = 0;
    for (let d = 0; d < Epidemic.DAYS; d++) {
      const k = Epidemic.derivative(y, beta, gamma);
      y = y.map((v, j) => v + k[j]!) as [number, number, number];
      peak = Math.max(peak, y[1]);
    }
    return peak;
  }
}
export { Epidemic };`,
    args: [0.4, 0.1],
    wrt: [0, 1],
  },
  "a factorisation of nested arrays": {
    text: `type Matrix = number[][];
const zeros = (n: number, m = n): Matrix => Array.from({ length: n }, () => Array<number>(m).fill(0));
const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const multiply = (a: Matrix, b: Matrix): Matrix => a.map((row) => transpose(b).map((col) => row.reduce((s, v, k) => s + v * col[k]!, 0)));
function cholesky(a: Matrix): Matrix {
  const n = a.length;
  const l = zeros(n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= l[i]![k]! * l[j]![k]!;
      if (i === j) {
        if (sum <= 0) throw new Error(\`matrix is not positive definite at \${i}\`);
        l[i]![j] = Math.sqrt(sum);
      } else l[i]![j] = sum / l[j]![j]!;
    }
  return l;
}
export function logDet(x: Matrix): number {
  "use ad";
  const gram = multiply(transpose(x), x);
  const l = cholesky(gram);
  return 2 * l.reduce((s, row, i) => s + Math.log(row[i]!), 0);
}`,
    args: [
      [
        [1, 2],
        [0.5, -1],
        [3, 0.2],
      ],
    ],
  },
  "a sorted copy of objects with flags": {
    text: `interface Subject { time: number; event: boolean; covariates: number[] }
export function coxLoss(beta: number[], subjects: Subject[]): number {
  "use ad";
  const risk = (s: Subject) => s.covariates.reduce((sum, c, i) => sum + c * beta[i]!, 0);
  const ordered = [...subjects].sort((a, b) => b.time - a.time);
  let cumulative = 0;
  let loss = 0;
  for (const subject of ordered) {
    const eta = risk(subject);
    cumulative += Math.exp(eta);
    if (!subject.event) continue;
    loss -= eta - Math.log(cumulative);
  }
  return loss;
}`,
    args: [
      [0.3, -0.2],
      [
        { time: 2, event: true, covariates: [1, 0.5] },
        { time: 1, event: false, covariates: [0.2, 0.1] },
        { time: 3, event: true, covariates: [-1, 0.4] },
      ],
    ],
  },
  "closures from a factory of objects": {
    text: `const makeObjective = (a: number, b: number) => ({ cost: (x: number, y: number) => (a - x) ** 2 + b * (y - x ** 2) ** 2, penalty: (x: number) => Math.max(0, x - 2) ** 2 });
export function total(xs: number[], weight = 10): number {
  "use ad";
  const { cost, penalty } = makeObjective(1, 100);
  let sum = 0;
  let i = 0;
  do {
    sum += cost(xs[i]!, xs[i + 1]!);
    i += 1;
  } while (i < xs.length - 1);
  return sum + weight * xs.map(penalty).reduce((p, q) => p + q, 0);
}`,
    args: [[0.5, 1.2, 2.4], 10],
  },
  "attention with a mask": {
    text: `const softmax = (xs: number[], temperature = 1): number[] => {
  const max = Math.max(...xs);
  const exps = xs.map((x) => Math.exp((x - max) / temperature));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
};
const dot = (a: number[], b: number[]) => a.reduce((s, x, i) => s + x * b[i]!, 0);
export function attentionLoss(tokens: number[][], causal = true): number {
  "use ad";
  const d = tokens[0]!.length;
  const out = tokens.map((q, i) => {
    const scores = tokens.map((k, j) => (causal && j > i ? -Infinity : dot(q, k) / Math.sqrt(d)));
    const weights = softmax(scores);
    return q.map((_, c) => weights.reduce((s, w, j) => s + w * tokens[j]![c]!, 0));
  });
  return out.flat().reduce((s, v) => s + v ** 2, 0);
}`,
    args: [
      [
        [1, 0.5],
        [0.2, -1],
        [0.3, 0.8],
      ],
      true,
    ],
  },
  "interpolation in a constant table": {
    text: `const TABLE = [
  { h: 0, t: 288.15, rho: 1.225 },
  { h: 11000, t: 216.65, rho: 0.364 },
  { h: 20000, t: 216.65, rho: 0.088 },
] as const;
function density(h: number): number {
  const i = TABLE.findIndex((row) => row.h > h);
  if (i === -1) return TABLE[TABLE.length - 1]!.rho;
  if (i === 0) return TABLE[0].rho;
  const lo = TABLE[i - 1]!, hi = TABLE[i]!;
  const w = (h - lo.h) / (hi.h - lo.h);
  return lo.rho * (hi.rho / lo.rho) ** w;
}
export function drag(h: number, v: number): number {
  "use ad";
  return 0.5 * density(h) * v ** 2;
}`,
    args: [5000, 100],
    wrt: [0, 1],
  },
  "moments in one reduction": {
    text: `export function skewness(xs: number[]): number {
  "use ad";
  const n = xs.length;
  const mean = xs.reduce((a, b) => a + b, 0) / n;
  const [m2, m3] = xs.reduce(([s2, s3], x) => [s2 + (x - mean) ** 2, s3 + (x - mean) ** 3], [0, 0]);
  const sd = Math.sqrt(m2! / n);
  return sd === 0 ? 0 : m3! / n / sd ** 3;
}`,
    args: [[1, 2, 5, 3]],
  },
  "a convolution with zeros around the image": {
    text: `export function sharpness(kernel: number[][], image: number[][]): number {
  "use ad";
  const k = kernel.length, half = Math.floor(k / 2);
  const height = image.length, width = image[0]!.length;
  const out = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      let s = 0;
      for (let dy = -half; dy <= half; dy++)
        for (let dx = -half; dx <= half; dx++) s += (image[y + dy]?.[x + dx] ?? 0) * kernel[dy + half]![dx + half]!;
      return s;
    }),
  );
  return Math.max(...out.map((row) => Math.max(...row)));
}`,
    args: [
      [
        [0, 1, 0],
        [1, -4, 1],
        [0, 1, 0],
      ],
      [
        [1, 2, 3, 1],
        [4, 5, 6, 2],
        [7, 8, 9.5, 3],
      ],
    ],
  },
  "a helper that takes functions": {
    text: `function newton(f: (x: number) => number, df: (x: number) => number, x0: number, { tol = 1e-12, maxIter = 50 } = {}): number {
  let x = x0;
  for (let i = 0; i < maxIter; i++) {
    const fx = f(x);
    if (Math.abs(fx) < tol) return x;
    x -= fx / df(x);
  }
  throw new Error(\`newton did not converge after \${maxIter} steps\`);
}
export function kepler(e: number, M: number): number {
  "use ad";
  const E = newton((x) => x - e * Math.sin(x) - M, (x) => 1 - e * Math.cos(x), M);
  return Math.cos(E) - e;
}`,
    args: [0.3, 1.2],
    wrt: [0, 1],
  },
  "features chosen by a list of names": {
    text: `type Feature = "age" | "income" | "score";
const LOGGED: readonly Feature[] = ["income"];
interface Row { age: number; income: number; score: number }
export function loss(weights: Row, rows: Row[]): number {
  "use ad";
  const features: Feature[] = ["age", "income", "score"];
  const value = (row: Row, f: Feature): number => (LOGGED.includes(f) ? Math.log1p(row[f]) : row[f]);
  const errors = rows.map((row) => features.map((f) => weights[f] * value(row, f)).reduce((a, b) => a + b, 0) - 1);
  return errors.some(Number.isNaN) ? 0 : Math.hypot(...errors);
}`,
    args: [
      { age: 0.1, income: 0.2, score: 0.3 },
      [
        { age: 3, income: 5, score: 2 },
        { age: 1, income: 4, score: 0.5 },
      ],
    ],
  },
  "generic helpers of lists": {
    text: `const zip = <A, B>(a: A[], b: B[]): [A, B][] => a.map((x, i) => [x, b[i]!]);
const range = (n: number, start = 0, step = 1) => Array.from({ length: n }, (_, i) => start + i * step);
const sum = (xs: Iterable<number>) => { let s = 0; for (const x of xs) s += x; return s; };
export function horner(coefficients: number[], xs: number[], ys: number[]): number {
  "use ad";
  const p = (x: number) => coefficients.reduceRight((acc, c) => acc * x + c, 0);
  const residuals = zip(xs, ys).map(([x, y]) => p(x) - y);
  return sum(residuals.map((r) => r * r)) + sum(range(3, 1).map((k) => k * coefficients[0]!));
}`,
    args: [
      [1, 2, 0.5],
      [0, 1, 2],
      [1, 3, 8],
    ],
  },
};
