import { describe, expect, test } from "vitest";
import { grad, ones, type Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as s from "./signal.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const two = { ins: [f64(numbers(4)), f64([1, 2, 0.5])] };
const singles = { ins: [f32([1, 2]), f32(numbers(4))] };
const ints = { ins: [i32([1, 2, 3]), i32([1, -1])] };
const curve = { ins: [f64([-1, 0.25, 1.5, 9]), f64([0, 1, 3]), f64([2, -1, 4])] };

describe("signals", () => {
  checkFamily(s, {
    convolve: [
      on((x, y) => s.convolve(x, y), [two, singles, ints]),
      on((x, y) => s.convolve(x, y, "same"), [two]),
    ],
    correlate: [on((x, y) => s.correlate(x, y), [two, singles, ints]), on((x, y) => s.correlate(x, y, "full"), [two])], // prettier-ignore
    interp: [
      on((x, at, y) => s.interp(x, at, y), [curve]),
      on((x, at, y) => s.interp(x, at, y, { left: 0, right: 1 }), [curve]),
      on((x, at, y) => s.interp(x, at, y, { period: 1.7 }), [curve]),
    ],
    unwrap: [on((x) => s.unwrap(x), [{ ins: [f64([0, 3, 6, -3, 1])] }])],
  });

  test("interp finds the right segment among any number of points", () => {
    for (const n of [1, 2, 3, 4, 5, 8, 9, 33]) {
      const at = Array.from({ length: n }, (_, i) => i);
      const half = at.slice(0, -1).map((i) => i + 0.5);
      expect(s.interp([...at, ...half], at, at).tolist()).toEqual([...at, ...half]);
    }
  });

  test("the derivative of interp is the slope of the segment, and 0 outside", () => {
    const f = (x: Tensor): Tensor => s.interp(x, [0, 1, 3], [2, -1, 4]).sum();
    expect(grad(f)([-1, 0.25, 2, 9]).tolist()).toEqual([0, -3, 2.5, 0]);
  });

  test("operands that are not vectors are refused", () => {
    expect(() => s.convolve(ones([2, 2]), [1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: convolve: f64[2,2] is not a vector with elements.]`,
    );
    expect(() => s.correlate([1], [])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: correlate: f64[0] is not a vector with elements.]`,
    );
    expect(() => s.interp(0, [0, 1], [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: interp: points are f64[2] and values f64[3]; give two vectors of equal length.]`,
    );
    const periodic = (options: s.InterpOptions) => () => s.interp(0, [0, 1], [1, 2], options);
    expect(periodic({ period: 0 })).toThrow("interp: period must be a positive number, got 0.");
    expect(periodic({ period: 2, left: 1 })).toThrow("omit left and right");
    expect(() => s.convolve([1], [1], "valdi" as never)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: convolve: mode must be "full" or "same" or "valid", got "valdi". Did you mean "valid"?]`,
    );
  });
});
