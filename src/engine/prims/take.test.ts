import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, tensor } from "downhill";
import { checkFamily, f32, f64, i32, on, u32 } from "../../../test/support/op-table.ts";
import { sum } from "./shape.ts";
import * as takes from "./take.ts";

const { placeWithin, scatterAdd, scatterMax, scatterMin, scatterSet, take } = takes;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const late = (n: number): number[] => numbers(n).map((x) => x + 0.05); // near the elements, on both sides

const writes = [
  { ins: [f64(numbers(5)), i32([2], []), f64([0.5], [])] },
  { ins: [f64(numbers(5)), i32([0, 4, 0, -1, 9, -9]), f64(late(6))] }, // from the end, clamped, three times
  { ins: [f32(numbers(12), [3, 4]), i32([2, 0, 0, 1], [2, 2]), f32(late(16), [2, 2, 4])] },
  { ins: [f64(numbers(6), [3, 2]), u32([1, 1]), f64(late(4), [2, 2])] },
  { ins: [f64(numbers(3)), i32([]), f64([])] },
  { ins: [i32([5, 6, 7]), i32([1, 1]), i32([10, 20])] },
];
const columns = [
  { ins: [f64(numbers(12), [3, 4]), i32([3], []), f64(late(3))] },
  { ins: [f64(numbers(24), [2, 3, 4]), i32([2, 0, 0, 1], [2, 2]), f64(late(32), [2, 2, 2, 4])] },
];

describe("indices along one axis", () => {
  checkFamily(takes, {
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
      on((x, i, u) => scatterAdd(x, i, u, 0), writes),
      on((x, i, u) => scatterAdd(x, i, u, 1), columns),
    ],
    scatterSet: [
      on((x, i, u) => scatterSet(x, i, u, 0), writes),
      on((x, i, u) => scatterSet(x, i, u, 1), columns),
      on((x, i, u) => scatterSet(x, i, u, 0, true), [{ ins: [f64(numbers(4)), i32([3, 1]), f64(late(2))] }]),
    ],
    scatterMax: [
      on((x, i, u) => scatterMax(x, i, u, 0), writes),
      on((x, i, u) => scatterMax(x, i, u, 1), columns),
    ],
    scatterMin: [
      on((x, i, u) => scatterMin(x, i, u, 0), writes),
      on((x, i, u) => scatterMin(x, i, u, 1), columns),
    ],
    placeWithin: [
      on(
        (i) => placeWithin(i, 3),
        [{ ins: [i32([0, 2, -1, -3, 7, -7])] }, { ins: [u32([1, 9])] }, { ins: [i32([1], [])] }],
      ),
    ],
  });

  test("indices are clamped to the array, negative ones count from the end", () => {
    expect(take(f64([10, 20, 30]), i32([0, -1, -3, 7, -7]), 0).tolist()).toEqual([10, 30, 10, 30, 10]);
    expect(take(f64([10, 20, 30]), u32([4294967295]), 0).tolist()).toEqual([30]);
  });

  test("the derivative of a read accumulates at repeated indices", () => {
    const f = (x: Tensor): Tensor => sum(take(x, i32([1, 1, 2]), 0), [0]);
    expect(grad(f)([1, 2, 3, 4]).tolist()).toEqual([0, 2, 1, 0]);
  });

  test("at a repeated index the last update is set, and has the derivative", () => {
    const f = (x: Tensor, u: Tensor): Tensor =>
      sum(scatterSet(x, i32([1, 0, 1]), u, 0).mul([10, 20, 30]), [0]);
    expect(scatterSet(f64([1, 2, 3]), i32([1, 0, 1]), f64([4, 5, 6]), 0).tolist()).toEqual([5, 6, 3]);
    for (const way of [grad(f, { argnums: [0, 1] }), jit(grad(f, { argnums: [0, 1] }))])
      expect(way([1, 2, 3], [4, 5, 6]).map((g) => g.tolist())).toEqual([
        [0, 0, 30],
        [0, 10, 20],
      ]);
  });

  test("extrema that tie share the derivative, and a NaN is the extremum", () => {
    const f = (x: Tensor, u: Tensor): Tensor => sum(scatterMax(x, i32([1, 1, 0, 2]), u, 0), [0]);
    const both = grad(f, { argnums: [0, 1] })([1, 4, 3], [4, 4, 0, 5]);
    expect(both.map((g) => g.tolist())).toEqual([
      [1, 1 / 3, 0],
      [1 / 3, 1 / 3, 0, 1],
    ]);
    expect(scatterMin(f64([1, 2]), i32([0, 1]), f64([NaN, 1]), 0).tolist()).toEqual([NaN, 1]);
  });

  test("shapes that do not match are named", () => {
    expect(() => take(f64([1]), tensor([0]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: take: indices are f64[1], not integers. Convert them with astype("int32").]`,
    );
    expect(() => take(f64([], [0]), i32([0]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: take: f64[0] has no elements along axis 0.]`,
    );
    expect(() => scatterAdd(f64([1, 2]), i32([0]), f64([1, 2]), 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: scatterAdd: updates are f64[2], expected f64[1].]`,
    );
    expect(() => scatterMax(f64([], [0]), i32([0]), f64([1]), 0)).toThrow(
      "scatterMax: f64[0] has no elements along axis 0 to write to.",
    );
  });
});
