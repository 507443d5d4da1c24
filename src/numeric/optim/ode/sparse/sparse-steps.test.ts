import {
  add,
  concatenate,
  cos,
  grad,
  matmul,
  mean,
  mul,
  neg,
  pad,
  reshape,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
} from "downhill";
import * as linalg from "downhill/linalg";
import { type OdeSolution, solveOde } from "downhill/optim";
import { SparseMatrix } from "downhill/sparse";
import { describe, expect, test } from "vitest";
import { testInCi, testInSoak } from "../../../../../test/support/extent.ts";
import { SparseStages, sparseMass } from "./sparse-algebra.ts";
import reference from "../testdata/pde.json" with { type: "json" };

/** Two reactants on m points of a line, with diffusion (Hairer, Wanner, IV.10). */
const brusselator =
  (m: number) =>
  (y: Tensor): Tensor => {
    const [u, v] = [slice(y, [0, m]), slice(y, [m, 2 * m])];
    const diffusion = (x: Tensor, edge: number): Tensor => {
      const all = concatenate([[edge], x, [edge]]);
      const around = add(slice(all, [0, m]), slice(all, [2, m + 2]));
      return mul((m + 1) ** 2 / 50, sub(around, mul(2, x)));
    };
    const product = mul(square(u), v);
    return concatenate([
      add(sub(add(1, product), mul(4, u)), diffusion(u, 1)),
      add(sub(mul(3, u), product), diffusion(v, 3)),
    ]);
  };
const brusselatorStart = (m: number): Float64Array =>
  Float64Array.from({ length: 2 * m }, (_, i) =>
    i < m ? 1 + Math.sin((2 * Math.PI * (i + 1)) / (m + 1)) : 3,
  );
/** The heat equation on m × m points of a square with a cold boundary. */
const heat =
  (m: number) =>
  (y: Tensor): Tensor => {
    const all = pad(reshape(y, [m, m]), 1);
    const at = (i: number, j: number): Tensor => slice(all, [i, i + m], [j, j + m]);
    const around = add(add(at(0, 1), at(2, 1)), add(at(1, 0), at(1, 2)));
    return reshape(mul((m + 1) ** 2, sub(around, mul(4, at(1, 1)))), [m * m]);
  };
/** A smooth bump and a hot square. */
const heatStart = (m: number): Float64Array =>
  Float64Array.from({ length: m * m }, (_, k) => {
    const [i, j] = [(Math.floor(k / m) + 1) / (m + 1), ((k % m) + 1) / (m + 1)];
    const isHot = Math.abs(i - 0.3) < 0.1 && Math.abs(j - 0.6) < 0.1;
    return Math.sin(Math.PI * i) * Math.sin(Math.PI * j) + (isHot ? 1 : 0);
  });
/** Adds zero times the sum of all elements, so that the Jacobian counts as dense. */
const densely =
  (f: (y: Tensor) => Tensor) =>
  (y: Tensor): Tensor =>
    add(f(y), mul(0, sum(y)));
/** The largest difference, relative to elements above 0.001. */
const apart = (x: Tensor, y: ArrayLike<number>): number =>
  Math.max(...[...x.data()].map((xi, i) => Math.abs(xi - y[i]!) / (1e-3 + Math.abs(y[i]!))));
const end = (s: OdeSolution<Tensor>): Tensor => s.y.at(-1);

