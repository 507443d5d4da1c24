// Checks of the chapter's puzzles.
import {
  check,
  differenceTolerance,
  expectNear,
  expectThat,
  numberOf,
  type PuzzleChecks,
  short,
  slopeByDifference,
} from "../lab/judge.ts";

interface Difference {
  difference(f: (x: number) => number, x: number, h: number): unknown;
}

const errorOf = (mine: Difference, h: number): number =>
  Math.abs(numberOf(mine.difference(Math.sin, 1, h), "difference(sin, 1, h)") - Math.cos(1));

/** Checks of a step: the error of the two-sided difference quotient. */
const stepCheck = (name: string, f: (x: number) => number, x: number, slope: number) =>
  check<{ step(): unknown }>(`nine digits for ${name}`, (mine) => {
    const h = numberOf(mine.step(), "step()");
    expectThat(h > 0, `The step must be above 0; it is ${short(h)}.`);
    const error = Math.abs((f(x + h) - f(x - h)) / (2 * h) - slope);
    expectThat(error < 1e-9, `With h = ${short(h)} the error is ${short(Number(error.toPrecision(2)))}.`);
  });

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "slope-of-square": {
    checks: [3, 5, -2.5].map((x) =>
      check<{ slope(x: number): unknown }>(`slope(${x}) equals the difference quotient`, (mine) =>
        expectNear(
          mine.slope(x),
          slopeByDifference((y) => y * y, x),
          `slope(${x})`,
          differenceTolerance,
        ),
      ),
    ),
    mistakes: [
      "function slope(x) { return x * x; }",
      "function slope(x) { return 2; }",
      "function slope(x) { return x^2; }",
    ],
  },
  "two-sided": {
    checks: [
      check<Difference>("the derivative of a parabola is exact, even with a step of 0.25", (mine) =>
        expectNear(
          mine.difference((x) => x * x, 3, 0.25),
          6,
          "difference(x => x * x, 3, 0.25)",
        ),
      ),
      check<Difference>("a tenth of the step has a hundredth of the error", (mine) => {
        const ratio = errorOf(mine, 0.1) / errorOf(mine, 0.01);
        expectThat(
          ratio > 90 && ratio < 110,
          `The error is divided by ${short(ratio)}; it should be divided by about 100.`,
        );
      }),
    ],
    mistakes: [
      "function difference(f, x, h) { return (f(x + h) - f(x - h)) / h; }",
      "function difference(f, x, h) { return f(x + h) - f(x - h) / (2 * h); }",
    ],
  },
  "best-step": {
    checks: [
      stepCheck("exp at 1", Math.exp, 1, Math.E),
      stepCheck("sin at 2", Math.sin, 2, Math.cos(2)),
      stepCheck("x³ at 0.5", (x) => x ** 3, 0.5, 0.75),
    ],
    mistakes: ["function step() { return 1e-3; }", "function step() { return 0; }"],
  },
  "loop-slope": {
    checks: [
      [2, 3],
      [1.5, 1],
      [-0.7, 8],
      [3, 0],
    ].map(([x, n]) =>
      check<{ slope(x: number, n: number): unknown }>(
        `slope(${x}, ${n}) equals the derivative of x to the power ${n}`,
        (mine) => expectNear(mine.slope(x!, n!), n === 0 ? 0 : n! * x! ** (n! - 1), `slope(${x}, ${n})`),
      ),
    ),
    mistakes: [
      "function slope(x, n) { let p = 1; let dp = 0; for (let i = 0; i < n; i++) { p = p * x; dp = dp * x + p; } return dp; }",
      "function slope(x, n) { return x ** n; }",
    ],
  },
};
