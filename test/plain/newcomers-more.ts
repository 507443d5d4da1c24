// Programs of newcomers, continued: arrays, functions, classes and types.
import type { NewcomerProgram } from "./newcomers.ts";

const line = [0.5, 1.25, -0.75, 2];

export const moreNewcomers: Readonly<Record<string, NewcomerProgram>> = {
  "the median by sort": {
    text: `export function median(xs: number[]) {
  "use ad";
  const sorted = [...xs].sort((a, b) => a - b);
  const mid = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 0 ? (sorted[mid - 1] + sorted[mid]) / 2 : sorted[mid];
}`,
    args: [line],
  },
  "a typed array that is sorted": {
    text: `export function wasserstein(x: Float64Array, y: Float64Array) {
  "use ad";
  const a = x.slice().sort();
  const b = Float64Array.from(y).sort();
  let d = 0;
  for (let i = 0; i < a.length; i++) d += Math.abs(a[i] - b[i]);
  return d / a.length;
}`,
    args: [Float64Array.from(line), Float64Array.from([0.25, -1, 3, 1])],
    wrt: [0, 1],
  },
  "points in the order of a field": {
    text: `interface Point { x: number; y: number }
export function polygonArea(points: Point[]) {
  "use ad";
  const sorted = points.slice().sort((p, q) => p.x - q.x);
  let area = 0;
  for (let i = 1; i < sorted.length; i++) {
    area += 0.5 * (sorted[i].x - sorted[i - 1].x) * (sorted[i].y + sorted[i - 1].y);
  }
  return area;
}`,
    args: [
      [
        { x: 1, y: 2 },
        { x: 0.5, y: 1 },
        { x: 2, y: 0.25 },
      ],
    ],
  },
  "filter and reduce": {
    text: `export function hinge(scores: number[], labels: number[]) {
  "use ad";
  const margins = scores.map((s, i) => 1 - s * labels[i]).filter((m) => m > 0);
  return margins.reduce((a, b) => a + b, 0) / Math.max(1, margins.length);
}`,
    args: [line, [1, -1, 1, -1]],
  },
  "the index of the largest": {
    text: `export function crossEntropy(logits: number[], label: number) {
  "use ad";
  const top = Math.max(...logits);
  const best = logits.indexOf(top);
  const z = logits.map((l) => Math.exp(l - top)).reduce((a, b) => a + b, 0);
  return Math.log(z) - (logits[label] - top) + 0.1 * logits[best];
}`,
    args: [line, 1],
  },
  "findIndex for a segment": {
    text: `export function interpolate(xs: number[], ys: number[], x: number) {
  "use ad";
  let i = xs.findIndex((v) => v > x);
  if (i < 1) i = xs.length - 1;
  const t = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
  return ys[i - 1] + t * (ys[i] - ys[i - 1]);
}`,
    args: [[0, 1, 2, 3], [1, 4, 9, 16], 1.25],
    wrt: [1, 2],
  },
  "includes and concat": {
    text: `const fixed = [0, 3];
export function energy(free: number[], ends: number[]) {
  "use ad";
  const all = ends.concat(free);
  let e = 0;
  for (let i = 1; i < all.length; i++) {
    const k = fixed.includes(i) ? 2 : 1;
    e += k * (all[i] - all[i - 1]) ** 2;
  }
  return e;
}`,
    args: [line, [0.1, 0.2]],
    wrt: [0, 1],
  },
  "reverse and flat": {
    text: `export function horner(coefficients: number[], x: number, extra: number[][]) {
  "use ad";
  const all = coefficients.concat(extra.flat());
  return all.reverse().reduce((sum, c) => sum * x + c, 0);
}`,
    args: [
      line,
      0.5,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    wrt: [0, 1, 2],
  },
  "parameters in one typed array": {
    text: `export function mlp(theta: Float64Array, x: number) {
  "use ad";
  const w1 = theta.subarray(0, 3);
  const b1 = theta.subarray(3, 6);
  const w2 = theta.subarray(6, 9);
  let y = theta[9];
  for (let i = 0; i < 3; i++) y += w2[i] * Math.tanh(w1[i] * x + b1[i]);
  return y;
}`,
    args: [Float64Array.from({ length: 10 }, (_, i) => Math.sin(i + 1)), 0.5],
    wrt: [0, 1],
  },
  "the best so far, null at first": {
    text: `export function softMax(xs: number[], t: number) {
  "use ad";
  let best: number | null = null;
  for (const x of xs) {
    if (best === null || x > best) best = x;
  }
  if (best === null) return 0;
  let s = 0;
  for (const x of xs) s += Math.exp((x - best) / t);
  return best + t * Math.log(s);
}`,
    args: [line, 0.5],
    wrt: [0, 1],
  },
  "an option that may be null": {
    text: `export function penalised(w: number[], lambda: number | null) {
  "use ad";
  const s = w.reduce((sum, x) => sum + Math.sin(x), 0);
  if (lambda === null) return s;
  return s + lambda * w.reduce((sum, x) => sum + x * x, 0);
}`,
    args: [line, 0.5],
    wrt: [0],
  },
  "pixels as bytes": {
    text: `export function brightness(gain: number, pixels: Uint8Array) {
  "use ad";
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += Math.tanh((gain * pixels[i]) / 255);
  return sum / pixels.length;
}`,
    args: [1.5, Uint8Array.from([0, 10, 200, 255])],
  },
  "a default export": {
    text: `export default function (x: number) {
  "use ad";
  return Math.sin(x) * x;
}`,
    args: [0.75],
  },
  "a factory of functions": {
    text: `function makeGaussian(mu: number, sigma: number) {
  return (x: number) => Math.exp(-0.5 * ((x - mu) / sigma) ** 2);
}
export function mixture(x: number, mu: number, sigma: number) {
  "use ad";
  const first = makeGaussian(mu, sigma);
  const second = makeGaussian(mu + 1, 2 * sigma);
  return 0.5 * first(x) + 0.5 * second(x);
}`,
    args: [0.75, 0.25, 1.5],
    wrt: [0, 1, 2],
  },
  "a method of a class": {
    text: `export class Model {
  forward(x: number, k: number): number {
    "use ad";
    return Math.tanh(k * x) + x;
  }
}`,
    args: [0.75, 1.5],
    wrt: [0, 1],
  },
  "frozen constants": {
    text: `const CONFIG = Object.freeze({ rate: 0.1 });
export function roughness(x: number, grid: number[]) {
  "use ad";
  let s = 0;
  for (const g of grid) s += CONFIG.rate * (g - x) ** 2;
  return s;
}`,
    args: [0.75, [1.5, 2]],
    wrt: [0, 1],
  },
  "a static method": {
    text: `class Maths {
  static square(x: number) { return x * x; }
}
export function loss(x: number) {
  "use ad";
  return Maths.square(x - 3) + 1;
}`,
    args: [0.75],
  },
  "helpers in a namespace import": {
    text: `import * as H from "./helpers.js";
export function loss(x: number[]) {
  "use ad";
  return H.sum(x.map(H.square)) * H.SCALE;
}`,
    args: [line],
    modules: {
      "./helpers.js": `export const SCALE = 0.5;
export const square = (x: number) => x * x;
export function sum(xs: number[]) { let s = 0; for (const x of xs) s += x; return s; }`,
    },
  },
  "parameters in a Record": {
    text: `type Name = "alpha" | "beta";
export function loss(p: Record<Name, number>) {
  "use ad";
  return p.alpha ** 2 + Math.sin(p.beta) * p.alpha;
}`,
    args: [{ alpha: 0.5, beta: 1.5 }],
  },
  "Pick and Required": {
    text: `interface Car { mass: number; drag?: number; wheels: number }
export function stop(car: Required<Pick<Car, "mass" | "drag">>, v: number) {
  "use ad";
  let speed = v;
  for (let i = 0; i < 10; i++) speed -= (0.1 * car.drag * speed * speed) / car.mass;
  return speed;
}`,
    args: [{ mass: 2, drag: 0.5 }, 3],
    wrt: [0, 1],
  },
  "typeof of a value": {
    text: `const initial = { a: 1, b: [0.5, 0.25] };
export function loss(p: typeof initial) {
  "use ad";
  return p.a * p.b[0] + p.b[1] ** 2;
}`,
    args: [{ a: 0.5, b: [1.5, 2.5] }],
  },
  "first and rest": {
    text: `export function telescoping(xs: number[]) {
  "use ad";
  const [first, ...rest] = xs;
  let product = first;
  for (const x of rest) product = product * 0.5 + x * first;
  return product;
}`,
    args: [line],
  },
  "a helper of a package": {
    text: `import { clamp } from "tiny-maths";
export function loss(x: number) {
  "use ad";
  return clamp(x, 0, 1) * x;
}`,
    args: [0.75],
    modules: {
      "tiny-maths": `export function clamp(x, low, high) { return Math.min(Math.max(x, low), high); }`,
    },
  },
  "a recurrence": {
    text: `export function lstm(w: number[], xs: number[]) {
  "use ad";
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  let h = 0, c = 0;
  for (const x of xs) {
    const f = sigmoid(w[0] * x + w[1] * h);
    const g = Math.tanh(w[2] * x + w[3] * h);
    c = f * c + (1 - f) * g;
    h = Math.tanh(c);
  }
  return h;
}`,
    args: [[0.5, -0.25, 1, 0.75], line],
    wrt: [0, 1],
  },
  "a matrix product": {
    text: `function matmul(a: number[][], b: number[][]): number[][] {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
}
export function frobenius(a: number[][], b: number[][]) {
  "use ad";
  let s = 0;
  for (const row of matmul(a, b)) for (const x of row) s += x * x;
  return s;
}`,
    args: [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0.5, 0.25],
        [-1, 2],
      ],
    ],
    wrt: [0, 1],
  },
  "a sum over the keys of a record": {
    text: `export function norm(p: { a: number; b: number; c: number }) {
  "use ad";
  let s = 0;
  for (const key of ["a", "b", "c"] as const) s += p[key] ** 2;
  return Math.sqrt(s);
}`,
    args: [{ a: 1, b: 2, c: 3 }],
  },
  "a recursion": {
    text: `function power(x: number, n: number): number { return n === 0 ? 1 : x * power(x, n - 1); }
export function f(x: number) {
  "use ad";
  return power(x, 3);
}`,
    args: [1.5],
  },
};
