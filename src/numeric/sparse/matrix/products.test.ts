import { grad, jacfwd, jit, matmul, mul, type Tensor, tensor, transpose, vmap } from "downhill";
import { checkGrads } from "downhill/testing";
import { describe, expect, test } from "vitest";
import { randomMatrix, randomValues } from "../../../../test/support/sparse-matrices.ts";
import { SparseMatrix } from "./sparse-matrix.ts";

const a = randomMatrix({ rows: 5, columns: 7, share: 0.3, seed: 1 });
const b = randomMatrix({ rows: 7, columns: 4, share: 0.4, seed: 2 });
const c = randomMatrix({ rows: 5, columns: 7, share: 0.3, seed: 3 });
const [x, y] = [tensor(randomValues(7, 4)), tensor(randomValues(5, 5))];
const expectClose = (got: Tensor, expected: Tensor): void => {
  expect(got.shape).toEqual(expected.shape);
  const [g, e] = [got.data(), expected.data()];
  for (let i = 0; i < e.length; i++)
    expect(Math.abs(g[i]! - e[i]!)).toBeLessThanOrEqual(1e-13 * (1 + Math.abs(e[i]!)));
};

describe("products with vectors", () => {
  test("equal those of dense matrices, also compiled", () => {
    for (const [f, g] of [
      [(m: SparseMatrix) => m.matvec(x), matmul(a.toDense(), x)],
      [(m: SparseMatrix) => m.rmatvec(y), matmul(transpose(a.toDense()), y)],
      [(m: SparseMatrix) => m.matvec(b.toDense()), matmul(a.toDense(), b.toDense())],
      [(m: SparseMatrix) => m.rmatvec(c.toDense()), matmul(transpose(a.toDense()), c.toDense())],
    ] as const) {
      expectClose(f(a), g);
      expectClose(jit(f)(a), g);
    }
  });

  test("have derivatives in values and vector", () => {
    checkGrads((v: Tensor, u: Tensor) => a.withValues(v).matvec(u).square().sum(), [a.values, x]);
    checkGrads((v: Tensor, u: Tensor) => a.withValues(v).rmatvec(u).square().sum(), [a.values, y]);
    const sparse = grad((m: SparseMatrix) => m.matvec(x).square().sum())(a);
    const dense = grad((m: Tensor) => matmul(m, x).square().sum())(a.toDense());
    expectClose(sparse.toDense(), mul(dense, a.withValues(new Float64Array(a.nnz).fill(1)).toDense()));
    expectClose(jacfwd((u: Tensor) => a.matvec(u))(x), a.toDense());
    expectClose(jit(grad((m: SparseMatrix) => m.matvec(x).square().sum()))(a).values, sparse.values);
  });

  test("map over vectors and over values", () => {
    const rows = tensor([[...randomValues(7, 8)], [...randomValues(7, 9)]]);
    expectClose(vmap((u: Tensor) => a.matvec(u))(rows), transpose(matmul(a.toDense(), transpose(rows))));
    const values = tensor([[...randomValues(a.nnz, 10)], [...randomValues(a.nnz, 11)]]);
    const products = vmap((v: Tensor) => a.withValues(v).rmatvec(y))(values);
    expectClose(products.at(1), a.withValues(values.at(1)).rmatvec(y));
  });

  test("refuse vectors of another length", () => {
    expect(() => a.matvec([1, 2])).toThrow(
      "SparseMatrix.matvec: expects a vector f64[7] or columns f64[7,m], one element per column of the matrix; got f64[2].",
    );
    expect(() => a.rmatvec(x)).toThrow("one element per row of the matrix; got f64[7].");
  });

  test("exist for matrices without rows, columns or entries", () => {
    const empty = SparseMatrix.fromCoo({ shape: [2, 0], rows: [], columns: [], values: [] });
    expect(empty.matvec([]).tolist()).toEqual([0, 0]);
    expect(empty.rmatvec([1, 2]).shape).toEqual([0]);
    expect(jit((m: SparseMatrix) => m.matvec(new Float64Array(0)))(empty).tolist()).toEqual([0, 0]);
    const hollow = SparseMatrix.fromCoo({ shape: [2, 2], rows: [], columns: [], values: [] });
    expect(jit((m: SparseMatrix) => m.matvec([1, 2]))(hollow).tolist()).toEqual([0, 0]);
    expect(hollow.transpose().add(hollow).multiply(hollow).toDense().tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });
});

describe("operations on matrices", () => {
  test("equal those of dense matrices", () => {
    expectClose(a.transpose().toDense(), transpose(a.toDense()));
    expectClose(a.add(c).toDense(), a.toDense().add(c.toDense()));
    expectClose(a.multiply(b).toDense(), matmul(a.toDense(), b.toDense()));
    expectClose(a.scale(-2).toDense(), a.toDense().mul(-2));
    const both = jit((m: SparseMatrix, n: SparseMatrix, o: SparseMatrix) => m.add(o).multiply(n).transpose());
    expectClose(both(a, b, c).toDense(), transpose(matmul(a.toDense().add(c.toDense()), b.toDense())));
  });

  test("have derivatives in the values of both", () => {
    checkGrads((v: Tensor, u: Tensor) => a.withValues(v).multiply(b.withValues(u)).values.square().sum(), [a.values, b.values]); // prettier-ignore
    checkGrads((v: Tensor, u: Tensor) => a.withValues(v).add(c.withValues(u)).transpose().toDense().square().sum(), [a.values, c.values]); // prettier-ignore
  });

  test("refuse shapes that do not fit", () => {
    expect(() => a.add(b)).toThrow(
      "SparseMatrix.add: expects a matrix of 5 × 7, as the first one; got 7 × 4.",
    );
    expect(() => a.multiply(c)).toThrow(
      "SparseMatrix.multiply: a matrix of 5 × 7 needs one with 7 rows; got 5 × 7.",
    );
    expect(() => a.multiply(x as never)).toThrow(
      "SparseMatrix.multiply: expects a SparseMatrix; got object.",
    );
  });
});
