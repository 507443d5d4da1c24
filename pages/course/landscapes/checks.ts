// Checks of the chapter's puzzles.
import { seededRandom } from "../lab/random.ts";
import {
  check,
  expectAllNear,
  expectThat,
  numberOf,
  numbersOf,
  type PuzzleChecks,
  short,
} from "../lab/judge.ts";

interface Search {
  search(f: (x: number) => number, descend: (x: number) => number, random: () => number): unknown;
}

/** A wavy valley whose lowest minimum is near `low`. */
const wavy =
  (low: number) =>
  (x: number): number =>
    0.2 * (x - low) ** 2 - 2 * Math.cos(4 * (x - low));
const wavySlope =
  (low: number) =>
  (x: number): number =>
    0.4 * (x - low) + 8 * Math.sin(4 * (x - low));

const searchCheck = (low: number, seed: number) =>
  check<Search>(`the lowest minimum of landscape ${seed}, with at most 40 runs`, (mine) => {
    let runs = 0;
    const descend = (start: number): number => {
      runs += 1;
      if (runs > 40) throw new Error("descend was called more than 40 times.");
      let x = start;
      for (let i = 0; i < 200; i++) x -= 0.02 * wavySlope(low)(x);
      return x;
    };
    const x = numberOf(mine.search(wavy(low), descend, seededRandom(seed)), "search(…)");
    expectThat(
      Math.abs(x - low) < 0.1,
      `The height at ${short(x)} is ${short(wavy(low)(x))}; there is a minimum of height −2.`,
    );
  });

/** Second derivatives a = ∂²f/∂x², b = ∂²f/∂x∂y and c = ∂²f/∂y² of the checked points. */
const cases: readonly (readonly [a: number, b: number, c: number])[] = [
  [2, 0, 3],
  [-1, 0.5, -2],
  [1, 0, -1],
  [1, 3, 1],
  [-2, -5, -1],
  [5, 2, 1],
];

function kindOf(a: number, b: number, c: number): string {
  const half = Math.hypot((a - c) / 2, b);
  const [low, high] = [(a + c) / 2 - half, (a + c) / 2 + half];
  return low > 0 ? "minimum" : high < 0 ? "maximum" : "saddle";
}

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  classify: {
    checks: cases.map(([a, b, c]) =>
      check<{ kind(a: number, b: number, c: number): unknown }>(
        `kind(${a}, ${b}, ${c}) equals the signs of the eigenvalues`,
        (mine) => {
          const [got, wanted] = [mine.kind(a, b, c), kindOf(a, b, c)];
          expectThat(
            got === wanted,
            `kind(${a}, ${b}, ${c}) is ${JSON.stringify(got)}; it should be "${wanted}".`,
          );
        },
      ),
    ),
    mistakes: ['function kind(a, b, c) { return a * c - b * b < 0 ? "saddle" : "minimum"; }'],
  },
  escape: {
    checks: [
      check<{ start(): unknown }>("the start is at most 0.001 away from the saddle", (mine) => {
        const [x, y] = numbersOf(mine.start(), "start()", 2);
        const distance = Math.hypot(x!, y!);
        expectThat(distance <= 0.001 + 1e-12, `The distance is ${short(distance)}.`);
      }),
      check<{ start(): unknown }>("200 steps reach a minimum", (mine) => {
        let [x, y] = numbersOf(mine.start(), "start()", 2) as [number, number];
        for (let i = 0; i < 200; i++) [x, y] = [x - 0.1 * 2 * x, y - 0.1 * (y ** 3 - 2 * y)];
        const height = x ** 2 - y ** 2 + y ** 4 / 4;
        expectThat(
          height < -0.99,
          `The run ends at (${short(x)}, ${short(y)}), where the height is ${short(height)}; the minima have −1.`,
        );
      }),
    ],
    mistakes: ["function start() { return [0, 0]; }", "function start() { return [0, 1]; }"],
  },
  plateau: {
    checks: [
      check<{ step(p: unknown, g: unknown, length: number): unknown }>(
        "a tiny gradient makes a step of full length",
        (mine) =>
          expectAllNear(mine.step([1, 2], [3e-9, -4e-9], 0.5), [0.7, 2.4], "The point after the step"),
      ),
      check<{ step(p: unknown, g: unknown, length: number): unknown }>("a huge gradient does, too", (mine) =>
        expectAllNear(mine.step([0, 0], [0, 1e9], 0.1), [0, -0.1], "The point after the step"),
      ),
      check<{ step(p: unknown, g: unknown, length: number): unknown }>(
        "a gradient of 0 moves nothing",
        (mine) => expectAllNear(mine.step([1, 2], [0, 0], 0.5), [1, 2], "The point after the step"),
      ),
    ],
    mistakes: [
      "function step(point, gradient, length) { const size = Math.hypot(...gradient); return point.map((x, i) => x - length * gradient[i] / size); }",
      "function step(point, gradient, length) { return point.map((x, i) => x - length * Math.sign(gradient[i])); }",
    ],
  },
  "many-starts": {
    checks: [searchCheck(2.4, 1), searchCheck(-3.1, 2), searchCheck(3.6, 3)],
    mistakes: [
      "function search(f, descend, random) { let x = 0; for (let i = 0; i < 40; i++) x = descend(10 * random() - 5); return x; }",
    ],
  },
};
