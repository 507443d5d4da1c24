import { expect, test } from "vitest";
import { fitKernel, likelihood, names, posterior, ranges, surpriseAt, twoValleys } from "./model.ts";

const points = [0.6, 1.2, 1.9, 2.5, 3.2, 4.1, 7.2, 7.9, 8.8].map((x, i) => [
  x,
  [-0.9, -0.2, 0.7, 1.2, 1, 0.1, -1.3, -0.6, 0.6][i]!,
]);
const kernel = { length: 1.3, size: 1.1, noise: 0.2 };

/** `log p(y)` by Gaussian elimination on plain numbers. */
function direct(): number {
  const n = points.length;
  const rows = points.map(([x, y], i) => [
    ...points.map(
      ([z], j) =>
        kernel.size ** 2 * Math.exp(-((x! - z!) ** 2) / (2 * kernel.length ** 2)) +
        (i === j ? kernel.noise ** 2 : 0),
    ),
    y!,
  ]);
  let [determinant, square] = [0, 0];
  for (let k = 0; k < n; k++) {
    const pivot = rows[k]!;
    determinant += Math.log(pivot[k]!);
    square += pivot[n]! ** 2 / pivot[k]!; // from the L D Lᵀ factorisation of the elimination
    for (let i = k + 1; i < n; i++) {
      const by = rows[i]![k]! / pivot[k]!;
      rows[i] = rows[i]!.map((value, j) => value - by * pivot[j]!);
    }
  }
  return -(square + determinant + n * Math.log(2 * Math.PI)) / 2;
}

test("the likelihood is a normal density, and its parts are the values of the map", () => {
  const { misfit, volume, constant } = likelihood(points, kernel);
  expect(misfit + volume + constant).toBeCloseTo(direct(), 10);
  const [surprise] = surpriseAt(points, [names.map((name) => Math.log(kernel[name]))]);
  expect(surprise).toBeCloseTo(-misfit - volume, 10);
});

test("no kernel near the fitted one has a higher likelihood", () => {
  const { kernel: best, gradients } = fitKernel(points);
  expect(gradients).toBeGreaterThan(4);
  const at = names.map((name) => Math.log(best[name]));
  const [least, ...others] = surpriseAt(points, [
    at,
    ...[0, 1, 2].flatMap((i) => [-0.05, 0.05].map((by) => at.map((log, j) => (i === j ? log + by : log)))),
  ]);
  names.forEach((name, i) => {
    const [low, high] = ranges[name].map(Math.log) as [number, number];
    if (at[i]! > low + 0.05) expect(others[2 * i]).toBeGreaterThan(least!);
    if (at[i]! < high - 0.05) expect(others[2 * i + 1]).toBeGreaterThan(least!);
  });
});

test("without errors the process interpolates the points, and far from them it equals the prior", () => {
  const { grid, mean, low, high, draws } = posterior(
    [
      [1, 0.5],
      [2, -1],
    ],
    { length: 0.8, size: 1.5, noise: 0.02 },
    { count: 3, seed: 1 },
  );
  expect(mean[grid.indexOf(1)]).toBeCloseTo(0.5, 2);
  expect(mean[grid.indexOf(2)]).toBeCloseTo(-1, 2);
  expect(high[grid.indexOf(2)]! - low[grid.indexOf(2)]!).toBeLessThan(0.1);
  expect(mean.at(-1)).toBeCloseTo(0, 6);
  expect(high.at(-1)).toBeCloseTo(2 * 1.5, 6);
  expect(draws).toHaveLength(3);
  for (const draw of draws) expect(draw[grid.indexOf(1)]).toBeCloseTo(0.5, 1);
});

test("draws depend on the seed and are reproducible", () => {
  const of = (seed: number): number => posterior(points, kernel, { count: 1, seed }).draws[0]![60]!;
  expect(of(1)).toBe(of(1));
  expect(of(1)).not.toBe(of(2));
});

test("the points with two explanations have two kernels, separated by a ridge, and the other one is more likely", () => {
  const { points: seven, kernel: calm } = twoValleys;
  const bent = { length: 0.84, size: 1, noise: 0.07 };
  const between = { length: 2, size: 1, noise: 0.16 };
  const [low, ridge, lowest] = surpriseAt(
    seven,
    [calm, between, bent].map((one) => names.map((name) => Math.log(one[name]))),
  );
  expect(lowest).toBeLessThan(low!);
  expect(ridge).toBeGreaterThan(low! + 0.2);
  const around = [-0.3, 0, 0.3].flatMap((by) => [-0.3, 0, 0.3].map((and) => [by, and]));
  for (const value of surpriseAt(
    seven,
    around.map(([by, and]) => [Math.log(calm.length) + by!, 0, Math.log(calm.noise) + and!]),
  ))
    expect(value).toBeGreaterThanOrEqual(low! - 1e-3);
});
