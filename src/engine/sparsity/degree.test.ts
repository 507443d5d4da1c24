import { abs, add, cumsum, div, floor, matmul, mul, pow, sign, sin, square, sub, sum, take, tensor, type Tensor, where } from "downhill"; // prettier-ignore
import { compile } from "downhill/plain";
import { describe, expect, test } from "vitest";
import { arrayType } from "../ir/types.ts";
import { traceProgram } from "../trace/index.ts";
import { bound } from "../transforms/plain.ts";
import { polynomialDegrees } from "./degree.ts";

/** Degree of a function of x, of shape [3], and of fixed data. */
function degreeOf(f: (x: Tensor, a: Tensor) => Tensor): number {
  const types = [arrayType("float64", [3]), arrayType("float64", [3])];
  const { program, captured } = traceProgram("f", types, (x, a) => [f(x, a)]);
  return polynomialDegrees(program, program.ins.map((_, i) => i === captured.length))[0]!; // prettier-ignore
}

const matrix = [
  [1, 2, 0],
  [2, 0, 3],
  [0, 3, 4],
];

describe("degrees of functions over tensors", () => {
  test.each([
    ["data alone", (_: Tensor, a: Tensor) => sum(sin(a)), 0],
    ["sums with factors from data", (x: Tensor, a: Tensor) => add(sum(mul(sin(a), x)), sum(a)), 1],
    ["quotients by data", (x: Tensor, a: Tensor) => div(sub(1, x), a), 1],
    ["matrix products", (x: Tensor) => matmul(tensor(matrix), x), 1],
    [
      "moved elements and running sums",
      (x: Tensor) => cumsum(take(x, tensor([2, 0], { dtype: "int32" }))),
      1,
    ],
    ["choices by data", (x: Tensor, a: Tensor) => where(a.greater(0), x, mul(2, x)), 1],
    ["quadratic forms", (x: Tensor) => sum(mul(x, matmul(tensor(matrix), x))), 2],
    ["squares", (x: Tensor, a: Tensor) => sum(square(sub(x, a))), 2],
    ["cubes", (x: Tensor) => pow(x, 3), 3],
    ["quotients by x", (x: Tensor) => div(1, x), 3],
    ["kinks", (x: Tensor) => abs(x), 3],
    ["steps, whose derivatives are 0", (x: Tensor) => add(x, sign(floor(x))), 3],
    ["choices by x", (x: Tensor) => where(x.greater(0), 1, 2), 3],
  ])("of %s", (_, f, degree) => {
    expect(degreeOf(f)).toBe(degree);
  });
});

describe("degrees of plain functions", () => {
  test.each([
    ["loops with sums", "let s = 0; for (let i = 0; i < x.length; i++) s += i * x[i] / 2; return s;", 1],
    ["products", "return 3 * x[0] * x[1] - (x[2] - 1) ** 2;", 2],
    ["loops with products", "let s = 1; for (const xi of x) s *= xi; return s;", 3],
    ["branches on x", "if (x[0] > 0) return x[1]; return x[2];", 3],
    ["assignments in branches on x", "let s = 0; if (x[0] > 0) s = 1; return s;", 3],
    ["indices from x", "return a[Math.floor(x[0])];", 3],
    ["branches on data", "if (a[0] > 0) return x[1]; return x[2];", 1],
  ])("of %s", async (_, body, degree) => {
    const { f } = await compile<{ f: (x: number[], a: number[]) => number }>(
      `export function f(x: number[], a: number[]) { "use ad"; ${body} }`,
    );
    expect(degreeOf((x, a) => bound(f, [[1, 2, 3]]).call(x, [a]) as Tensor)).toBe(degree);
  });
});
