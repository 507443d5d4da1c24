// Checks of the chapter's puzzles.
import { hessian, matmul, sin, square, sum, type Tensor } from "downhill";
import {
  check,
  expectAllNear,
  expectNear,
  expectThat,
  f64,
  numberOf,
  numbersOf,
  type PuzzleChecks,
  short,
} from "../lab/judge.ts";

type Vector = readonly number[];

interface Newton {
  next(x: number, slope: number, curvature: number): unknown;
}

const newtonRun = (
  name: string,
  slope: (x: number) => number,
  curvature: (x: number) => number,
  from: number,
  minimum: number,
) =>
  check<Newton>(name, (mine) => {
    let x = from;
    for (let i = 0; i < 8; i++) x = numberOf(mine.next(x, slope(x), curvature(x)), "next(…)");
    expectNear(x, minimum, "The point after 8 steps", 1e-12);
  });

interface Product {
  product(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): unknown;
}

const wavy = (x: Tensor): Tensor => sum(square(sin(x))).add(x.at(0).mul(x.at(1)).square());

interface Fit {
  step(J: readonly Vector[], r: Vector): unknown;
}

/** Fits y = a·exp(b·t) by steps of the learner. */
function fit(mine: Fit, steps: number): number[] {
  const times = [0, 0.5, 1, 1.5, 2, 2.5];
  const data = times.map((t) => 2 * Math.exp(-0.7 * t));
  let [a, b] = [1, 0];
  for (let i = 0; i < steps; i++) {
    const r = times.map((t, k) => a * Math.exp(b * t) - data[k]!);
    const J = times.map((t) => [Math.exp(b * t), a * t * Math.exp(b * t)]);
    const [da, db] = numbersOf(mine.step(J, r), "step(…)", 2);
    [a, b] = [a + da!, b + db!];
  }
  return [a, b];
}

interface Solve {
  solve(times: (v: Vector) => number[], b: Vector): unknown;
}

const dot = (a: Vector, b: Vector): number => a.reduce((total, x, i) => total + x * b[i]!, 0);

/**
 * Product of a symmetric positive definite matrix with v: negative second differences, with zeros beyond both ends,
 * plus 0.01 v.
 */
function timesString(v: Vector): number[] {
  return v.map((x, i) => 2.01 * x - (v[i - 1] ?? 0) - (v[i + 1] ?? 0));
}

const solveCheck = (n: number) =>
  check<Solve>(`${n} unknowns: a residual of 1e-8 in ${n} products`, (mine) => {
    let products = 0;
    const times = (v: Vector): number[] => {
      products += 1;
      return timesString(v);
    };
    const b = Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
    const x = numbersOf(mine.solve(times, b), "solve(…)", n);
    expectThat(products <= n, `It took ${products} products.`);
    const rest = timesString(x).map((value, i) => value - b[i]!);
    const size = Math.sqrt(dot(rest, rest));
    expectThat(size < 1e-8, `The residual has the size ${short(size)}.`);
  });

interface Pair {
  readonly s: Vector;
  readonly y: Vector;
}

interface Direction {
  direction(gradient: Vector, pairs: readonly Pair[]): unknown;
}

