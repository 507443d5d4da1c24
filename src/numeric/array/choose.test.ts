import { describe, expect, test } from "vitest";
import { exp, greater, less, log, grad, type Tensor } from "downhill";
import { bool, checkFamily, f64, i32, on } from "../../../test/support/op-table.ts";
import * as c from "./choose.ts";

const x = { ins: [f64([-1.5, 0.5, 2])] };

describe("choices", () => {
  checkFamily(c, {
    select: [
      on((y) => c.select([less(y, 0), less(y, 1)], [y.mul(2), exp(y)], 3), [x]),
      on((m, y) => c.select([m], [y]), [{ ins: [bool([1, 0]), f64([2, 3])] }]),
    ],
    piecewise: [on((y) => c.piecewise(y, [less(y, 0)], [(z) => z.mul(z), (z) => exp(z)]), [x])],
    ravelMultiIndex: [on((i, j) => c.ravelMultiIndex([i, j], [3, 4]), [{ ins: [i32([1, 2]), i32([0, 3])] }])],
    unravelIndex: [on((i) => c.unravelIndex(i, [3, 4]), [{ ins: [i32([4, 11])] }])],
    lexsort: [on((a, b) => c.lexsort([a, b]), [{ ins: [f64([1, 2, 0]), f64([1, 0, 1])] }])],
  });

  test("elements that were not selected have derivative 0", () => {
    const f = (y: Tensor): Tensor => c.piecewise(y, [greater(y, 0)], [(z) => log(z)]).sum();
    expect(grad(f)([0, 2]).tolist()).toEqual([0, 0.5]);
  });

  test("the first condition counts in select, the last one in piecewise", () => {
    expect(c.select([[true], [true]], [[1], [2]]).tolist()).toEqual([1]);
    expect(c.piecewise([5], [[true], [true]], [1, 2]).tolist()).toEqual([2]);
  });

  test("lists of different lengths are refused", () => {
    expect(() => c.select([[true]], [])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: select: needs two lists of equal length, the conditions and one choice for each.]`,
    );
    expect(() => c.piecewise([1], [[true], [true]], [1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: piecewise: needs two lists of equal length, the conditions and a function for each.]`,
    );
    expect(() => c.piecewise([1], [[true]], [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: piecewise: 3 functions for 1 conditions.]`,
    );
    expect(() => c.ravelMultiIndex([[1]], [2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: ravelMultiIndex: needs two lists of equal length, the indices along each axis and the sizes of the axes.]`,
    );
  });
});
