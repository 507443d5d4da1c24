// Checks of the chapter's puzzles.
import { sin, square, sum, type Tensor } from "downhill";
import {
  check,
  differenceTolerance,
  expectAllNear,
  expectNear,
  expectThat,
  f64,
  type PuzzleChecks,
  slopeByDifference,
} from "../lab/judge.ts";

type Dual = readonly [value: number, derivative: number];

/** Checks a rule of two operands against differences along the direction of the tangents. */
const ruleOfTwo = (
  name: string,
  f: (x: number, y: number) => number,
  cases: readonly (readonly [Dual, Dual])[],
) =>
  cases.map(([x, y]) =>
    check<Readonly<Record<string, (x: Dual, y: Dual) => unknown>>>(
      `${name}([${x.join(", ")}], [${y.join(", ")}]) equals the difference quotient`,
      (mine) => {
        const slope = slopeByDifference((t) => f(x[0] + t * x[1], y[0] + t * y[1]), 0);
        expectAllNear(mine[name]!(x, y), [f(x[0], y[0]), slope], "The pair", differenceTolerance);
      },
    ),
  );

const pairs: readonly (readonly [Dual, Dual])[] = [
  [
    [2, 1],
    [3, 0],
  ],
  [
    [2, 0],
    [3, 1],
  ],
  [
    [-1.5, 0.5],
    [0.8, -2],
  ],
];

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "rule-of-sin": {
    checks: (
      [
        [0.5, 1],
        [2, 3],
        [-1, 0],
      ] as const
    ).map(([x, dx]) =>
      check<{ sin(x: Dual): unknown }>(`sin([${x}, ${dx}]) equals the difference quotient`, (mine) =>
        expectAllNear(
          mine.sin([x, dx]),
          [Math.sin(x), slopeByDifference((t) => Math.sin(x + t * dx), 0)],
          "The pair",
          differenceTolerance,
        ),
      ),
    ),
    mistakes: [
      "function sin([x, dx]) { return [Math.sin(x), Math.cos(x)]; }",
      "function sin([x, dx]) { return [Math.sin(x), Math.cos(dx)]; }",
    ],
  },
  "product-rule": {
    checks: ruleOfTwo("mul", (x, y) => x * y, pairs),
    mistakes: ["function mul([x, dx], [y, dy]) { return [x * y, x * dx + y * dy]; }"],
  },
  "quotient-rule": {
    checks: ruleOfTwo("div", (x, y) => x / y, pairs),
    mistakes: ["function div([x, dx], [y, dy]) { return [x / y, dx / dy]; }"],
  },
  "dual-loop": {
    checks: [2, 9, 0.25].map((a) =>
      check<{ root(a: number): unknown }>(`root(${a}) and its derivative`, (mine) =>
        expectAllNear(mine.root(a), [Math.sqrt(a), 0.5 / Math.sqrt(a)], `root(${a})`),
      ),
    ),
    mistakes: [
      "function root(a) { let x = a, dx = 1; for (let i = 0; i < 30; i++) { x = (x + a / x) / 2; dx = (dx + 1 / x) / 2; } return [x, dx]; }",
    ],
  },
  "one-pass": {
    checks: [
      check<{ along(f: (x: Tensor) => Tensor, at: Tensor, to: Tensor): unknown }>(
        "the derivative along a direction in 3 inputs",
        (mine) => {
          const f = (x: Tensor): Tensor => sum(square(sin(x)));
          const [at, to] = [
            [0.3, 1, -0.5],
            [1, -2, 0.5],
          ] as const;
          const slope = at.reduce((total, x, i) => total + Math.sin(2 * x) * to[i]!, 0);
          expectNear(mine.along(f, f64(at), f64(to)), slope, "The derivative");
        },
      ),
      check<{ along(f: (x: Tensor) => Tensor, at: Tensor, to: Tensor): unknown }>(
        "one call of f for 100 inputs",
        (mine) => {
          let calls = 0;
          const f = (x: Tensor): Tensor => {
            calls += 1;
            return sum(square(x));
          };
          const ones = Array.from({ length: 100 }, () => 1);
          expectNear(mine.along(f, f64(ones), f64(ones)), 200, "The derivative");
          expectThat(calls === 1, `f was called ${calls} times.`);
        },
      ),
    ],
    mistakes: [
      'import { jvp } from "downhill"; function along(f, point, direction) { return jvp(f, [point], [direction])[0]; }',
    ],
  },
};
