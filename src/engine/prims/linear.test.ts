import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, tensor } from "downhill";
import {
  bool,
  booleans,
  checkFamily,
  f32,
  f64,
  floats,
  i32,
  integers,
  on,
  special,
} from "../../../test/support/op-table.ts";
import { arrayType } from "../ir/types.ts";
import * as linear from "./linear.ts";

const { add, convert, full, instantiate, neg, stopGradient, sub, sumMaybe, where, zeros } = linear;
const x = [1.5, -2, 0.25, 3, -0.5, 7];
const y = [-0.75, 4, 2.5, -1, 0.125, 6];
const odd = [0, -0, NaN, Infinity, -Infinity, 5e-324];
const ints = [3, -7, 0, 2147483647, -2147483648, 5];

describe("linear", () => {
  checkFamily(
    linear,
    {
      add: [on(add, [...floats(x, y), ...integers(ints, ints), ...booleans(2), ...special(odd, x)])],
      sub: [on(sub, [...floats(x, y), ...integers(ints, ints.toReversed()), ...special(odd, odd)])],
      neg: [on(neg, [...floats(x), ...integers(ints), ...special(odd)])],
      where: [
        on(where, [
          { ins: [true, 2, 3] },
          { ins: [bool([0], []), f64([1], []), f64([2], [])] },
          { ins: [bool([1, 0, 1]), f64([1, 2, 3]), f64([4, 5, 6])] },
          { ins: [bool([1, 0, 0, 1], [2, 2]), f32([1, 2, 3, 4], [2, 2]), f32([5, 6, 7, 8], [2, 2])] },
          { ins: [bool([1, 0]), i32([1, 2]), i32([3, 4])] },
          { ins: [bool([]), f64([]), f64([])] },
        ]),
      ],
      convert: [
        on((a) => convert(a, "float32"), floats(x)),
        on((a) => convert(a, "float64", true), [...floats(x), ...integers(ints), ...booleans(1)]),
        on((a) => convert(a, "int32"), [...special([...odd, 1.5, -1.5, 3e9, -3e9]), ...booleans(1)]),
        on((a) => convert(a, "uint32"), [...special([...odd, 1.5, -1.5, 5e9, -3e9]), ...integers(ints)]),
        on((a) => convert(a, "bool"), [...special(odd), ...integers(ints)]),
      ],
      full: [
        on(() => full(arrayType("float64", [2, 3]), -0), [{ ins: [] }]),
        on((a) => add(a, full(a.type, 0.1)), floats(x)),
      ],
      zeros: [on(() => zeros(arrayType("bool", [0])), [{ ins: [] }])],
      stopGradient: [
        on(stopGradient, [...floats(x).map((s) => ({ ...s, differentiable: false })), ...integers(ints)]),
      ],
      sumMaybe: [on((a, b) => sumMaybe(a, b)!, floats(x, y)), on((a) => sumMaybe(undefined, a)!, floats(x))],
      instantiate: [
        on((a) => instantiate(undefined, a.type), floats(x)),
        on((a) => instantiate(a, a.type), floats(x)),
      ],
    },
    {
      castNumber: "works on plain numbers",
      isAddition: "asks about an equation",
      isWhere: "asks about an equation",
    },
  );

  test("stopGradient has derivative zero and the value of its operand", () => {
    expect(grad((a) => stopGradient(a).mul(a))(3).item()).toBe(3);
  });

  test("castNumber rounds, saturates and tests for zero like conversion", () => {
    expect(linear.castNumber("float32", 0.1)).toBe(Math.fround(0.1));
    expect(linear.castNumber("bool", NaN)).toBe(1);
    for (const value of [1.9, -1.9, 3e9, -3e9, 5e9, NaN, Infinity, -Infinity, 2 ** 31, -1, -0]) {
      for (const dtype of ["int32", "uint32", "bool"] as const) {
        const converted = convert(tensor([value]), dtype).tolist();
        expect([linear.castNumber(dtype, value)], `${value} as ${dtype}`).toEqual(converted);
      }
    }
  });

  test("conversion to integers truncates and saturates, and NaN becomes 0", () => {
    const given = tensor([1.9, -1.9, 3e9, -3e9, NaN, Infinity]);
    expect(convert(given, "int32").tolist()).toEqual([1, -1, 2147483647, -2147483648, 0, 2147483647]);
    expect(convert(given, "uint32").tolist()).toEqual([1, 0, 3000000000, 0, 0, 4294967295]);
    expect(convert(tensor(NaN), "bool").item()).toBe(1);
  });

  test("a constant is the same number whether traced or created eagerly", () => {
    for (const [dtype, value] of [
      ["int32", 2.7],
      ["bool", 0.5],
      ["float32", 0.1],
      ["float64", -0],
      ["uint32", -1],
    ] as const) {
      const make = (): Tensor => full(arrayType(dtype, [2]), value);
      expect(jit(make)().tolist(), dtype).toEqual(make().tolist());
    }
  });

  test("a traced constant preserves a negative zero", () => {
    const f = jit((a) => add(a, full(a.type, -0)));
    expect(f(tensor(-0)).item()).toBe(-0);
  });
});
