import { grad, hessian, jit, jvp, matmul, scan, type Tensor, tensor, transpose, vmap } from "downhill";
import * as linalg from "downhill/linalg";
import { checkGrads } from "downhill/testing";
import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import {
  gridMatrix,
  randomMatrix,
  randomSymmetric,
  randomValues,
} from "../../../../test/support/sparse-matrices.ts";
import { analyse } from "./factorise.ts";
import { SparseMatrix } from "../matrix/sparse-matrix.ts";

/** Largest residual of A x = b, relative to ‖A‖ ‖x‖. */
function residual(a: SparseMatrix, x: Tensor, b: Tensor): number {
  const size = a.values.abs().max().item() * x.abs().max().item();
  return a.matvec(x).sub(b).abs().max().item() / size;
}

/** Few sizes, because dense functions are compiled for each. */
const sizes = [1, 2, 3, 7, 20, 41].slice(extent(-3, 0));

const diagonals: Record<string, (i: number, next: () => number) => number | undefined> = {
  "a dominant diagonal": () => 30,
  "an empty diagonal": () => undefined,
  "a small diagonal": (_, next) => next() - 0.5,
  "a diagonal with gaps": (i) => (i % 2 === 0 ? 1 : undefined),
  "zeros on the diagonal": () => 0,
};

describe("LDL factors", () => {
  test.each(Object.entries(diagonals))(
    "of random matrices with %s agree with eigenvalues",
    (_, diagonalOf) => {
      for (let seed = 1; seed <= extent(30, 1000); seed++) {
        const n = 1 + (seed % 40);
        const a = randomSymmetric(n, [0.05, 0.15, 0.4][seed % 3]!, seed, diagonalOf);
        const eigenvalues = [...linalg.eigvalsh(a.toDense()).data()];
        const [smallest, largest] = [
          Math.min(...eigenvalues.map(Math.abs)),
          Math.max(...eigenvalues.map(Math.abs)),
        ];
        const zero = eigenvalues.filter((x) => Math.abs(x) <= 1e-13 * largest).length;
        if (zero === 0 && smallest < 1e-6 * largest) continue; // too close to call
        const factor = a.factorise();
        expect(factor.inertia).toEqual({
          positive: eigenvalues.filter((x) => x > 1e-13 * largest).length,
          negative: eigenvalues.filter((x) => x < -1e-13 * largest).length,
          zero,
        });
        const b = tensor(randomValues(n, seed));
        if (zero > 0) expect(() => factor.solve(b)).toThrow(`its rank is ${n - zero} of ${n}`);
        else expect(residual(a, factor.solve(b), b)).toBeLessThan(1e-14);
      }
    },
  );

  test("delay pivots that are too small to the parent", () => {
    const a = randomSymmetric(60, 0.08, 5, (i) => (i < 30 ? 1e-9 : undefined));
    const factor = a.factorise();
    expect(factor.delays).toBeGreaterThan(0);
    const b = tensor(randomValues(60, 1));
    expect(residual(a, factor.solve(b), b)).toBeLessThan(1e-14);
    const { pattern } = a;
    expect(analyse(pattern).factorise(a.values.data() as Float64Array).delays).toBe(factor.delays);
  });

  test("of an arrowhead have no fill, wherever its hub is", () => {
    const n = 2000;
    const places = Array.from({ length: n }, (_, i) => i);
    const a = SparseMatrix.fromCoo({
      shape: [n, n],
      rows: [...places, ...places.map(() => 0), ...places],
      columns: [...places, ...places, ...places.map(() => 0)],
      values: [...places.map((i) => 3 + i), ...places.map(() => 0.5), ...places.map(() => 0.5)],
    });
    expect(analyse(a.pattern).entries).toBe(2 * n - 1);
    expect(analyse(a.pattern, { ordering: "natural" }).entries).toBe((n * (n + 1)) / 2);
    const b = tensor(randomValues(n, 2));
    expect(residual(a, a.solve(b), b)).toBeLessThan(1e-15);
  });

  test("of matrices of size 0 and 1, and with empty rows", () => {
    const empty = SparseMatrix.fromCoo({ shape: [0, 0], rows: [], columns: [], values: [] });
    expect(empty.solve([]).shape).toEqual([0]);
    expect(empty.factorise().inertia).toEqual({ positive: 0, negative: 0, zero: 0 });
    expect(empty.factorise({ kind: "lu" }).solve([]).shape).toEqual([0]);
    const one = SparseMatrix.fromCoo({ shape: [1, 1], rows: [0], columns: [0], values: [-4] });
    expect(one.solve([2]).tolist()).toEqual([-0.5]);
    expect(one.solve([2], { kind: "lu" }).tolist()).toEqual([-0.5]);
    const gap = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0], columns: [0], values: [2] });
    expect(gap.factorise().inertia).toEqual({ positive: 1, negative: 0, zero: 1 });
    expect(gap.factorise({ kind: "lu" }).rankDeficiency).toBe(1);
    expect(() => gap.solve([1, 1])).toThrow(
      "the matrix is singular: its rank is 1 of 2 as far as rounding shows.",
    );
  });

  test("of a singular Laplacian show its rank", () => {
    const grid = gridMatrix(12);
    const sums = grid.matvec(new Float64Array(144).fill(1)).data();
    const values = grid.values
      .data()
      .map((x, p) => (grid.columns[p] === grid.pattern.rows[p] ? x - sums[grid.columns[p]!]! : x));
    expect(grid.withValues(values as Float64Array).factorise().inertia).toEqual({
      positive: 143,
      negative: 0,
      zero: 1,
    });
  });

  test("add a shift to the diagonal", () => {
    const a = gridMatrix(5);
    const shift = randomValues(25, 3);
    const x = analyse(a.pattern)
      .factorise(a.values.data() as Float64Array, shift)
      .solve(randomValues(25, 4), false);
    const shifted = a.toDense().add(linalg.inv(linalg.inv(tensor([...shift].map((s, i) => [...shift].map((_, j) => (i === j ? s : 0))))))); // prettier-ignore
    expect(
      matmul(shifted, tensor(x))
        .sub(tensor(randomValues(25, 4)))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-13);
  });

  test("can be computed in steps", () => {
    const a = gridMatrix(70);
    const steps = analyse(a.pattern).factoriseInSteps(a.values.data() as Float64Array);
    const first = steps.next();
    expect(first.done).toBe(false);
    let next = first;
    while (next.done !== true) next = steps.next();
    expect(next.value.inertia).toEqual({ positive: 4900, negative: 0, zero: 0 });
  });
});

