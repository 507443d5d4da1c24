// Programs in the style of newcomers to the library: complete modules with everyday constructs.

/** A module whose marked function is called with `args`. */
export interface NewcomerProgram {
  readonly text: string;
  readonly args: readonly unknown[];
  /** Indices of the differentiated arguments. Default: the first. */
  readonly wrt?: readonly number[];
  /** Text of the other modules, by specifier. */
  readonly modules?: Readonly<Record<string, string>>;
}

const line = [0.5, 1.25, -0.75, 2];

export const newcomers: Readonly<Record<string, NewcomerProgram>> = {
  rosenbrock: {
    text: `export function rosenbrock(x: number[]) {
  "use ad";
  let sum = 0;
  for (let i = 0; i < x.length - 1; i++) sum += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2;
  return sum;
}`,
    args: [line],
  },
  regression: {
    text: `type Params = { slope: number; intercept: number };
export function loss({ slope, intercept }: Params, xs: number[], ys: number[]): number {
  "use ad";
  const errors = xs.map((x, i) => slope * x + intercept - ys[i]);
  return errors.reduce((sum, e) => sum + e * e, 0) / xs.length;
}`,
    args: [{ slope: 0.5, intercept: 0.1 }, line, [1, 2, 3, 4]],
  },
  "predictions by push": {
    text: `export function loss(w: number[], xs: number[], ys: number[]): number {
  "use ad";
  const predictions: number[] = [];
  for (let i = 0; i < xs.length; i++) {
    predictions.push(w[0] * xs[i] + w[1]);
  }
  let total = 0;
  for (let i = 0; i < ys.length; i++) total += (predictions[i] - ys[i]) ** 2;
  return total / ys.length;
}`,
    args: [[0.5, 0.25], line, [1, 2, 3, 4]],
  },
  "layers by push": {
    text: `function dense(weights: number[][], bias: number[], input: number[]): number[] {
  const output: number[] = [];
  for (let i = 0; i < weights.length; i++) {
    let sum = bias[i];
    for (let j = 0; j < input.length; j++) sum += weights[i][j] * input[j];
    output.push(sum);
  }
  return output;
}
export function network(w1: number[][], b1: number[], w2: number[][], b2: number[], x: number[]): number {
  "use ad";
  const hidden = dense(w1, b1, x).map(Math.tanh);
  return dense(w2, b2, hidden)[0];
}`,
    args: [
      [
        [0.3, -0.2],
        [0.1, 0.5],
        [0.7, 0.2],
      ],
      [0.1, 0.2, 0.3],
      [[0.4, -0.6, 0.2]],
      [0.05],
      [0.5, -1],
    ],
    wrt: [0, 1, 2],
  },
  "a trajectory of points": {
    text: `interface State { x: number; v: number }
export function endEnergy(k: number, steps: number): number {
  "use ad";
  const path: State[] = [{ x: 1, v: 0 }];
  for (let i = 0; i < steps; i++) {
    const last = path[path.length - 1];
    const v = last.v - 0.1 * k * last.x;
    path.push({ x: last.x + 0.1 * v, v });
  }
  const end = path[path.length - 1];
  return 0.5 * k * end.x ** 2 + 0.5 * end.v ** 2;
}`,
    args: [1.5, 6],
  },
  "a matrix by push": {
    text: `export function outerTrace(a: number[], b: number[]) {
  "use ad";
  const rows: number[][] = [];
  for (const x of a) {
    const row: number[] = [];
    for (const y of b) row.push(Math.sin(x * y));
    rows.push(row);
  }
  let trace = 0;
  for (let i = 0; i < rows.length; i++) trace += rows[i][i];
  return trace;
}`,
    args: [line, [1, 2, 0.5, -1]],
    wrt: [0, 1],
  },
  "positive values by push": {
    text: `export function meanOfPositive(xs: number[]) {
  "use ad";
  const kept: number[] = [];
  for (const x of xs) {
    if (x > 0) kept.push(x * x);
  }
  if (kept.length === 0) return 0;
  return kept.reduce((a, b) => a + b) / kept.length;
}`,
    args: [line],
  },
  "push in forEach": {
    text: `export function variance(xs: number[], scale: number) {
  "use ad";
  const scaled: number[] = [];
  xs.forEach((x) => scaled.push(scale * x));
  const mean = scaled.reduce((a, b) => a + b, 0) / scaled.length;
  return scaled.map((x) => (x - mean) ** 2).reduce((a, b) => a + b, 0) / scaled.length;
}`,
    args: [line, 1.5],
    wrt: [0, 1],
  },
  "pairs of distances": {
    text: `export function energy(points: [number, number][]) {
  "use ad";
  const distances: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const dx = points[i][0] - points[j][0];
      const dy = points[i][1] - points[j][1];
      distances.push(Math.sqrt(dx * dx + dy * dy));
    }
  }
  let e = 0;
  for (const d of distances) e += 1 / d;
  return e;
}`,
    args: [
      [
        [0, 0],
        [1, 0.5],
        [-0.5, 1.5],
      ],
    ],
  },
  "activation by name": {
    text: `type Activation = "relu" | "tanh" | "sigmoid";
function activate(x: number, kind: Activation): number {
  switch (kind) {
    case "relu":
      return Math.max(0, x);
    case "tanh":
      return Math.tanh(x);
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
  }
}
export function neuron(w: number[], x: number[], kind: Activation): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < w.length; i++) s += w[i] * x[i];
  return activate(s, kind);
}`,
    args: [[0.5, 0.25], [1, 2], "tanh"],
  },
  "a kernel by name with a default": {
    text: `export function kernel(a: number[], b: number[], kind: "rbf" | "linear" = "rbf") {
  "use ad";
  let dot = 0;
  let distance = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    distance += (a[i] - b[i]) ** 2;
  }
  return kind === "rbf" ? Math.exp(-0.5 * distance) : dot;
}`,
    args: [[0.5, 0.25], [1, 2], undefined],
    wrt: [0, 1],
  },
  "an enum of strings": {
    text: `enum Loss { Squared = "squared", Absolute = "absolute" }
export function loss(w: number, xs: number[], ys: number[], kind: Loss) {
  "use ad";
  let sum = 0;
  for (let i = 0; i < xs.length; i++) {
    const r = w * xs[i] - ys[i];
    if (kind === Loss.Squared) sum += r * r;
    else sum += Math.abs(r);
  }
  return sum;
}`,
    args: [0.5, line, [1, 2, 3, 4], "absolute"],
  },
  "an enum of numbers": {
    text: `enum Scheme { Euler, Midpoint }
export function decay(k: number, scheme: Scheme) {
  "use ad";
  let y = 1;
  for (let i = 0; i < 10; i++) {
    if (scheme === Scheme.Euler) y -= 0.1 * k * y;
    else y -= 0.1 * k * (y - 0.05 * k * y);
  }
  return y;
}`,
    args: [1.25, 1],
  },
  "shapes as a discriminated union": {
    text: `type Shape =
  | { kind: "circle"; radius: number }
  | { kind: "rectangle"; width: number; height: number };
function area(shape: Shape): number {
  if (shape.kind === "circle") return Math.PI * shape.radius ** 2;
  return shape.width * shape.height;
}
export function cost(scale: number, base: number) {
  "use ad";
  const shapes: Shape[] = [
    { kind: "circle", radius: scale },
    { kind: "rectangle", width: scale * base, height: base },
  ];
  return area(shapes[0]) + 2 * area(shapes[1]);
}`,
    args: [1.5, 0.5],
    wrt: [0, 1],
  },
  "a shape as a parameter": {
    text: `type Shape =
  | { kind: "circle"; radius: number }
  | { kind: "rectangle"; width: number; height: number };
export function area(shape: Shape): number {
  "use ad";
  switch (shape.kind) {
    case "circle":
      return Math.PI * shape.radius ** 2;
    case "rectangle":
      return shape.width * shape.height;
  }
}`,
    args: [{ kind: "rectangle", width: 2, height: 3 }],
  },
  "options with a method": {
    text: `interface Options { method?: "euler" | "heun"; steps?: number }
export function solve(rate: number, options: Options = {}) {
  "use ad";
  const { method = "heun", steps = 8 } = options;
  let y = 1;
  const h = 1 / steps;
  for (let i = 0; i < steps; i++) {
    const k1 = -rate * y;
    if (method === "euler") y += h * k1;
    else y += (h / 2) * (k1 - rate * (y + h * k1));
  }
  return y;
}`,
    args: [1.5, { method: "euler" }],
  },
  "a configuration of the module": {
    text: `const config = { activation: "tanh", rate: 0.5 } as const;
export function step(x: number) {
  "use ad";
  const y = config.activation === "tanh" ? Math.tanh(x) : x;
  return y * config.rate;
}`,
    args: [0.75],
  },
  "a constant of the module": {
    text: `const LOG_2PI = Math.log(2 * Math.PI);
export function logpdf(x: number[], mu: number, sigma: number) {
  "use ad";
  let s = 0;
  for (const v of x) s += -0.5 * ((v - mu) / sigma) ** 2 - Math.log(sigma) - 0.5 * LOG_2PI;
  return s;
}`,
    args: [line, 0.5, 1.5],
    wrt: [0, 1, 2],
  },
  "a random generator of bits": {
    text: `export function monteCarlo(mu: number, n: number) {
  "use ad";
  let seed = 12345;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    seed = (seed * 1103 + 12345) & 0x7fffffff;
    const u = (seed % 1000) / 1000;
    sum += Math.exp(mu * u);
  }
  return sum / n;
}`,
    args: [0.5, 20],
  },
  "bits of an index": {
    text: `export function walsh(x: number[]) {
  "use ad";
  let s = 0;
  for (let i = 0; i < x.length; i++) {
    const sign = i & 1 ? -1 : 1;
    s += sign * x[i] * x[i >> 1] * (i ^ 1);
  }
  return s;
}`,
    args: [line],
  },
  "halving by shifts": {
    text: `export function lookup(xs: number[], ys: number[], x: number) {
  "use ad";
  let lo = 0;
  let hi = xs.length - 1;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (xs[mid] > x) hi = mid;
    else lo = mid;
  }
  const t = (x - xs[lo]) / (xs[hi] - xs[lo]);
  return ys[lo] * (1 - t) + ys[hi] * t;
}`,
    args: [[0, 1, 2, 3], [1, 4, 9, 16], 1.25],
    wrt: [1, 2],
  },
};
