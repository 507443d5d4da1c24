import { describe, expect, test } from "vitest";
import { type ColumnMatrix, covarianceAmong, factorize, triangular } from "./qr.ts";

/** Columns of m numbers between −1 and 1, each multiplied by its unit. */
const matrix = (m: number, units: readonly number[]): Float64Array[] =>
  units.map((unit, j) => Float64Array.from({ length: m }, (_, i) => unit * Math.sin(1 + i * i + 3 * i * j)));
const copy = (columns: ColumnMatrix): Float64Array[] => columns.map((column) => column.slice());
const dot = (x: Float64Array, y: Float64Array): number =>
  x.reduce((total, xi, i) => total + xi * (y[i] ?? 0), 0);

describe("factorize", () => {
  test.each([
    [7, 1],
    [7, 4],
    [8, 5],
    [5, 5],
    [3, 4],
  ])("gives R and Qᵀb with the products that the matrix has: %i rows, %i columns", (m, n) => {
    const columns = matrix(m, new Array<number>(n).fill(1));
    const b = matrix(m, new Array<number>(n + 1).fill(1))[n]!;
    const { r, qtb } = factorize(copy(columns), b.slice());
    const of = (j: number): Float64Array => Float64Array.from({ length: n }, (_, i) => r[i * n + j]!);
    for (let i = 0; i < n; i++) {
      expect(dot(of(i), qtb)).toBeCloseTo(dot(columns[i]!, b), 13);
      for (let j = 0; j < n; j++) {
        if (j < i) expect(r[i * n + j]).toBe(0);
        expect(dot(of(i), of(j))).toBeCloseTo(dot(columns[i]!, columns[j]!), 13);
      }
    }
  });

  test.each([
    [7, 4],
    [3, 4],
  ])("transforms another right-hand side as its own: %i rows, %i columns", (m, n) => {
    const [b, ...columns] = matrix(m, new Array<number>(n + 1).fill(1)) as [Float64Array, ...Float64Array[]];
    const { qtb } = factorize(copy(columns), b.slice());
    const { transform } = factorize(copy(columns));
    const before = b.slice();
    expect(transform(b)).toEqual(qtb);
    expect(b).toEqual(before);
  });

  test("neither overflows nor loses columns whose squares underflow", () => {
    const units = [1e200, 1e-200, 1];
    const plain = triangular(matrix(9, [1, 1, 1]));
    triangular(matrix(9, units)).forEach((column, j) => {
      column.forEach((x, i) => expect(x / units[j]!).toBeCloseTo(plain[j]![i]!, 13));
    });
  });
});

test("covarianceAmong inverts JᵀJ for kept columns, and is NaN elsewhere", () => {
  const [a, , b] = matrix(6, [1, 1, 1]) as [Float64Array, Float64Array, Float64Array];
  const [aa, ab, bb] = [dot(a, a), dot(a, b), dot(b, b)];
  const determinant = aa * bb - ab * ab;
  const covariance = covarianceAmong([0, 2], copy([a, b]), 3, 2);
  expect(covariance[0]).toBeCloseTo((2 * bb) / determinant, 12);
  expect(covariance[2]).toBeCloseTo((-2 * ab) / determinant, 12);
  expect(covariance[6]).toBe(covariance[2]);
  expect(covariance[8]).toBeCloseTo((2 * aa) / determinant, 12);
  expect([1, 3, 4, 5, 7].map((at) => covariance[at])).toEqual(new Array(5).fill(Number.NaN));
  expect([...covarianceAmong([0, 1], copy([a, a]), 2, 1)]).toEqual(new Array(4).fill(Number.NaN));
});
