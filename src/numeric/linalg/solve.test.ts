import { afterEach, describe, expect, test } from "vitest";
import { configure, grad, jit, jvp, matmul, scan, sum, tensor, transpose, vmap } from "downhill";
import type { Tensor } from "downhill";
import * as linalg from "downhill/linalg";
import { extent } from "../../../test/support/extent.ts";
import {
  largestDifference,
  positiveDefinite,
  times,
  transposed,
  waves,
  wellConditioned,
} from "../../../test/support/matrices.ts";

const { cholesky, choleskySolve, inv, lu, luSolve, solve, solveTriangular } = linalg;
const matrix = (x: readonly number[], n: number, m = n): Tensor => tensor([...x], { shape: [n, m] });
afterEach(() => configure({}));

/** Sizes below, at and above those of registers, blocks and panels. */
const all = [1, 3, 8, 9, 67, 2, 4, 5, 31, 48, 49, 64, 65, 96, 130];
const sizes = all.slice(0, extent(5, all.length));
const backends = ["js", "wasm"] as const;

describe.each(backends)("factorisations of any size by %s", (backend) => {
  test.each(sizes)("n = %i", (n) => {
    configure({ backend });
    const a = wellConditioned(n);
    const spd = positiveDefinite(n);
    const b = waves(n * 5);
    const scale = 1e-14 * n * n;
    const l = cholesky(matrix(spd, n)).data();
    expect(largestDifference(times(l, transposed(l, n, n), n, n, n), spd)).toBeLessThan(scale * n);
    expect(l.every((x, i) => i % n <= Math.floor(i / n) || x === 0)).toBe(true);
    const [p, lower, upper] = lu(matrix(waves(n * n), n));
    const product = matmul(p, matmul(lower, upper));
    expect(largestDifference(product.data(), waves(n * n))).toBeLessThan(scale);
    expect(Math.max(...lower.data().map(Math.abs))).toBe(1);
    for (const m of [1, 3, 5]) {
      const sides = matrix(b.slice(0, n * m), n, m);
      const x = solve(matrix(a, n), sides).data();
      expect(largestDifference(times(a, x, n, n, m), sides.data())).toBeLessThan(scale);
      for (const [isLower, transpose] of [
        [true, false],
        [true, true],
        [false, false],
        [false, true],
      ]) {
        const half = a.map((value, i) =>
          isLower === Math.floor(i / n) > i % n || i % (n + 1) === 0 ? value : 0,
        );
        const given = transpose ? transposed(half, n, n) : half;
        const y = solveTriangular(matrix(a, n), sides, { lower: isLower!, transpose: transpose! }).data();
        expect(largestDifference(times(given, y, n, n, m), sides.data())).toBeLessThan(scale);
      }
    }
  });
});

test("rectangular matrices have factors of the smaller side", () => {
  for (const [m, n] of [
    [5, 3],
    [3, 5],
    [70, 50],
    [50, 70],
    [1, 4],
  ] as const) {
    const a = matrix(waves(m * n), m, n);
    const [p, l, u] = lu(a);
    expect([p.shape, l.shape, u.shape]).toEqual([
      [m, m],
      [m, Math.min(m, n)],
      [Math.min(m, n), n],
    ]);
    expect(largestDifference(matmul(p, matmul(l, u)).data(), a.data())).toBeLessThan(1e-12);
  }
});

test("gradients of blocked factorisations agree with those of the inverse, to second order", () => {
  const n = 70;
  const [a, b, c] = [matrix(wellConditioned(n), n), matrix(waves(n), n, 1), matrix(waves(n, 3), n, 1)];
  // ℓ = cᵀ A⁻¹ b: ∂ℓ/∂A = −A⁻ᵀ c (A⁻¹ b)ᵀ
  const loss = (x: Tensor): Tensor => sum(solve(x, b).mul(c));
  const y = matmul(transpose(inv(a)), c);
  const expected = matmul(y, transpose(solve(a, b))).neg();
  expect(largestDifference(grad(loss)(a).data(), expected.data())).toBeLessThan(1e-13);
  const da = matrix(waves(n * n, 9), n);
  const moved = jvp((x: Tensor) => grad(loss)(x), [a], [da])[1];
  const step = 1e-4;
  const difference = grad(loss)(a.add(da.mul(step)))
    .sub(grad(loss)(a.sub(da.mul(step))))
    .div(2 * step);
  expect(largestDifference(moved.data(), difference.data())).toBeLessThan(1e-7);
});

test("the gradient of a Cholesky factor is symmetric, and right for blocked matrices", () => {
  const n = 67;
  const [a, w, da] = [matrix(positiveDefinite(n), n), matrix(waves(n * n), n), matrix(waves(n * n, 4), n)];
  const symmetric = da.add(transpose(da)).div(2);
  const loss = (x: Tensor): Tensor => sum(cholesky(x).mul(w));
  const g = grad(loss)(a);
  expect(largestDifference(g.data(), transpose(g).data())).toBeLessThan(1e-12);
  const step = 1e-5;
  const slope = loss(a.add(symmetric.mul(step)))
    .sub(loss(a.sub(symmetric.mul(step))))
    .div(2 * step)
    .item();
  expect(sum(g.mul(symmetric)).item()).toBeCloseTo(slope, 6);
});

test("the gradient of a Cholesky factor takes the memory of a few matrices at any size", () => {
  const matrices = (n: number): number => {
    const f = jit(grad((x: Tensor) => sum(cholesky(x).mul(x))));
    f(matrix(positiveDefinite(n), n));
    return f.stats().memoryBytes / (8 * n * n);
  };
  expect(matrices(96)).toBeLessThan(8);
  expect(matrices(192)).toBeLessThan(8);
});

