import { describe, expect, test } from "vitest";
import { add, at, concatenate, div, mul, ravel, reshape, slice, sqrt, square, sub, sum, take, tensor, type Tensor } from "downhill"; // prettier-ignore
import { leastSquares, type Manifold, type ManifoldName } from "downhill/optim";
import { flatParameters } from "../minimize/problem.ts";
import { readManifolds } from "./manifolds.ts";

type Numbers = readonly number[];

const mapsOf = (points: readonly Numbers[], manifold: ManifoldName | Manifold) =>
  readManifolds(
    flatParameters("leastSquares", tensor(points), () => 0),
    manifold,
    true,
  )[0]!;
const run = (
  f: (v: readonly Float64Array[], d: readonly unknown[]) => readonly Float64Array[],
  ...xs: readonly Numbers[]
) => [
  ...f(
    xs.map((x) => Float64Array.from(x)),
    [],
  )[0]!,
];

/** Product of matrices of 3 or 4 rows. */
const times = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((s, v, k) => s + v * b[k]![j]!, 0)));
const rotationMatrix = ([w, x, y, z]: Numbers): number[][] => [
  [1 - 2 * (y! * y! + z! * z!), 2 * (x! * y! - w! * z!), 2 * (x! * z! + w! * y!)],
  [2 * (x! * y! + w! * z!), 1 - 2 * (x! * x! + z! * z!), 2 * (y! * z! - w! * x!)],
  [2 * (x! * z! - w! * y!), 2 * (y! * z! + w! * x!), 1 - 2 * (x! * x! + y! * y!)],
];
/** Exponential of a matrix, by its power series after scaling. */
const exponential = (a: number[][]): number[][] => {
  let out = a.map((row, i) => row.map((v, j) => v / 1024 + (i === j ? 1 : 0)));
  let power = a.map((row) => row.map((v) => v / 1024));
  for (let k = 2; k < 8; k++) {
    power = times(power, a).map((row) => row.map((v) => v / 1024 / k));
    out = out.map((row, i) => row.map((v, j) => v + power[i]![j]!));
  }
  for (let k = 0; k < 10; k++) out = times(out, out);
  return out;
};
const pose = (x: Numbers): number[][] => [
  ...rotationMatrix(x.slice(3)).map((row, i) => [...row, x[i]!]),
  [0, 0, 0, 1],
];
const twist = ([a, b, c, u, v, w]: Numbers): number[][] => [
  [0, -w!, v!, a!],
  [w!, 0, -u!, b!],
  [-v!, u!, 0, c!],
  [0, 0, 0, 0],
];
const expectClose = (actual: readonly number[], expected: readonly number[], digits = 10): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, digits));
};

const quaternion = [0.5, -0.1, 0.7, 0.5].map((v) => v);
const unit = (x: Numbers): number[] => x.map((v) => v / Math.hypot(...x));

describe("se3", () => {
  const x = [1, -2, 3, ...unit(quaternion)];

  test.each([
    [0.3, -0.2, 0.1, 0.4, 1.1, -0.6],
    [1, 2, 3, 1e-4, -2e-4, 1e-5],
    [0, 0, 0, 0, 0, 0],
  ])("retract is x · exp(δ) for δ = %d, %d, %d, %d, %d, %d", (...step) => {
    const maps = mapsOf([x], "se3");
    const moved = run(maps.retract, x, step);
    expectClose(pose(moved).flat(), times(pose(x), exponential(twist(step))).flat());
    expectClose(run(maps.local, x, moved), step);
  });

  test("has the basis of a numeric derivative of retract at 0", () => {
    const maps = mapsOf([x, [0, 0, 0, 1, 0, 0, 0]], "se3");
    const both = [...x, 0, 0, 0, 1, 0, 0, 0];
    const basis = maps.basis([Float64Array.from(both)], []);
    for (let k = 0; k < 6; k++) {
      const [up, down] = [1e-6, -1e-6].map((h) => {
        const step = new Array<number>(12).fill(0);
        step[k] = step[6 + k] = h;
        return run(maps.retract, both, step);
      });
      expectClose(
        [...basis[k]!],
        up!.map((v, i) => (v - down![i]!) / 2e-6),
        8,
      );
    }
  });
});

