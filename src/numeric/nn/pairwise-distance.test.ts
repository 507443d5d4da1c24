import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { cdist, diag, grad, hessian, tensor } from "downhill";
import { pairwiseDistance } from "downhill/nn";

const [x, y] = [[[1, 2, -1], [0.5, 3, 2]], [[0, 2.5, 1], [1, -1, 0.25]]]; // prettier-ignore

describe("pairwiseDistance", () => {
  test.each([0.5, 1, 2, 3, Infinity])("is the diagonal of cdist without epsilon, p = %d", (p) => {
    const own = pairwiseDistance(x, y, { p, epsilon: 0 });
    const all = diag(cdist(x, y, { p }));
    expect(own.sub(all).abs().max().item()).toBeLessThan(1e-15);
  });

  test("adds epsilon to each difference, broadcasts, and keeps the axis on request", () => {
    expect(pairwiseDistance([1, 1], [1, 1]).item()).toBeCloseTo(Math.SQRT2 * 1e-6, 20);
    expect(pairwiseDistance(x, [0, 0, 0], { keepdims: true }).shape).toEqual([2, 1]);
    expect(pairwiseDistance(tensor(x, { dtype: "float32" }), tensor(y, { dtype: "float32" })).dtype).toBe(
      "float32",
    );
  });

  test("the derivatives at equal vectors are 0 without epsilon", () => {
    const f = (v: Tensor): Tensor => pairwiseDistance(v, [1, 2], { epsilon: 0 });
    expect(grad(f)([1, 2]).tolist()).toEqual([0, 0]);
    expect(hessian(f)([1, 2]).data().every(Number.isFinite)).toBe(true); // prettier-ignore
    expect(grad((v: Tensor) => pairwiseDistance(v, [0, 4], { epsilon: 0 }))([0, 0]).tolist()).toEqual([
      0, -1,
    ]);
  });

  test("misuse is refused", () => {
    expect(() => pairwiseDistance(1, 2)).toThrow("pairwiseDistance: f64[] has no axis of features.");
    expect(() => pairwiseDistance([1], [2], { p: -1 })).toThrow(
      "pairwiseDistance: p must be a number of 0 or more",
    );
    expect(() => pairwiseDistance([1], [2], { epsilon: NaN })).toThrow(
      "pairwiseDistance: epsilon must be a finite number",
    );
  });
});
