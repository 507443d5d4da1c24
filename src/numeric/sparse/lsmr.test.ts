import { tensor, type Tensor } from "downhill";
import { describe, expect, test } from "vitest";
import { gridMatrix, randomMatrix, randomValues } from "../../../test/support/sparse-matrices.ts";
import { lsmr } from "./lsmr.ts";
import { SparseMatrix } from "./matrix/sparse-matrix.ts";

const identity = (n: number): SparseMatrix => {
  const places = Array.from({ length: n }, (_, i) => i);
  return SparseMatrix.fromCoo({
    shape: [n, n],
    rows: places,
    columns: places,
    values: new Float64Array(n).fill(1),
  });
};
const distance = (x: Tensor, y: Tensor): number => x.sub(y).abs().max().item();
/** The solution of the normal equations. */
const leastSquares = (matrix: SparseMatrix, side: Tensor): Tensor =>
  matrix.transpose().multiply(matrix).solve(matrix.rmatvec(side));
const a = randomMatrix({ rows: 30, columns: 12, share: 0.3, seed: 1 });
const b = tensor(randomValues(30, 2));

describe("lsmr", () => {
  test("solves least squares, and estimates their norms", () => {
    const { x, reason, residualNorm, gradientNorm, iterations, condition } = lsmr(a, b);
    expect(distance(x, leastSquares(a, b))).toBeLessThan(1e-8);
    expect(reason).toBe("least squares");
    expect(residualNorm).toBeCloseTo(a.matvec(x).sub(b).square().sum().sqrt().item(), 10);
    expect(gradientNorm).toBeLessThan(1e-9);
    expect(iterations).toBeLessThanOrEqual(30);
    expect(condition).toBeGreaterThan(1);
  });

  test("solves consistent systems", () => {
    const grid = gridMatrix(8);
    const solution = tensor(randomValues(64, 3));
    const { x, reason } = lsmr(grid, grid.matvec(solution), { sideTolerance: 1e-13, matrixTolerance: 1e-13 });
    expect(reason).toBe("consistent");
    expect(distance(x, solution)).toBeLessThan(1e-10);
    expect(lsmr(grid, grid.matvec(solution), { start: solution }).iterations).toBe(0);
  });

  test("dampens as rows of the identity would", () => {
    const below = SparseMatrix.fromCoo({
      shape: [42, 12],
      rows: [...a.pattern.rows, ...identity(12).pattern.rows.map((i) => 30 + i)],
      columns: [...a.columns, ...identity(12).columns],
      values: [...a.values.data(), ...new Float64Array(12).fill(0.7)],
    });
    const { x, residualNorm } = lsmr(a, b, { damping: 0.7 });
    const extended = tensor([...b.data(), ...new Float64Array(12)]);
    expect(distance(x, leastSquares(below, extended))).toBeLessThan(1e-8);
    expect(residualNorm).toBeCloseTo(below.matvec(x).sub(extended).square().sum().sqrt().item(), 8);
  });

  test("needs products only", () => {
    const operator = {
      shape: [30, 12] as const,
      matvec: (x: Tensor) => a.matvec(x),
      rmatvec: (y: Tensor) => a.rmatvec(y),
    };
    expect(lsmr(operator, b).x.tolist()).toEqual(lsmr(a, b).x.tolist());
    expect(() => lsmr({ ...operator, matvec: (x: Tensor) => x }, b)).toThrow(
      "lsmr: matvec must return 30 elements; got shape [12].",
    );
  });

  test("ends at limits, and at once for sides without a solution to find", () => {
    expect(lsmr(a, b, { maxIterations: 2 })).toMatchObject({ iterations: 2, reason: "iterations" });
    expect(lsmr(a, b, { conditionLimit: 1.5 }).reason).toBe("condition");
    expect(lsmr(a, new Float64Array(30))).toMatchObject({ iterations: 0, reason: "consistent" });
    const hollow = SparseMatrix.fromCoo({ shape: [2, 3], rows: [], columns: [], values: [] });
    expect(lsmr(hollow, [1, 2])).toMatchObject({ iterations: 0, reason: "least squares" });
    expect(lsmr(hollow, [1, 2]).x.tolist()).toEqual([0, 0, 0]);
  });

  test("names what it refuses", () => {
    expect(() => lsmr(a, [1])).toThrow("lsmr: expects a vector f64[30]");
    expect(() => lsmr(a, b.div(0))).toThrow("lsmr: element 0 is");
    expect(() => lsmr(a, b, { damping: -1 })).toThrow("lsmr: damping must not be negative; got -1.");
  });
});
