import { describe, expect, test } from "vitest";
import { grad, jvp, matmul, sum, tensor, valueAndGrad, vmap } from "downhill";
import type { Tensor } from "downhill";
import { blockDiag, expm, inv, kron, matrixPower, multiDot, norm, toeplitz } from "downhill/linalg";
import { largestDifference, waves } from "../../../test/support/matrices.ts";

const matrix = (x: readonly number[], n: number, m = n): Tensor => tensor([...x], { shape: [n, m] });
const difference = (a: Tensor, b: Tensor): number => largestDifference(a.data(), b.data());

describe("expm", () => {
  test("equals the sum of its series, for any norm of the matrix", () => {
    for (const scale of [1e-3, 1, 4, 30]) {
      const a = matrix(waves(9), 3).mul(scale);
      // for a scaled-down matrix, whose series is short, and then squared
      let x = tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1]]); // prettier-ignore
      for (let i = 20; i > 0; i--) x = matmul(a.div(1024 * i), x).add([[1, 0, 0], [0, 1, 0], [0, 0, 1]]); // prettier-ignore
      for (let i = 0; i < 10; i++) x = matmul(x, x);
      expect(difference(expm(a), x) / Math.max(...x.data().map(Math.abs))).toBeLessThan(1e-11);
    }
  });
  test("has derivatives that agree with differences, with and without squaring, also in batches", () => {
    for (const scale of [1, 8]) {
      const [a, da, w] = [1, 2, 3].map((seed) => matrix(waves(9, seed), 3)) as [Tensor, Tensor, Tensor];
      const f = (x: Tensor): Tensor => sum(expm(x.mul(scale)).mul(w));
      const step = 1e-6;
      const slope = f(a.add(da.mul(step)))
        .sub(f(a.sub(da.mul(step))))
        .div(2 * step)
        .item();
      expect(Math.abs(sum(grad(f)(a).mul(da)).item() / slope - 1)).toBeLessThan(1e-7);
      expect(Math.abs(jvp(f, [a], [da])[1].item() / slope - 1)).toBeLessThan(1e-7);
      const both = vmap(grad(f))(tensor([...a.data(), ...da.data()], { shape: [2, 3, 3] }));
      expect(difference(both.at(1), grad(f)(da))).toBeLessThan(1e-9 * Math.abs(slope));
    }
  });
  test("has a result for matrices of any size, and the right gradient", () => {
    // (e⁻¹ − e⁻²) · 10ᵏ above the diagonal; the derivative of that element in itself is e⁻¹ − e⁻²
    const difference = Math.exp(-1) - Math.exp(-2);
    for (const large of [1e6, 1e10, 1e15]) {
      const a = [[-1, large], [0, -2]]; // prettier-ignore
      const [[x, y], [z, w]] = expm(a).tolist() as [[number, number], [number, number]];
      expect([x, z, w]).toEqual([expect.closeTo(Math.exp(-1), 12), 0, expect.closeTo(Math.exp(-2), 12)]);
      expect(Math.abs(y / (difference * large) - 1)).toBeLessThan(1e-12);
      const ofCorner = grad((m: Tensor) => expm(m).at(0, 1))(a).tolist() as number[][];
      expect(Math.abs(ofCorner[0]![1]! / difference - 1)).toBeLessThan(1e-12);
      // d/da of (eᵃ − eᵈ) / (a − d) · b, at a = −1 and d = −2
      expect(Math.abs(ofCorner[0]![0]! / (large * (Math.exp(-1) - difference)) - 1)).toBeLessThan(1e-12);
    }
    expect(expm([[-1e6]]).item()).toBe(0);
    expect(expm([[-1e300, 0], [0, 0]]).tolist()).toEqual([[0, 0], [0, 1]]); // prettier-ignore
    expect(expm([[0, 1e300], [0, 0]]).tolist()).toEqual([[1, 1e300], [0, 1]]); // prettier-ignore
    const turn = expm([
      [0, -1e5],
      [1e5, 0],
    ]).tolist() as number[][];
    expect(turn[0]![0]).toBeCloseTo(Math.cos(1e5), 9);
    expect(turn[1]![0]).toBeCloseTo(Math.sin(1e5), 9);
    const single = expm(tensor([[-1, 1e6], [0, -2]], { dtype: "float32" })).tolist() as number[][]; // prettier-ignore
    expect(Math.abs(single[0]![1]! / (difference * 1e6) - 1)).toBeLessThan(1e-6);
  });
  test("scales each matrix of a batch separately, also in second derivatives", () => {
    const batch = tensor([[[-1, 1e6], [0, -2]], [[0.1, 0.2], [0.3, 0.4]]]); // prettier-ignore
    const f = (x: Tensor): Tensor => sum(expm(x));
    for (const i of [0, 1]) {
      expect(difference(expm(batch).at(i), expm(batch.at(i)))).toBe(0);
      expect(difference(vmap(grad(f))(batch).at(i), grad(f)(batch.at(i)))).toBe(0);
    }
    // the exponential of t is its own derivative
    expect(grad(grad((t: Tensor) => expm(t.reshape([1, 1])).sum()))(-20).item() / Math.exp(-20)).toBeCloseTo(
      1,
      12,
    );
  });
  test("has no gradient of 0 next to a NaN", () => {
    for (const a of [
      [
        [NaN, 0],
        [0, 1],
      ],
      [
        [Infinity, 0],
        [0, 1],
      ],
      [
        [1e5, 1e5],
        [0, 1],
      ],
    ]) {
      // prettier-ignore
      const [value, gradient] = valueAndGrad((x: Tensor) => sum(expm(x)))(a);
      expect(value.item()).toBeNaN();
      expect([...gradient.data()].every(Number.isNaN)).toBe(true);
    }
  });
});

