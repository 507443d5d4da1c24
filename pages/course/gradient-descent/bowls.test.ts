import { expect, test } from "vitest";
import {
  bestFactor,
  bowlStart,
  descendBowl,
  kappas,
  measuredLimit,
  measuredSteps,
  predictedSteps,
  sweepRates,
} from "./bowls.ts";

test.each([1.5, 4, 10, 20])(
  "κ = %d: the lowest rate that diverges is 2/κ, to the width of the sweep's steps",
  (kappa) => {
    const sweep = sweepRates(kappa);
    const limit = 2 / kappa;
    const width = sweep.rates[1]! - sweep.rates[0]!;
    expect(Math.abs(measuredLimit(sweep) - limit)).toBeLessThanOrEqual(1.0001 * width);
    const begin = Math.hypot(...bowlStart);
    sweep.rates.forEach((rate, i) => {
      if (rate < 0.98 * limit) expect(sweep.distances[i]).toBeLessThan(begin);
      if (rate > 1.02 * limit) expect(sweep.distances[i]).toBeGreaterThan(begin);
    });
  },
);

test("each step multiplies x by 1 − η and y by 1 − ηκ", () => {
  for (const [rate, kappa] of [
    [0.05, 10],
    [0.15, 10],
    [0.21, 10],
    [0.9, 2],
  ] as const) {
    const { points } = descendBowl(bowlStart, { rate, kappa });
    for (let t = 0; t < 20; t++) {
      const [[x, y], [nextX, nextY]] = [points[t]!, points[t + 1]!] as [number[], number[]];
      expect(nextX! / x!).toBeCloseTo(1 - rate, 12);
      expect(nextY! / y!).toBeCloseTo(1 - rate * kappa, 12);
    }
  }
});

test("at the best rate both errors shrink by (κ − 1)/(κ + 1), and the steps are those of theory", () => {
  expect(bestFactor(10)).toBeCloseTo(9 / 11, 15);
  const steps = measuredSteps(kappas);
  kappas.forEach((kappa, i) => {
    // If the last step is at the tolerance, rounding decides.
    expect(Math.abs(steps[i]! - predictedSteps(kappa)), `κ = ${kappa}`).toBeLessThanOrEqual(1);
  });
  // About κ/2 · ln(10⁶): ten times the condition, ten times the steps.
  expect(steps[kappas.indexOf(100)]! / steps[kappas.indexOf(10)]!).toBeCloseTo(10, 0);
  expect(measuredSteps([1])).toEqual([1]);
  expect(Math.round(measuredSteps([10])[0]! / 10)).toBe(7);
  expect(steps.at(-1)! / 100).toBeCloseTo(7, 0);
  expect([10, 100].map((kappa) => bestFactor(kappa).toFixed(2))).toEqual(["0.82", "0.98"]);
});
