import { expect, test } from "vitest";
import { randomMatrix, randomValues } from "../../../../test/support/sparse-matrices.ts";
import { runSteps } from "./ldl.ts";
import { NormalEquations, type NormalMemory } from "./normal-equations.ts";

/** Dense rows of JᵀJ + shift, with rows and columns of the unit matrix for held coordinates. */
function denseNormal(J: number[][], free: ArrayLike<number>, shift: ArrayLike<number>): number[][] {
  const n = J[0]!.length;
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      const added = i === j ? shift[i]! : 0;
      if (free[i] === 0 || free[j] === 0) return (i === j ? 1 : 0) + added;
      return J.reduce((sum, row) => sum + row[i]! * row[j]!, added);
    }),
  );
}

test("solutions with factors of JᵀJ + shift satisfy the dense equations, also in reused memory and with held coordinates", () => {
  const memory: NormalMemory = {};
  let products: Float64Array | undefined;
  for (let seed = 1; seed <= 40; seed++) {
    const [rows, columns] = [5 + (seed % 30), 2 + (seed % 11)];
    const matrix = randomMatrix({ rows, columns, share: 0.3, seed });
    const normal = new NormalEquations("test", matrix.pattern);
    const J = matrix.toDense().tolist() as number[][];
    const shift = randomValues(columns, seed + 1).map((x) => 1 + Math.abs(x));
    const free = Float64Array.from({ length: columns }, (_, j) => ((seed + j) % 4 === 0 ? 0 : 1));
    products = normal.evaluate(matrix.values.data() as Float64Array, products);
    const sizes = normal.columnSizes(products);
    sizes.forEach((size, j) => expect(size).toBeCloseTo(Math.hypot(...J.map((row) => row[j]!)), 12));
    const factor = runSteps(normal.factoriseInSteps(products, free, shift, memory));
    const b = randomValues(columns, seed + 2);
    const x = factor.solve(b);
    const dense = denseNormal(J, free, shift);
    dense.forEach((row, i) => expect(row.reduce((s, a, j) => s + a * x[j]!, 0)).toBeCloseTo(b[i]!, 11));
    expect(normal.nnz).toBe(denseNormal(J.map((row) => row.map((v) => Math.abs(v))), new Float64Array(columns).fill(1), shift).flat().filter((v) => v !== 0).length); // prettier-ignore
  }
});

test("a product of columns that overflows is an error that names the columns", () => {
  const matrix = randomMatrix({ rows: 6, columns: 3, share: 1, seed: 1 });
  const normal = new NormalEquations("leastSquares", matrix.pattern);
  const products = normal.evaluate((matrix.values.data() as Float64Array).map((x) => 1e200 * x));
  const free = new Float64Array(3).fill(1);
  expect(() => runSteps(normal.factoriseInSteps(products, free, undefined, {}))).toThrow(
    /^leastSquares: the product of columns \d and \d of the Jacobian is -?Infinity\. Scale residuals and parameters\.$/,
  );
});
