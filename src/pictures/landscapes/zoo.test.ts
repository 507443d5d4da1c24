import { grad, hessian, tensor } from "downhill";
import { findLandscape, zoo } from "downhill/landscapes";
import { checkGrads } from "downhill/testing";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "./directions.ts";
import { isInside } from "./race.ts";

const { sin, cos, exp, sqrt, PI, E, tanh } = Math;
const teach = (u: number): number => tanh(2 * u) - tanh(u);
const asked = [-2.5, -1.5, -0.75, -0.25, 0.25, 0.75, 1.5, 2.5];

/** The functions, implemented independently on plain numbers. */
const byHand: Readonly<Record<string, (x: number, y: number) => number>> = {
  bowl: (x, y) => (x * x) / 2 + y * y,
  "narrow-bowl": (x, y) => (x * x) / 2 + 50 * y * y,
  rosenbrock: (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  beale: (x, y) => (1.5 - x + x * y) ** 2 + (2.25 - x + x * y ** 2) ** 2 + (2.625 - x + x * y ** 3) ** 2,
  himmelblau: (x, y) => (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
  rastrigin: (x, y) => 20 + x * x + y * y - 10 * cos(2 * PI * x) - 10 * cos(2 * PI * y),
  ackley: (x, y) =>
    20 + E - 20 * exp(-0.2 * sqrt((x * x + y * y) / 2)) - exp((cos(2 * PI * x) + cos(2 * PI * y)) / 2),
  saddle: (x, y) => x * x - y * y,
  "monkey-saddle": (x, y) => x ** 3 - 3 * x * y * y,
  plateau: (x, y) => 1 - exp(-(x * x + y * y) / 2),
  ravine: (x, y) => (x - 4) ** 2 / 20 + 10 * (y - sin(x)) ** 2,
  "many-minima": (x, y) => (x * x + y * y) / 20 + 0.14 * (2 - cos(3 * x) - cos(3 * y)),
  "two-neurons": (x, y) =>
    asked.reduce((sum, u) => sum + (tanh(x * u) + tanh(y * u) - teach(u)) ** 2, 0) / asked.length,
};

test("the zoo has the documented landscapes, each with an independent implementation here", () => {
  expect(Object.keys(zoo).toSorted()).toEqual(Object.keys(byHand).toSorted());
});

describe.each(Object.keys(zoo))("%s", (name) => {
  const landscape = findLandscape(name);
  const { value, minima, saddles, lowest, start, domain } = landscape;
  const at = (point: readonly number[]): number => value(tensor([...point])).item();
  const curvatures = (point: readonly number[]): readonly number[] =>
    symmetricEigen(hessian(value)(tensor([...point])).tolist() as number[][]).values;
  const size = (point: readonly number[]): number =>
    Math.max(...(grad(value)(tensor([...point])).tolist() as number[]).map(Math.abs));
  const isPointed = name === "ackley"; // no derivative at its minimum

  test("equals the function of its source", () => {
    for (const [x, y] of [start, [0.3, -1.7], [1.9, 0.4], [-2.2, -0.1]] as [number, number][]) {
      const expected = byHand[name]!(x, y);
      expect(Math.abs(at([x, y]) - expected)).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected)));
    }
  });

  test("has the gradient of finite differences", () => {
    checkGrads((x) => value(x), [tensor([...start])], { order: 1 });
  });

  test("has its listed minima: at its lowest value, stationary, and curved upwards", () => {
    for (const minimum of minima) {
      expect(Math.abs(at(minimum) - lowest!)).toBeLessThan(1e-13);
      if (isPointed) continue;
      expect(size(minimum)).toBeLessThan(1e-11);
      expect(Math.min(...curvatures(minimum))).toBeGreaterThan(0);
    }
  });

  test("has its listed saddles: stationary, and not curved upwards in all directions", () => {
    for (const saddle of saddles) {
      expect(size(saddle)).toBeLessThan(1e-12);
      expect(Math.min(...curvatures(saddle))).toBeLessThanOrEqual(0);
    }
  });

  test("is nowhere in its domain below its lowest value, and starts inside its domain", () => {
    const [[x0, x1], [y0, y1]] = domain as [[number, number], [number, number]];
    for (let i = 0; i <= 20; i++) {
      for (let j = 0; j <= 20; j++) {
        expect(at([x0 + ((x1 - x0) * i) / 20, y0 + ((y1 - y0) * j) / 20])).toBeGreaterThanOrEqual(
          lowest! - 1e-12,
        );
      }
    }
    for (const point of [start, ...minima, ...saddles]) expect(isInside(point, domain!)).toBe(true);
  });

  test("has known minima, or is known to have none", () => {
    expect(minima.length > 0 || lowest === -Infinity).toBe(true);
  });
});

test("the error for an unknown landscape suggests the nearest name", () => {
  expect(() => findLandscape("rosenbrok")).toThrow('Did you mean "rosenbrock"?');
  expect(() => findLandscape("toString")).toThrow("is no landscape of the zoo. There are bowl,");
});
