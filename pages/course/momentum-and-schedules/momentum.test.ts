import { expect, test } from "vitest";
import {
  bestBeta,
  bestPlainRate,
  bestSettings,
  descend,
  drawnSteps,
  factorOf,
  measuredFactors,
  predictedDistance,
  rateLimit,
  stepsTo,
} from "./momentum.ts";

const start = [-3, 2];

test("runs match theory step by step", () => {
  for (const [rate, beta, kappa] of [
    [0.018, 0, 100],
    [0.02, 0.7, 100],
    [0.03, 0.8, 100],
    [0.1, 0.9, 10],
    [0.5, 0.2, 2],
  ] as const) {
    const { points } = descend(start, { rate, beta, kappa });
    for (let t = 0; t <= drawnSteps; t++) {
      const predicted = predictedDistance(start, { rate, beta, kappa }, t);
      // Rounding errors of 1e-16 per step, compared with oscillations that pass through 0.
      expect(Math.abs(Math.hypot(...points[t]!) - predicted), `β = ${beta}, step ${t}`).toBeLessThan(
        1e-9 * Math.hypot(...start),
      );
    }
  }
});

test("the measured factor of a step matches theory to 1 %, except near the double root", () => {
  const betas = [0, 0.3, 0.5, 0.6, 0.85, 0.9, 0.95];
  for (const kappa of [10, 100]) {
    const rate = 1 / kappa;
    const factors = measuredFactors(betas, { rate, beta: 0, kappa }, start);
    betas.forEach((beta, i) => {
      if (Math.abs(beta - bestBeta(rate)) < 0.03) return; // there, the factor t of t·ρᵗ biases the measurement
      expect(
        Math.abs(factors[i]! / factorOf({ rate, beta, kappa }) - 1),
        `κ = ${kappa}, β = ${beta}`,
      ).toBeLessThan(0.01);
    });
  }
});

test("no other β is as fast at a rate, and no other pair of rate and β on a bowl", () => {
  for (const kappa of [10, 100]) {
    for (const rate of [0.3 / kappa, 1 / kappa]) {
      const best = factorOf({ rate, beta: bestBeta(rate), kappa });
      for (let beta = 0; beta < 1; beta += 0.01)
        expect(factorOf({ rate, beta, kappa })).toBeGreaterThanOrEqual(best - 1e-12);
    }
    const { rate, beta } = bestSettings(kappa);
    const best = factorOf({ rate, beta, kappa });
    expect(best).toBeCloseTo((Math.sqrt(kappa) - 1) / (Math.sqrt(kappa) + 1), 7); // square root of the rounding error
    for (let part = 0.2; part < 2; part += 0.1)
      for (let other = 0; other < 1; other += 0.02)
        expect(factorOf({ rate: part * rate, beta: other, kappa })).toBeGreaterThanOrEqual(best - 1e-9);
  }
});

test("above 2(1 + β)/κ it diverges, below it converges", () => {
  for (const beta of [0, 0.5, 0.9]) {
    const limit = rateLimit({ beta, kappa: 50 });
    expect(factorOf({ rate: 0.999 * limit, beta, kappa: 50 })).toBeLessThan(1);
    expect(factorOf({ rate: 1.001 * limit, beta, kappa: 50 })).toBeGreaterThan(1);
    const { points } = descend(start, { rate: 1.2 * limit, beta, kappa: 50 });
    expect(Math.hypot(...points.at(-1)!)).toBeGreaterThan(1e3);
  }
});

test("at κ = 100 momentum needs about a tenth of the steps of gradient descent: √κ in place of κ", () => {
  const plain = stepsTo(1e-6, start, { rate: bestPlainRate(100), beta: 0, kappa: 100 })!;
  const heavy = stepsTo(1e-6, start, { ...bestSettings(100), kappa: 100 })!;
  expect(plain).toBe(691);
  expect(heavy).toBeLessThan(100);
  expect(heavy).toBeGreaterThan(75);
});
