import { SparseMatrix } from "downhill/sparse";
import { expect, test } from "vitest";
import { runSteps } from "./ldl.ts";
import { analyseLu, luInSteps } from "./lu.ts";
import { StaticLu } from "./static-lu.ts";
import { randomValues } from "../../../../test/support/sparse-matrices.ts";

const n = 40;

/** A matrix on a random pattern with its diagonal, symmetric or not, and imaginary parts of its entries. */
function randomMatrix(seed: number, isSymmetric: boolean) {
  const random = randomValues(4 * n * n, seed);
  const [rows, columns, values, imaginary]: number[][] = [[], [], [], []];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const k = isSymmetric ? Math.min(i, j) * n + Math.max(i, j) : i * n + j;
      if (i !== j && Math.abs(random[k]!) < 0.93) continue;
      rows!.push(i);
      columns!.push(j);
      values!.push(random[n * n + k]! + (i === j ? 3 : 0));
      imaginary!.push(random[2 * n * n + k]!);
    }
  const a = SparseMatrix.fromCoo({ shape: [n, n], rows: rows!, columns: columns!, values: values! });
  return { a, values: Float64Array.from(a.values.data()), imaginary: Float64Array.from(imaginary!) };
}

/** Largest element of A x − b, for real parts x₀ and imaginary parts x₁ of x that alternate. */
function residual(
  { a, values, imaginary }: ReturnType<typeof randomMatrix>,
  x: Float64Array,
  b: Float64Array,
): number {
  const { rows, columns } = a.pattern;
  const left = b.slice();
  for (let t = 0; t < values.length; t++) {
    const [i, j] = [2 * rows[t]!, 2 * columns[t]!];
    left[i]! -= values[t]! * x[j]! - imaginary[t]! * x[j + 1]!;
    left[i + 1]! -= values[t]! * x[j + 1]! + imaginary[t]! * x[j]!;
  }
  return Math.max(...left.map(Math.abs));
}

test.each([
  ["unsymmetric", false],
  ["symmetric", true],
])(
  "real and complex factors of random %s matrices with pivots on the diagonal solve their systems",
  (_, isSymmetric) => {
    for (const seed of [1, 2, 3]) {
      const matrix = randomMatrix(seed, isSymmetric);
      const analysis = analyseLu("test", matrix.a.pattern, "amd");
      const factors = new StaticLu(analysis);
      const b = Float64Array.from(randomValues(2 * n, seed + 10));
      const x = factors.factorise(matrix.values)!.solve(b.slice(0, n));
      const expected = runSteps(luInSteps("test", analysis, matrix.a.pattern, matrix.values, { pivotTolerance: 1, refinements: 2 })); // prettier-ignore
      const reference = expected.solve(b.slice(0, n), false);
      expect(Math.max(...x.map((value, i) => Math.abs(value - reference[i]!)))).toBeLessThan(1e-10);
      const both = new Float64Array(2 * matrix.values.length);
      matrix.values.forEach((value, t) => {
        both[2 * t] = value;
        both[2 * t + 1] = matrix.imaginary[t]!;
      });
      expect(residual(matrix, factors.factorisePairs(both)!.solve(b), b)).toBeLessThan(1e-10);
    }
  },
);

test("factors of a symmetric matrix on a grid solve its systems, by supernodes of many widths", () => {
  const m = 23;
  const [rows, columns, values]: number[][] = [[], [], []];
  for (let k = 0; k < m * m; k++)
    for (const [down, right] of [
      [0, 0],
      [0, 1],
      [0, -1],
      [1, 0],
      [-1, 0],
    ] as const) {
      const [i, j] = [Math.floor(k / m) + down, (k % m) + right];
      if (i < 0 || i >= m || j < 0 || j >= m) continue;
      rows!.push(k);
      columns!.push(i * m + j);
      values!.push(down === right ? 4.1 + Math.sin(k) : -1);
    }
  const a = SparseMatrix.fromCoo({ shape: [m * m, m * m], rows: rows!, columns: columns!, values: values! });
  const analysis = analyseLu("test", a.pattern, "amd");
  const widths = new Set(Array.from(analysis.parent, (_, s) => analysis.first[s + 1]! - analysis.first[s]!));
  expect([1, 2, 3, 0].every((rest) => [...widths].some((width) => width > 4 && width % 4 === rest))).toBe(true); // prettier-ignore
  const entries = Float64Array.from(a.values.data());
  const x = Float64Array.from(randomValues(m * m, 5));
  const b = Float64Array.from(a.matvec(x).data());
  const factors = new StaticLu(analysis);
  const found = factors.factorise(entries)!;
  const other = factors.factorise(entries.map((value) => 2 * value))!;
  for (const [solution, scale] of [
    [found.solve(b), 1],
    [other.solve(b), 0.5],
  ] as const)
    // prettier-ignore
    expect(Math.max(...solution.map((value, i) => Math.abs(value - scale * x[i]!)))).toBeLessThan(1e-13);
});

test("a pivot that is too small or not finite is refused", () => {
  const { pattern } = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0, 0, 1, 1], columns: [0, 1, 0, 1], values: [1, 1, 1, 1] }); // prettier-ignore
  const factors = new StaticLu(analyseLu("test", pattern, "natural"));
  for (const values of [
    [1e-9, 1, 1, 1],
    [1e-9, 1, 2, 1],
    [1, 2, 3, 6],
    [1, 2, 2, 4],
    [1, Number.NaN, 2, 3],
    [0, 0, 0, 0],
  ]) {
    // prettier-ignore
    expect(factors.factorise(Float64Array.from(values))).toBe(undefined);
    const pairs = Float64Array.from(values.flatMap((value) => [value, 0]));
    expect(factors.factorisePairs(pairs)).toBe(undefined);
  }
  expect(factors.factorise(Float64Array.of(2, 1, 1, 3))!.solve(Float64Array.of(3, 4))).toEqual(Float64Array.of(1, 1)); // prettier-ignore
});
