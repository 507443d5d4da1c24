import { describe, expect, test } from "vitest";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as cumulatives from "./cumulative.ts";

const { cumsum } = cumulatives;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const samples = [
  { ins: [f64(numbers(6), [2, 3])] },
  { ins: [f32(numbers(6), [2, 3])] },
  { ins: [i32([1, 2, 3, 4, 5, 6], [2, 3])] },
  { ins: [f64([], [0, 3])] },
];

describe("cumulative sums", () => {
  checkFamily(cumulatives, {
    cumsum: [
      on((x) => cumsum(x, 0), samples),
      on((x) => cumsum(x, 1, true), samples),
      on((x) => cumsum(x, 1), [{ ins: [f64(numbers(12), [2, 3, 2])] }]),
    ],
  });

  test("add up from either end", () => {
    expect(cumsum(i32([1, 2, 3]), 0).tolist()).toEqual([1, 3, 6]);
    expect(cumsum(i32([1, 2, 3]), 0, true).tolist()).toEqual([6, 5, 3]);
  });
});