test("empty vectors have norm 0", () => {
  const none = tensor([], { shape: [0, 3] });
  for (const ord of [0.5, 1, 2, 3, Infinity])
    expect(norm(none, { ord, axis: 0 }).tolist()).toEqual([0, 0, 0]);
  expect(() => norm(none, { ord: -1, axis: 0 })).toThrow(/no elements/);
});

test("powers are products, and negative ones are powers of the inverse", () => {
  const a = matrix(waves(9), 3);
  expect(difference(matrixPower(a, 5), multiDot([a, a, a, a, a]))).toBeLessThan(1e-14);
  expect(difference(matrixPower(a, -2), matmul(inv(a), inv(a)))).toBeLessThan(1e-11);
  expect(matrixPower(a, 0).tolist()).toEqual([[1, 0, 0], [0, 1, 0], [0, 0, 1]]); // prettier-ignore
  expect(() => matrixPower(a, 0.5)).toThrow(/must be an integer/);
});

test("kron, blockDiag and toeplitz agree with NumPy and SciPy", () => {
  const [a, b] = [[[1, 2], [3, 4]], [[0, 5], [6, 7]]]; // prettier-ignore
  expect(kron(a, b).tolist()).toEqual([[0, 5, 0, 10], [6, 7, 12, 14], [0, 15, 0, 20], [18, 21, 24, 28]]); // prettier-ignore
  expect(kron([1, 2], [1, 10]).tolist()).toEqual([1, 10, 2, 20]);
  expect(blockDiag([a, [[9]]]).tolist()).toEqual([[1, 2, 0], [3, 4, 0], [0, 0, 9]]); // prettier-ignore
  expect(blockDiag([[a, b], [[[9]], [[8]]]]).shape).toEqual([2, 3, 3]); // prettier-ignore
  expect(grad((x: Tensor) => sum(toeplitz(x)))([1, 2, 3]).tolist()).toEqual([3, 4, 2]);
  expect(toeplitz([1, 2, 3], [0, 9]).tolist()).toEqual([[1, 9], [2, 1], [3, 2]]); // prettier-ignore
});

test("multiDot accepts vectors at its ends, and refuses operands that do not chain", () => {
  const [a, b, c] = [matrix(waves(6), 2, 3), matrix(waves(12), 3, 4), matrix(waves(4), 4, 1)];
  expect(difference(multiDot([a, b, c]), matmul(matmul(a, b), c))).toBeLessThan(1e-15);
  expect(multiDot([[1, 2], a, [1, 1, 1]]).shape).toEqual([]);
  expect(() => multiDot([a])).toThrow(/two or more/);
  expect(() => multiDot([a, [1, 2, 3], b])).toThrow(/number 1 of the list/);
});
