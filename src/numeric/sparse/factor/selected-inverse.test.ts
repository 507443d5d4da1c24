import { tensor } from "downhill";
import { inv } from "downhill/linalg";
import { describe, expect, test } from "vitest";
import { gridMatrix, randomSymmetric } from "../../../../test/support/sparse-matrices.ts";
import { SparseMatrix } from "../matrix/sparse-matrix.ts";

const largestOf = (x: Float64Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("selected elements of the inverse", () => {
  const cases: Record<string, SparseMatrix> = {
    "a grid": gridMatrix(6),
    "an indefinite matrix": randomSymmetric(36, 0.1, 3, (i) => (i % 3 === 0 ? 1 : undefined)),
    "a matrix with delayed pivots": randomSymmetric(36, 0.12, 5, (i) => (i < 18 ? 1e-3 : undefined)),
    "a matrix of two parts": gridMatrix(6).scale(tensor(-2)),
  };

  test.each(Object.entries(cases))("of %s equal those of the dense inverse", (_, a) => {
    const dense = inv(a.toDense()).data() as Float64Array;
    const scale = largestOf(dense);
    const factor = a.factorise();
    const n = a.shape[0];
    const diagonal = factor.inverseDiagonal().data() as Float64Array;
    expect(largestOf(diagonal.map((x, i) => x - dense[i * n + i]!))).toBeLessThan(1e-12 * scale);
    const rows = Int32Array.from({ length: n * n }, (_unused, t) => Math.floor(t / n));
    const columns = rows.map((_unused, t) => t % n);
    const all = factor.inverseEntries(rows, columns).data() as Float64Array;
    expect(largestOf(all.map((x, t) => x - dense[t]!))).toBeLessThan(1e-12 * scale);
  });

  test("include the delayed pivots that the cases are there for", () => {
    expect(cases["a matrix with delayed pivots"]!.factorise().delays).toBeGreaterThan(0);
    expect(cases["an indefinite matrix"]!.factorise().inertia.negative).toBeGreaterThan(5);
  });

  test("are refused for singular and for unsymmetric factors", () => {
    const a = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0, 1], columns: [0, 1], values: [1, 0] });
    expect(() => a.factorise().inverseDiagonal()).toThrow(
      "SparseFactor.inverseDiagonal: the matrix is singular",
    );
    expect(() => a.factorise({ kind: "lu" }).inverseDiagonal()).toThrow(
      'needs the symmetric factors of kind "ldl"',
    );
    const factor = gridMatrix(2).factorise();
    expect(() => factor.inverseEntries([0], [4])).toThrow(
      "entry 0 is in column 4, and the matrix has 4 columns",
    );
    expect(() => factor.inverseEntries([0], [])).toThrow("got 1 rows and 0 columns.");
    const empty = SparseMatrix.fromCoo({ shape: [0, 0], rows: [], columns: [], values: [] });
    expect(empty.factorise().inverseDiagonal().shape).toEqual([0]);
  });
});
