import { expect, test } from "vitest";
import { dataOf, leastSteps, runBatches } from "./line.ts";
import { readItems } from "./own-data.ts";
import { scatterAt } from "./variance.ts";

const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => [10 + i, 7 - 2 * i + (i % 3)] as const);
const csv = (between: string): string => rows.map((row) => row.join(between)).join("\n");

test("a table is parsed with commas, semicolons, tabs or spaces, with or without names, and with decimal commas if separated by semicolons", () => {
  const expected = readItems(csv(","));
  for (const between of [", ", ";", "\t", "  "]) expect(readItems(csv(between))).toEqual(expected);
  expect(readItems(`time,height\r\n${csv(",").replaceAll("\n", "\r\n")}\n\n`)).toEqual(expected);
  const decimal = rows.map(([x, y]) => `${x},0;${String(y).replace("-", "−")},0`).join("\n");
  expect(readItems(decimal)).toEqual(expected);
});

test("columns are shifted and scaled to x from 0 to 3 and the chapter's mean and deviation of y", () => {
  const { x, y } = readItems(csv(","));
  expect([Math.min(...x), Math.max(...x)]).toEqual([0, 3]);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length;
  expect([mean, variance]).toEqual([expect.closeTo(1.2, 12), expect.closeTo(2.25, 12)]);
});

test.each([
  ["1,2\n3", "line 2 has 1 numbers: a row is x and y, as in 1.5, 2"],
  [csv(",").replace("12,", "twelve,"), "line 3 has “twelve”: it is no number"],
  ["1,2\n3,4", "the table has 2 rows: it takes 8 to 500"],
  [rows.map(([, y]) => `5 ${y}`).join("\n"), "x is 5 in every row: a line needs two places"],
])("a fault of a table is reported: %j", (text, message) => {
  expect(() => readItems(text)).toThrow(message);
});

test("runs on a table of any length complete their epochs, and the full batch reaches the best line", () => {
  const data = dataOf(readItems(csv(",")));
  const all = runBatches(data.count, 0.1, { data });
  expect(all.name).toBe("all items (GD)");
  expect(all.values[0]! - data.leastLoss).toBeGreaterThan(10 * (all.values.at(-1)! - data.leastLoss));
  expect(runBatches(4, 0.02, { data }).values).toHaveLength(1 + Math.max(leastSteps, (20 * 10) / 4));
  const { batches } = scatterAt(data.best, data);
  expect(batches.map(({ batchSize }) => batchSize)).toEqual([1, 2, 4, 8]);
});
