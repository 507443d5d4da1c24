// Programs whose types are generic, mapped or computed, and objects with fields that derivatives leave out.
import type { NewcomerProgram } from "./newcomers.ts";

export const typedNewcomers: Readonly<Record<string, NewcomerProgram>> = {
  "bodies with names": {
    text: `interface Body { name: string; tags?: readonly string[]; colour: { hex: string }; mass: number; at: [number, number] }
export function energy(bodies: Body[], g = 9.81): number {
  "use ad";
  let e = 0;
  const ground: Body = { name: "ground", colour: { hex: "#000" }, mass: 2, at: [0, -1] };
  const moved: Body[] = bodies.map((b) => ({ ...b, mass: b.mass * 1.5 }));
  moved.push({ name: "probe", colour: { hex: "#fff" }, mass: 0.5, at: [1, g] });
  for (const b of [ground, ...moved]) e += b.mass * g * b.at[1] + Math.hypot(...b.at);
  return e;
}`,
    args: [
      [
        { name: "a", colour: { hex: "#f00" }, mass: 2, at: [1, 2] },
        { name: "b", tags: ["x"], colour: { hex: "#0f0" }, mass: 3, at: [-1, 0.5] },
      ],
      9,
    ],
  },
  "bodies of the module with names": {
    text: `type Label = string | null;
interface Body { label: Label; mass: number; log?: () => void }
const bodies: Body[] = [{ label: "sun", mass: 3 }, { label: null, mass: 2 }];
export function total(x: number): number {
  "use ad";
  const own = { label: "own", mass: x };
  let sum = 0;
  for (const b of [own, ...bodies]) sum += b.mass ** 2 * x;
  return sum;
}`,
    args: [2],
  },
  "activations by name": {
    text: `const relu = (x: number) => Math.max(0, x);
function softplus(x: number): number { return Math.log1p(Math.exp(x)); }
const activations = { relu, softplus, tanh: Math.tanh, square(x: number) { return x * x; } };
type Activation = keyof typeof activations;
interface Options { activation?: Activation; scale?: number }
export function neuron(w: number[], x: number[], { activation = "softplus", scale = 2 }: Options = {}): number {
  "use ad";
  let z = 0;
  for (let i = 0; i < w.length; i++) z += w[i] * x[i];
  return scale * activations[activation](z);
}`,
    args: [[0.5, -0.25], [1, 2], { activation: "square" }],
  },
  "a list of kinds": {
    text: `const kinds = ["linear", "quadratic", "cubic"] as const;
type Kind = (typeof kinds)[number];
const layers = [{ kind: "linear", gain: 2 }, { kind: "cubic", gain: 0.5 }] as const;
const degree: Record<Kind, number> = { linear: 1, quadratic: 2, cubic: 3 };
export function response(x: number, kind: Kind): number {
  "use ad";
  let y = x ** degree[kind];
  for (const layer of layers) y = layer.kind === "cubic" ? layer.gain * y ** 3 : layer.gain * y;
  return y;
}`,
    args: [1.5, "quadratic"],
  },
  "generic and mapped types": {
    text: `interface Vec<T = number> { x: T; y: T }
type Pair<A, B = A> = { first: A; second: B };
interface Weighted<T> extends Pair<Vec<T>> { weight: number }
type Names = "k" | "c";
type Limits = { readonly [K in Names]: number };
type Gains<T> = { [K in keyof T]: T[K] };
export function spring(p: Weighted<number>, limits: Limits, gains: Gains<Vec>): number {
  "use ad";
  const { first, second } = p;
  const stretch = Math.hypot(first.x - second.x, first.y - second.y);
  return p.weight * limits.k * stretch ** 2 + limits.c * stretch * gains.x - gains.y;
}`,
    args: [
      { first: { x: 1, y: 2 }, second: { x: 0.5, y: -1 }, weight: 2 },
      { k: 3, c: 0.5 },
      { x: 2, y: 1 },
    ],
    wrt: [0, 1, 2],
  },
  "tables of the module": {
    text: `const masses: Record<string, number> = { H: 1.008, O: 15.999 };
const limits = { low: 0.1, high: 2 } satisfies { [name: string]: number };
export function water(bonds: number[], element: "H" | "O"): number {
  "use ad";
  const k: Record<string, number> = { OH: 2, HH: 0.5 };
  const [a, b] = bonds;
  return k.OH * (a - limits.low) ** 2 + k["HH"] * (b - limits.high) ** 2 + (masses.O + masses[element]) * a * b;
}`,
    args: [[1, 1.5], "H"],
  },
};
