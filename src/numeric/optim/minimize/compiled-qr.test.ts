import { expect, test } from "vitest";
import { factorizeAny, isLarge, rootOfGram } from "./compiled-qr.ts";
import { factorize } from "./qr.ts";

const [rows, columns] = [600, 200];

/** Columns of one length and different units. */
const matrix = (m: number, n: number): Float64Array[] =>
  Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: m }, (__, i) => (1 + (j % 5)) * Math.sin(1 + i * i + 3 * i * j)),
  );
const copy = (given: readonly Float64Array[]): Float64Array[] => given.map((column) => column.slice());
const largestDifference = (x: Float64Array, y: Float64Array): number =>
  x.reduce((top, xi, i) => Math.max(top, Math.abs(xi - y[i]!)), 0);

test.each([
  [rows, columns],
  [columns, 300], // fewer rows than columns
])("a large matrix of %i × %i has the factors of the interpreted routine", (m, n) => {
  expect(isLarge(m, n)).toBe(true);
  const given = matrix(m, n);
  const b = Float64Array.from({ length: m }, (_, i) => Math.cos(i));
  const compiled = factorizeAny(copy(given), b.slice());
  const expected = factorize(copy(given), b.slice());
  const k = Math.min(m, n); // with fewer rows, later diagonal elements are 0 up to rounding
  for (let i = 0; i < k - 1; i++) {
    const row = (r: Float64Array): Float64Array => r.subarray(i * n, (i + 1) * n);
    expect(largestDifference(row(compiled.r), row(expected.r))).toBeLessThan(1e-9);
  }
  expect(largestDifference(compiled.qtb.slice(0, k - 1), expected.qtb.slice(0, k - 1))).toBeLessThan(1e-9);
  expect(largestDifference(compiled.transform(b), compiled.qtb)).toBeLessThan(1e-9);
});

test("Qᵀc of an ill-conditioned matrix is accurate, because Q is computed", () => {
  const given = matrix(rows, columns);
  given[5] = given[4]!.map((x, i) => x + 1e-9 * Math.sin(i));
  const c = Float64Array.from({ length: rows }, (_, i) => Math.cos(i));
  const compiled = factorizeAny(copy(given), c.slice());
  const expected = factorize(copy(given), c.slice());
  expect(largestDifference(compiled.transform(c), compiled.qtb)).toBeLessThan(1e-9);
  expect(largestDifference(compiled.qtb, expected.qtb)).toBeLessThan(1e-4); // the direction of one column is uncertain
});

test("the root of AᵀA is R, up to the signs of its rows", () => {
  const given = matrix(rows, columns);
  const root = rootOfGram(given)!;
  const { r } = factorize(copy(given));
  for (let i = 0; i < columns; i++) {
    const sign = Math.sign(r[i * columns + i]!);
    const row = r.slice(i * columns, (i + 1) * columns).map((x) => sign * x);
    expect(largestDifference(root.slice(i * columns, (i + 1) * columns), row)).toBeLessThan(1e-9);
  }
});

test("a singular AᵀA has no root", () => {
  const given = matrix(rows, columns);
  given[7] = new Float64Array(rows);
  expect(rootOfGram(given)).toBeUndefined();
});
