import { tensor } from "downhill";
import { key } from "downhill/random";
import { expect, test } from "vitest";
import { dot, filterNormalised, flattenParams, principalDirections, symmetricEigen } from "./directions.ts";

test("symmetricEigen returns unit vectors with A·v = λ·v, the largest λ first", () => {
  const a = [
    [4, 1, -2, 0.5],
    [1, 2, 0, 1],
    [-2, 0, 3, -2],
    [0.5, 1, -2, -1],
  ];
  const { values, vectors } = symmetricEigen(a);
  expect(values.toSorted((x, y) => y - x)).toEqual(values);
  expect(values.reduce((x, y) => x + y)).toBeCloseTo(8, 12); // the trace
  vectors.forEach((v, k) => {
    expect(Math.hypot(...v)).toBeCloseTo(1, 12);
    a.forEach((row, i) => {
      expect(row.reduce((sum, x, j) => sum + x * v[j]!, 0)).toBeCloseTo(values[k]! * v[i]!, 11);
    });
  });
});

test("symmetricEigen accepts zero, 1 × 1 and empty matrices", () => {
  expect(
    symmetricEigen([
      [0, 0],
      [0, 0],
    ]).values,
  ).toEqual([0, 0]);
  expect(symmetricEigen([[-3]]).values).toEqual([-3]);
  expect(symmetricEigen([]).values).toEqual([]);
});

test("flattenParams is reversible, with shapes and dtypes", () => {
  const params = {
    w: tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "float32" },
    ),
    b: [tensor(5)],
  };
  const { values, rebuild } = flattenParams("test", params);
  expect([...values]).toHaveLength(5);
  const again = rebuild(values.map((x) => 2 * x)) as typeof params;
  expect(again.w.tolist()).toEqual([
    [2, 4],
    [6, 8],
  ]);
  expect(again.w.dtype).toBe("float32");
  expect(again.b[0]!.tolist()).toBe(10);
});

test("each filter of a normalised direction has the length of the parameters' filter, and biases stay", () => {
  const w = [
    [1, 20, 0],
    [2, 10, 0],
    [2, -20, 0],
  ];
  const flat = flattenParams("test", { bias: tensor([7, 8, 9]), w: tensor(w) });
  const direction = filterNormalised(key(3), flat);
  expect(Array.from(direction).slice(0, 3)).toEqual([0, 0, 0]);
  for (const j of [0, 1, 2]) {
    const filter = [0, 1, 2].map((i) => direction[3 + 3 * i + j]!);
    expect(Math.hypot(...filter)).toBeCloseTo([3, 30, 0][j]!, 12);
  }
});

test("principalDirections finds the plane of a path, with the largest variance first and the path's start on the positive side", () => {
  const u = [0.6, 0.8, 0, 0];
  const v = [0, 0, 1, 0];
  const path = [5, 3, 2, 1, 0].map((a, i) =>
    Float64Array.from(u, (x, k) => 1 + a * x + 0.3 * (i % 2) * v[k]!),
  );
  const { directions, explained } = principalDirections(path, path.at(-1)!);
  expect(explained[0] + explained[1]).toBeCloseTo(1, 12);
  expect(explained[0]).toBeGreaterThan(0.98);
  expect(dot(directions[0], Float64Array.from(u))).toBeGreaterThan(0.99);
  expect(Math.abs(dot(directions[0], directions[1]))).toBeLessThan(1e-12);
  expect(dot(directions[1], directions[1])).toBeCloseTo(1, 12);
});
