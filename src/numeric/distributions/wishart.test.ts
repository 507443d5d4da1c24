import { describe, expect, test } from "vitest";
import { grad, jit, matmul, mean, sub, square, sum, tensor, transpose, vmap } from "downhill";
import type { Tensor } from "downhill";
import { gaussianKde, wishart } from "downhill/distributions";
import { key } from "downhill/random";

describe("wishart", () => {
  const scaleMatrix = [[2, 1], [1, 2]]; // prettier-ignore
  const family = wishart({ df: 5, scaleMatrix });

  test("has the density, moments and entropy of SciPy, from either matrix", () => {
    const lower = [[Math.SQRT2, 0], [Math.SQRT1_2, Math.sqrt(1.5)]]; // prettier-ignore
    for (const each of [family, wishart({ df: 5, scaleTril: lower })]) {
      expect(each.logProb([[4, 1], [1, 3]]).item()).toBeCloseTo(-6.671419165069249, 12); // prettier-ignore
      expect(each.entropy().item()).toBeCloseTo(8.458466812335908, 12);
      const values = [each.mean(), each.variance()].flatMap((x) => [...x.data()]);
      [10, 5, 5, 10, 40, 25, 25, 40].forEach((x, i) => expect(values[i]).toBeCloseTo(x, 12));
    }
    expect(family.logProb([[1, 2], [2, 1]]).item()).toBe(-Infinity); // prettier-ignore
    expect(family.logProb([[[4, 1], [1, 3]], [[1, 0], [0, 1]]]).shape).toEqual([2]); // prettier-ignore
    const many = wishart({ df: [5, 3.5], scaleMatrix });
    expect(many.batchShape).toEqual([2]);
    expect(many.logProb([[4, 1], [1, 3]]).at(0).item()).toBeCloseTo(-6.671419165069249, 12); // prettier-ignore
  });

  test("has derivatives in its parameters, and the score has mean 0 at its samples", () => {
    const x = [[4, 1], [1, 3]]; // prettier-ignore
    const ofDf = (df: Tensor): Tensor => wishart({ df, scaleMatrix }).logProb(x);
    const slope = (ofDf(tensor(5 + 1e-5)).item() - ofDf(tensor(5 - 1e-5)).item()) / 2e-5;
    expect(grad(ofDf)(5).item()).toBeCloseTo(slope, 8);
    expect(jit(grad(ofDf))(5).item()).toBeCloseTo(slope, 8);
    // d/dV of ln p = ½ V⁻¹ (X − df V) V⁻¹
    const ofScale = grad((v: Tensor) => wishart({ df: 5, scaleMatrix: v }).logProb(x))(scaleMatrix);
    const inverse = tensor([[2, -1], [-1, 2]]).div(3); // prettier-ignore
    const expected = matmul(matmul(inverse, sub(x, [[10, 5], [5, 10]])), inverse).mul(0.5); // prettier-ignore
    const symmetric = ofScale.add(transpose(ofScale)).mul(0.5);
    symmetric.data().forEach((value, i) => expect(value).toBeCloseTo(expected.data()[i]!, 10));
  });

  test("has samples with its mean and variance, which have derivatives", () => {
    const n = 4000;
    const x = family.sample(key(3), n);
    expect(x.shape).toEqual([n, 2, 2]);
    const centre = mean(x, { axis: 0 });
    const spread = mean(square(sub(x, centre)), { axis: 0 }).data();
    centre.data().forEach((value, i) => {
      const variance = family.variance().data()[i]!;
      expect(Math.abs(value - family.mean().data()[i]!)).toBeLessThan(5 * Math.sqrt(variance / n));
      expect(Math.abs(spread[i]! / variance - 1)).toBeLessThan(0.15);
    });
    const drawn = grad((v: Tensor) => sum(wishart({ df: 5, scaleMatrix: v }).sample(key(4))))(scaleMatrix);
    expect([...drawn.data()].every(Number.isFinite)).toBe(true);
  });

  test("refuses degrees of freedom that are too few, and matrices that are not square", () => {
    expect(() => wishart({ df: 1, scaleMatrix })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: wishart: df must be above 1 for matrices [2,2], got 1.]`,
    );
    expect(() => wishart({ df: 3, scaleMatrix: [[1, 2]] })).toThrow(/needs square matrices/);
  });
});

describe("gaussianKde", () => {
  const points = [[0, 1], [1, 3], [2, 0.5], [-1, 2]]; // prettier-ignore

  test("has the densities of SciPy for each rule, with weights, in one and two dimensions", () => {
    expect(gaussianKde([1, 2, 4]).logProb(2).item()).toBeCloseTo(-1.53760404, 7);
    const own = gaussianKde([1, 2, 4], { bandwidth: 0.3 }).logProb([2, 0]).data();
    [-1.14872574, -3.61738915].forEach((x, i) => expect(own[i]).toBeCloseTo(x, 7));
    const weighted = gaussianKde(points, { bandwidth: "silverman", weights: [1, 2, 1, 3] });
    expect(weighted.logProb([0.5, 1.5]).item()).toBeCloseTo(-2.83680488, 7);
    expect(gaussianKde(points).sample(key(1), 5).shape).toEqual([5, 2]);
  });

  test("has derivatives in points, bandwidth and weights, and works in batches", () => {
    const slopeOf = (f: (t: Tensor) => Tensor, at: number): void => {
      const step = 1e-5;
      const slope = (f(tensor(at + step)).item() - f(tensor(at - step)).item()) / (2 * step);
      expect(grad(f)(at).item()).toBeCloseTo(slope, 7);
    };
    slopeOf((t) => gaussianKde(tensor(points).mul(t)).logProb([0.5, 1.5]), 1.2);
    slopeOf((bandwidth) => gaussianKde(points, { bandwidth }).logProb([0.5, 1.5]), 0.7);
    slopeOf(
      (t) => gaussianKde(points, { weights: tensor([1, 2, 1, 3]).mul(t).add(1) }).logProb([0.5, 1.5]),
      2,
    );
    const f = (x: Tensor): Tensor => gaussianKde(x).logProb(2);
    expect(vmap(f)([[1, 2, 4], [1, 3, 4]]).at(0).item()).toBeCloseTo(-1.53760404, 7); // prettier-ignore
  });

  test("refuses what is not a list of points, weights or a bandwidth", () => {
    expect(() => gaussianKde([1])).toThrow(/n of at least 2/);
    expect(() => gaussianKde([1, 2], { weights: [1] })).toThrow(/2 points need weights \[2\]/);
    expect(() => gaussianKde([1, 2], { bandwidth: -1 })).toThrow(
      /bandwidth must be a number above 0, got -1/,
    );
    expect(() => gaussianKde([1, 2], { bandwidth: "best" as never })).toThrow(/"scott" or "silverman"/);
  });
});
