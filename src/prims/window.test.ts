import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../test/support/op-table.ts";
import type { WindowParams } from "./window.ts";
import * as windows from "./window.ts";

const { windowArgmax, windowSum } = windows;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const line: WindowParams = { window: [3], strides: [2], dilation: [1], low: [1], sizes: [3] };
const wide: WindowParams = { window: [2], strides: [3], dilation: [2], low: [0], sizes: [2] };
const plane: WindowParams = { window: [2, 2], strides: [1, 2], dilation: [1, 1], low: [0, 1], sizes: [2, 2] };
const lines = [
  { ins: [f64(numbers(6))] },
  { ins: [f64(numbers(12), [2, 6])] },
  { ins: [f32(numbers(12), [2, 6])] },
  { ins: [i32([3, 1, 2, 5, 4, 4])] },
  { ins: [f64([], [0, 6])] },
];
const planes = [{ ins: [f64(numbers(18), [2, 3, 3])] }, { ins: [f64(numbers(9), [3, 3])] }];

describe("windows", () => {
  checkFamily(windows, {
    windowSum: [
      on((x) => windowSum(x, line), lines),
      on((x) => windowSum(x, wide), lines),
      on((x) => windowSum(x, { ...line, sizes: [0] }), lines.slice(0, 1)),
      on((x) => windowSum(x, plane), planes),
    ],
    windowArgmax: [
      on((x) => windowArgmax(x, line), lines),
      on((x) => windowArgmax(x, wide), lines),
      on((x) => windowArgmax(x, plane), planes),
    ],
  });

  test("places outside of the array do not count", () => {
    expect(windowSum(f64([1, 2, 3, 4, 5, 6]), line).tolist()).toEqual([3, 9, 15]);
    const beyond: WindowParams = { ...line, low: [0], sizes: [3] };
    expect(windowSum(f64([1, 2, 3, 4, 5, 6]), beyond).tolist()).toEqual([6, 12, 11]);
    expect(windowSum(f64([1, 2, 3, 4, 5, 6]), wide).tolist()).toEqual([4, 10]);
    expect(windowArgmax(f64([-1, -2, -3, -4, -5, -6]), line).tolist()).toEqual([0, 1, 3]);
  });

  test("the first of a tie is the largest, and the first NaN", () => {
    const at = (x: Tensor): unknown => windowArgmax(x, { ...line, low: [0], sizes: [1] }).tolist();
    expect(at(f64([2, 2, 1]))).toEqual([0]);
    expect(at(f64([2, NaN, NaN]))).toEqual([1]);
    expect(at(f64([-Infinity, -Infinity, -Infinity]))).toEqual([0]);
    expect(at(f64([-Infinity, 1, Infinity]))).toEqual([2]);
  });
});
