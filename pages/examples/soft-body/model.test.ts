import { expect, test } from "vitest";
import { corners, rest, settle } from "./model.ts";

test("without loads the beam keeps its shape and has no energy", () => {
  const shape = settle({ held: {}, bulk: 3, weight: 0 });
  expect(shape.energy).toBeCloseTo(0, 12);
  expect(shape.area).toBeCloseTo(1, 12);
});

test("the force at a held corner is the gradient of the minimal energy in its position", () => {
  const at = (y: number) => settle({ held: { upper: [2.8, y] }, bulk: 3, weight: 0.02 });
  const h = 1e-3;
  const slope = (at(1 + h).energy - at(1 - h).energy) / (2 * h);
  const shape = at(1);
  expect(shape.converged).toBe(true);
  expect(shape.nodes[corners.upper]).toEqual([2.8, 1]);
  expect(shape.forces.upper![1]).toBeCloseTo(slope, 4);
});

test("the beam sags under its weight, and a larger bulk modulus preserves its area better", () => {
  const sag = settle({ held: {}, bulk: 3, weight: 0.03 });
  expect(sag.nodes[corners.upper]![1]).toBeLessThan(rest[corners.upper]![1]! - 0.1);
  const pulled = [1, 10].map((bulk) =>
    settle({ held: { upper: [4, 0.5], lower: [4, -0.5] }, bulk, weight: 0 }),
  );
  expect(pulled[0]!.area).toBeGreaterThan(pulled[1]!.area);
  expect(pulled[1]!.area).toBeGreaterThan(1);
});

test.each([
  { held: { upper: [1.5, 1.6] }, bulk: 30, weight: 0.05 },
  { held: { upper: [1.2, -0.4], lower: [1.2, -1.4] }, bulk: 10, weight: 0 },
  { held: { lower: [4.5, 1.9] }, bulk: 0.5, weight: 0 },
] as const)("descent comes to rest at %o", (setting) => {
  const { converged } = settle(setting);
  expect(converged).toBe(true);
});