describe("LU factors", () => {
  test("of random matrices solve both systems", () => {
    for (let seed = 1; seed <= extent(30, 1000); seed++) {
      const n = sizes[seed % sizes.length]!;
      const a = randomMatrix({ rows: n, columns: n, share: [0.1, 0.25, 0.5][seed % 3]!, seed });
      const values = linalg.svdvals(a.toDense()).data();
      const rank = [...values].filter((s) => s > 1e-13 * values[0]!).length;
      if (rank === n && values[n - 1]! < 1e-6 * values[0]!) continue;
      const factor = a.factorise({ kind: "lu" });
      const b = tensor(randomValues(n, seed));
      if (rank < n) {
        expect(() => factor.solve(b)).toThrow("the matrix is singular");
        continue;
      }
      expect(residual(a, factor.solve(b), b)).toBeLessThan(1e-14);
      expect(residual(a.transpose(), factor.solve(b, { transpose: true }), b)).toBeLessThan(1e-14);
    }
  });

  test("of a permutation use its entries as pivots", () => {
    const rows = [3, 0, 4, 1, 2];
    const a = SparseMatrix.fromCoo({
      shape: [5, 5],
      rows,
      columns: [0, 1, 2, 3, 4],
      values: [1, 2, 3, 4, 5],
    });
    const factor = a.factorise({ kind: "lu" });
    expect([factor.entries, factor.delays]).toEqual([5, 0]);
    expect(a.matvec(factor.solve([1, 2, 3, 4, 5])).tolist()).toEqual([1, 2, 3, 4, 5]);
    expect(() => factor.inertia).toThrow('kind "lu" shows no inertia');
  });
});

