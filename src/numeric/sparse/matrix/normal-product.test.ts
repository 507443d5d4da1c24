import { expect, test } from "vitest";
import { matmul, tensor, transpose } from "downhill";
import { randomMatrix, randomValues } from "../../../../test/support/sparse-matrices.ts";
import { normalProduct } from "./normal-product.ts";
import { SparseMatrix } from "./sparse-matrix.ts";

test("AᵀA and AᵀWA of a fixed pattern equal the dense products, with a whole diagonal", () => {
  const single = randomMatrix({ rows: 20, columns: 9, share: 0.2, seed: 1 });
  // three adjacent rows per pattern, as residuals of one observation have
  const { rows, columns } = single.pattern;
  const triples = SparseMatrix.fromCoo({
    shape: [60, 9],
    rows: [0, 1, 2].flatMap((k) => Array.from(rows, (i) => 3 * i + k)),
    columns: [...columns, ...columns, ...columns],
    values: randomValues(3 * single.nnz, 2),
  });
  for (const a of [
    single,
    triples,
    SparseMatrix.fromCoo({ shape: [4, 3], rows: [1], columns: [2], values: [5] }),
  ]) {
    const product = normalProduct(a.pattern);
    const values = a.values.data() as Float64Array;
    const weights = randomValues(a.shape[0], 3);
    const dense = a.toDense();
    for (const [got, expected] of [
      [product.evaluate(values), matmul(transpose(dense), dense)],
      [product.evaluate(values, weights), matmul(transpose(dense).mul(tensor(weights)), dense)],
    ] as const) {
      const sparse = SparseMatrix.of(product.pattern, got).toDense();
      expect(sparse.sub(expected).abs().max().item()).toBeLessThan(1e-14);
    }
    const out = new Float64Array(product.pattern.nnz).fill(NaN);
    expect(product.evaluate(values, undefined, out)).toBe(out);
    expect([...out]).toEqual([...product.evaluate(values)]);
    for (let i = 0; i < a.shape[1]; i++) {
      const { rowPointers } = product.pattern;
      expect(product.pattern.columns.subarray(rowPointers[i], rowPointers[i + 1]).includes(i)).toBe(true);
    }
  }
});