describe("steps with sparse matrices", () => {
  test.each(["radau", "rosenbrock", "bdf"] as const)("%s takes the steps of dense matrices", (method) => {
    const options = { method, rtol: 1e-5 } as const;
    const start = brusselatorStart(30);
    const sparse = solveOde(brusselator(30), start, [0, 4], options);
    const dense = solveOde(densely(brusselator(30)), start, [0, 4], options);
    expect(sparse.stats).toEqual(dense.stats);
    expect(apart(end(sparse), end(dense).data())).toBeLessThan(1e-9);
    expect(apart(sparse.at(1.2345), dense.at(1.2345).data())).toBeLessThan(1e-9);
  });

  testInCi("solve a differential-algebraic system with a mass matrix", () => {
    // finite elements on a line: y is the mode sin(π x), and the last component the mean of the others
    const m = 60;
    const band = (centre: number, side: number): number[][] =>
      Array.from({ length: m + 1 }, (_, i) =>
        Array.from({ length: m + 1 }, (_, j) =>
          i === m || j === m ? 0 : i === j ? centre : Math.abs(i - j) === 1 ? side : 0,
        ),
      );
    const h = 1 / (m + 1);
    const mass = band((4 * h) / 6, h / 6);
    const stiffness = band(-2 / h, 1 / h);
    const f = (y: Tensor): Tensor => {
      const last = sub(y.at(m), mean(slice(y, [0, m])));
      return add(matmul(stiffness, y), concatenate([new Float64Array(m), reshape(last, [1])]));
    };
    const mode = Float64Array.from({ length: m + 1 }, (_, i) =>
      i === m ? 0 : Math.sin(Math.PI * (i + 1) * h),
    );
    const rate = (6 * (2 - 2 * Math.cos(Math.PI * h))) / (h * h * (4 + 2 * Math.cos(Math.PI * h)));
    for (const method of ["radau", "rosenbrock", "bdf"] as const) {
      const s = solveOde(f, mode, [0, 0.1], { method, mass, rtol: 1e-8 });
      const expected = Array.from(mode.subarray(0, m), (x) => x * Math.exp(-0.1 * rate));
      expect(apart(end(s), [...expected, expected.reduce((a, b) => a + b) / m])).toBeLessThan(1e-6);
    }
  });

  testInCi("find events, and end at values that are not finite", () => {
    const cold = { when: (y: Tensor) => sub(mean(y), 0.2), stop: true };
    const s = solveOde(heat(8), heatStart(8), [0, 1], { method: "radau", events: [cold] });
    const dense = solveOde(densely(heat(8)), heatStart(8), [0, 1], { method: "radau", events: [cold] });
    expect([s.reason, s.events[0]!.t.item()]).toEqual([
      "event",
      expect.closeTo(dense.events[0]!.t.item(), 9),
    ]);
    const f = (y: Tensor, t: Tensor): Tensor => mul(neg(y), sqrt(sub(1, t)));
    for (const method of ["radau", "rosenbrock", "bdf"] as const)
      expect(solveOde(f, new Float64Array(60).fill(1), [0, 2], { method }).reason).toBe("nan");
  });

  test("are used by default when the equation becomes stiff", () => {
    const s = solveOde(brusselator(40), brusselatorStart(40), [0, 10], { rtol: 1e-6, atol: 1e-9 });
    expect([s.reason, s.stats.switches]).toEqual(["end", 1]);
    expect(apart(end(s), reference.brusselator40)).toBeLessThan(1e-5);
    // the dense output of both methods
    expect(apart(s.at(s.t), s.y.data())).toBeLessThan(1e-12);
  });

  test("have a dense output and derivatives after a change of the method", () => {
    const n = 21; // above 20 elements the implicit method is radau, with fewer rows of its dense output
    const f = (y: Tensor, t: Tensor, k: Tensor): Tensor => mul(-1e4, sub(y, mul(k, cos(t))));
    const solve = (k: Tensor): OdeSolution<Tensor> => solveOde(f, new Float64Array(n), [0, 3], { args: [k] });
    expect(solve(tensor(1)).stats.switches).toBe(1);
    const at = (k: Tensor): Tensor =>
      solve(k)
        .at([1, 3])
        .at(1, n - 1);
    const exact = (1e4 * (1e4 * Math.cos(3) + Math.sin(3))) / (1 + 1e8);
    expect(at(tensor(1)).item()).toBeCloseTo(exact, 6);
    expect(grad(at)(1).item()).toBeCloseTo(exact, 6);
  });

  testInCi("of three components are dense and agree with the reference of the Oregonator", () => {
    const [s, w, q] = [77.27, 0.161, 8.375e-6];
    const f = (y: Tensor): Tensor => {
      const [a, b, c] = [y.at(0), y.at(1), y.at(2)];
      return stack([
        mul(s, add(b, mul(a, sub(sub(1, mul(q, a)), b)))),
        mul(1 / s, sub(c, mul(add(1, a), b))),
        mul(w, sub(a, c)),
      ]);
    };
    for (const method of ["radau", "rosenbrock"] as const) {
      const solution = solveOde(f, [1, 2, 3], [0, 360], { method, rtol: 1e-6 });
      expect(apart(end(solution), reference.oregonator)).toBeLessThan(1e-5);
      expect(solution.stats.steps).toBeLessThan(1.1 * 1059);
    }
  });

  testInSoak("integrate 1,000 and 10,000 equations in the steps of SciPy's Radau", () => {
    const options = { method: "radau", rtol: 1e-6 } as const;
    const chosen = (y: Tensor, every: number): Tensor =>
      tensor([...y.data()].filter((_, i) => i % every === every >> 1));
    const first = solveOde(brusselator(500), brusselatorStart(500), [0, 10], { ...options, atol: 1e-6 });
    expect(apart(chosen(end(first), 50), reference.brusselator500)).toBeLessThan(1e-5);
    expect(first.stats.steps).toBeLessThan(1.1 * 123);
    const second = solveOde(heat(100), heatStart(100), [0, 0.1], { ...options, method: "rosenbrock" });
    expect(apart(chosen(end(second), 505), reference.heat100)).toBeLessThan(1e-5);
    expect(second.stats.steps).toBeLessThan(81);
    const third = solveOde(brusselator(500), brusselatorStart(500), [0, 10], { rtol: 1e-6, atol: 1e-6, method: "bdf" }); // prettier-ignore
    expect(apart(chosen(end(third), 50), reference.brusselator500)).toBeLessThan(1e-4);
    expect(third.stats.factorisations).toBeLessThan(0.4 * third.stats.steps);
  });
});

