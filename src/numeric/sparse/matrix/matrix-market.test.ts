import { describe, expect, test } from "vitest";
import { gridMatrix, randomMatrix } from "../../../../test/support/sparse-matrices.ts";
import { readMatrixMarket, writeMatrixMarket } from "./matrix-market.ts";
import { SparseMatrix } from "./sparse-matrix.ts";

const dense = (text: string): unknown => readMatrixMarket(text).toDense().tolist();

describe("readMatrixMarket", () => {
  test("reads all kinds of real matrices", () => {
    const general =
      "%%MatrixMarket matrix coordinate real general\n% comment\n\n2 3 3\n1 1 1.5e0\n2 3 -2\n1 1 0.5\n";
    expect(dense(general)).toEqual([[2, 0, 0], [0, 0, -2]]); // prettier-ignore
    const skew = "%%MatrixMarket matrix coordinate integer skew-symmetric\r\n2 2 1\r\n2 1 3\r\n";
    expect(dense(skew)).toEqual([[0, -3], [3, 0]]); // prettier-ignore
    const pattern = "%%matrixmarket MATRIX coordinate pattern symmetric\n2 2 2\n1 1\n2 1";
    expect(dense(pattern)).toEqual([[1, 1], [1, 0]]); // prettier-ignore
    expect(dense("%%MatrixMarket matrix array real general\n2 2\n1\n2\n0\n1d2\n")).toEqual([[1, 0], [2, 100]]); // prettier-ignore
    expect(readMatrixMarket("%%MatrixMarket matrix array real general\n2 2\n1\n2\n0\n4\n").nnz).toBe(3);
    expect(dense("%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n4\n")).toEqual([[1, 2], [2, 4]]); // prettier-ignore
    expect(dense("%%MatrixMarket matrix array real skew-symmetric\n2 2\n2\n")).toEqual([[0, -2], [2, 0]]); // prettier-ignore
    expect(readMatrixMarket("%%MatrixMarket matrix coordinate real general\n0 0 0\n").shape).toEqual([0, 0]);
  });

  test.each<[string, string]>([
    ["hello", 'line 1: the text must begin with "%%MatrixMarket matrix"'],
    ["%%MatrixMarket matrix coordinate complex general\n", 'line 1: the field "complex" is not supported'],
    [
      "%%MatrixMarket matrix coordinate real hermitian\n",
      'line 1: the symmetry "hermitian" is not supported',
    ],
    [
      "%%MatrixMarket matrix coordinate real general\n2 2\n",
      'line 2: the sizes must be 3 numbers; got "2 2"',
    ],
    ["%%MatrixMarket matrix coordinate real general\n2 2 1\n", "line 2: the text ends before entry 1 of 1"],
    [
      "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 3 1\n",
      "line 3: (1, 3) is outside the 2 × 2 matrix",
    ],
    ["%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 x\n", 'line 3: "x" is not a number'],
    [
      "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 1\n1 1 1\n",
      "line 4: there are more entries",
    ],
    ["%%MatrixMarket matrix coordinate real general\n2 -2 1\n", "line 2: the sizes must be integers from 0"],
    ["%%MatrixMarket matrix coordinate real symmetric\n2 3 0\n", "line 2: a symmetric matrix must be square"],
  ])("names the line of an error: %j", (text, message) => {
    expect(() => readMatrixMarket(text)).toThrow(`readMatrixMarket: ${message}`);
  });
});

describe("writeMatrixMarket", () => {
  test("writes matrices that are read back exactly", () => {
    const matrix = randomMatrix({ rows: 6, columns: 4, share: 0.4, seed: 1 });
    const same = readMatrixMarket(writeMatrixMarket(matrix, { comment: "two\nlines" }));
    expect([same.pattern, same.values.tolist()]).toEqual([matrix.pattern, matrix.values.tolist()]);
    const odd = SparseMatrix.fromCoo({ shape: [1, 4], rows: [0, 0, 0, 0], columns: [0, 1, 2, 3], values: [NaN, -Infinity, -0, 1 / 3] }); // prettier-ignore
    expect(readMatrixMarket(writeMatrixMarket(odd)).values.tolist()).toEqual(odd.values.tolist());
  });

  test("writes one triangle of symmetric matrices, unless the option refuses that", () => {
    const grid = gridMatrix(3);
    const text = writeMatrixMarket(grid);
    expect(text).toMatch(/^%%MatrixMarket matrix coordinate real symmetric\n9 9 21\n/);
    expect(readMatrixMarket(text).toDense().tolist()).toEqual(grid.toDense().tolist());
    expect(writeMatrixMarket(grid, { symmetric: false })).toMatch(/general\n9 9 33\n/);
    const matrix = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0], columns: [1], values: [1] });
    expect(() => writeMatrixMarket(matrix, { symmetric: true })).toThrow("the matrix is not symmetric");
  });
});
