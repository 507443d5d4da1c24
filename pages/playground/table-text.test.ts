import fc from "fast-check";
import { expect, test } from "vitest";
import { readData } from "../../src/cli/shared/data-text.ts";
import { faultsOf, gridOf, pasteInto, textOf } from "./table-text.ts";

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });

test("data are restored from their table unchanged", () => {
  const data = fc.oneof(
    fc.array(numbers, { maxLength: 20 }),
    fc
      .integer({ min: 1, max: 4 })
      .chain((n) =>
        fc.array(fc.array(numbers, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 9 }),
      ),
    fc.array(fc.record({ x: numbers, weight: numbers }), { minLength: 1, maxLength: 9 }),
  );
  fc.assert(
    fc.property(data, (items) => {
      const text = JSON.stringify(items);
      expect(readData(textOf(gridOf(text)!))).toEqual(JSON.parse(text));
    }),
    { seed: 3, numRuns: 100 },
  );
});

test.each(["3", "[[1, 2], [3]]", "[{ x: 1 }, { y: 2 }]", '["a"]', "[1, abc]", "{ x: 1 }"])(
  "%s is not a table",
  (text) => {
    expect(gridOf(text)).toBeUndefined();
  },
);

test("cells that are not numbers are reported", () => {
  const grid = gridOf("[1, 2, 3]")!;
  expect(faultsOf({ ...grid, rows: [["0,5"], ["−1e-3"], [""], ["two"]] })).toEqual([
    { row: 2, column: 0, text: "" },
    { row: 3, column: 0, text: "two" },
  ]);
});

test("a spreadsheet column is pasted downwards from a cell, and adds rows", () => {
  expect(textOf(pasteInto(gridOf("[1, 2, 3]")!, 1, 0, "7\r\n8\r\n9\r\n"))).toBe("[1, 7, 8, 9]");
  const points = gridOf("[{ x: 0, y: 0 }]")!;
  expect(textOf(pasteInto(points, 0, 0, "1\t2\n3\t4\n"))).toBe("[{ x: 1, y: 2 }, { x: 3, y: 4 }]");
});
