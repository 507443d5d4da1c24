import { defineLandscape, findLandscape, race } from "downhill/landscapes";
import { sgd } from "downhill/optim";
import { expect, test } from "vitest";
import { descentOf } from "./descent.ts";

test("a run with dragged settings is bitwise equal to a race with the same numbers", () => {
  const landscape = findLandscape("rosenbrock");
  const run = descentOf<{ rate: number; beta: number }>(
    landscape.value,
    ({ rate, beta }) => sgd({ learningRate: rate, momentum: beta }),
    60,
  );
  for (const [rate, beta] of [
    [0.001, 0.5],
    [0.0005, 0.9],
  ] as const) {
    const { points, values } = run([-1.2, 1], { rate, beta });
    const [raced] = race(
      landscape,
      { momentum: sgd({ learningRate: rate, momentum: beta }) },
      { steps: 60 },
    ).runs;
    expect(points).toEqual(raced!.points);
    expect(values).toEqual(raced!.values);
  }
});

test("other settings and starts need no compilation", () => {
  let traces = 0;
  const { value } = defineLandscape("x^2 + y^2");
  const run = descentOf<{ rate: number }>(
    (point) => {
      traces++;
      return value(point);
    },
    ({ rate }) => sgd({ learningRate: rate }),
    20,
  );
  run([1, 1], { rate: 0.1 });
  const first = traces;
  for (let i = 0; i < 50; i++) run([i, -i], { rate: 0.01 * i });
  expect(traces).toBe(first);
});

test("a run ends before its first non-finite entry, and counts as diverged", () => {
  const { value } = defineLandscape("x^4 + y^4");
  const run = descentOf<{ rate: number }>(value, ({ rate }) => sgd({ learningRate: rate }), 100);
  const { points, values, gradientNorms, isLost } = run([2, 2], { rate: 1 });
  expect(isLost).toBe(true);
  expect(points.length).toBeLessThan(20);
  expect([values.length, gradientNorms.length]).toEqual([points.length, points.length]);
  expect(values.every((height) => Number.isFinite(height))).toBe(true);
  expect(run([2, 2], { rate: 0.01 }).isLost).toBe(false);
});

test("a run with noise is bitwise equal to a race with this noise", () => {
  const landscape = findLandscape("two-neurons");
  const run = descentOf<{ rate: number }>(landscape.value, ({ rate }) => sgd({ learningRate: rate }), 40);
  const { points } = run([-0.5, -0.5], { rate: 0.15 }, { deviation: 0.1, seed: 3 });
  const raced = race(
    landscape,
    { gd: sgd({ learningRate: 0.15 }) },
    { steps: 40, start: [-0.5, -0.5], noise: 0.1, seed: 3 },
  );
  expect(points).toEqual(raced.runs[0]!.points);
});
