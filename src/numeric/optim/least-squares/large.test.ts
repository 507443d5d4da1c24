// Bundle adjustments and pose graphs of generated data. The thorough extent has the sizes of published problems.
import { grad, square, sum, tensor, type Tensor } from "downhill";
import { leastSquares } from "downhill/optim";
import { expect, test } from "vitest";
import { bundleResiduals, type BundleParameters } from "../../../../test/support/bundle-adjustment.ts";
import { extent } from "../../../../test/support/extent.ts";
import { planarResiduals } from "../../../../test/support/pose-graph.ts";

/** Random numbers of mean 0 and a given standard deviation: sums of uniform ones (mulberry32). */
function generator(seed: number): (deviation: number) => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return (deviation) => deviation * Math.sqrt(3) * (uniform() + uniform() + uniform() + uniform() - 2);
}

const squaresAt = (residuals: Tensor): number => sum(square(residuals)).item();
const sizeOfGradient = (gradients: readonly Tensor[]): number =>
  Math.max(...gradients.flatMap((g) => Array.from(g.data(), Math.abs)));

test("a bundle adjustment without fixed cameras ends at a minimum below the truth", () => {
  const [cameraCount, pointCount] = [extent(6, 49), extent(40, 7000)];
  const draw = generator(1);
  const cameras = Array.from(
    { length: cameraCount },
    (_, i) =>
    [0.1 * draw(1), 0.8 * Math.sin(i), draw(0.1), draw(0.5), draw(0.5), -10 + draw(0.3), 1000, -0.05, 0.002], // prettier-ignore
  );
  const points = Array.from({ length: pointCount }, () => [draw(1.5), draw(1.5), draw(1.5)]);
  const pairs = points.flatMap((_, j) =>
    cameras.flatMap((__, i) => ((7 * i + 3 * j) % 11 < 6 ? [[i, j] as const] : [])),
  );
  const problem = {
    cameras,
    points,
    camera: Int32Array.from(pairs, ([i]) => i),
    point: Int32Array.from(pairs, ([, j]) => j),
  };
  const truth = { cameras: tensor(cameras), points: tensor(points) };
  const exact = bundleResiduals({ ...problem, observed: pairs.map(() => [0, 0]) })(
    truth,
  ).tolist() as number[];
  const observed = pairs.map((_, k) => [exact[2 * k]! + draw(0.5), exact[2 * k + 1]! + draw(0.5)]);
  const residuals = bundleResiduals({ ...problem, observed });
  const sizes = [0.01, 0.01, 0.01, 0.05, 0.05, 0.05, 5, 0.001, 0.0001];
  const fit = leastSquares(residuals, {
    cameras: cameras.map((x) => x.map((v, k) => v + draw(sizes[k]!))),
    points: points.map((x) => x.map((v) => v + draw(0.05))),
  });
  expect(fit.linearSolver.solver).toBe("sparse");
  expect(fit.converged).toBe(true);
  expect(fit.iterations).toBeLessThan(40);
  expect(fit.sumOfSquares).toBeLessThan(squaresAt(residuals(truth)));
  // the errors have a variance of 1/4 per residual, less one residual per parameter that the data determine
  const determined = 9 * cameraCount + 3 * pointCount - 7;
  const expected = 0.25 * (2 * pairs.length - determined);
  expect(fit.sumOfSquares / expected).toBeGreaterThan(0.7);
  expect(fit.sumOfSquares / expected).toBeLessThan(1.3);
  const slopes = grad((p: BundleParameters) => sum(square(residuals(p))));
  const [end, start] = [fit.params, truth].map((p) => {
    const { cameras: c, points: x } = slopes(p);
    return sizeOfGradient([c, x]);
  });
  expect(end).toBeLessThan(1e-4 * start!);
  expect(fit.standardErrorsMessage).toMatch(/some combination of them has no effect/);
});

test("a walk on a grid with loop closures ends at a minimum below the truth", () => {
  const count = extent(150, 3500);
  const draw = generator(2);
  const poses = [[0, 0, 0]];
  for (let i = 1; i < count; i++) {
    const [x, y, t] = poses[i - 1]! as [number, number, number];
    const turn = i % 7 === 0 ? (Math.PI / 2) * (draw(1) > 0.2 ? 1 : -1) : 0;
    poses.push([x + Math.cos(t), y + Math.sin(t), t + turn]);
  }
  const pairs = poses.slice(1).map((_, i) => [i, i + 1] as const);
  for (let i = 0; i < count; i++)
    for (let j = i + 2; j < count && pairs.length < 1.4 * count + i; j++)
      if (Math.hypot(poses[i]![0]! - poses[j]![0]!, poses[i]![1]! - poses[j]![1]!) < 1.5) pairs.push([i, j]);
  const relative = (i: number, j: number): number[] => {
    const [a, b] = [poses[i]!, poses[j]!];
    const [dx, dy, c, s] = [b[0]! - a[0]!, b[1]! - a[1]!, Math.cos(a[2]!), Math.sin(a[2]!)];
    return [c * dx + s * dy + draw(0.02), c * dy - s * dx + draw(0.02), b[2]! - a[2]! + draw(0.01)];
  };
  const graph = {
    poses,
    from: Int32Array.from(pairs, ([i]) => i),
    to: Int32Array.from(pairs, ([, j]) => j),
    measured: pairs.map(([i, j]) => relative(i, j)),
    roots: pairs.map(() => [50, 0, 0, 0, 50, 0, 0, 0, 100]),
  };
  const residuals = planarResiduals(graph);
  const fixed = poses.map((_, i) => [i === 0]);
  const fit = leastSquares(residuals, poses.map((x, i) => (i === 0 ? x : x.map((v) => v + draw(0.1)))), { fixed }); // prettier-ignore
  expect(fit.linearSolver.solver).toBe("sparse");
  expect(fit.converged).toBe(true);
  expect(fit.sumOfSquares).toBeLessThan(squaresAt(residuals(tensor(poses))));
  const expected = 3 * (pairs.length - count + 1);
  expect(fit.sumOfSquares / expected).toBeGreaterThan(0.7);
  expect(fit.sumOfSquares / expected).toBeLessThan(1.3);
  expect(fit.standardErrorsMessage).toBeUndefined();
  // later poses are less certain than the one next to the fixed one
  const errors = fit.standardErrors.tolist() as number[][];
  expect(errors.at(-1)![0]).toBeGreaterThan(errors[1]![0]!);
});
