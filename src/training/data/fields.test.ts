import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../../numeric/array/methods.ts";
import type { BatchLeaf } from "./column.ts";
import { takeRows } from "./fields.ts";

const asColumnOf = (x: BatchLeaf): object => ({ shape: x.shape, dtype: x.dtype, data: x.data() });

describe("takeRows", () => {
  test("copies rows of a column, or of each column of an object", () => {
    const x = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    expect(asColumnOf(takeRows(x, [2, 0]))).toEqual({
      shape: [2, 2],
      dtype: "float64",
      data: Float64Array.of(5, 6, 1, 2),
    });
    const y = Int32Array.of(7, 8, 9);
    const part: { readonly x: BatchLeaf; readonly y: BatchLeaf } = takeRows({ x, y }, Int32Array.of(1));
    expect([part.x.shape, part.x.dtype, part.x.data()]).toEqual([[1, 2], "float64", Float64Array.of(3, 4)]);
    expect([part.y.shape, part.y.dtype, part.y.data()]).toEqual([[1], "int32", Int32Array.of(8)]);
    part.y.data().fill(0);
    expect([...y]).toEqual([7, 8, 9]);
  });

  test("returns the same rows for any size of an item", () => {
    // Items of 64 elements or more are copied by another method than smaller ones.
    const sizes = fc.constantFrom(1, 3, 63, 64, 100);
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(9)), (size, rows) => {
        const data = Float32Array.from({ length: 10 * size }, (_, i) => i);
        const part = takeRows({ shape: [10, size], dtype: "float32", data }, rows);
        expect(part.shape).toEqual([rows.length, size]);
        expect([...part.data()]).toEqual(
          rows.flatMap((row) => [...data.subarray(row * size, (row + 1) * size)]),
        );
      }),
    );
  });

  test("widens narrow data", () => {
    const bytes = { shape: [3], dtype: "int32", data: Uint8Array.of(1, 200, 3) } as const;
    expect(asColumnOf(takeRows(bytes, [1]))).toEqual({
      shape: [1],
      dtype: "int32",
      data: Int32Array.of(200),
    });
  });

  test("treats any name as an ordinary name", () => {
    const source = JSON.parse('{"__proto__": [1, 2], "constructor": [3, 4]}') as Record<string, number[]>;
    const part = takeRows(source, [1]);
    expect(Object.getPrototypeOf(part)).toBe(Object.prototype);
    expect(Object.entries(part).map(([name, column]) => [name, ...column.data()])).toEqual([
      ["__proto__", 2],
      ["constructor", 4],
    ]);
  });

  test.each([-1, 3, 0.5, Number.NaN])("refuses the row %d", (row) => {
    expect(() => takeRows([1, 2, 3], [0, row])).toThrow(
      `takeRows: there is no row ${row}: the rows are 0 to 2.`,
    );
  });

  test.each<[unknown, string]>([
    [{ x: [1, 2], y: [1] }, "takeRows: x has 2 items and y has 1: they must have the same number."],
    [{ x: ["a"] }, 'takeRows: x: holds the text "a" where a number belongs.'],
    [{ "my x": 3 }, 'takeRows: "my x": a number is not a column.'],
    [{ x: { shape: [], dtype: "float64", data: Float64Array.of(1) } }, "takeRows: x: a scalar has no items."],
    [{ x: [] }, "takeRows: there are no items."],
    [{}, "takeRows: expected arrays by name, as in { x, y }, or one array; got an empty object."],
    [undefined, "takeRows: expected arrays by name, as in { x, y }, or one array; got undefined."],
    ["digits", 'takeRows: expected arrays by name, as in { x, y }, or one array; got "digits".'],
  ])("names what is wrong with %j", (source, message) => {
    expect(() => takeRows(source as never, [0])).toThrow(message);
  });
});
