import { describe, expect, test } from "vitest";
import { grad, tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as pools from "./pool.ts";

const { avgPool, maxPool } = pools;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const lines = [
  { ins: [f64(numbers(12), [2, 1, 6])] },
  { ins: [f32(numbers(12), [1, 2, 6])] },
  { ins: [f64([], [0, 1, 6])] },
];
const integers = { ins: [i32([3, 1, 2, 6, 4, 5], [1, 1, 6])] };
const planes = [{ ins: [f64(numbers(24), [1, 2, 4, 3])] }];

describe("pooling", () => {
  checkFamily(pools, {
    maxPool: [
      on((x) => maxPool(x, 2), [...lines, ...planes, integers]),
      on((x) => maxPool(x, 3, { stride: 2, padding: 1, ceilMode: true }), [...lines, ...planes]),
      on((x) => maxPool(x, 2, { stride: 1, dilation: 2 }), lines),
      on((x) => maxPool(x, [2, 1]), planes),
    ],
    avgPool: [
      on((x) => avgPool(x, 2), [...lines, ...planes, integers]),
      on((x) => avgPool(x, 3, { stride: 2, padding: 1, ceilMode: true }), [...lines, ...planes]),
      on((x) => avgPool(x, 3, { stride: 2, padding: 1, countIncludePad: false }), [...lines, ...planes]),
      on((x) => avgPool(x, 2, { divisor: 3 }), lines),
    ],
  });

  test("the first element of a tie gets the whole derivative; a window of −∞ is −∞", () => {
    const slope = grad((x) => maxPool(x, 2).sum());
    expect(slope([[[2, 2, -Infinity, -Infinity]]]).tolist()).toEqual([[[1, 0, 1, 0]]]);
    expect(maxPool([[[2, 2, -Infinity, -Infinity]]], 2).tolist()).toEqual([[[2, -Infinity]]]);
    expect(maxPool([[[2, NaN, 1, 0]]], 2).tolist()).toEqual([[[NaN, 1]]]);
  });

  test("an image smaller than the window gives no elements", () => {
    expect(maxPool(tensor([[[1, 2]]]), 3).shape).toEqual([1, 1, 0]);
    expect(grad((x) => avgPool(x, 3).sum())([[[1, 2]]]).tolist()).toEqual([[[0, 0]]]);
  });

  test.each<[() => unknown, string]>([
    [() => maxPool([1, 2], 2), "maxPool: images must have shape [items, channels, …space], got f64[2]."],
    [() => maxPool([[[1, 2]]], 0), "maxPool: window must be an integer of 1 or more"],
    [
      () => maxPool([[[1, 2]]], 2, { padding: 2 }),
      "maxPool: padding 2 is more than half of the window, 2, along axis 0 of space.",
    ],
    [() => avgPool([[[1, 2]]], 2, { divisor: 0 }), "avgPool: divisor must be a number other than 0, got 0."],
    [() => avgPool([[[1, 2]]], 2, { dilation: 2 } as never), 'avgPool: unknown option "dilation"'],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
