// Arguments for the functions of functions.ts, fields.ts and methods.ts, small enough for tests, with the indices of
// the differentiated ones.
import { seeded } from "../support/sampling.ts";
import * as fields from "./fields.ts";
import * as functions from "./functions.ts";
import * as methods from "./methods.ts";

export interface PlainCase {
  readonly name: string;
  readonly f: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  /** Indices of the differentiated arguments. */
  readonly wrt: readonly number[];
}

const random = seeded(7);
const numbers = (n: number, low = -1, high = 1): number[] =>
  Array.from({ length: n }, () => low + (high - low) * random());
const typed = (n: number, low = -1, high = 1): Float64Array => Float64Array.from(numbers(n, low, high));
const rows = (n: number, m: number, low = -1, high = 1): number[][] =>
  Array.from({ length: n }, () => numbers(m, low, high));
const labels = (n: number): Float64Array => typed(n).map((x) => (x > 0 ? 1 : -1));

/** Type-checked arguments of a function. */
function given<A extends unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  wrt: readonly number[] = [0],
): PlainCase {
  return { name: f.name, f, args, wrt };
}

/** Functions with hand-written gradients. */
export const byHand: readonly PlainCase[] = [
  given(functions.regression, [{ w: numbers(4), b: 0.3 }, typed(4 * 7), typed(7)]),
  given(functions.logistic, [{ w: numbers(3), b: 0.1 }, typed(3 * 9, -3, 3), labels(9)]),
  given(functions.product, [typed(16), typed(16), 4], [0, 1]),
  given(functions.convolution, [typed(12), typed(4), typed(9)], [0, 1]),
  given(functions.pendulum, [{ angle: 1, gravity: 9.81, damping: 0.1 }, 40]),
  given(functions.softDtw, [typed(5), typed(7), 0.5], [0, 1]),
  given(functions.alignment, [typed(6), typed(8), 0.3], [0, 1, 2]),
  given(functions.mixture, [{ alpha: typed(3), mu: typed(6), logs: typed(6, -0.2, 0.2) }, typed(20), 2]),
  given(functions.bodies, [typed(15, 0, 4), typed(5, 0.5, 1.5)], [0, 1]),
  given(functions.barrier, [typed(12, 0.1, 12)]),
  given(functions.sumOfSquares, [typed(9)]),
  given(functions.rosenbrock, [typed(8)]),
  given(functions.newton, [5, 2], [0, 1]),
];

const spring = (from: number, to: number, rest: number): fields.Spring => ({ from, to, rest, stiffness: 3 });
const sphere = (x: number, y: number, z: number, radius: number): fields.Sphere => ({
  x,
  y,
  z,
  radius,
  shine: 0.5,
});

