import { describe, expect, test } from "vitest";
import { grad, type Tensor } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as c from "./cumulative.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 5) % n) / 2 - 1.2); // no two are near
const matrix = { ins: [f64(numbers(6), [2, 3])] };
const single = { ins: [f32(numbers(6), [2, 3])] };
const ints = { ins: [i32([3, -1, 2, 5, 0, 4], [2, 3])] };
const floating = [matrix, single];

describe("along an axis", () => {
  checkFamily(c, {
    cumsum: [
      on((x) => c.cumsum(x, { axis: -1 }), [matrix, ints, { ins: [bool([1, 1, 0])] }]),
      on((x) => c.cumsum(x, { axis: 0, reverse: true }), [...floating, ints]),
      on((x) => c.cumsum(x), [matrix]),
    ],
    cumprod: [
      on((x) => c.cumprod(x, { axis: 1 }), [...floating, ints]),
      on((x) => c.cumprod(x, { reverse: true }), [matrix, { ins: [f64([2, 0, 3])] }]),
    ],
    cummax: [on((x) => c.cummax(x, { axis: 1 }), [...floating, ints])],
    cummin: [on((x) => c.cummin(x, { axis: 0, reverse: true }), [...floating, ints])],
    logcumsumexp: [
      on((x) => c.logcumsumexp(x, { axis: 1 }), floating),
      on((x) => c.logcumsumexp(x, { reverse: true }), [matrix]),
    ],
    nancumsum: [on((x) => c.nancumsum(x, { axis: 1 }), floating)],
    nancumprod: [on((x) => c.nancumprod(x, { axis: 1 }), floating)],
    diff: [on((x) => c.diff(x), [...floating, ints]), on((x) => c.diff(x, { axis: 0, prepend: 1, n: 2 }), [matrix])], // prettier-ignore
    ediff1d: [on(c.ediff1d, [matrix])],
    trapezoid: [
      on((x) => c.trapezoid(x), floating),
      on((x, at) => c.trapezoid(x, { x: at }), [{ ins: [f64(numbers(6), [2, 3]), f64([0, 1, 3])] }]),
    ],
    cumulativeTrapezoid: [on((x) => c.cumulativeTrapezoid(x, { dx: 0.5 }), floating)],
    gradient: [
      on((x) => c.gradient(x, { axis: 1 }), floating),
      on((x) => c.gradient(x, { axis: [0, 1] }), [matrix]),
      on((x, at) => c.gradient(x, { axis: 1, spacing: at }), [{ ins: [f64(numbers(6), [2, 3]), f64([0, 1, 3])] }]), // prettier-ignore
    ],
  });

  test("logcumsumexp has finite derivatives behind −∞", () => {
    const last = (x: Tensor): Tensor => c.logcumsumexp(x).at(-1);
    expect(grad(last)([-Infinity, -800, -800]).tolist()).toEqual([0, 0.5, 0.5]);
  });

  test("wrong places are named, with what fits", () => {
    const x = f64(numbers(6), [2, 3]);
    expect(() => c.trapezoid(x, { x: [0, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: trapezoid: places are f64[2]; for axis 1 of f64[2,3] they must be a vector of 3, or of its shape.]`,
    );
    expect(() => c.trapezoid(x, { x: [0, 1, 2], dx: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: trapezoid: takes x or dx, not both.]`,
    );
    expect(() => c.gradient(x)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: gradient: say which axis, as in { axis: -1 }.]`,
    );
    expect(() => c.gradient([1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: gradient: axis 0 of f64[1] has 1 values, and slopes need two.]`,
    );
    expect(() => c.diff(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: diff: f64[] has no neighbours. Give an array.]`,
    );
    expect(() => c.diff(x, { n: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: diff: n must be a whole number of at least 0, got -1.]`,
    );
  });
});
