import { describe, expect, test } from "vitest";
import { luFactor, solveLu } from "../dense-matrix.ts";
import { LowRankSolver, LowRankTerm } from "./low-rank.ts";

let seed = 11;
const random = (): number => 2 * ((seed = (seed * 48271) % 2147483647) / 2147483647) - 1;
const vector = (n: number): Float64Array => Float64Array.from({ length: n }, random);
const closeTo = (x: Float64Array): number[] => [...x].map((xi) => expect.closeTo(xi, 10) as number);

/** A matrix with a large diagonal, by rows. */
function regular(n: number): Float64Array {
  return vector(n * n).map((x, q) => (q % (n + 1) === 0 ? x + 4 : x));
}

function product(a: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  return x.map((_, i) => x.reduce((sum, xj, j) => sum + a[i * n + j]! * xj, 0));
}

describe("terms of low rank", () => {
  const n = 6;
  const matrix = regular(n);
  // the columns are shorter than the rows of the matrix
  const term = new LowRankTerm([vector(4), vector(4)], Float64Array.of(3, 0.5, 0.5, -2));
  const whole = matrix.slice();
  const inner = new Float64Array(16);
  term.subtractFromMatrix(inner, 4);
  for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) whole[i * n + j]! += inner[i * 4 + j]!;

  test("are subtracted from products as from the matrix", () => {
    const v = vector(n);
    const out = product(matrix, v);
    term.subtractFrom(out, v);
    expect([...out]).toEqual(closeTo(product(whole, v)));
  });

  test("change solutions as the matrix does", () => {
    const factor = luFactor(matrix, n);
    const solver = new LowRankSolver(term, n, (side) => solveLu(factor, side));
    const x = vector(n);
    expect([...solver.solve(product(whole, x))]).toEqual(closeTo(x));
  });

  test("need pivots for a middle with a zero diagonal", () => {
    const factor = luFactor(Float64Array.of(0, 2, 3, 0), 2);
    expect([...solveLu(factor, Float64Array.of(4, 9))]).toEqual([3, 2]);
  });
});
