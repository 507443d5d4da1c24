import { describe, expect, test } from "vitest";
import { grad, jit, tensor, transpose } from "downhill";
import type { Tensor } from "downhill";
import { det, inv, slogdet } from "downhill/linalg";
import { largestDifference, times, waves, wellConditioned } from "../../../test/support/matrices.ts";

const matrix = (x: readonly number[], n: number): Tensor => tensor([...x], { shape: [n, n] });

describe("det", () => {
  test("its gradient is the determinant times the inverse for regular matrices", () => {
    for (const n of [1, 2, 3, 4, 9]) {
      const a = matrix(wellConditioned(n), n);
      const expected = transpose(inv(a)).mul(det(a));
      const scale = Math.abs(det(a).item());
      expect(largestDifference(grad(det)(a).data(), expected.data())).toBeLessThan(1e-13 * scale * n);
      expect(largestDifference(jit(grad(det))(a).data(), expected.data())).toBeLessThan(1e-13 * scale * n);
    }
  });
  test("its gradient at a matrix of rank n − 1 is the adjugate, and 0 below that", () => {
    const n = 6;
    const ofRank = (rank: number): Tensor =>
      matrix(times(waves(n * rank), waves(rank * n, 3), n, rank, n), n);
    const a = ofRank(n - 1);
    const step = 1e-4;
    const adjugate = Array.from({ length: n * n }, (_, k) => {
      const change = matrix(
        Array.from({ length: n * n }, (__, i) => (i === k ? step : 0)),
        n,
      );
      return det(a.add(change))
        .sub(det(a.sub(change)))
        .div(2 * step)
        .item();
    });
    const g = grad(det)(a).data();
    expect(Math.max(...g.map(Math.abs))).toBeGreaterThan(0.01);
    expect(largestDifference(g, adjugate)).toBeLessThan(1e-10);
    expect(
      Math.max(
        ...grad(det)(ofRank(n - 2))
          .data()
          .map(Math.abs),
      ),
    ).toBeLessThan(1e-13);
    expect(
      grad(det)(matrix(new Array<number>(36).fill(0), n))
        .data()
        .every((x) => x === 0),
    ).toBe(true);
  });
});

test("slogdet represents determinants that overflow, and its gradient is the inverse", () => {
  const n = 200;
  const a = matrix(wellConditioned(n), n).mul(100);
  const [sign, logdet] = slogdet(a);
  expect(det(a).item()).toBe(Infinity);
  expect([sign.item(), Number.isFinite(logdet.item())]).toEqual([1, true]);
  const g = grad((x: Tensor) => slogdet(x)[1])(a);
  expect(largestDifference(g.data(), transpose(inv(a)).data())).toBeLessThan(1e-15);
  expect(slogdet([[1, 2], [2, 4]]).map((x) => x.item())).toEqual([0, -Infinity]); // prettier-ignore
  expect(det([[1, 2], [2, 4]]).item()).toBe(0); // prettier-ignore
});
