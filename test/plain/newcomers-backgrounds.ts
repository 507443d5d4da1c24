// Programs of newcomers with ten backgrounds, from simulations to finance.
import type { NewcomerProgram } from "./newcomers.ts";

export const backgroundNewcomers: Readonly<Record<string, NewcomerProgram>> = {
  "physics: a projectile with drag": {
    text: `interface State { readonly pos: Vec2; readonly vel: Vec2 }
type Vec2 = readonly [x: number, y: number];
const GRAVITY: Vec2 = [0, -9.81];
const add = (a: Vec2, b: Vec2): Vec2 => [a[0] + b[0], a[1] + b[1]];
const scale = (a: Vec2, k: number): Vec2 => [a[0] * k, a[1] * k];
const norm = ([x, y]: Vec2) => Math.sqrt(x * x + y * y);
function acceleration(vel: Vec2, drag: number): Vec2 {
  return add(GRAVITY, scale(vel, -drag * norm(vel)));
}
function step({ pos, vel }: State, drag: number, dt: number): State {
  const mid = add(vel, scale(acceleration(vel, drag), dt / 2));
  return { pos: add(pos, scale(mid, dt)), vel: add(vel, scale(acceleration(mid, drag), dt)) };
}
export function missDistance(launch: { angle: number; speed: number }, target: Vec2, drag = 0.02): number {
  "use ad";
  const { angle, speed } = launch;
  let state: State = { pos: [0, 0], vel: [speed * Math.cos(angle), speed * Math.sin(angle)] };
  const dt = 0.05;
  let closest = Infinity;
  for (let t = 0; t < 2; t += dt) {
    state = step(state, drag, dt);
    if (state.pos[1] < 0) break;
    closest = Math.min(closest, norm(add(state.pos, scale(target, -1))));
  }
  return closest;
}`,
    args: [{ angle: 0.7, speed: 12 }, [7, 2]],
  },
  "finance: a call option": {
    text: `enum OptionKind { Call = "call", Put = "put" }
interface Market { spot: number; rate: number; vol: number; dividend?: number }
interface Contract { kind: OptionKind; strike: number; maturity: number; ticker: string }
function cdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const coefficients = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  let poly = 0;
  for (const c of [...coefficients].reverse()) poly = (poly + c) * t;
  const tail = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI) * poly;
  return x >= 0 ? 1 - tail : tail;
}
export function price(market: Market, contract: Contract): number {
  "use ad";
  const { spot, rate, vol, dividend = 0 } = market;
  const { strike, maturity: T, kind } = contract;
  const forward = spot * Math.exp((rate - dividend) * T);
  const sd = vol * Math.sqrt(T);
  const d1 = Math.log(forward / strike) / sd + sd / 2;
  const d2 = d1 - sd;
  const sign = kind === OptionKind.Call ? 1 : -1;
  return Math.exp(-rate * T) * sign * (forward * cdf(sign * d1) - strike * cdf(sign * d2));
}`,
    args: [
      { spot: 100, rate: 0.02, vol: 0.25 },
      { kind: "put", strike: 105, maturity: 0.5, ticker: "ACME" },
    ],
  },
  "inverse kinematics of a chain": {
    text: `type Point = { x: number; y: number };
type Joint = { length: number; min: number; max: number };
const clamp = (v: number, lo: number, hi: number) => Math.min(Math.max(v, lo), hi);
function forward(joints: readonly Joint[], angles: readonly number[]): Point[] {
  const points: Point[] = [{ x: 0, y: 0 }];
  let heading = 0;
  joints.forEach(({ length, min, max }, i) => {
    heading += clamp(angles[i], min, max);
    const last = points[points.length - 1];
    points.push({ x: last.x + length * Math.cos(heading), y: last.y + length * Math.sin(heading) });
  });
  return points;
}
export function reach(angles: number[], joints: Joint[], goal: Point): number {
  "use ad";
  const points = forward(joints, angles);
  const tip = points.at(-1)!;
  const distance = (tip.x - goal.x) ** 2 + (tip.y - goal.y) ** 2;
  const effort = angles.reduce((sum, a) => sum + a * a, 0);
  return distance + 1e-2 * effort;
}`,
    args: [
      [0.3, 0.5, -0.2],
      [
        { length: 1, min: -1, max: 1 },
        { length: 0.8, min: -2, max: 2 },
        { length: 0.5, min: -0.1, max: 3 },
      ],
      { x: 1.2, y: 1 },
    ],
  },
  "a curve fit with robust loss": {
    text: `type Sample = [x: number, y: number, sigma?: number];
interface Peak { height: number; centre: number; width: number }
interface Params { peaks: Peak[]; baseline: number }
const gaussian = (x: number, { height, centre, width }: Peak) => height * Math.exp(-0.5 * ((x - centre) / width) ** 2);
const lorentzian = (x: number, { height, centre, width }: Peak) => height / (1 + ((x - centre) / width) ** 2);
const shapes = { gaussian, lorentzian };
function huber(r: number, delta = 1.345): number {
  const a = Math.abs(r);
  if (a <= delta) return 0.5 * r * r;
  return delta * (a - 0.5 * delta);
}
export function chiSquared(params: Params, data: { x: number; y: number; sigma?: number }[], shape: keyof typeof shapes = "gaussian"): number {
  "use ad";
  let total = 0;
  for (const { x, y, sigma = 0.5 } of data) {
    const model = params.baseline + params.peaks.map((peak) => shapes[shape](x, peak)).reduce((a, b) => a + b, 0);
    total += huber((y - model) / sigma);
  }
  return total / data.length;
}`,
    args: [
      {
        peaks: [
          { height: 2, centre: 1, width: 0.5 },
          { height: 1, centre: 3, width: 0.8 },
        ],
        baseline: 0.1,
      },
      [
        { x: 0.5, y: 1.1 },
        { x: 1, y: 5, sigma: 0.4 },
        { x: 2.8, y: 0.7 },
      ],
      "lorentzian",
    ],
  },
  "a neural network from scratch": {
    text: `class Layer {
  constructor(readonly weights: number[][], readonly biases: number[], readonly activation: (x: number) => number) {}
  forward(input: number[]): number[] {
    return this.weights.map((row, i) => this.activation(row.reduce((sum, w, j) => sum + w * input[j], this.biases[i])));
  }
}
class Network {
  private readonly layers: Layer[];
  constructor(layers: Layer[]) {
    this.layers = layers;
  }
  predict(input: number[]): number[] {
    return this.layers.reduce((x, layer) => layer.forward(x), input);
  }
}
function softmax(logits: number[]): number[] {
  const top = Math.max(...logits);
  const exps = logits.map((z) => Math.exp(z - top));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
}
interface Params { w1: number[][]; b1: number[]; w2: number[][]; b2: number[] }
export function crossEntropy(p: Params, inputs: number[][], labels: number[]): number {
  "use ad";
  const net = new Network([new Layer(p.w1, p.b1, Math.tanh), new Layer(p.w2, p.b2, (x) => x)]);
  let loss = 0;
  for (let i = 0; i < inputs.length; i++) {
    const probabilities = softmax(net.predict(inputs[i]));
    loss -= Math.log(probabilities[labels[i]]);
  }
  return loss / inputs.length;
}`,
    args: [
      { w1: [[0.1, -0.2], [0.4, 0.3], [-0.3, 0.2]], b1: [0, 0.1, -0.1], w2: [[0.2, 0.3, -0.1], [-0.4, 0.1, 0.5]], b2: [0.1, 0] }, // prettier-ignore
      [
        [1, 0.5],
        [-0.5, 2],
      ],
      [0, 1],
    ],
  },
  "graph layout": {
    text: `interface GraphNode { id: string; x: number; y: number; fixed?: boolean }
interface Edge { source: number; target: number; weight: number }
export function stress(nodes: GraphNode[], edges: Edge[], { repulsion = 0.1, length = 1 }: { repulsion?: number; length?: number } = {}): number {
  "use ad";
  const dist = (a: GraphNode, b: GraphNode) => Math.hypot(a.x - b.x, a.y - b.y) + 1e-9;
  let energy = 0;
  for (const { source, target, weight } of edges) {
    const d = dist(nodes[source], nodes[target]);
    energy += weight * (d - length) ** 2;
  }
  for (let i = 0; i < nodes.length; i++) {
    for (let j = i + 1; j < nodes.length; j++) {
      if (nodes[i].fixed && nodes[j].fixed) continue;
      energy += repulsion / dist(nodes[i], nodes[j]);
    }
  }
  const cx = nodes.map((n) => n.x).reduce((a, b) => a + b) / nodes.length;
  const cy = nodes.map((n) => n.y).reduce((a, b) => a + b) / nodes.length;
  return energy + 0.01 * (cx * cx + cy * cy);
}`,
    args: [
      [
        { id: "a", x: 0, y: 0.1 },
        { id: "b", x: 1, y: 0.5, fixed: true },
        { id: "c", x: -0.4, y: 1.2, fixed: true },
      ],
      [
        { source: 0, target: 1, weight: 1 },
        { source: 1, target: 2, weight: 2 },
      ],
    ],
  },
  "an audio filter": {
    text: `type FilterType = "lowpass" | "highpass" | "peaking";
interface Settings { type: FilterType; frequency: number; q: number; gain: number }
const SAMPLE_RATE = 44_100;
function coefficients({ type, frequency, q, gain }: Settings) {
  const w0 = (2 * Math.PI * frequency) / SAMPLE_RATE;
  const alpha = Math.sin(w0) / (2 * q);
  const cos = Math.cos(w0);
  const A = 10 ** (gain / 40);
  switch (type) {
    case "lowpass":
      return { b: [(1 - cos) / 2, 1 - cos, (1 - cos) / 2], a: [1 + alpha, -2 * cos, 1 - alpha] };
    case "highpass":
      return { b: [(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], a: [1 + alpha, -2 * cos, 1 - alpha] };
    default:
      return { b: [1 + alpha * A, -2 * cos, 1 - alpha * A], a: [1 + alpha / A, -2 * cos, 1 - alpha / A] };
  }
}
function biquad(input: Float64Array, settings: Settings): Float64Array {
  const { b, a } = coefficients(settings);
  const output = new Float64Array(input.length);
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let n = 0; n < input.length; n++) {
    const y = (b[0] * input[n] + b[1] * x1 + b[2] * x2 - a[1] * y1 - a[2] * y2) / a[0];
    [x2, x1] = [x1, input[n]];
    [y2, y1] = [y1, y];
    output[n] = y;
  }
  return output;
}
export function mismatch(settings: Settings, input: Float64Array, target: Float64Array): number {
  "use ad";
  const out = biquad(input, settings);
  return out.reduce((sum, y, n) => sum + (y - target[n]) ** 2, 0);
}`,
    args: [
      { type: "peaking", frequency: 1000, q: 0.7, gain: 6 },
      Float64Array.of(1, 0, 0.5, -0.25, 0.1),
      Float64Array.of(0.5, 0.4, 0.3, 0.2, 0.1),
    ],
  },
  "fitting a Bézier curve": {
    text: `class Vec {
  constructor(public readonly x: number, public readonly y: number) {}
  plus(other: Vec): Vec { return new Vec(this.x + other.x, this.y + other.y); }
  times(k: number): Vec { return new Vec(this.x * k, this.y * k); }
  minus(other: Vec): Vec { return this.plus(other.times(-1)); }
  dot(other: Vec): number { return this.x * other.x + this.y * other.y; }
  get lengthSquared(): number { return this.dot(this); }
  static lerp(a: Vec, b: Vec, t: number): Vec { return a.times(1 - t).plus(b.times(t)); }
}
function deCasteljau(points: Vec[], t: number): Vec {
  let level = points;
  for (let n = points.length - 1; n > 0; n--) {
    const next: Vec[] = [];
    for (let i = 0; i < n; i++) next.push(Vec.lerp(level[i], level[i + 1], t));
    level = next;
  }
  return level[0];
}
export function error(control: [number, number][], samples: [number, number][]): number {
  "use ad";
  const points = control.map(([x, y]) => new Vec(x, y));
  let total = 0;
  samples.forEach(([x, y], k) => {
    const t = k / (samples.length - 1);
    total += deCasteljau(points, t).minus(new Vec(x, y)).lengthSquared;
  });
  return total;
}`,
    args: [
      [[0, 0], [1, 2], [2, -1], [3, 0]],
      [[0, 0.1], [1, 0.5], [2, 0.2], [3, -0.1]],
    ], // prettier-ignore
  },
  "an epidemic model": {
    text: `interface Params { beta: number; gamma: number; sigma: number; i0: number }
type Compartments = { S: number; E: number; I: number; R: number };
type Derivative = { [K in keyof Compartments]: number };
const POPULATION = 1e4;
function rates({ S, E, I }: Compartments, { beta, gamma, sigma }: Params): Derivative {
  const infections = (beta * S * I) / POPULATION;
  return { S: -infections, E: infections - sigma * E, I: sigma * E - gamma * I, R: gamma * I };
}
function euler(y: Compartments, k: Derivative, h: number): Compartments {
  return { S: y.S + h * k.S, E: y.E + h * k.E, I: y.I + h * k.I, R: y.R + h * k.R };
}
function rk4(y: Compartments, p: Params, h: number): Compartments {
  const k1 = rates(y, p);
  const k2 = rates(euler(y, k1, h / 2), p);
  const k3 = rates(euler(y, k2, h / 2), p);
  const k4 = rates(euler(y, k3, h), p);
  const mean = (key: keyof Compartments) => (k1[key] + 2 * k2[key] + 2 * k3[key] + k4[key]) / 6;
  return euler(y, { S: mean("S"), E: mean("E"), I: mean("I"), R: mean("R") }, h);
}
export function fitError(params: Params, cases: number[]): number {
  "use ad";
  let y: Compartments = { S: POPULATION - params.i0, E: 0, I: params.i0, R: 0 };
  let sse = 0;
  for (const observed of cases) {
    for (let k = 0; k < 4; k++) y = rk4(y, params, 0.25);
    sse += (Math.sqrt(y.I) - Math.sqrt(observed)) ** 2;
  }
  return sse;
}`,
    args: [{ beta: 0.6, gamma: 0.2, sigma: 0.5, i0: 10 }, [12, 18, 26, 40]],
  },
  "a robot arm by matrices": {
    text: `type Mat4 = number[][];
interface DhRow { a: number; alpha: number; d: number }
const identity = (n: number): Mat4 => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
function multiply(A: Mat4, B: Mat4): Mat4 {
  return A.map((row) => B[0].map((_, j) => row.reduce((sum, v, k) => sum + v * B[k][j], 0)));
}
function transform(theta: number, { a, alpha, d }: DhRow): Mat4 {
  const [ct, st, ca, sa] = [Math.cos(theta), Math.sin(theta), Math.cos(alpha), Math.sin(alpha)];
  return [
    [ct, -st * ca, st * sa, a * ct],
    [st, ct * ca, -ct * sa, a * st],
    [0, sa, ca, d],
    [0, 0, 0, 1],
  ];
}
export function poseError(q: number[], table: DhRow[], goal: number[]): number {
  "use ad";
  let T = identity(4);
  for (let i = 0; i < q.length; i++) T = multiply(T, transform(q[i], table[i]));
  const position = [T[0][3], T[1][3], T[2][3]];
  return position.map((p, i) => (p - goal[i]) ** 2).reduce((a, b) => a + b, 0);
}`,
    args: [
      [0.2, -0.4, 0.7],
      [
        { a: 0, alpha: 1.5707, d: 0.4 },
        { a: 0.6, alpha: 0, d: 0 },
        { a: 0.5, alpha: -0.3, d: 0.1 },
      ],
      [0.5, 0.2, 0.6],
    ],
  },
};
