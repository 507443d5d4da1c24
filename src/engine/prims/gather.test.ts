import { describe, expect, test } from "vitest";
import { checkFamily, f32, f64, i32, on, u32 } from "../../../test/support/op-table.ts";
import * as gathers from "./gather.ts";

const { scatterAddAlong, takeAlong } = gathers;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));

describe("gather along an axis", () => {
  checkFamily(gathers, {
    takeAlong: [
      on(
        (x, i) => takeAlong(x, i, 0),
        [
          { ins: [f64(numbers(4)), i32([3, 0, 0, -1, 9, -9])] },
          { ins: [f64(numbers(6), [3, 2]), i32([2, 0, 1, 1], [2, 2])] },
          { ins: [f32(numbers(6), [3, 2]), u32([2, 0], [1, 2])] },
          { ins: [i32([5, 6, 7]), i32([1])] },
          { ins: [f64(numbers(4)), i32([])] },
        ],
      ),
      on(
        (x, i) => takeAlong(x, i, 1),
        [{ ins: [f64(numbers(12), [2, 3, 2]), i32([0, 1, 2, 2, 1, 0, -1, 0], [2, 2, 2])] }],
      ),
    ],
    wholePlace: [on((x) => gathers.wholePlace(x), [{ ins: [f64([2])] }, { ins: [f32([0, -3, 7])] }])],
    scatterAddAlong: [
      on(
        (x, i, u) => scatterAddAlong(x, i, u, 0),
        [
          { ins: [f64(numbers(4)), i32([3, 0, 0, -1, 9, -9]), f64(numbers(6))] },
          { ins: [f32(numbers(6), [3, 2]), i32([2, 0, 1, 1], [2, 2]), f32(numbers(4), [2, 2])] },
          { ins: [i32([5, 6, 7]), i32([1, 1]), i32([10, 20])] },
          { ins: [f64(numbers(4)), i32([]), f64([])] },
          { ins: [f64([], [0, 2]), i32([], [0, 2]), f64([], [0, 2])] },
        ],
      ),
      on(
        (x, i, u) => scatterAddAlong(x, i, u, 1),
        [{ ins: [f64(numbers(6), [2, 3]), i32([0, 2, 2, 1], [2, 2]), f64(numbers(4), [2, 2])] }],
      ),
    ],
  });

  test("shapes that do not match are named", () => {
    expect(() => takeAlong(f64([1, 2, 3, 4], [2, 2]), i32([0]), 0)).toThrow(
      "takeAlong: indices are i32[1]; their shape may differ from f64[2,2] along axis 0 only.",
    );
    expect(() => takeAlong(f64([1]), f64([0]), 0)).toThrow("takeAlong: indices are f64[1], not integers.");
    expect(() => takeAlong(f64([]), i32([0]), 0)).toThrow("takeAlong: f64[0] has no elements along axis 0.");
    expect(() => scatterAddAlong(f64([1]), i32([0]), f64([1, 2]), 0)).toThrow(
      "scatterAddAlong: updates are f64[2], expected f64[1].",
    );
  });
});
