import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";
import { choleskyFactor, withCurvature } from "../dense-matrix.ts";
import { solveQuadratic } from "./dual-active-set.ts";

let seed = 7;
const random = (): number => 2 * ((seed = (seed * 48271) % 2147483647) / 2147483647) - 1;
const vector = (n: number): Float64Array => Float64Array.from({ length: n }, random);

/** A positive definite matrix by rows. */
function definite(n: number): Float64Array {
  const a = vector(n * n);
  return Float64Array.from({ length: n * n }, (_, q) => {
    const [i, j] = [Math.floor(q / n), q % n];
    let sum = i === j ? 0.1 : 0;
    for (let k = 0; k < n; k++) sum += a[i * n + k]! * a[j * n + k]!;
    return sum;
  });
}

describe("solveQuadratic", () => {
  test("accepts opposite limits of 0, whose excess at the solution is rounding of larger steps", () => {
    const normals = Float64Array.of(1, 0, 0, 1, 0, 0);
    for (let k = 0; k < 30; k++) {
      const solved = solveQuadratic({
        factor: choleskyFactor(definite(3), 3)!,
        gradient: vector(3),
        normals,
        low: Float64Array.of(-Infinity, 0),
        high: Float64Array.of(0, Infinity),
      });
      expect(solved?.d[0]).toBeCloseTo(0, 12);
    }
  });

  test("satisfies the optimality conditions of random problems with equalities, limits and repeated rows", () => {
    for (let k = 0; k < extent(50, 2000); k++) {
      const [n, m] = [1 + (k % 7), k % 9];
      const matrix = definite(n);
      const gradient = vector(n);
      const normals = vector(m * n);
      if (m > 1) normals.copyWithin(n, 0, n); // the second row repeats the first
      const inside = vector(n);
      const values = Float64Array.from({ length: m }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += normals[j * n + i]! * inside[i]!;
        return sum;
      });
      const low = values.map((value, j) =>
        j % 4 === 0 && j < n ? value : j % 4 === 1 ? -Infinity : value - 0.1,
      );
      const high = values.map((value, j) => (j % 4 === 0 && j < n ? value : value + 0.1 * (j % 3)));
      const { d, multipliers } = solveQuadratic({
        factor: choleskyFactor(matrix, n)!,
        gradient,
        normals,
        low,
        high,
      })!;
      for (let i = 0; i < n; i++) {
        let slope = gradient[i]!;
        for (let j = 0; j < n; j++) slope += matrix[i * n + j]! * d[j]!;
        for (let j = 0; j < m; j++) slope += multipliers[j]! * normals[j * n + i]!;
        expect(Math.abs(slope)).toBeLessThan(1e-8);
      }
      for (let j = 0; j < m; j++) {
        let value = 0;
        for (let i = 0; i < n; i++) value += normals[j * n + i]! * d[i]!;
        expect(value).toBeGreaterThan(low[j]! - 1e-8);
        expect(value).toBeLessThan(high[j]! + 1e-8);
        if (multipliers[j]! > 1e-9) expect(value).toBeCloseTo(high[j]!, 8);
        if (multipliers[j]! < -1e-9) expect(value).toBeCloseTo(low[j]!, 8);
      }
    }
  });

  test("recognises limits without a common point", () => {
    const problem = {
      factor: Float64Array.of(1, 0, 0, 1),
      gradient: new Float64Array(2),
      normals: Float64Array.of(1, 1, 1, 1, 1, 0),
      low: Float64Array.of(2, -Infinity, -5),
      high: Float64Array.of(Infinity, 1, 5),
    };
    expect(solveQuadratic(problem)).toBeUndefined();
    const { d } = solveQuadratic({ ...problem, high: Float64Array.of(Infinity, 2, 5) })!;
    expect([...d]).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
  });
});

test("withCurvature keeps eigenvectors, and makes eigenvalues positive", () => {
  // eigenvalues 3, −1 and 0
  const found = withCurvature(Float64Array.of(1, 2, 0, 2, 1, 0, 0, 0, 0), 3, 0.5);
  [2, 1, 0, 1, 2, 0, 0, 0, 0.5].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 12));
  expect(choleskyFactor(found, 3)).toBeDefined();
});
