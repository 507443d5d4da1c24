import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseNumber } from "./cells.ts";

describe("parseNumber", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 18 });

  test("parses decimals of any length with the bits of Number", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("", "-", "+"),
        digits,
        fc.constantFrom("", "."),
        digits,
        (sign, whole, point, rest) => {
          const cell = `${sign}${whole}${point}${point === "" ? "" : rest}`;
          const expected = cell === "" ? Number.NaN : Number(cell);
          expect(parseNumber(cell)).toBe(Number.isNaN(expected) ? undefined : expected);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each<[string, number | undefined]>([
    ["-0", -0],
    ["-0.0", -0],
    [".5", 0.5],
    ["5.", 5],
    ["-.25", -0.25],
    ["0.1", 0.1],
    ["999999999999999", 999999999999999],
    ["0.000000000000001", 1e-15],
    ["123456789012345.6", 123456789012345.6],
    ["1e3", 1000],
    [" 7 ", 7],
    ["", undefined],
    [" ", undefined],
    ["-", undefined],
    [".", undefined],
    ["1.2.3", undefined],
    ["0x10", undefined],
    ["0b1", undefined],
    ["1,5", undefined],
    ["1,234", 1234],
    ["1,234,567.25", 1234567.25],
    ["-1 234", -1234],
    ["1,2345", undefined],
    ["12,34", undefined],
    ["0,123", undefined],
    ["1,234'567", undefined],
    ["1.234,5", undefined],
    ["Infinity", undefined],
    ["1e400", undefined],
    ["oak", undefined],
  ])("%j is %d", (cell, expected) => {
    expect(parseNumber(cell)).toBe(expected);
  });

  test.each<[string, number | undefined]>([
    ["1,5", 1.5],
    [",5", 0.5],
    ["-1,5e2", -150],
    ["1.234", 1234],
    ["1.234.567,25", 1234567.25],
    ["1 234,5", 1234.5],
    ["7", 7],
    ["1.5", undefined],
    ["1,234.5", undefined],
    ["1,2,3", undefined],
    ["", undefined],
    [",", undefined],
  ])("%j is %d with a decimal comma", (cell, expected) => {
    expect(parseNumber(cell, ",")).toBe(expected);
  });
});
