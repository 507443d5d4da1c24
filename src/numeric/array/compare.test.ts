import { describe, expect, test } from "vitest";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as c from "./compare.ts";

const near = { ins: [f64([1, 2, 1e-9]), f64([1 + 1e-6, 2.1, 0])] };
const singles = { ins: [f32([1, 2]), f32([1, 3])] };
const ints = { ins: [i32([1, 2, 3]), i32([3, 1])] };

describe("comparisons", () => {
  checkFamily(c, {
    isclose: [on((x, y) => c.isclose(x, y), [near, singles])],
    allclose: [on((x, y) => c.allclose(x, y), [near, singles])],
    arrayEqual: [on(c.arrayEqual, [near, singles])],
    arrayEquiv: [on(c.arrayEquiv, [near, { ins: [f64([1, 1]), 1] }])],
    isin: [on(c.isin, [ints])],
  });

  test("infinities are close only to themselves, and NaN only with equalNaN", () => {
    expect(c.isclose([Infinity, 1, NaN], [Infinity, Infinity, NaN]).tolist()).toEqual([1, 0, 0]);
    expect(c.allclose(NaN, NaN, { equalNaN: true }).item()).toBe(1);
  });

  test("arrays of different shapes are not equal", () => {
    expect(c.arrayEqual([1, 2], [[1, 2]]).item()).toBe(0);
    expect(c.arrayEquiv([1, 2], [[1, 2]]).item()).toBe(1);
    expect(c.arrayEquiv([1, 2], [1, 2, 3]).item()).toBe(0);
  });
});
