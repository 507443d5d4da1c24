import { describe, expect, test } from "vitest";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, floats, i32, on } from "../../../test/support/op-table.ts";
import { arrayType } from "../ir/types.ts";
import { full } from "./linear.ts";
import * as shape from "./shape.ts";

const { broadcast, permute, reducedType, reshape, spread, sum } = shape;
const six = [1.5, -2, 0.25, 3, -0.5, 7];
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const vectors: Sample[] = [
  { ins: [f64(six)] },
  { ins: [f32(six)] },
  { ins: [i32([1, 2, 3])] },
  { ins: [f64([])] },
];
const cube: Sample[] = [
  { ins: [f64(numbers(24), [2, 3, 4])] },
  { ins: [f32(numbers(24), [2, 3, 4])] },
  { ins: [f64([], [2, 0, 4])] },
  { ins: [bool([1, 0, 1, 1], [1, 2, 2])] },
];

describe("shape", () => {
  checkFamily(
    shape,
    {
      broadcast: [
        on((x) => broadcast(x, [2, ...x.shape], [1]), vectors),
        on((x) => broadcast(x, [...x.shape, 2], [0]), vectors),
        on((x) => broadcast(x, [3, 2], []), [{ ins: [2.5] }, { ins: [f64([2], [])] }, { ins: [true] }]),
        on((x) => broadcast(x, [0], []), [{ ins: [2.5] }]),
      ],
      spread: [on((x) => spread(x, [2]), [{ ins: [1.5] }, { ins: [f64([1, 2])] }])],
      reshape: [
        on((x) => reshape(x, [3, 2]), [{ ins: [f64(six, [2, 3])] }, { ins: [f32(six)] }]),
        on((x) => reshape(x, []), [{ ins: [f64([2])] }, { ins: [f32([2], [1, 1])] }, { ins: [bool([1])] }]),
        on((x) => reshape(x, [1, 1]), [{ ins: [1.5] }, { ins: [f64([2], [])] }, { ins: [true] }]),
        on((x) => reshape(x, [0, 5]), [{ ins: [f64([])] }]),
      ],
      permute: [
        on((x) => permute(x, [2, 0, 1]), cube),
        on((x) => permute(x, [0, 2, 1]), cube),
        on((x) => permute(x, [1, 0]), [{ ins: [f64(six, [2, 3])] }]),
        on((x) => permute(x, []), floats(six).slice(0, 2)),
      ],
      sum: [
        on((x) => sum(x, [0]), [...vectors, ...cube]),
        on((x) => sum(x, [1]), cube),
        on((x) => sum(x, [2]), cube),
        on((x) => sum(x, [0, 2]), cube),
        on((x) => sum(x, [0, 1, 2]), cube),
        on((x) => sum(x, [0]), [{ ins: [f64(numbers(600), [300, 2])] }], { order: 1 }),
        on((x) => sum(x, [0, 2]), [{ ins: [f32(numbers(640), [4, 2, 80])] }], { order: 1 }),
        on((x) => sum(x, [0]), [{ ins: [f64(numbers(600))] }, { ins: [f32(numbers(600))] }], { order: 1 }),
      ],
    },
    {
      reducedType: "works on types",
      axisOrder: "asks about an equation",
      repeatedAxes: "asks about an equation",
      repeatedScalar: "asks about an equation",
      summedAxes: "asks about an equation",
    },
  );

  test("reducedType drops the axes", () => {
    expect(reducedType({ dtype: "float64", shape: [2, 3, 4], weak: false }, [0, 2]).shape).toEqual([3]);
  });

  test("a long sum of float32 ones is exact", () => {
    expect(sum(f32(new Array<number>(2 ** 17 + 1).fill(1)), [0]).item()).toBe(2 ** 17 + 1);
  });

  test.each<[string, readonly number[], readonly number[]]>([
    ["a vector", [65536], [0]],
    ["the columns of a matrix", [65536, 2], [0]],
    ["one column", [65536, 1], [0]],
    ["the rows of a matrix", [2, 65536], [1]],
    ["the first and last axis", [64, 2, 1024], [0, 2]],
    ["the middle axis", [2, 65536, 2], [1]],
  ])("a long sum in float32 over %s keeps its digits", (_, shape, axes) => {
    const tenth = Math.fround(0.1);
    const totals = sum(full(arrayType("float32", shape), 0.1), axes).data();
    for (const total of totals) expect(Math.abs(total / (tenth * 65536) - 1)).toBeLessThan(1e-5); // a plain sum: 6e-4
  });

  test("the sum of nothing is 0", () => {
    expect(sum(f64([], [0, 3]), [0]).tolist()).toEqual([0, 0, 0]);
  });
});
