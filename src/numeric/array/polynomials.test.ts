import { describe, expect, test } from "vitest";
import { ones } from "downhill";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import * as q from "./polynomials.ts";

const two = { ins: [f64([1.5, -2, 0.5]), f64([2, 1])] };
const singles = { ins: [f32([1.5, -2, 0.5]), f32([2, 1])] };

describe("polynomials", () => {
  checkFamily(q, {
    polyval: [on(q.polyval, [two, singles, { ins: [f64([1, 2, 3]), f64([1, 2, 3, 4], [2, 2])] }, { ins: [f64([3]), 2] }])], // prettier-ignore
    polyadd: [on(q.polyadd, [two, singles])],
    polysub: [on(q.polysub, [two])],
    polymul: [on(q.polymul, [two, singles])],
    polyder: [on((x) => q.polyder(x), [{ ins: [f64([1.5, -2, 0.5])] }])],
    polyint: [on((x) => q.polyint(x, 2), [{ ins: [f64([1.5, -2, 0.5])] }])],
    polyfit: [
      on((x, y) => q.polyfit(x, y, 1), [{ ins: [f64([0, 1, 2, 4]), f64([1, 3, 2, 5])] }]),
      on((x, y) => q.polyfit(x, y, 2), [{ ins: [f64([0, 1, 2, 4]), f64([1, 3, 2, 5, 0, 1, 4, 2], [4, 2])] }]), // prettier-ignore
    ],
  });

  test("a polynomial through as few points as coefficients is found to the last digits", () => {
    const x = Array.from({ length: 9 }, (_, i) => i - 4);
    const exact = [1, -2, 0, 3, 5, -1, 0.5, 2, -7];
    const found = q.polyfit(x, q.polyval(exact, x), 8).tolist() as number[];
    found.forEach((c, i) => expect(Math.abs(c - exact[i]!)).toBeLessThan(1e-9));
  });

  test("the derivative of a constant is 0", () => {
    expect(q.polyder([5]).tolist()).toEqual([0]);
    expect(q.polyder([1, 2], 5).tolist()).toEqual([0]);
  });

  test("operands that do not fit are refused", () => {
    expect(() => q.polyval(ones([2, 2]), 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: polyval: coefficients are f64[2,2]; they must be a vector.]`,
    );
    expect(() => q.polyfit([1, 2], [1, 2, 3], 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: polyfit: points are f64[2] and values f64[3]; give a vector of points, and a vector of that length or a matrix with that number of rows.]`,
    );
    expect(() => q.polyfit([1, 2], [1, 2], 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: polyfit: 3 coefficients cannot be determined from 2 points.]`,
    );
    expect(() => q.polyder([1, 2], -1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: polyder: m must be an integer from 0 to 2147483647, got -1.]`,
    );
  });
});
