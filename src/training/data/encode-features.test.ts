import { describe, expect, test } from "vitest";
import { readTable, type Table } from "../io/index.ts";
import { dropMissing, encodeFeatures, fitFeatures, type FitFeaturesOptions } from "./encode-features.ts";

const read = (text: string): Table => readTable(text, { name: "t.csv", missing: "keep" });
const trees = read("height,site\n9,north\n7,south\n,north\n8,\n6,NA\n5,east\n");

/** Returns the values of the inputs by name. */
function encoded(table: Table, encoder: ReturnType<typeof fitFeatures>): Record<string, number[]> {
  const { x, inputs } = encodeFeatures(table, encoder);
  const n = inputs.length;
  return Object.fromEntries(
    inputs.map(({ name }, i) => [name, Array.from({ length: table.rows }, (_, row) => x.data[row * n + i]!)]),
  );
}

describe("fitFeatures and encodeFeatures", () => {
  test("learn replacements and categories from some rows, and report unknown texts", () => {
    const encoder = fitFeatures(trees, { rows: [0, 1, 2, 3], missing: "mean", indicator: true });
    expect(encoded(trees, encoder)).toEqual({
      height: [9, 7, 8, 8, 6, 5],
      "height missing": [0, 0, 1, 0, 0, 0],
      "site missing": [0, 0, 0, 1, 1, 0],
      "site=north": [1, 0, 1, 0, 0, 0],
      "site=south": [0, 1, 0, 0, 0, 0],
    });
    expect(encodeFeatures(trees, encoder).unknown).toEqual([{ row: 5, column: "site", value: "east" }]);
  });

  test("the median is the middle value, or between the two middle ones; columns without missing values get no indicator", () => {
    const rows = [0, 1, 3, 5];
    const encoder = fitFeatures(trees, { features: ["height"], rows, missing: "median", indicator: true });
    expect(encoder).toEqual({ columns: [{ kind: "number", column: "height", fill: 7.5 }] });
    const odd = fitFeatures(trees, { features: ["height"], rows: [0, 1, 3], missing: "median" });
    expect(odd.columns[0]).toMatchObject({ fill: 8 });
    const categories = fitFeatures(trees, { features: ["site"], rows: [0, 1], missing: "mean" });
    expect(encoded(trees, categories)).toEqual({
      "site=north": [1, 0, 1, 0, 0, 0],
      "site=south": [0, 1, 0, 0, 0, 0],
    });
  });

  test("survive JSON, and encode another table equally", () => {
    const encoder = fitFeatures(trees, { missing: "median" });
    const again = JSON.parse(JSON.stringify(encoder)) as typeof encoder;
    expect(again).toEqual(encoder);
    expect(encoded(read("site,height\nwest,1\neast,2\n"), again)).toEqual({
      height: [1, 2],
      "site missing": [0, 0],
      "site=east": [0, 1],
      "site=north": [0, 0],
      "site=south": [0, 0],
    });
  });

  test("a category may be named __proto__, and numeric columns match categories that look like numbers", () => {
    const table = readTable("zip\n01\n02\n01\n02\n__proto__\n__proto__\n", { text: ["zip"] });
    const encoder = fitFeatures(table);
    expect(Object.keys(encoded(table, encoder))).toEqual(["zip=01", "zip=02", "zip=__proto__"]);
    const { unknown } = encodeFeatures(read("zip\n1\n"), encoder);
    expect(unknown).toEqual([{ row: 0, column: "zip", value: "1" }]);
  });

  test.each<[string, FitFeaturesOptions, string]>([
    ["x,s\n1,a\n,b\n", {}, 't.csv: line 3, column "x": the value is missing. Fill it in, remove such rows'],
    ["x,s\n1,a\n2,?\n", {}, 't.csv: line 3, column "s": the value is missing.'],
    [
      "x,s\n,a\n2,a\n",
      { rows: [0], missing: "mean" },
      't.csv: column "x" has no value in the rows to learn from.',
    ],
    [
      "x,s\n1,a\n2,b\n3,c\n4,c\n",
      {},
      'column "s" is text with 3 categories in 4 rows ("a", "b", "c", …): more than 2',
    ],
    ["x\n1\n", { features: ["y"] }, 't.csv: there is no column "y".'],
    ["x\n1\n", { rows: [] }, "fitFeatures: there are no rows to learn from."],
    ["x\n1\n", { indicator: true }, 'fitFeatures: indicator needs missing: "mean" or "median".'],
    ["x\n1\n", { missing: "zero" as never }, 'fitFeatures: missing must be "error" or'],
    ["x\n1\n", { maxCategories: 0 }, "fitFeatures: maxCategories must be an integer of 1 or more, got 0."],
  ])("refuse %j with %j", (text, options, message) => {
    const table = read(text);
    expect(() => encodeFeatures(table, fitFeatures(table, options))).toThrow(message);
  });

  test("maxCategories raises the limit of categories", () => {
    const table = read("s\na\nb\nc\n");
    expect(fitFeatures(table, { maxCategories: 3 }).columns[0]).toMatchObject({
      categories: ["a", "b", "c"],
    });
  });

  test("a column of text where numbers were learnt is reported", () => {
    const encoder = fitFeatures(read("x\n1\n2\n"));
    expect(() => encodeFeatures(read("x\na\n"), encoder)).toThrow(
      't.csv: column "x" is text, but was a column of numbers when the rules were learned.',
    );
  });
});

describe("dropMissing", () => {
  test("removes rows that lack a value in the chosen columns, and keeps line numbers", () => {
    const { table, dropped } = dropMissing(trees);
    expect(dropped).toEqual([
      { row: 2, missing: ["height"] },
      { row: 3, missing: ["site"] },
      { row: 4, missing: ["site"] },
    ]);
    expect([table.rows, Array.from(table.lines!), table.columns[1]!.values]).toEqual([
      3,
      [2, 3, 7],
      ["north", "south", "east"],
    ]);
    expect(dropMissing(trees, { columns: ["height"] }).dropped).toHaveLength(1);
    const whole = read("x\n1\n");
    expect(dropMissing(whole).table).toBe(whole);
  });

  test("a table with a missing value in every row is refused", () => {
    expect(() => dropMissing(read("x,s\n1,\n,a\n"))).toThrow(
      "t.csv: every row lacks a value in one of x, s.",
    );
  });
});
