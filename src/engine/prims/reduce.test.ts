import { describe, expect, test } from "vitest";
import { configure, grad } from "downhill";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on, u32 } from "../../../test/support/op-table.ts";
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

  test("a NaN wins, and the index is that of the first", () => {
    const x = f64([1, NaN, 3, NaN]);
    expect(max(x, [0]).item()).toBeNaN();
    expect(min(x, [0]).item()).toBeNaN();
    expect(argmax(x, 0).item()).toBe(1);
    expect(argmin(x, 0).item()).toBe(1);
  });

  test("the index of a tie is the first", () => {
    expect(argmax(f64([1, 3, 3]), 0).item()).toBe(1);
    expect(argmin(f64([2, 1, 1]), 0).item()).toBe(1);
  });

  // An element-by-element search was 20 times slower than the extremum itself.
  test.each([
    { shape: [9000], axis: 0 }, // in runs
    { shape: [3, 150], axis: 1 }, // row by row, in lanes
    { shape: [2, 140, 5], axis: 1 }, // all columns at once
    { shape: [150, 5], axis: 0 },
    { shape: [5, 9, 3], axis: 1 }, // few rows
  ])("indices of extrema equal those of a plain loop, %j", ({ shape, axis }) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const [rows, stride] = [shape[axis]!, shape.slice(axis + 1).reduce((a, b) => a * b, 1)];
    const numbers = Array.from({ length: n }, (_, i) => [0, -0, 3, -3, NaN][i % 97] ?? Math.sin(i * i) * 3);
    const place = (values: ArrayLike<number>, result: number, sign: number): number => {
      const base = Math.floor(result / stride) * rows * stride + (result % stride);
      let at = 0;
      for (let r = 1; r < rows; r++) {
        const [best, x] = [sign * values[base + at * stride]!, sign * values[base + r * stride]!];
        if (x > best || (Number.isNaN(x) && !Number.isNaN(best))) at = r;
      }
      return at;
    };
    for (const make of [f64, f32, i32, bool]) {
      const x = make(
        make === f64 || make === f32
          ? numbers
          : numbers.map((y) => (Number.isNaN(y) ? 0 : make === bool ? Number(y > 2.9) : Math.trunc(y))),
        shape,
      );
      const [values, results] = [x.data(), n / rows];
      for (const backend of ["wasm", "js", "interpreter"] as const) {
        configure({ backend });
        const most = Array.from({ length: results }, (_, i) => place(values, i, 1));
        const least = Array.from({ length: results }, (_, i) => place(values, i, -1));
        expect(Array.from(argmax(x, axis).data())).toEqual(most);
        expect(Array.from(argmin(x, axis).data())).toEqual(least);
      }
      configure({});
    }
  });

  test("an empty array has no extremum", () => {
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