describe("derivatives of solutions", () => {
  const a = randomSymmetric(8, 0.3, 1, () => 4);
  const b = tensor(randomValues(8, 2));
  const general = randomMatrix({ rows: 6, columns: 6, share: 0.5, seed: 4 }).add(
    SparseMatrix.fromCoo({ shape: [6, 6], rows: [0, 1, 2, 3, 4, 5], columns: [0, 1, 2, 3, 4, 5], values: [3, 3, 3, 3, 3, 3] }), // prettier-ignore
  );
  /** A symmetric matrix of the pattern of a, whose upper triangle holds the values. */
  const symmetric = (v: Tensor): SparseMatrix => {
    const half = a.withValues(v);
    return half.add(half.transpose());
  };

  test("in values and right-hand sides, of first and second order", () => {
    checkGrads((v: Tensor, r: Tensor) => symmetric(v).solve(r).square().sum(), [a.values, b]);
    const r = tensor(randomValues(6, 5));
    checkGrads((v: Tensor, s: Tensor) => general.withValues(v).solve(s, { kind: "lu" }).square().sum(), [general.values, r]); // prettier-ignore
    checkGrads(
      (v: Tensor, s: Tensor) =>
        general.withValues(v).factorise({ kind: "lu" }).solve(s, { transpose: true }).sin().sum(),
      [general.values, r],
      { order: 1 },
    );
    checkGrads((s: Tensor) => a.solve(s).square().sum(), [tensor(randomValues(24, 6)).reshape([8, 3])]);
  });

  test("equal those of the dense solution", () => {
    const sparse = grad((m: SparseMatrix) => m.solve(b).square().sum())(a).toDense();
    const dense = grad((m: Tensor) => linalg.solve(m, b).square().sum())(a.toDense());
    const mean = dense.add(transpose(dense)).mul(0.5);
    const mask = a.withValues(new Float64Array(a.nnz).fill(1)).toDense();
    expect(sparse.sub(mean.mul(mask)).abs().max().item()).toBeLessThan(1e-14);
    const [, tangent] = jvp((r: Tensor) => a.solve(r), [b], [b]);
    expect(tangent.sub(a.solve(b)).abs().max().item()).toBeLessThan(1e-15);
    expect(hessian((r: Tensor) => r.mul(a.solve(r)).sum())(b).mul(0.5).sub(linalg.inv(a.toDense())).abs().max().item()).toBeLessThan(1e-14); // prettier-ignore
  });

  test("factorise once per matrix", () => {
    const { pattern } = a;
    let count = 0;
    const analysis = analyse(pattern);
    const original = analysis.factorise.bind(analysis);
    analysis.factorise = (...args) => (count++, original(...args));
    grad((r: Tensor) => {
      const factor = a.withValues(a.values.mul(2)).factorise();
      return factor.solve(factor.solve(r)).sum();
    })(b);
    expect(count).toBe(1);
    analysis.factorise = original;
  });

  test("map over values, right-hand sides and both", () => {
    const values = tensor([[...a.values.data()], [...a.values.mul(2).data()]]);
    const sides = tensor([[...randomValues(8, 7)], [...randomValues(8, 8)]]);
    const solve = (v: Tensor, r: Tensor): Tensor => a.withValues(v).solve(r);
    const expectRows = (got: Tensor, rows: readonly Tensor[]): void =>
      rows.forEach((row, i) => expect(got.at(i).sub(row).abs().max().item()).toBeLessThan(1e-15));
    expectRows(vmap(solve)(values, sides), [
      solve(values.at(0), sides.at(0)),
      solve(values.at(1), sides.at(1)),
    ]);
    expectRows(vmap((r: Tensor) => a.solve(r))(sides), [a.solve(sides.at(0)), a.solve(sides.at(1))]);
    expectRows(vmap((v: Tensor) => solve(v, b))(values), [a.solve(b), a.solve(b).mul(0.5)]);
    const table = vmap((v: Tensor) => vmap((r: Tensor) => solve(v, r))(sides))(values);
    expectRows(table.at(1), [a.solve(sides.at(0)).mul(0.5), a.solve(sides.at(1)).mul(0.5)]);
    const gradients = vmap(grad((v: Tensor) => solve(v, b).sum()))(values);
    expectRows(gradients, [grad((v: Tensor) => solve(v, b).sum())(values.at(0))]);
  });
});

describe("errors", () => {
  const a = gridMatrix(2);
  test.each<[string, () => unknown, string]>([
    ["a rectangle", () => randomMatrix({ rows: 2, columns: 3, share: 1, seed: 1 }).factorise(), "SparseMatrix.factorise: the matrix must be square; got 2 × 3."], // prettier-ignore
    ["one triangle", () => SparseMatrix.fromCoo({ shape: [2, 2], rows: [1], columns: [0], values: [1] }).factorise(), "the pattern is not symmetric"], // prettier-ignore
    ["an unsymmetric matrix", () => SparseMatrix.fromCoo({ shape: [2, 2], rows: [0, 1], columns: [1, 0], values: [1, 2] }).factorise(), "factorise: the matrix is not symmetric: entry (0, 1) is 1 and entry (1, 0) is 2."], // prettier-ignore
    ["NaN", () => a.withValues(a.values.div(0).mul(0)).factorise(), "factorise: entry (0, 0) is NaN; all entries must be finite."], // prettier-ignore
    ["infinity", () => a.withValues(a.values.div(0)).factorise({ kind: "lu" }), "factorise: entry (0, 0) is Infinity; all entries must be finite."], // prettier-ignore
    ["a wrong kind", () => a.factorise({ kind: "qr" as never }), "SparseMatrix.factorise: kind"],
    [
      "a tolerance",
      () => a.factorise({ pivotTolerance: 0.6 }),
      "pivotTolerance must be from 0 to 0.5; got 0.6.",
    ],
    ["an ordering", () => a.factorise({ ordering: [0, 1, 1, 2] }), 'ordering must be "amd", "natural" or a permutation of 0 to 3; got a list of 4 numbers.'], // prettier-ignore
    ["a short vector", () => a.solve([1]), "SparseFactor.solve: expects a vector f64[4] or columns f64[4,m]"],
    ["a compiled function", () => jit((m: SparseMatrix) => m.solve([1, 2, 3, 4]))(a), "a sparse factorisation chooses pivots by values, which are unknown in jit"], // prettier-ignore
    ["a loop", () => scan((x: Tensor, y: Tensor) => [a.solve(x), y], tensor([1, 2, 3, 4]), [1, 2]), "Call it outside of them"], // prettier-ignore
    ["properties of traced factors", () => grad((m: SparseMatrix) => m.values.sum().mul(m.factorise().entries))(a), "inside a transform only solve can be used"], // prettier-ignore
  ])("name %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
