// Checks of the chapter's puzzles.
import { grad, type Tensor, tensor } from "downhill";
import {
  check,
  expectAllNear,
  expectThat,
  numberOf,
  numbersOf,
  type PuzzleChecks,
  short,
} from "../lab/judge.ts";

type Point = readonly number[];
interface Step {
  step(point: Point, gradient: Point, rate: number): unknown;
}

const bowl = (p: Tensor): Tensor => p.at(0).square().add(p.at(1).sub(1).square().mul(3)).div(2);
const bowlSlope = grad(bowl) as (p: Tensor) => Tensor;

/** Distance from the minimum after steps on λx²/2 from 1. */
function distanceAfter(steps: number, rate: number, curvature: number): number {
  return Math.abs(1 - rate * curvature) ** steps;
}

const rateFor = (mine: { rate(curvature: number): unknown }, curvature: number): number =>
  numberOf(mine.rate(curvature), `rate(${curvature})`);

/** Steps until both directions of a bowl have shrunk to a millionth. */
function stepsOnBowl(rate: number, low: number, high: number): number {
  const factor = Math.max(Math.abs(1 - rate * low), Math.abs(1 - rate * high));
  return factor < 1 ? Math.ceil(Math.log(1e-6) / Math.log(factor)) : Infinity;
}

interface Search {
  rate(f: (point: Point) => number, point: Point, gradient: Point): unknown;
}

/** Landscapes whose good rates differ by five orders of magnitude, with their gradients. */
const landscapes: readonly {
  readonly name: string;
  readonly f: (p: Point) => number;
  readonly gradient: (p: Point) => Point;
  readonly goal: number;
}[] = [
  { name: "a steep parabola", f: ([x]) => 2000 * x! ** 2, gradient: ([x]) => [4000 * x!], goal: 1e-3 },
  {
    name: "a flat bowl",
    f: ([x, y]) => 0.05 * (x! ** 2 + y! ** 2),
    gradient: ([x, y]) => [0.1 * x!, 0.1 * y!],
    goal: 1e-6,
  },
  {
    name: "Rosenbrock's valley",
    f: ([x, y]) => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
    gradient: ([x, y]) => [-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)],
    goal: 0.5,
  },
];

const searchCheck = ({ name, f, gradient, goal }: (typeof landscapes)[number]) =>
  check<Search>(`${name}: every step goes down, and 200 steps arrive`, (mine) => {
    let p: Point = [-1.2, 1].slice(0, gradient([1, 1]).length);
    for (let i = 0; i < 200 && f(p) > goal; i++) {
      const slope = gradient(p);
      const rate = numberOf(mine.rate(f, p, slope), "rate(…)");
      const next = p.map((x, k) => x - rate * slope[k]!);
      expectThat(
        f(next) < f(p),
        `Step ${i + 1} at the rate ${short(rate)} goes from ${short(f(p))} to ${short(f(next))}.`,
      );
      p = next;
    }
    expectThat(f(p) <= goal, `After 200 steps the value is ${short(f(p))}; it should be below ${goal}.`);
  });

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "one-step": {
    checks: [
      check<Step>("one step from (1, 2)", (mine) =>
        expectAllNear(mine.step([1, 2], [4, -2], 0.1), [0.6, 2.2], "step([1, 2], [4, -2], 0.1)"),
      ),
      check<Step>("a step of three coordinates", (mine) =>
        expectAllNear(mine.step([0, 0, 0], [1, 2, 3], 0.5), [-0.5, -1, -1.5], "The step"),
      ),
      check<Step>("60 steps arrive at the minimum of a bowl", (mine) => {
        let p: Point = [-3, 2];
        for (let i = 0; i < 60; i++)
          p = numbersOf(
            mine.step(p, bowlSlope(tensor([...p], { dtype: "float64" })).tolist() as number[], 0.4),
            "step(…)",
            2,
          );
        expectAllNear(p, [0, 1], "The last point", 1e-6);
      }),
    ],
    mistakes: [
      "function step(point, gradient, rate) { return point.map((x, i) => x + rate * gradient[i]); }",
      "function step(point, gradient, rate) { return gradient.map((g) => -rate * g); }",
    ],
  },
  "make-it-diverge": {
    checks: [1, 4, 25].flatMap((curvature) => [
      check<{ rate(curvature: number): unknown }>(
        `at the curvature ${curvature} the run moves away`,
        (mine) => {
          const rate = rateFor(mine, curvature);
          const distance = distanceAfter(1000, rate, curvature);
          expectThat(
            distance > 1,
            `At the rate ${short(rate)} the distance goes from 1 to ${short(distance)} in 1,000 steps.`,
          );
        },
      ),
      check<{ rate(curvature: number): unknown }>(
        `at the curvature ${curvature} a rate 1 % lower converges`,
        (mine) => {
          const rate = rateFor(mine, curvature) / 1.01;
          const distance = distanceAfter(1000, rate, curvature);
          expectThat(
            distance <= 1,
            `At the rate ${short(rate)} the run still moves away: your rate can be lower.`,
          );
        },
      ),
    ]),
    mistakes: [
      "function rate(curvature) { return 3 / curvature; }",
      "function rate(curvature) { return 2.01; }",
    ],
  },
  "best-rate": {
    checks: (
      [
        [1, 10],
        [2, 3],
        [0.1, 20],
      ] as const
    ).map(([low, high]) =>
      check<{ rate(low: number, high: number): unknown }>(
        `the fewest steps for ${low} and ${high}`,
        (mine) => {
          const steps = stepsOnBowl(numberOf(mine.rate(low, high), `rate(${low}, ${high})`), low, high);
          const fewest = stepsOnBowl(2 / (low + high), low, high);
          expectThat(
            steps <= fewest,
            `${steps === Infinity ? "The run never arrives" : `It takes ${steps} steps`}; ${fewest} are possible.`,
          );
        },
      ),
    ),
    mistakes: [
      "function rate(low, high) { return 2 / high; }",
      "function rate(low, high) { return 1 / (low + high); }",
    ],
  },
  "line-search": {
    checks: landscapes.map(searchCheck),
    mistakes: ["function rate(f, point, gradient) { return 1e-4; }"],
  },
};