test("so3 has short steps between q and −q", () => {
  const q = unit(quaternion);
  const maps = mapsOf([q], "so3");
  expectClose(
    run(
      maps.local,
      q,
      q.map((v) => -v),
    ),
    [0, 0, 0],
  );
  expectClose(
    run(maps.retract, q, [0, 0, 2 * Math.PI]),
    q.map((v) => -v),
  );
});

describe("sphere", () => {
  test.each([
    [0.3, 0.4, -0.5, 0.2],
    [0.1, 0.2, 0.3, -0.9],
  ])("moves along great circles from %d, %d, %d, %d", (...given) => {
    const x = unit(given);
    const maps = mapsOf([x], "sphere");
    const step = [0.4, -1, 0.7];
    const moved = run(maps.retract, x, step);
    expect(Math.hypot(...moved)).toBeCloseTo(1, 14);
    const cosine = x.reduce((s, v, i) => s + v * moved[i]!, 0);
    expect(cosine).toBeCloseTo(Math.cos(Math.hypot(...step)), 12);
    expectClose(run(maps.local, x, moved), step);
    // the basis is orthonormal, and orthogonal to x
    const basis = maps.basis([Float64Array.from(x)], []);
    basis.forEach((a, i) => {
      basis.forEach((b, j) =>
        expect(a.reduce((s, v, k) => s + v * b[k]!, 0)).toBeCloseTo(i === j ? 1 : 0, 12),
      );
      expect(a.reduce((s, v, k) => s + v * x[k]!, 0)).toBeCloseTo(0, 12);
    });
  });
});

/** A direction that is nearest to some points, which are not on the sphere. */
const points = [
  [1, 2, 2],
  [1.2, 1.8, 2.1],
  [0.7, 2.2, 1.9],
  [1.1, 2.1, 1.7],
];
const directions = points.map((p) => unit(p));
const towards = (x: Tensor): Tensor => ravel(sub(directions, x));
const mean = unit([0, 1, 2].map((k) => directions.reduce((s, d) => s + d[k]!, 0)));

