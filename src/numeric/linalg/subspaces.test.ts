import { describe, expect, test } from "vitest";
import { grad, jit, jvp, matmul, sum, tensor, tensordot, transpose, vmap } from "downhill";
import type { Tensor } from "downhill";
import { nullSpace, orth, pinv, tensorinv, tensorsolve } from "downhill/linalg";
import { largestDifference, waves } from "../../../test/support/matrices.ts";

const difference = (a: Tensor, b: Tensor): number => largestDifference(a.data(), b.data());
const thin = tensor(waves(8), { shape: [4, 2] });
const low = matmul(thin, tensor(waves(6, 3), { shape: [2, 3] })); // 4 × 3 of rank 2
const projector = (q: Tensor): Tensor => matmul(q, transpose(q));

describe("orth and nullSpace", () => {
  test("are orthonormal bases of the range and the null space, tall or wide, in both dtypes", () => {
    for (const a of [low, transpose(low)]) {
      const [q, n] = [orth(a), nullSpace(a)];
      expect([q.shape, n.shape]).toEqual([[a.shape[0], 2], [a.shape[1], a.shape[1]! - 2]]); // prettier-ignore
      expect(difference(projector(q), matmul(a, pinv(a)))).toBeLessThan(1e-14);
      expect(largestDifference(matmul(a, n).data(), [0, 0, 0, 0, 0, 0, 0, 0].slice(0, a.shape[0]! * n.shape[1]!))).toBeLessThan(1e-14); // prettier-ignore
      expect(difference(matmul(transpose(n), n), a === low ? tensor([[1]]) : tensor([[1, 0], [0, 1]]))).toBeLessThan(1e-14); // prettier-ignore
    }
    expect(orth(low.astype("float32")).dtype).toBe("float32");
    expect(nullSpace(low.astype("float32")).shape).toEqual([3, 1]);
    expect(nullSpace([[1, 0], [0, 2]]).shape).toEqual([2, 0]); // prettier-ignore
  });

  test("have the derivatives of their projectors, of first and second order", () => {
    const change = tensor(waves(6, 5), { shape: [2, 3] });
    const moved = (t: Tensor): Tensor =>
      matmul(thin, tensor(waves(6, 3), { shape: [2, 3] }).add(change.mul(t)));
    const weights = tensor(waves(9, 7), { shape: [3, 3] });
    const mine = (t: Tensor): Tensor => sum(projector(nullSpace(moved(t), { rank: 2 })).mul(weights));
    // the projector to the null space is I − A⁺ A
    const exact = (t: Tensor): Tensor => sum(matmul(pinv(moved(t)), moved(t)).mul(weights)).neg();
    const range = (t: Tensor): Tensor =>
      sum(projector(orth(transpose(moved(t)), { rank: 2 })).mul(weights)).neg();
    for (const f of [mine, range]) {
      expect(grad(f)(0.1).item()).toBeCloseTo(grad(exact)(0.1).item(), 11);
      expect(jvp(f, [0.1], [1])[1].item()).toBeCloseTo(grad(exact)(0.1).item(), 11);
      expect(grad(grad(f))(0.1).item()).toBeCloseTo(grad(grad(exact))(0.1).item(), 9);
    }
    expect(jit(mine)(0.1).item()).toBeCloseTo(mine(tensor(0.1)).item(), 12);
    const batch = vmap((t: Tensor) => mine(t))([0, 0.1]);
    expect(batch.at(1).item()).toBeCloseTo(mine(tensor(0.1)).item(), 12);
  });

  test("need the rank where it is unknown", () => {
    expect(() => jit((a: Tensor) => orth(a))(low)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: orth: the rank decides the shape of the result, and is unknown in jit, vmap and other traced functions. Pass it, as in orth(a, { rank: 2 }).]`,
    );
    expect(() => nullSpace([[[1, 1], [1, 1]], [[1, 0], [0, 1]]])).toThrow(/have the ranks 1, 2/); // prettier-ignore
    expect(() => nullSpace([[1, 1]], { rank: 3 })).toThrow(/rank must be an integer from 0 to 1/);
  });
});

test("tensorinv and tensorsolve are the inverse and the solution of linear maps of arrays", () => {
  const a = tensor(waves(36), { shape: [2, 3, 6] });
  const identity = tensordot(tensorinv(a), a, 2);
  expect(difference(identity, tensor(Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0))))).toBeLessThan(1e-11); // prettier-ignore
  const b = tensor(waves(6, 2), { shape: [2, 3] });
  const x = tensorsolve(a, b);
  expect(x.shape).toEqual([6]);
  expect(difference(tensordot(a, x, 1), b)).toBeLessThan(1e-12);
  const slope = grad((side: Tensor) => sum(tensorsolve(a, side)))(b);
  expect(difference(slope, sum(tensorinv(a), { axis: 0 }))).toBeLessThan(1e-10);
  expect(() => tensorinv(a, { ind: 1 })).toThrow(/equally many elements; got 2 and 18/);
  expect(() => tensorsolve(a, [1, 2])).toThrow(/the others must have 2 elements/);
});
