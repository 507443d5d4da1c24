import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { arange, foriLoop, grad, jit, tensor, zeros } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as g from "./gather.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const matrix = f64(numbers(6), [2, 3]);
const one = tensor(1, { dtype: "int32" });

describe("gather and scatter", () => {
  checkFamily(g, {
    takeAlongAxis: [
      on(
        (x, i) => g.takeAlongAxis(x, i, { axis: 1 }),
        [
          { ins: [matrix, i32([2, 0, 1, 1], [2, 2])] },
          { ins: [f32(numbers(6), [2, 3]), i32([-1, 2], [2, 1])] },
          { ins: [matrix, i32([0, 2], [1, 2])] }, // the same indices for each row
        ],
      ),
      on((x) => g.takeAlongAxis(x, [[1, 0, 1]], { axis: -2 }), [{ ins: [matrix] }]),
    ],
    scatterAddAlongAxis: [
      on(
        (x, i, u) => g.scatterAddAlongAxis(x, i, u, { axis: 1 }),
        [
          { ins: [matrix, i32([2, 0, 1, 1], [2, 2]), f64(numbers(4), [2, 2])] },
          { ins: [matrix, i32([2, 0, 1, 1], [2, 2]), 2] },
        ],
      ),
    ],
    dynamicSlice: [
      on((x, at) => g.dynamicSlice(x, at, [1, 2]), [{ ins: [matrix, i32([1, 1])] }]),
      on((x, i) => g.dynamicSlice(x, [0, i], [2, 2]), [{ ins: [matrix, i32([1], [])] }]),
      on((x) => g.dynamicSlice(x, [], []), [{ ins: [1.5] }]),
    ],
    dynamicUpdateSlice: [
      on(
        (x, u, i) => g.dynamicUpdateSlice(x, u, [i, 1]),
        [{ ins: [matrix, f64([5, 6], [1, 2]), i32([1], [])] }],
      ),
      on((x, u) => g.dynamicUpdateSlice(x, u, [2]), [{ ins: [f32(numbers(4)), f64([5, 6])] }]),
    ],
  });

  test("an array can be filled in a loop, with its derivative", () => {
    const powers = (x: Tensor): Tensor =>
      foriLoop(0, 4, (i, all) => g.dynamicUpdateSlice(all, x.pow(i.add(1)).reshape([1]), [i]), zeros([4]));
    expect(jit(powers)(2).tolist()).toEqual([2, 4, 8, 16]);
    expect(grad((x) => powers(x).mul(arange(4)).sum())(2).item()).toBe(4 + 24 + 96);
  });

  test.each<[() => unknown, string]>([
    [
      () => g.takeAlongAxis(matrix, [0], { axis: 1 }),
      "they must have 2 axes with its sizes or 1, except for axis 1.",
    ],
    [
      () => g.takeAlongAxis(matrix, [[0.5]], { axis: 1 }),
      "takeAlongAxis: indices are f64[1,1], not integers.",
    ],
    [() => g.takeAlongAxis(matrix, [[0]], {} as never), "takeAlongAxis: give an axis, as in { axis: -1 }."],
    [() => g.takeAlongAxis(matrix, [[0]], { dim: 1 } as never), 'takeAlongAxis: unknown option "dim"'],
    [
      () => g.scatterAddAlongAxis(matrix, [[0], [1]], [1, 2, 3], { axis: 1 }),
      "scatterAddAlongAxis: updates are f64[3], indices i32[2,1]; they must have the same shape.",
    ],
    [
      () => g.dynamicSlice(matrix, [one], [1, 1]),
      "dynamicSlice: f64[2,3] needs an array of 2 starts, one per axis.",
    ],
    [() => g.dynamicSlice(matrix, [one, one], [3, 1]), "a block of [3,1] does not fit into f64[2,3]."],
    [
      () => g.dynamicSlice(matrix, [one, tensor([1])], [1, 1]),
      "dynamicSlice: indices are f64[1], not integers.",
    ],
  ])("refuses misuse %#", (action, message) => {
    expect(action).toThrow(message);
  });
});