describe("leastSquares on a manifold", () => {
  test.each(["dense", "sparse", "lsmr"] as const)(
    "ends on the sphere, with the solver %s",
    (linearSolver) => {
      const fit = leastSquares(towards, [0, 0, 5], { manifolds: "sphere", linearSolver });
      expectClose(fit.params.tolist() as number[], mean, 7);
      expect(Math.hypot(...(fit.params.tolist() as number[]))).toBeCloseTo(1, 14);
      expect(fit.linearSolver.unknowns).toBe(2);
      expect(fit.degreesOfFreedom).toBe(10);
      // tangent coordinates
      expect(fit.standardErrors.shape).toEqual([2]);
      expect(fit.covariance.shape).toEqual([2, 2]);
    },
  );

  test("accepts a manifold of the user: a circle by angles", () => {
    const turn = (x: Tensor, cosine: Tensor, sine: Tensor): Tensor => {
      const [a, b] = [at(x, 0), at(x, 1)];
      return concatenate([
        reshape(sub(mul(a, cosine), mul(b, sine)), [1]),
        reshape(add(mul(b, cosine), mul(a, sine)), [1]),
      ]);
    };
    const circle: Manifold = {
      tangentSize: 1,
      retract(x, step) {
        const t = at(step, 0); // half-angle form of a rotation
        const scale = add(1, square(t));
        return turn(div(x, sqrt(sum(square(x)))), div(sub(1, square(t)), scale), div(mul(2, t), scale));
      },
      local(x, y) {
        const sine = sub(mul(at(x, 0), at(y, 1)), mul(at(x, 1), at(y, 0)));
        return reshape(div(sine, add(1, sum(mul(x, y)))), [1]);
      },
    };
    const fit = leastSquares((p: { readonly c: Tensor; readonly s: Tensor }) => ravel(sub(mul(p.s, p.c), [[3, 4], [4, 3]])), { c: [1, 0], s: 1 }, { manifolds: { c: circle } }); // prettier-ignore
    expectClose(fit.params.c.tolist() as number[], [Math.SQRT1_2, Math.SQRT1_2], 9);
    expect(fit.params.s.item()).toBeCloseTo(3.5 * Math.SQRT2, 9);
    expect(fit.standardErrors.c.shape).toEqual([1]);
  });

  test.each(["dense", "sparse"] as const)("closes a chain of poses, with the solver %s", (linearSolver) => {
    const count = 12;
    const maps = mapsOf([[0, 0, 0, 1, 0, 0, 0]], "se3");
    const truth = [[0, 0, 0, 1, 0, 0, 0]];
    for (let i = 1; i < count; i++)
      truth.push(run(maps.retract, truth[i - 1]!, [1, 0.1, 0, 0.2, 0.1 * Math.sin(i), 2 / count]));
    const from = Array.from({ length: 2 * count - 2 }, (_, i) => (i < count - 1 ? i : i - count + 1));
    const to = from.map((i, k) => (k < count - 1 ? i + 1 : (i + 5) % count));
    const measured = from.map((i, k) => run(maps.local, truth[i]!, truth[to[k]!]!));
    const steps = mapsOf(
      from.map(() => truth[0]!),
      "se3",
    );
    const startPoses = truth.map((x, i) =>
      run(maps.retract, x, i === 0 ? [0, 0, 0, 0, 0, 0] : [0.2, -0.1, 0.1 * (i % 3), 0.1, -0.1, 0.05]),
    );
    // the residual is the step from the measured pose to the other one
    const residuals = (poses: Tensor): Tensor => {
      const a = ravel(take(poses, tensor(from, { dtype: "int32" }), { axis: 0 }));
      const moved = steps.move(a, tensor(measured.flat()));
      const b = ravel(take(poses, tensor(to, { dtype: "int32" }), { axis: 0 }));
      return sub(b, moved);
    };
    const fit = leastSquares(residuals, startPoses, {
      manifolds: "se3",
      fixed: truth.map((_, i) => [i === 0]),
      linearSolver,
    });
    expect(fit.sumOfSquares).toBeLessThan(1e-18);
    expectClose((fit.params.tolist() as number[][]).flat(), truth.flat(), 7);
    expect(fit.linearSolver.unknowns).toBe(6 * (count - 1));
    expect(fit.standardErrors.shape).toEqual([count, 6]);
  });

  test("refuses what does not fit", () => {
    const fit =
      (start: number[], manifolds: unknown, more = {}) =>
      () =>
        leastSquares((x: Tensor) => x, start, { manifolds: manifolds as never, ...more });
    expect(fit([1, 0, 0], "so3")).toThrow(
      "points of so3 are vectors of 4 numbers, but the last axis of x0 has 3",
    );
    expect(fit([1, 0], "torus")).toThrow(
      'must be so3, se3, sphere or { tangentSize, retract, local }, got "torus"',
    );
    expect(fit([1, 0], { retract: () => 0 })).toThrow("needs tangentSize, an integer above 0");
    expect(fit([1, 0], "sphere", { low: 0 })).toThrow("x0 is on a manifold, so it cannot have bounds");
    expect(fit([1, 0], "sphere", { fixed: [true, false] })).toThrow("Fix all numbers of a point, or none.");
    expect(
      fit([1, 0], { tangentSize: 1, retract: (x: Tensor) => slice(x, [0, 1]), local: (x: Tensor) => x }),
    ).toThrow("retract of the manifold of x0 must return a vector of 2 numbers");
    expect(fit([0, 0], "sphere")).toThrow("x0 is no point of its manifold");
  });
});