/** Entries of a dense matrix that are not 0. */
const sparse = (rows: readonly (readonly number[])[]): SparseMatrix => {
  const entries = rows.flatMap((row, i) => row.flatMap((value, j) => (value === 0 ? [] : [{ i, j, value }])));
  return SparseMatrix.fromCoo({
    shape: [rows.length, rows.length],
    rows: entries.map(({ i }) => i),
    columns: entries.map(({ j }) => j),
    values: entries.map(({ value }) => value),
  });
};
const largest = (x: Tensor): number => Math.max(...Array.from(x.data(), Math.abs));

// with a zero on the diagonal, pivots on the diagonal are too small
test.each([
  ["with pivots on the diagonal", 1.5],
  ["with other pivots", 0],
])("matrices of stages agree with dense ones, %s", (_, shift) => {
  const n = 7;
  const jacobian = Array.from({ length: n }, (_row, i) =>
    Array.from({ length: n }, (_element, j) =>
      (i * 3 + j * 5) % 4 === 0 || (shift === 0 && (i + 1) % n === j)
        ? (shift === 0 && i === j ? 1e-4 : 1) * Math.sin(i + 2 * j + 1)
        : 0,
    ),
  );
  const mass = Array.from({ length: n }, (_row, i) =>
    Array.from({ length: n }, (_element, j) => (i === j ? 2 : j === i + 2 ? 1 : 0)),
  );
  const { pattern, values } = sparse(jacobian);
  const stages = new SparseStages(pattern, sparseMass(n, mass.flat()));
  const entries = Float64Array.from(values.data());
  const b = Float64Array.from({ length: n }, (_element, i) => Math.cos(3 * i));
  const matrix = sub(mul(shift, mass), jacobian);
  const x = tensor(stages.factor(entries, shift)!.solve(b));
  expect(largest(sub(x, linalg.solve(matrix, b)))).toBeLessThan(1e-12);
  expect([...stages.applyMass(b)]).toEqual(
    [...matmul(mass, b).data()].map((y): unknown => expect.closeTo(y, 14)),
  );
  // (A + i B)(u + i v) = b + i c in two real equations
  const c = b.map((value) => value * value - 0.3);
  const im = shift === 0 ? 1e-9 : 0.7;
  const pair = stages.factorPair(entries, shift, im)!;
  const found = pair.solve(Float64Array.from({ length: 2 * n }, (_element, k) => (k % 2 === 0 ? b : c)[k >> 1]!)); // prettier-ignore
  const [u, v] = [0, 1].map((part) => tensor(found.filter((_element, k) => k % 2 === part)));
  const side = mul(im, mass);
  expect(largest(sub(sub(matmul(matrix, u!), matmul(side, v!)), b))).toBeLessThan(1e-12);
  expect(largest(sub(add(matmul(side, u!), matmul(matrix, v!)), c))).toBeLessThan(1e-12);
});

test("a singular matrix of stages has no factors", () => {
  const stages = new SparseStages(sparse([[1, 0], [0, 2]]).pattern, undefined); // prettier-ignore
  expect(stages.factor(Float64Array.of(1, 2), 1)).toBe(undefined);
  expect(stages.factor(Float64Array.of(1, Number.NaN), 3)).toBe(undefined);
  expect(stages.factor(Float64Array.of(1, 2), 3)?.solve(Float64Array.of(4, 5))).toEqual(
    Float64Array.of(2, 5),
  );
});
