import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import type { WindowParams } from "./window.ts";
import * as windows from "./window.ts";

const { windowMax, windowPut, windowSum, windowTake } = windows;
const placesOf = (x: Tensor, params: WindowParams): Tensor => windowMax(x, params)[1];
const tiles: WindowParams = { window: [2, 2], strides: [2, 2], dilation: [1, 1], low: [0, 0], sizes: [2, 8] };
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
const tiled = [{ ins: [f32(numbers(128), [2, 4, 16])] }, { ins: [f64(numbers(64), [4, 16])] }];

describe("windows", () => {
  checkFamily(windows, {
    windowSum: [
      on((x) => windowSum(x, line), lines),
      on((x) => windowSum(x, wide), lines),
      on((x) => windowSum(x, { ...line, sizes: [0] }), lines.slice(0, 1)),
      on((x) => windowSum(x, plane), planes),
    ],
    windowMax: [
      on((x) => windowMax(x, line)[0], lines),
      on((x) => windowMax(x, wide)[0], lines),
      on((x) => windowMax(x, plane)[0], planes),
      on((x) => windowMax(x, tiles)[0], tiled),
      on((x) => placesOf(x, line), lines),
      on((x) => placesOf(x, tiles), tiled),
    ],
    windowTake: [
      on((x) => windowTake(x, placesOf(x, line), line), lines.slice(0, 3)),
      on((x) => windowTake(x, placesOf(x, tiles), tiles), tiled),
    ],
    windowPut: [
      on((x) => windowPut(windowSum(x, line), placesOf(x, line), line, [6]), lines.slice(0, 3)),
      on((x) => windowPut(windowSum(x, wide), placesOf(x, wide), wide, [6]), lines.slice(0, 3)),
      on((x) => windowPut(windowSum(x, tiles), placesOf(x, tiles), tiles, [4, 16]), tiled),
    ],
  });

  test("positions outside of the array are ignored", () => {
    expect(windowSum(f64([1, 2, 3, 4, 5, 6]), line).tolist()).toEqual([3, 9, 15]);
    const beyond: WindowParams = { ...line, low: [0], sizes: [3] };
    expect(windowSum(f64([1, 2, 3, 4, 5, 6]), beyond).tolist()).toEqual([6, 12, 11]);
    expect(windowSum(f64([1, 2, 3, 4, 5, 6]), wide).tolist()).toEqual([4, 10]);
    expect(placesOf(f64([-1, -2, -3, -4, -5, -6]), line).tolist()).toEqual([0, 1, 3]);
  });

  test("the index of a tie is the first, and that of the first NaN", () => {
    const at = (x: Tensor): unknown => placesOf(x, { ...line, low: [0], sizes: [1] }).tolist();
    expect(at(f64([2, 2, 1]))).toEqual([0]);
    expect(at(f64([2, NaN, NaN]))).toEqual([1]);
    expect(at(f64([-Infinity, -Infinity, -Infinity]))).toEqual([0]);
    expect(at(f64([-Infinity, 1, Infinity]))).toEqual([2]);
  });
});
