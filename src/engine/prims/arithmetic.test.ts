import { describe, expect, test } from "vitest";
import { grad, tensor, vjp } from "downhill";
import {
  booleans,
  checkFamily,
  f32,
  f64,
  floats,
  i32,
  integers,
  on,
  special,
  u32,
} from "../../../test/support/op-table.ts";
import { arrayType } from "../ir/types.ts";
import * as arithmetic from "./arithmetic.ts";

const a = arithmetic;
const x = [1.5, -2, 0.25, 3, -0.5, 7];
const y = [-0.75, 4, 2.5, -1, 0.125, 6];
const positive = [1.5, 2, 0.25, 3, 0.5, 7];
const far = [1.25, -2.25, 0.75, 3.25, -0.75, 7.25]; // no value is near a rounding tie
const odd = [0, -0, NaN, Infinity, -Infinity, 5e-324, 1, -1];
const others = [0, 1, 2, Infinity, NaN, -1, 1, -0];
const ints = [3, -7, 0, 2147483647, -2147483648, 5];
const divisors = [2, 0, -3, -1, -1, 4];
const counts = [7, 3, 0, 9, 4, 1];

describe("arithmetic", () => {
  checkFamily(
    arithmetic,
    {
      mul: [on(a.mul, [...floats(x, y), ...integers(ints, ints), ...booleans(2), ...special(odd, others)])],
      scale: [on((v) => a.scale(v, -2.5), floats(x)), on((v) => a.scale(v, 3), integers(ints))],
      div: [on(a.div, [...floats(x, positive), ...integers(ints, divisors), ...special(odd, others)])],
      strongMul: [
        on((u, v) => a.strongMul(u, v), [...floats(x, y), ...special(odd, others)]),
        on((u, v) => a.strongMul(u, v, true), [...floats(x, y), ...special(odd, others)]),
      ],
      strongDiv: [on(a.strongDiv, [...floats(x, positive), ...special(odd, others)])],
      maskedMul: [
        on((u, v) => a.maskedMul(u, v), [...floats(x, y), ...special(odd, others)]),
        on((u, v) => a.maskedMul(u, v, true), [...floats(x, y), ...special(odd, others)]),
      ],
      maskedDiv: [on(a.maskedDiv, [...floats(x, positive), ...special(odd, others)])],
      rem: [
        on(a.rem, [
          ...floats([1.5, -2.25, 0.25, 7, -7, 6.5], [1, 2, 0.75, -3, 3, 1.75]),
          ...integers(ints, divisors),
          ...special(odd, others),
        ]),
      ],
      sqrt: [on(a.sqrt, [...floats(positive), ...special(odd)])],
      abs: [on(a.abs, [...floats(x), ...integers(ints), ...booleans(1), ...special(odd)])],
      sign: [on(a.sign, [...floats(x), ...integers(ints), ...booleans(1), ...special(odd)])],
      floor: [on(a.floor, [...floats(far), ...integers(ints), ...special(odd)])],
      ceil: [on(a.ceil, [...floats(far), ...integers(ints), ...special(odd)])],
      round: [on(a.round, [...floats(far), ...integers(ints), ...special([0.5, 1.5, -0.5, ...odd])])],
      truncate: [on(a.truncate, [...floats(far), ...integers(ints), ...special(odd)])],
      maximum: [
        on(a.maximum, [
          ...floats(x, y),
          ...integers(ints, divisors),
          ...booleans(2),
          ...special(odd, others),
        ]),
      ],
      minimum: [
        on(a.minimum, [
          ...floats(x, y),
          ...integers(ints, divisors),
          ...booleans(2),
          ...special(odd, others),
        ]),
      ],
      less: [
        on(a.less, [...floats(x, y), ...integers(ints, divisors), ...booleans(2), ...special(odd, others)]),
      ],
      lessEqual: [on(a.lessEqual, [...floats(x, y), ...integers(ints, ints), ...special(odd, others)])],
      equal: [on(a.equal, [...floats(x, x), ...integers(ints, divisors), ...special(odd, others)])],
      notEqual: [on(a.notEqual, [...floats(x, y), ...integers(ints, divisors), ...special(odd, others)])],
      both: [on(a.both, [...integers(ints, counts), ...booleans(2)])],
      either: [on(a.either, [...integers(ints, counts), ...booleans(2)])],
      differ: [on(a.differ, [...integers(ints, counts), ...booleans(2)])],
      leftShift: [on(a.leftShift, integers(ints, counts))],
      rightShift: [on(a.rightShift, integers(ints, counts))],
      indicator: [
        on((c) => a.indicator(c, arrayType("float32", [])), booleans(1)),
        on((c) => a.indicator(c, arrayType("float64", [], true)), booleans(1)),
      ],
    },
    {
      isStrong: "asks about an equation",
      plainOf: "asks about an equation",
      unmaskedOf: "asks about an equation",
    },
  );

  test("at a tie each operand has half the derivative", () => {
    for (const op of [a.maximum, a.minimum]) {
      const [, pullback] = vjp(op, 2, 2);
      expect(pullback(1).map((g) => g.item())).toEqual([0.5, 0.5]);
    }
  });

  test("the slope of abs at 0 is 0, that of sqrt infinite", () => {
    expect(grad(a.abs)(0).item()).toBe(0);
    expect(grad(a.abs)(-0).item()).toBe(-0);
    expect(grad(a.sqrt)(0).item()).toBe(Infinity);
  });

  test("integers wrap, and division by zero is defined", () => {
    expect(a.mul(i32([65536]), i32([65536])).tolist()).toEqual([0]);
    expect(a.div(i32([7, -7, -2147483648, 5]), i32([2, 2, -1, 0])).tolist()).toEqual([3, -3, -2147483648, 0]);
    expect(a.rem(i32([7, -7, 5]), i32([4, 4, 0])).tolist()).toEqual([3, -3, 0]);
    expect(a.div(u32([4294967295, 1]), u32([2, 0])).tolist()).toEqual([2147483647, 0]);
  });

  test("an extremum is NaN if either operand is, and orders the zeros", () => {
    expect(a.maximum(f64([NaN, 1, -0]), f64([1, NaN, 0])).tolist()).toEqual([NaN, NaN, 0]);
    expect(a.minimum(f64([NaN, 1, 0]), f64([1, NaN, -0])).tolist()).toEqual([NaN, NaN, -0]);
  });

  test("rounding takes ties to even", () => {
    expect(a.round(f64([0.5, 1.5, 2.5, -0.5, -1.5])).tolist()).toEqual([0, 2, 2, -0, -2]);
    expect(a.round(f32([0.5, 1.5])).tolist()).toEqual([0, 2]);
  });

  test("the remainder has the sign of its left operand", () => {
    expect(a.rem(f64([5.5, -5.5, 5.5]), f64([2, 2, -2])).tolist()).toEqual([1.5, -1.5, 1.5]);
  });

  test("bitwise operations refuse floats", () => {
    expect(() => a.both(tensor(1), tensor(2))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: bitwiseAnd: needs integers or booleans, not f64[].]`,
    );
  });
});
