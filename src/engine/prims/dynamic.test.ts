import { describe, expect, test } from "vitest";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as dynamics from "./dynamic.ts";

const { dynamicAdd, dynamicSlice, dynamicUpdate } = dynamics;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const matrix = f64(numbers(12), [3, 4]);
const block = f64(numbers(4).map((x) => x + 5), [2, 2]); // prettier-ignore

const writes = [
  { ins: [matrix, block, i32([1, 2])] },
  { ins: [matrix, block, i32([7, -7])] }, // clamped
  { ins: [f32(numbers(5)), f32([1, 2]), i32([2])] },
  { ins: [f32(numbers(2)), f32([1, 2]), i32([0])] },
  { ins: [i32([1, 2, 3]), i32([10]), i32([1])] },
  { ins: [f64(numbers(3)), f64([]), i32([1])] },
  { ins: [f64([2], []), f64([3], []), i32([])] },
];

describe("blocks at a computed position", () => {
  checkFamily(dynamics, {
    dynamicSlice: [
      on(
        (x, at) => dynamicSlice(x, at, [2, 2]),
        [{ ins: [matrix, i32([1, 2])] }, { ins: [matrix, i32([7, -7])] }],
      ),
      on(
        (x, at) => dynamicSlice(x, at, [2]),
        [
          { ins: [f32(numbers(5)), i32([1])] },
          { ins: [i32([1, 2, 3]), i32([1])] },
          { ins: [bool([1, 0, 1]), i32([1])] },
        ],
      ),
      on((x, at) => dynamicSlice(x, at, [0]), [{ ins: [f64(numbers(3)), i32([1])] }]),
      // a batch
      on((x, at) => dynamicSlice(x, at, [2], 1), [{ ins: [matrix, i32([0, 1, 2], [3, 1])] }]),
    ],
    dynamicUpdate: [
      on((x, u, at) => dynamicUpdate(x, u, at), writes),
      on(
        (x, u, at) => dynamicUpdate(x, u, at, 1),
        [{ ins: [matrix, f64(numbers(6), [3, 2]), i32([0, 1, 2], [3, 1])] }],
      ),
    ],
    dynamicAdd: [
      on((x, u, at) => dynamicAdd(x, u, at), writes),
      on(
        (x, u, at) => dynamicAdd(x, u, at, 1),
        [{ ins: [matrix, f64(numbers(6), [3, 2]), i32([0, 1, 2], [3, 1])] }],
      ),
    ],
  });

  test("shapes that do not match are named", () => {
    expect(() => dynamicSlice(matrix, i32([1]), [2, 2])).toThrow(
      "dynamicSlice: starts are i32[1]; f64[3,4] needs one for each of 2 axes.",
    );
    expect(() => dynamicSlice(matrix, f64([1, 2]), [2, 2])).toThrow("starts are f64[2], not int32");
    expect(() => dynamicSlice(matrix, i32([1, 1]), [4, 2])).toThrow(
      "a block of [4,2] does not fit into f64[3,4].",
    );
    expect(() => dynamicUpdate(matrix, i32([1, 2], [1, 2]), i32([1, 1]))).toThrow(
      "dynamicUpdate: the block is i32[1,2], and the array f64[3,4]; they must be of one dtype.",
    );
  });
});
