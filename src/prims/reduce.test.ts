import { describe, expect, test } from "vitest";
import { grad } from "downhill";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on, u32 } from "../../test/support/op-table.ts";
import { arrayType } from "../ir/types.ts";
import * as reduce from "./reduce.ts";

const { argmax, argmin, max, min, requireFloating } = reduce;
const distinct = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7) % n) / 2 - 3.25);
const vectors: Sample[] = [
  { ins: [f64(distinct(5))] },
  { ins: [f32(distinct(5))] },
  { ins: [f64([2])] },
  { ins: [i32([3, -2147483648, 2147483647])] },
  { ins: [u32([3, 4294967295, 0])] },
  { ins: [bool([0, 1, 0])] },
  { ins: [f64([1, 3, 3, 2, 3])], differentiable: false },
  { ins: [f64([1, NaN, 3, NaN])], differentiable: false },
  { ins: [f64([-Infinity, -Infinity])], differentiable: false },
];
const cube: Sample[] = [
  { ins: [f64(distinct(24), [2, 3, 4])] },
  { ins: [f32(distinct(24), [2, 3, 4])] },
  { ins: [f64([], [2, 3, 0])] },
];
const full = cube.slice(0, 2);

describe("reduce", () => {
  checkFamily(
    reduce,
    {
      max: [
        on((x) => max(x, [0]), [...vectors, ...cube]),
        on((x) => max(x, [1]), cube),
        on((x) => max(x, [0, 2]), full),
        on((x) => max(x, [0, 1, 2]), full),
      ],
      min: [
        on((x) => min(x, [0]), [...vectors, ...cube]),
        on((x) => min(x, [2]), full),
        on((x) => min(x, [0, 2]), full),
        on((x) => min(x, [0, 1, 2]), full),
      ],
      argmax: [
        on((x) => argmax(x, 0), [...vectors, ...cube]),
        on((x) => argmax(x, 1), cube),
        on((x) => argmax(x, 2), full),
      ],
      argmin: [
        on((x) => argmin(x, 0), [...vectors, ...cube]),
        on((x) => argmin(x, 1), cube),
        on((x) => argmin(x, 2), full),
      ],
    },
    { requireFloating: "checks a type" },
  );

  test("ties share the derivative evenly", () => {
    expect(grad((x) => max(x, [0]))([1, 3, 3, 2, 3]).tolist()).toEqual([0, 1 / 3, 1 / 3, 0, 1 / 3]);
    expect(grad((x) => min(x, [0]))([1, 1]).tolist()).toEqual([0.5, 0.5]);
  });

  test("NaN wins, and its place is the first", () => {
    const x = f64([1, NaN, 3, NaN]);
    expect(max(x, [0]).item()).toBeNaN();
    expect(min(x, [0]).item()).toBeNaN();
    expect(argmax(x, 0).item()).toBe(1);
    expect(argmin(x, 0).item()).toBe(1);
  });

  test("of a tie the first place is told", () => {
    expect(argmax(f64([1, 3, 3]), 0).item()).toBe(1);
    expect(argmin(f64([2, 1, 1]), 0).item()).toBe(1);
  });

  test("nothing has no extremum", () => {
    expect(() => max(f64([], [2, 0]), [1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: max: f64[2,0] has no elements along axes [1].]`,
    );
    expect(() => argmin(f64([]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: argmin: f64[0] has no elements along axis 0.]`,
    );
    expect(max(f64([], [0, 2]), [1]).shape).toEqual([0]);
  });

  test("requireFloating says how to convert", () => {
    expect(() => requireFloating("mean", arrayType("int32", [2]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: mean: needs floats, not i32[2]. Convert it with astype("float64").]`,
    );
  });
});
