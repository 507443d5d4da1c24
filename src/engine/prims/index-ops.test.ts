import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, tensor } from "downhill";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on, u32 } from "../../../test/support/op-table.ts";
import * as indexOps from "./index-ops.ts";
import { mul } from "./arithmetic.ts";
import { full } from "./linear.ts";
import { reshape, sum } from "./shape.ts";
import { extent } from "../../../test/support/extent.ts";

const { batchAlong, concatenate, iota, moveAxis, pad, part, reverse, scatterAdd, slice, take } = indexOps;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const vector: Sample[] = [
  { ins: [f64(numbers(5))] },
  { ins: [f32(numbers(5))] },
  { ins: [i32([5, 4, 3, 2, 1])] },
];
const matrix: Sample[] = [
  { ins: [f64(numbers(12), [3, 4])] },
  { ins: [f32(numbers(12), [3, 4])] },
  {
    ins: [
      bool(
        numbers(12).map((x) => (x > 0 ? 1 : 0)),
        [3, 4],
      ),
    ],
  },
];
const cube: Sample[] = [{ ins: [f64(numbers(24), [2, 3, 4])] }, { ins: [f32(numbers(24), [2, 3, 4])] }];
const empty: Sample[] = [{ ins: [f64([], [0, 4])] }];

describe("index operations", () => {
  checkFamily(indexOps, {
    iota: [
      on(() => iota("int32", [2, 3], 1), [{ ins: [] }]),
      on(() => iota("float32", [2, 3], 0), [{ ins: [] }]),
      on(() => iota("uint32", [0], 0), [{ ins: [] }]),
    ],
    slice: [
      on((x) => slice(x, { starts: [1], limits: [4], strides: [1] }), vector),
      on((x) => slice(x, { starts: [0], limits: [5], strides: [2] }), vector),
      on((x) => slice(x, { starts: [2], limits: [2], strides: [1] }), vector),
      on((x) => slice(x, { starts: [1, 0], limits: [3, 4], strides: [1, 3] }), matrix),
    ],
    pad: [
      on((x) => pad(x, { low: [1], high: [2], interior: [0] }), vector),
      on((x) => pad(x, { low: [0], high: [0], interior: [2] }), vector),
      on((x) => pad(x, { low: [1, 0], high: [0, 2], interior: [0, 1] }), matrix),
      on((x) => pad(x, { low: [1, 0], high: [1, 0], interior: [1, 0] }), empty),
    ],
    concatenate: [
      on(
        (...xs) => concatenate(xs, 0),
        [
          { ins: [f64(numbers(2)), f64(numbers(3))] },
          { ins: [f32(numbers(2)), f32([]), f32(numbers(1))] },
          { ins: [f64(numbers(2)), f64(numbers(2)), f64(numbers(1)), f64(numbers(1))] },
          { ins: [f64(numbers(3))] },
          { ins: [i32([1, 2]), i32([3])] },
          { ins: [f64([], [0, 2]), f64(numbers(2), [1, 2])] },
        ],
      ),
      on((...xs) => concatenate(xs, 1), [{ ins: [f64(numbers(4), [2, 2]), f64(numbers(6), [2, 3])] }]),
    ],
    part: [on((x) => part(x, 1, 1, 3), [...matrix, ...cube])],
    batchAlong: [on((x) => batchAlong(x, 2), [...vector, { ins: [1.5] }, ...empty])],
    reverse: [
      on((x) => reverse(x, [0]), [...vector, ...matrix, ...empty]),
      on((x) => reverse(x, [0, 2]), cube),
      on((x) => reverse(x, []), vector),
    ],
    take: [
      on(
        (x, i) => take(x, i, 0),
        [
          { ins: [f64(numbers(5)), i32([2], [])] },
          { ins: [f64(numbers(5)), i32([0, 4, 0, -1, 9, -9])] }, // from the end, clamped, twice
          { ins: [f32(numbers(12), [3, 4]), i32([2, 0, 0, 1], [2, 2])] },
          { ins: [f64(numbers(12), [3, 4]), u32([1, 2])] },
          { ins: [f64(numbers(12), [3, 4]), i32([])] },
          { ins: [i32([5, 6, 7]), i32([1, 1])] },
          { ins: [f64([], [2, 0]), i32([1])] },
        ],
      ),
      on(
        (x, i) => take(x, i, 1),
        [
          { ins: [f64(numbers(12), [3, 4]), i32([3], [])] },
          { ins: [f64(numbers(24), [2, 3, 4]), i32([2, 0, 0, 1], [2, 2])] },
        ],
      ),
      on((x, i) => take(x, i, 2), [{ ins: [f64(numbers(24), [2, 3, 4]), i32([1, -1])] }]),
    ],
    scatterAdd: [
      on(
        (x, i, u) => scatterAdd(x, i, u, 0),
        [
          { ins: [f64(numbers(5)), i32([2], []), f64([0.5], [])] },
          { ins: [f64(numbers(5)), i32([0, 4, 0, -1, 9, -9]), f64(numbers(6))] },
          { ins: [f32(numbers(12), [3, 4]), i32([2, 0, 0, 1], [2, 2]), f32(numbers(16), [2, 2, 4])] },
          { ins: [f64(numbers(6), [3, 2]), u32([1, 1]), f64(numbers(4), [2, 2])] },
          { ins: [f64(numbers(3)), i32([]), f64([])] },
          { ins: [i32([5, 6, 7]), i32([1, 1]), i32([10, 20])] },
        ],
      ),
      on(
        (x, i, u) => scatterAdd(x, i, u, 1),
        [
          { ins: [f64(numbers(12), [3, 4]), i32([3], []), f64(numbers(3))] },
          { ins: [f64(numbers(24), [2, 3, 4]), i32([2, 0, 0, 1], [2, 2]), f64(numbers(32), [2, 2, 2, 4])] },
        ],
      ),
    ],
    moveAxis: [
      on((x) => moveAxis(x, 2, 0), cube),
      on((x) => moveAxis(x, 0, 1), [...matrix, ...cube, ...empty]),
    ],
  });

  test("very many arrays are put together, eagerly, jitted and in gradients", () => {
    const n = extent(1000, 3000);
    const joined = (x: Tensor): Tensor => {
      const parts = Array.from({ length: n }, (_, i) => reshape(mul(x, full(x.type, i)), [1]));
      return sum(concatenate(parts, 0), [0]);
    };
    expect(joined(tensor(2)).item()).toBe((n - 1) * n);
    expect(jit(grad(joined))(2).item()).toBe(((n - 1) * n) / 2);
  });

  test("places are clamped to the array, negative ones count from the end", () => {
    expect(take(f64([10, 20, 30]), i32([0, -1, -3, 7, -7]), 0).tolist()).toEqual([10, 30, 10, 30, 10]);
    expect(take(f64([10, 20, 30]), u32([4294967295]), 0).tolist()).toEqual([30]);
  });

  test("the derivative of a read adds up at places that come twice", () => {
    const f = (x: Tensor): Tensor => sum(take(x, i32([1, 1, 2]), 0), [0]);
    expect(grad(f)([1, 2, 3, 4]).tolist()).toEqual([0, 2, 1, 0]);
  });

  test("what does not fit is named", () => {
    expect(() => take(f64([1]), tensor([0]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: take: indices are f64[1], not integers. Convert them with astype("int32").]`,
    );
    expect(() => take(f64([], [0]), i32([0]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: take: f64[0] has no elements along axis 0.]`,
    );
    expect(() => scatterAdd(f64([1, 2]), i32([0]), f64([1, 2]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scatterAdd: updates are f64[2], expected f64[1].]`,
    );
    expect(() => concatenate([f64([1], [1, 1]), f64([1, 2], [1, 2])], 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: concatenate: f64[1,2] does not continue f64[1,1] along axis 0.]`,
    );
  });
});