test("one matrix is used for a batch of right-hand sides, and batches broadcast", () => {
  const [a, b] = [matrix(wellConditioned(3), 3), tensor(waves(24), { shape: [4, 3, 2] })];
  const each = vmap((side: Tensor) => solve(a, side))(b);
  expect(largestDifference(solve(a, b).data(), each.data())).toBeLessThan(1e-15);
  const matrices = tensor([...wellConditioned(3), ...wellConditioned(3, 2)], { shape: [2, 1, 3, 3] });
  const out = solve(matrices, b);
  expect(out.shape).toEqual([2, 4, 3, 2]);
  expect(largestDifference(matmul(matrices, out).data(), [...b.data(), ...b.data()])).toBeLessThan(1e-14);
  const l = cholesky(matrix(positiveDefinite(3), 3));
  expect(
    largestDifference(matmul(matmul(l, transpose(l)), choleskySolve(l, b)).data(), b.data()),
  ).toBeLessThan(1e-12);
  expect(solve(matrices, [1, 2, 3]).shape).toEqual([2, 1, 3]);
  expect(largestDifference(luSolve(lu(a), [1, 2, 3]).data(), solve(a, [1, 2, 3]).data())).toBeLessThan(1e-15);
});

test("works in jit, vmap of gradients and scan, also in float32", () => {
  const batch = tensor([...positiveDefinite(4), ...positiveDefinite(4, 3)], {
    shape: [2, 4, 4],
    dtype: "float32",
  });
  const loss = (x: Tensor): Tensor => sum(cholesky(x)).add(sum(solve(x, [1, 2, 3, 4])));
  const all = jit(vmap(grad(loss)))(batch);
  expect(all.dtype).toBe("float32");
  const first = grad(loss)(batch.at(0));
  expect(largestDifference(all.at(0).data(), first.data())).toBeLessThan(1e-4);
  const start = tensor([1, 2, 3, 4], { dtype: "float32" });
  const [, states] = scan((x: Tensor, a: Tensor): [Tensor, Tensor] => [solve(a, x), x], start, batch);
  expect(states.shape).toEqual([2, 4]);
});

test("empty matrices have empty factors", () => {
  const empty = tensor([], { shape: [0, 0] });
  expect(cholesky(empty).shape).toEqual([0, 0]);
  expect(solve(empty, tensor([], { shape: [0, 2] })).shape).toEqual([0, 2]);
  expect(linalg.det(empty).item()).toBe(1);
});

test("compiled functions solve systems of captured matrices: the solution was inspected", () => {
  const [a, b] = [matrix([4, 1, 1, 3], 2), matrix([1, 2], 2, 1)];
  const twice = jit((x: Tensor) => x.mul(solve(a, b)).add(x.mul(inv(a))));
  expect(largestDifference(twice(tensor([[11], [11]])).data(), [4, 0, 6, 11])).toBeLessThan(1e-12);
});

test("a matrix with NaN is not reported as singular", () => {
  expect(solve([[Number.NaN, 1], [1, 2]], [1, 1]).tolist()).toEqual([Number.NaN, Number.NaN]); // prettier-ignore
  expect(solve(matrix([1, 2, 3, 4], 2), tensor([], { shape: [2, 0] })).shape).toEqual([2, 0]);
});

describe("singular matrices", () => {
  const singular = [[1, 2], [2, 4]]; // prettier-ignore
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  test("are errors that name the singular matrix and the repair", () => {
    expect(message(() => solve(singular, [1, 2]))).toMatch(
      /^solve: the matrix is singular: pivot 1 is 0\. .*pinv/,
    );
    expect(message(() => inv([[[1, 0], [0, 1]], singular]))).toMatch(/^inv: matrix 1 of the batch is singular/); // prettier-ignore
    expect(message(() => cholesky([[1, 2], [2, 1]]))).toMatch(/^cholesky: the matrix is not positive definite/); // prettier-ignore
    expect(message(() => solveTriangular([[1, 0], [1, 0]], [1, 2]))).toMatch(/element 1 of its diagonal is 0/); // prettier-ignore
    expect(message(() => choleskySolve([[0]], [1]))).toMatch(/^choleskySolve: .*singular/);
  });
  test("give NaN in compiled functions, at any size", () => {
    for (const n of [2, 6, 70]) {
      const zero = matrix(new Array<number>(n * n).fill(0), n);
      const side = matrix(waves(n), n, 1);
      for (const f of [
        (x: Tensor) => solve(x, side),
        (x: Tensor) => cholesky(x.sub(1)),
        (x: Tensor) => solveTriangular(x, side),
      ])
        expect(jit(f)(zero).data()).toSatisfy(
          (x: Float64Array) => x.some(Number.isNaN) && x.every((y) => Number.isNaN(y) || y === 0),
        );
    }
  });
});

test("operands that do not fit are refused", () => {
  expect(() => solve([[1, 2, 3], [4, 5, 6]], [1, 2])).toThrow(/square/); // prettier-ignore
  expect(() => solve([[1, 2], [3, 4]], [1, 2, 3])).toThrow(/has 2 rows, and the right-hand sides must have the same number/); // prettier-ignore
  expect(() => cholesky([1, 2])).toThrow(/is not a matrix/);
  expect(() => solveTriangular([[1]], [1], { upper: true } as never)).toThrow(/unknown option/);
});
