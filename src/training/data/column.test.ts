import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asColumn, asItem } from "./column.ts";

describe("asColumn", () => {
  test.each([
    ["numbers", [1, 2, 3], [3], "float64", Float64Array.of(1, 2, 3)],
    [
      "rows of numbers",
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
      "float64",
      Float64Array.of(1, 2, 3, 4, 5, 6),
    ],
    [
      "deeper nests",
      [
        [[1], [2]],
        [[3], [4]],
      ],
      [2, 2, 1],
      "float64",
      Float64Array.of(1, 2, 3, 4),
    ],
    ["booleans", [true, false], [2], "bool", Uint8Array.of(1, 0)],
    [
      "rows of typed arrays",
      [Float32Array.of(1, 2), Float32Array.of(3, 4)],
      [2, 2],
      "float32",
      Float32Array.of(1, 2, 3, 4),
    ],
    [
      "rows of narrow typed arrays",
      [Int8Array.of(1, -2), Int8Array.of(3, 4)],
      [2, 2],
      "int32",
      Int32Array.of(1, -2, 3, 4),
    ],
    ["an empty list", [], [0], "float64", new Float64Array(0)],
    ["empty rows", [[], []], [2, 0], "float64", new Float64Array(0)],
  ])("reads %s", (_, value, shape, dtype, data) => {
    expect(asColumn(value, "x")).toEqual({ shape, dtype, data });
  });

  test.each([
    [Float64Array.of(1), "float64"],
    [Float32Array.of(1), "float32"],
    [Int32Array.of(1), "int32"],
    [Uint32Array.of(1), "uint32"],
    [Int8Array.of(1), "int32"],
    [Int16Array.of(1), "int32"],
    [Uint16Array.of(1), "int32"],
    [Uint8ClampedArray.of(1), "int32"],
    [Uint8Array.of(1, 0), "bool"],
  ])("uses a typed array without a copy: %o is %s", (data, dtype) => {
    const column = asColumn(data, "x");
    expect(column).toEqual({ shape: [data.length], dtype, data });
    expect(column.data).toBe(data);
  });

  test("uses a column without a copy", () => {
    const column = { shape: [2, 2], dtype: "int32", data: Uint8Array.of(1, 200, 3, 4) } as const;
    expect(asColumn(column, "x")).toBe(column);
  });

  test("keeps every number of a rectangular nested array in row-major order", () => {
    const shape = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
    );
    fc.assert(
      fc.property(shape, fc.array(fc.double(), { minLength: 64, maxLength: 64 }), ([a, b, c], numbers) => {
        const next = numbers.values();
        const nest = Array.from({ length: a }, () =>
          Array.from({ length: b }, () => Array.from({ length: c }, () => next.next().value!)),
        );
        const column = asColumn(nest, "x");
        expect(column.shape).toEqual([a, b, c]);
        expect([...column.data]).toEqual(nest.flat(2));
      }),
    );
  });

  test.each<[string, unknown, string]>([
    [
      "rows of different length",
      [[1, 2], [3, 4], [5]],
      "x: item 2 holds a list of 1 where item 0 holds a list of 2.",
    ],
    ["a number among rows", [[1, 2], 3], "x: item 1 holds a number where item 0 holds a list of 2."],
    ["a row among numbers", [1, [2]], "x: item 1 holds a list of 1 where item 0 holds a number."],
    ["a boolean among numbers", [1, true], "x: item 1 holds a boolean where item 0 holds a number."],
    [
      "deep rows of different length",
      [
        [[1], [2]],
        [[3], [4, 5]],
      ],
      "x: item 1 holds a list of 2 where item 0 holds a list of 1.",
    ],
    [
      "typed rows of different length",
      [Float32Array.of(1), Float32Array.of(1, 2)],
      "x: item 1 holds a Float32Array of 2 where item 0 holds a Float32Array of 1.",
    ],
    [
      "typed rows of different kinds",
      [Float32Array.of(1), Float64Array.of(1)],
      "x: item 1 holds a Float64Array of 1 where item 0 holds a Float32Array of 1.",
    ],
    [
      "a plain row among typed ones",
      [Float32Array.of(1), [1]],
      "x: item 1 holds a list of 1 where item 0 holds a Float32Array of 1.",
    ],
    [
      "a typed row among plain ones",
      [[1], Float32Array.of(1)],
      "x: item 1 holds a Float32Array of 1 where item 0 holds a list of 1.",
    ],
    [
      "text",
      ["oak"],
      'x: holds the text "oak" where a number belongs. Turn names into numbers with encodeLabels.',
    ],
    ["text among numbers", [1, "2"], 'x, item 1: holds the text "2" where a number belongs.'],
    ["a hole", [1, undefined], "x, item 1: holds undefined where a number belongs."],
    ["nothing", null, "x: null is not a column. Pass an array of numbers or a typed array."],
    ["a number", 3, "x: a number is not a column."],
    ["big integers", BigInt64Array.of(1n), "x: an object is not a column."],
    [
      "bytes",
      Uint8Array.of(0, 255),
      "x: a Uint8Array stands for booleans, 0 and 1, and this one holds other bytes. Write Float32Array.from(bytes, (x) => x / 255), or Int32Array.from(bytes).",
    ],
    [
      "a column of the wrong size",
      { shape: [2, 2], dtype: "float64", data: Float64Array.of(1) },
      "x: shape [2,2] needs 4 elements, data has 1.",
    ],
    [
      "a column of another dtype",
      { shape: [1], dtype: "float16", data: Float64Array.of(1) },
      'x: the text "float16" is not a dtype. Use float64, float32, int32, uint32 or bool.',
    ],
  ])("names what is wrong with %s", (_, value, message) => {
    expect(() => asColumn(value, "x")).toThrow(message);
  });
});

test("asItem converts a number to shape []", () => {
  expect(asItem(2.5, "x")).toEqual({ shape: [], dtype: "float64", data: Float64Array.of(2.5) });
  expect(asItem(true, "x")).toEqual({ shape: [], dtype: "bool", data: Uint8Array.of(1) });
  expect(asItem([1, 2], "x").shape).toEqual([2]);
});
