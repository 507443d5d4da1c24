import { describe, expect, test } from "vitest";
import { grad, jit, type Tensor, tensor, vmap } from "downhill";
import { adaptiveAvgPool, adaptiveMaxPool, maxPoolWithPlaces } from "downhill/nn";

// for values and gradients compared with PyTorch see reference.test.ts
describe("adaptive pools", () => {
  test("an infinite number or NaN affects only the windows that contain it", () => {
    const x = [[[1, 2, 3, Infinity, NaN]]];
    expect(adaptiveAvgPool(x, 2).tolist()).toEqual([[[2, NaN]]]);
    expect(adaptiveAvgPool(x, 3).tolist()).toEqual([[[1.5, Infinity, NaN]]]);
    expect(adaptiveMaxPool(x, 3).tolist()).toEqual([[[2, Infinity, NaN]]]);
  });

  test("the derivative of the maximum flows to the first element of a tie", () => {
    const slope = grad((x: Tensor) => adaptiveMaxPool(x, 2).sum());
    expect(slope(tensor([[[2, 2, 1, 2, 2]]])).tolist()).toEqual([[[1, 0, 0, 1, 0]]]);
  });

  test("maxima of integers are integers, and their means are float64", () => {
    const x = tensor([[[1, 2, 3]]], { dtype: "int32" });
    expect(adaptiveMaxPool(x, 2)).toMatchObject({ dtype: "int32" });
    expect(adaptiveAvgPool(x, 2).tolist()).toEqual([[[1.5, 2.5]]]);
  });

  test("results are equal when compiled and batched", () => {
    const x = tensor(Array.from({ length: 2 * 3 * 5 * 4 }, (_, i) => Math.sin(i)), { shape: [2, 3, 5, 4] }); // prettier-ignore
    for (const pool of [adaptiveAvgPool, adaptiveMaxPool]) {
      const expected = pool(x, [3, 2]).tolist();
      expect(jit((t: Tensor) => pool(t, [3, 2]))(x).tolist()).toEqual(expected);
      const each = vmap((t: Tensor) => pool(t.reshape([1, 3, 5, 4]), [3, 2]).reshape([3, 3, 2]));
      expect(each(x).tolist()).toEqual(expected);
    }
  });

  test.each<[() => unknown, string]>([
    [
      () => adaptiveAvgPool([[[1, 2]]], 0),
      "adaptiveAvgPool: sizes must be an integer of 1 or more, or an array of 1 of them or null, one per spatial axis; got 0.",
    ],
    [() => adaptiveMaxPool([[[1, 2]]], [1, 1]), "adaptiveMaxPool: sizes must be"],
    [() => adaptiveMaxPool([[[1, 2]]], undefined as never), "adaptiveMaxPool: sizes must be"],
    [
      () => adaptiveMaxPool([1, 2], 1),
      "adaptiveMaxPool: images must have shape [items, channels, …space], got f64[2].",
    ],
    [() => adaptiveAvgPool([[[]]], 1), "adaptiveAvgPool: x is f64[1,1,0], which has an empty spatial axis"],
  ])("bad input is named (%#)", (call, message) => {
    expect(call).toThrow(message);
  });
});

test("maxPoolWithPlaces returns the first of a tie, also in compiled functions", () => {
  const pool = (x: Tensor): Tensor => maxPoolWithPlaces(x, 2)[1];
  const x = tensor([[[2, 2, 1, 3]]]);
  expect(pool(x).tolist()).toEqual([[[0, 3]]]);
  expect(jit(pool)(x).tolist()).toEqual([[[0, 3]]]);
  expect(() => maxPoolWithPlaces(x, 2, { padding: 2 })).toThrow("maxPoolWithPlaces: padding 2 is more than");
});