export const fromFields: readonly PlainCase[] = [
  given(fields.binomialTree, [{ spot: 100, strike: 103, rate: 0.03, volatility: 0.25, years: 0.7 }, 12]),
  given(fields.crankNicolson, [{ spot: 1, strike: 1.05, rate: 0.04, volatility: 0.3, years: 1 }, 21, 6]),
  given(fields.kalman, [{ process: 0.4, measurement: 0.7 }, numbers(9, 0, 3), 0.5], [0, 1]),
  given(fields.hiddenMarkov, [rows(3, 3), numbers(3, -2, 2), numbers(8, -2, 2)], [0, 1]),
  given(fields.randomField, [rows(5, 3), rows(3, 3), [0, 2, 1, 1, 0]], [0, 1]),
  given(
    fields.armReach,
    [
      [0.7, -1.4, 0.4, 1.1],
      [1, 0.8, 0.5, 0.3],
      [0.9, 1.1],
    ],
    [0, 1, 2],
  ),
  given(fields.cartPole, [Float64Array.of(0.05, 0.1, 1.2, 0.3), 60]),
  given(fields.springEnergy, [
    [0, 1, 2, 3].map((i) => ({ x: i, y: 0.3 * i * i })),
    [spring(0, 1, 0.4), spring(1, 2, 0.9), spring(0, 2, 9), spring(2, 3, 1)],
  ]),
  given(
    fields.shading,
    [
      [sphere(0.1, 0.05, 2, 0.6), sphere(-0.3, -0.2, 1.4, 0.35)],
      [0.3, 0.5, -0.8],
    ],
    [0, 1],
  ),
  given(fields.curveLength, [numbers(6, 0, 5), numbers(6, 0, 5), 5], [0, 1]),
  given(
    fields.lotkaVolterra,
    [{ births: 1.1, hunts: 0.4, gains: 0.1, deaths: 0.4 }, rows(4, 2, 2, 9)],
    [0, 1],
  ),
  given(fields.epidemicPeak, [0.6, 0.2, 0.08], [0, 1, 2]),
  given(fields.controller, [{ p: 2.5, i: 0.7, d: 0.2 }, 30]),
  given(
    fields.gaussSeidel,
    [rows(4, 4).map((row, i) => row.map((x, j) => (i === j ? 5 + x : x))), numbers(4), 40],
    [0, 1],
  ),
  given(fields.gaussianProcess, [1.3, 0.7, numbers(6, 0, 4), numbers(6)], [0, 1, 2, 3]),
  given(fields.eliminate, [rows(5, 5), numbers(5)], [0, 1]),
  given(fields.spectrum, [typed(16), 3]),
  given(fields.middleMean, [numbers(11)]),
  given(fields.lamp, [0.35, 0.11, 40], [0, 1]),
  given(fields.eigenvalue, [
    rows(4, 4).map((row, i, all) => row.map((x, j) => (i === j ? 2 * i : 0.3 * (x + all[j]![i]!)))),
    12,
  ]),
  given(
    fields.portfolio,
    [
      [0.4, 0.01, 0.3, 0.5].map((weight, i) => ({ weight, mean: 0.05 + 0.02 * i, risk: 0.1 + 0.05 * i })),
      { aversion: 3, floor: 0.05 },
    ],
    [0, 1],
  ),
];

const ball = (center: methods.Ball["center"], radius: number): methods.Ball => ({
  center,
  radius,
  albedo: 0.8,
});
const particle = (x: number, y: number, mass: number): methods.Particle => ({
  position: [x, y],
  velocity: [0.1 * y, -0.2 * x],
  mass,
});

export const fromMethods: readonly PlainCase[] = [
  given(
    methods.shade,
    [
      [0, 0, -5],
      [0.1, 0.05, 0.99373],
      [ball([3, 0, 2], 1), ball([0.2, 0.1, 0], 1), ball([0.3, 0.1, 4], 2)],
      [5, 5, -5],
    ],
    [0, 1, 2, 3],
  ),
  given(methods.tridiagonal, [numbers(5), numbers(5, 3, 5), numbers(5), numbers(5)], [0, 1, 2, 3]),
  given(methods.polynomialFit, [numbers(4), typed(6), typed(6)], [0, 1, 2]),
  given(methods.markovChance, [rows(3, 3), rows(3, 2), Int32Array.of(0, 1, 1, 0, 1)], [0, 1]),
  given(methods.attention, [rows(3, 2), rows(3, 2), rows(3, 4)], [0, 1, 2]),
  given(
    methods.sharpeRatio,
    [
      [0.3, 0.7],
      [0.1, 0.05],
      [
        [2, 0.3],
        [0.3, 1],
      ],
    ],
    [0, 1, 2],
  ),
  given(methods.reach, [
    [
      { angle: 0.5, twist: 0.3, length: 1, offset: 0.2 },
      { angle: 1.1, twist: -0.7, length: 0.5, offset: 0.1 },
    ],
  ]),
  given(methods.swarm, [[particle(0, 0, 1), particle(1, 0.2, 2), particle(-0.5, 1, 0.5)], 5]),
  given(methods.volatility, [{ omega: 0.1, alpha: 0.1, beta: 0.8 }, typed(9)], [0, 1]),
  given(methods.clusters, [rows(2, 2), rows(6, 2)], [0, 1]),
];
