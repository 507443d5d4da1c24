import { describe, expect, test } from "vitest";
import { ones, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as a from "./arrange.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const vector = { ins: [f64(numbers(4))] };
const matrix = { ins: [f64(numbers(6), [2, 3])] };
const cube = { ins: [f64(numbers(8), [2, 2, 2])] };
const others = [{ ins: [f32(numbers(6), [2, 3])] }, { ins: [i32([1, 2, 3, 4, 5, 6], [2, 3])] }];
const two = { ins: [f64(numbers(6), [2, 3]), f64(numbers(6).reverse(), [2, 3])] };
const vectors = { ins: [f64(numbers(3)), f64([1, 2, 3])] };

describe("arrangements", () => {
  checkFamily(
    a,
    {
      moveaxis: [on((x) => a.moveaxis(x, 0, -1), [cube, matrix])],
      swapaxes: [on((x) => a.swapaxes(x, 0, 1), [matrix, ...others])],
      matrixTranspose: [on(a.matrixTranspose, [cube])],
      repeat: [
        on((x) => a.repeat(x, 2, { axis: 1 }), [matrix, ...others]),
        on((x) => a.repeat(x, [2, 0, 1], { axis: 1 }), [matrix]),
        on((x) => a.repeat(x, 3), [{ ins: [1.5] }, vector]),
      ],
      tile: [on((x) => a.tile(x, [2, 2]), [matrix, vector, ...others])],
      roll: [on((x) => a.roll(x, 1), [matrix, ...others]), on((x) => a.roll(x, -1, { axis: 1 }), [matrix])],
      split: [on((x) => a.split(x, 3, { axis: 1 }), [matrix]), on((x) => a.split(x, [1, 3]), [vector])],
      arraySplit: [on((x) => a.arraySplit(x, 3), [vector])],
      hsplit: [on((x) => a.hsplit(x, 3), [matrix])],
      vsplit: [on((x) => a.vsplit(x, 2), [matrix])],
      dsplit: [on((x) => a.dsplit(x, 2), [cube])],
      unstack: [on((x) => a.unstack(x, { axis: 1 }), [matrix])],
      atleast1d: [on(a.atleast1d, [{ ins: [2.5] }])],
      atleast2d: [on(a.atleast2d, [vector])],
      atleast3d: [on(a.atleast3d, [vector, matrix])],
      hstack: [on((x, y) => a.hstack([x, y]), [two, vectors])],
      vstack: [on((x, y) => a.vstack([x, y]), [two, vectors]), on((x) => a.vstack(x), [cube])],
      dstack: [on((x, y) => a.dstack([x, y]), [two])],
      columnStack: [on((x, y) => a.columnStack([x, y]), [vectors])],
      block: [on((x, y) => a.block([[x, y], [y, x]]), [two])], // prettier-ignore
      append: [on((x, y) => a.append(x, y), [two]), on((x, y) => a.append(x, y, { axis: 0 }), [two])],
      remove: [on((x) => a.remove(x, 1, { axis: 1 }), [matrix])],
      insert: [on((x, y) => a.insert(x, [0, 2], y), [{ ins: [f64(numbers(3)), f64([5, 6])] }])],
      rot90: [on((x) => a.rot90(x), [matrix]), on((x) => a.rot90(x, { k: 3 }), [matrix])],
      fliplr: [on(a.fliplr, [matrix])],
      flipud: [on(a.flipud, [vector])],
      broadcastArrays: [on((x, y) => a.broadcastArrays(x, y), [{ ins: [f64([1, 2]), f64([3, 4], [2, 1])] }])],
      meshgrid: [on((x, y) => a.meshgrid([x, y]), [{ ins: [f64([1, 2]), f64([3, 4, 5])] }])],
      resize: [on((x) => a.resize(x, [2, 3]), [vector])],
    },
    { broadcastShapes: "is of shapes" },
  );

  test("broadcastShapes agrees with broadcastArrays", () => {
    expect(a.broadcastShapes([2, 1], [3], [])).toEqual([2, 3]);
    expect(a.broadcastShapes()).toEqual([]);
  });

  test("operands that do not fit are named, with a repair", () => {
    const x = ones([2, 3]);
    expect(() => a.broadcastShapes([2], [3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: broadcastShapes: [2] and [3] cannot be broadcast together.]`,
    );
    expect(() => a.split(x, 2, { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: split: axis 1 of f64[2,3] cannot be cut into 2 equal parts. arraySplit allows parts of different sizes.]`,
    );
    expect(() => a.moveaxis(x, [0, 1], 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: moveaxis: axes [0,1] cannot go to [0]: both lists must have the same length and no repeated axis.]`,
    );
    expect(() => a.repeat(x, [1, 2], { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: repeat: 2 counts for axis 1 of f64[2,3], which has size 3.]`,
    );
    expect(() => a.repeat(x, 1.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: repeat: a count must be an integer from 0 to 2147483647, got 1.5.]`,
    );
    expect(() => a.roll(x, [1, 2, 3], { axis: [0, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: roll: 3 shifts for 2 axes.]`,
    );
    expect(() => a.rot90(x, { axes: [1, -1] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: rot90: axes [1,-1] name the same axis twice.]`,
    );
    expect(() => a.remove(x, 6)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: remove: index 6 is out of range for an axis of size 6.]`,
    );
    expect(() => a.insert([1, 2], [0], [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: insert: values are f64[2]; they must have shape [1] or broadcast to it.]`,
    );
    expect(() => a.hstack(1 as unknown as Tensor)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: hstack: the arrays must be one list, as in hstack([x, y]).]`,
    );
    expect(() => a.meshgrid([x, [1]])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: meshgrid: f64[2,3] is not a vector.]`,
    );
    expect(() => a.broadcastArrays(x, [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: broadcastArrays: f64[2,3] and f64[2] cannot be broadcast together.]`,
    );
  });
});
