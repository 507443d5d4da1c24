import { expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { duration, identify, lengths, measure, parameters, sumsOfSquares, swing } from "./model.ts";

const truth = { length: 1.4, damping: 0.25, angle: 2.2 };
const measured = measure(truth, { count: 24, noise: 0.08, seed: 1 });

/** Final angle, by the Runge–Kutta method with small steps. */
function angleAtEnd({ length, damping, angle }: typeof truth): number {
  const slope = ([a, v]: readonly [number, number]): [number, number] => [
    v,
    -(9.81 / length) * Math.sin(a) - damping * v,
  ];
  const steps = 4000;
  const h = duration / steps;
  let at: [number, number] = [angle, 0];
  for (let i = 0; i < steps; i++) {
    const along = (by: number, k: readonly [number, number]): [number, number] => [
      at[0] + by * k[0],
      at[1] + by * k[1],
    ];
    const k1 = slope(at);
    const k2 = slope(along(h / 2, k1));
    const k3 = slope(along(h / 2, k2));
    const k4 = slope(along(h, k3));
    at = along(h / 6, [0, 1].map((i2) => k1[i2]! + 2 * k2[i2]! + 2 * k3[i2]! + k4[i2]!) as [number, number]);
  }
  return at[0];
}

test("the pendulum swings according to its equation", () => {
  expect(swing(truth).at(-1)).toBeCloseTo(angleAtEnd(truth), 4);
});

testInCi(
  "the true parameters are within three standard errors, and the residuals are as large as the errors",
  () => {
    const { found, errors, left, low, high } = identify(measured, "sine", 1);
    for (const name of parameters) expect(Math.abs(found[name] - truth[name])).toBeLessThan(3 * errors[name]);
    expect(left).toBeGreaterThan(0.05);
    expect(left).toBeLessThan(0.11);
    swing(found).forEach((angle, i) => {
      expect(angle).toBeGreaterThan(low[i]!);
      expect(angle).toBeLessThan(high[i]!);
    });
  },
);

testInCi("with the wrong law the length is wrong by far more than its standard error", () => {
  const { found, errors, left } = identify(measured, "small", 2);
  expect(found.length - truth.length).toBeGreaterThan(5 * errors.length);
  expect(left).toBeGreaterThan(0.2);
});

testInCi(
  "a search from a length that is far off ends in another valley; the sum of squares has several",
  () => {
    expect(identify(measured, "sine", 0.5).left).toBeGreaterThan(0.5);
    const sums = sumsOfSquares(measured, truth);
    const valleys = lengths.filter((_, i) => sums[i]! < (sums[i - 1] ?? 0) && sums[i]! < (sums[i + 1] ?? 0));
    expect(valleys.length).toBeGreaterThan(2);
    expect(Math.abs(lengths[sums.indexOf(Math.min(...sums))]! - truth.length)).toBeLessThan(0.05);
  },
);