const matrix = [
  [4, 1, 0],
  [1, 3, 0.5],
  [0, 0.5, 9],
];
const times = (v: Vector): number[] => matrix.map((row) => dot(row, v));
const pairs: readonly Pair[] = [
  [1, 0.2, -0.3],
  [0.1, 1, 0.4],
  [-0.2, 0.3, 1],
].map((s) => ({ s, y: times(s) }));

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "newton-step": {
    checks: [
      check<Newton>("one step to the minimum of a parabola", (mine) =>
        expectNear(mine.next(5, 8, 4), 3, "next(5, 8, 4)"),
      ),
      newtonRun(
        "8 steps on x − log x, from 0.5 to 1",
        (x) => 1 - 1 / x,
        (x) => 1 / x ** 2,
        0.5,
        1,
      ),
      newtonRun(
        "8 steps on exp x − 2x, from 0 to log 2",
        (x) => Math.exp(x) - 2,
        (x) => Math.exp(x),
        0,
        Math.LN2,
      ),
    ],
    mistakes: [
      "function next(x, slope, curvature) { return -slope / curvature; }",
      "function next(x, slope, curvature) { return x - slope * curvature; }",
    ],
  },
  "hessian-vector": {
    checks: [
      check<Product>("the product equals that with the whole Hessian", (mine) => {
        const [x, v] = [f64([0.3, -1, 2]), f64([1, 0.5, -2])];
        const wanted = matmul(hessian(wavy)(x), v).tolist() as number[];
        expectAllNear(mine.product(wavy, x, v), wanted, "The product");
      }),
      check<Product>("one call of f for 1,000 inputs", (mine) => {
        let calls = 0;
        const f = (x: Tensor): Tensor => {
          calls += 1;
          return sum(square(square(x)));
        };
        const ones = Array.from({ length: 1000 }, () => 1);
        expectAllNear(
          mine.product(f, f64(ones), f64(ones)),
          ones.map(() => 12),
          "The product",
        );
        expectThat(calls === 1, `f was called ${calls} times.`);
      }),
    ],
    mistakes: [
      'import { hessian, matmul } from "downhill"; function product(f, x, v) { return matmul(hessian(f)(x), v.mul(2)); }',
    ],
  },
  "gauss-newton": {
    checks: [
      check<Fit>("one step on a linear problem is exact", (mine) =>
        expectAllNear(
          mine.step(
            [
              [1, 0],
              [1, 1],
              [1, 2],
            ],
            [-1, -3, -5],
          ),
          [1, 2],
          "The step",
        ),
      ),
      check<Fit>("eight steps fit an exponential curve", (mine) =>
        expectAllNear(fit(mine, 8), [2, -0.7], "The parameters after eight steps", 1e-9),
      ),
    ],
    mistakes: [
      "function step(J, r) { let a = 0, c = 0, p = 0, q = 0; for (let i = 0; i < r.length; i++) { const [u, v] = J[i]; a += u * u; c += v * v; p -= u * r[i]; q -= v * r[i]; } return [p / a, q / c]; }",
    ],
  },
  "conjugate-gradients": {
    checks: [solveCheck(8), solveCheck(30)],
    mistakes: [
      "const dot = (a, b) => a.reduce((s, x, i) => s + x * b[i], 0); function solve(times, b) { let x = b.map(() => 0), r = b, d = b; for (let k = 0; k < b.length; k++) { const Hd = times(d), a = dot(r, d) / dot(d, Hd); x = x.map((xi, i) => xi + a * d[i]); const n = r.map((ri, i) => ri - a * Hd[i]); const beta = dot(r, r) / dot(n, n); d = n.map((ri, i) => ri + beta * d[i]); r = n; } return x; }",
    ],
  },
  "two-loops": {
    checks: [
      check<Direction>("without pairs it is the direction of gradient descent", (mine) =>
        expectAllNear(mine.direction([1, -2, 3], []), [-1, 2, -3], "The direction"),
      ),
      check<Direction>("the newest pair: the gradient y leads to the step −s", (mine) => {
        const { s, y } = pairs.at(-1)!;
        expectAllNear(
          mine.direction(y, pairs),
          s.map((x) => -x),
          "The direction for the gradient y",
        );
      }),
      check<Direction>("it goes down, for a gradient that no pair has seen", (mine) => {
        const gradient = [2, -1, 0.5];
        const slope = dot(gradient, numbersOf(mine.direction(gradient, pairs), "direction(…)", 3));
        expectThat(slope < 0, `The slope along the direction is ${short(slope)}; it should be below 0.`);
      }),
      check<Direction>("15 steps of L-BFGS on a parabola arrive", (mine) => {
        let x: Vector = [1, -2, 1];
        const memory: Pair[] = [];
        for (let i = 0; i < 15 && dot(times(x), times(x)) > 1e-24; i++) {
          const gradient = times(x);
          const d = numbersOf(mine.direction(gradient, memory.slice(-5)), "direction(…)", 3);
          const length = -dot(gradient, d) / dot(d, times(d));
          const s = d.map((one) => length * one);
          x = x.map((one, k) => one + s[k]!);
          memory.push({ s, y: times(s) });
        }
        const size = Math.sqrt(dot(x, x));
        expectThat(size < 1e-8, `The distance from the minimum is ${short(size)}.`);
      }),
    ],
    mistakes: [
      "const dot = (a, b) => a.reduce((s, x, i) => s + x * b[i], 0); function direction(g, pairs) { let q = g; const as = []; for (let k = pairs.length - 1; k >= 0; k--) { const { s, y } = pairs[k]; as[k] = dot(s, q) / dot(y, s); q = q.map((qi, i) => qi - as[k] * y[i]); } for (const [k, { s, y }] of pairs.entries()) { const b = dot(y, q) / dot(y, s); q = q.map((qi, i) => qi + as[k] * s[i] + b * s[i]); } return q.map((qi) => -qi); }",
    ],
  },
};
