import { describe, expect, test } from "vitest";
import { grad, hessian, jit, jvp, matmul, sum, tensor, transpose, vmap } from "downhill";
import type { Tensor } from "downhill";
import { cg, gmres, solve } from "downhill/linalg";
import { largestDifference, waves } from "../../../test/support/matrices.ts";

const difference = (a: Tensor, b: Tensor): number => largestDifference(a.data(), b.data());
const square = tensor(waves(25), { shape: [5, 5] });
const identity = tensor([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1], { shape: [5, 5] }); // prettier-ignore
const general = square.add(identity.mul(3));
const definite = matmul(square, transpose(square)).add(identity);
const side = tensor(waves(5, 2));

describe.each([
  ["cg", cg, definite],
  ["gmres", gmres, general],
] as const)("%s", (_, method, matrix) => {
  test("solves systems of matrices, of functions, and in batches and compiled functions", () => {
    const exact = solve(matrix, side);
    expect(difference(method(matrix, side), exact)).toBeLessThan(1e-9);
    expect(
      difference(
        method((x) => matmul(matrix, x), side),
        exact,
      ),
    ).toBeLessThan(1e-9);
    expect(difference(jit((b: Tensor) => method(matrix, b))(side), exact)).toBeLessThan(1e-9);
    const sides = tensor(waves(10, 3), { shape: [2, 5] });
    const both = vmap((b: Tensor) => method(matrix, b))(sides);
    expect(difference(both.at(1), solve(matrix, sides.at(1)))).toBeLessThan(1e-9);
    expect(method(matrix, [0, 0, 0, 0, 0]).tolist()).toEqual([0, 0, 0, 0, 0]);
    const single = method(matrix.astype("float32"), side.astype("float32"));
    expect(single.dtype).toBe("float32");
    expect(difference(single, exact)).toBeLessThan(1e-4);
  });

  test("has the derivatives of the solution, of both modes and of second order, also in captured values", () => {
    const [weights, change] = [tensor(waves(5, 4)), tensor(waves(25, 5), { shape: [5, 5] })];
    const both = change.add(transpose(change));
    const through =
      (by: (a: Tensor, b: Tensor) => Tensor) =>
      (t: Tensor): Tensor =>
        sum(by(matrix.add(both.mul(t)), side.mul(t.add(1))).mul(weights));
    const [mine, exact] = [through((a, b) => method((x) => matmul(a, x), b)), through(solve)];
    const at = tensor(0.01);
    const close = (a: Tensor, b: Tensor): void => {
      expect(a.item() / b.item() - 1).toBeCloseTo(0, 7);
    };
    close(grad(mine)(at), grad(exact)(at));
    close(jvp(mine, [at], [tensor(1)])[1], jvp(exact, [at], [tensor(1)])[1]);
    close(hessian(mine)(at), hessian(exact)(at));
    close(grad(grad(mine))(at), grad(grad(exact))(at));
    const ofMatrix = grad((a: Tensor) => sum(method(a, side).mul(weights)));
    const byFactors = grad((a: Tensor) => sum(solve(a, side).mul(weights)));
    expect(difference(ofMatrix(matrix), byFactors(matrix))).toBeLessThan(1e-8);
  });

  test("uses a preconditioner, and reports a tolerance that it does not reach", () => {
    const diagonal = tensor([1, 1e2, 1e4, 1e6, 1e8]);
    const options = { preconditioner: (x: Tensor) => x.div(diagonal), maxIterations: 1, restart: 1 };
    const own = method === cg ? { preconditioner: options.preconditioner, maxIterations: 1 } : options;
    const x = method((y) => y.mul(diagonal), side, own);
    expect(difference(x, side.div(diagonal))).toBeLessThan(1e-12);
    const limited = method === cg ? { maxIterations: 1 } : { maxIterations: 1, restart: 1 };
    expect(() => method((y) => y.mul(diagonal), side, limited)).toThrow(/did not reach the tolerance/);
    expect(() => method((y) => sum(y), side)).toThrow(/must have the shape of b/);
    expect(() => method([[1, 2]], [1])).toThrow(/a matrix \[n, n\] needs a vector b/);
  });
});
