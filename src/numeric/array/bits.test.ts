import { describe, expect, test } from "vitest";
import { bool, checkFamily, f64, i32, u32, on } from "../../../test/support/op-table.ts";
import * as b from "./bits.ts";

const ints = { ins: [i32([5, -6, 2 ** 30]), i32([3, 7, 1])] };
const words = { ins: [u32([5, 2 ** 32 - 1, 2 ** 31]), u32([3, 7, 31])] };
const flags = { ins: [bool([1, 0, 1]), bool([1, 1, 0])] };

describe("bits", () => {
  checkFamily(b, {
    bitwiseAnd: [on(b.bitwiseAnd, [ints, words, flags])],
    bitwiseOr: [on(b.bitwiseOr, [ints, words, flags])],
    bitwiseXor: [on(b.bitwiseXor, [ints, words, flags])],
    bitwiseNot: [
      on(
        b.bitwiseNot,
        [ints, words, flags].map(({ ins }) => ({ ins: [ins[0]!] })),
      ),
    ],
    leftShift: [on(b.leftShift, [ints, words])],
    rightShift: [on(b.rightShift, [ints, words])],
    bitwiseCount: [
      on(
        b.bitwiseCount,
        [ints, words].map(({ ins }) => ({ ins: [ins[0]!] })),
      ),
    ],
  });

  test("plain integers are accepted, and fractions are refused", () => {
    expect(b.bitwiseAnd(6, 3).item()).toBe(2);
    expect(b.bitwiseNot(0).item()).toBe(-1);
    expect(b.leftShift([1, 2], 3).tolist()).toEqual([8, 16]);
    expect(() => b.bitwiseOr(f64([1]), 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: bitwiseOr: needs integers or booleans, not f64[1]. Convert it with astype("int32").]`,
    );
    expect(() => b.bitwiseXor(1.5, 1)).toThrow("needs integers or booleans");
  });
});
