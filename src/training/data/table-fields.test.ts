import { describe, expect, test } from "vitest";
import { readTable } from "../io/index.ts";
import { tableFields } from "./table-fields.ts";

const trees = readTable("height,girth,kind,age\n9,1,oak,3\n7,2,ash,1\n8,1,oak,2\n", { name: "trees.csv" });

describe("tableFields", () => {
  test("builds fields from one column, from several and from classes", () => {
    const classes = ["yew", "oak", "ash"];
    expect(
      tableFields(trees, { a: "girth", x: ["height", "girth"], y: { column: "kind", classes } }),
    ).toEqual({
      a: { shape: [3], dtype: "float64", data: Float64Array.of(1, 2, 1) },
      x: { shape: [3, 2], dtype: "float64", data: Float64Array.of(9, 1, 7, 2, 8, 1) },
      y: { shape: [3], dtype: "int32", data: Int32Array.of(1, 2, 1) },
    });
    expect(tableFields(trees, { y: { column: "age", classes: ["1", "2", "3"] } }).y.data).toEqual(
      Int32Array.of(2, 0, 1),
    );
  });

  test("copies: changing a field does not change the table", () => {
    tableFields(trees, { a: "girth" }).a.data.fill(9);
    expect([...trees.columns[1]!.values]).toEqual([1, 2, 1]);
  });

  test.each<[object, string]>([
    [{ x: "hight" }, 'trees.csv: there is no column "hight". Did you mean "height"?'],
    [{ x: ["height", "kind"] }, 'trees.csv: column "kind" is text ("oak" in its first row), not numbers.'],
    [
      { y: { column: "kind", classes: ["oak", "asp"] } },
      'trees.csv: line 3, column "kind": "ash" is not one of the classes oak, asp. Did you mean "asp"?',
    ],
    [{ y: { column: "kind", class: [] } }, 'tableFields: y: unknown option "class". Did you mean "classes"?'],
    [{ x: [] }, "tableFields: x must be the name of a column, or a list of names."],
    [{}, "tableFields: name at least one field"],
  ])("refuses %j", (fields, message) => {
    expect(() => tableFields(trees, fields as never)).toThrow(message);
  });

  test("names the line of a missing value that was kept", () => {
    const table = readTable("x,y\n1,2\n\n?,3\n", { name: "t.csv", missing: "keep" });
    expect(() => tableFields(table, { x: ["x"] })).toThrow('t.csv: line 4, column "x" is NaN.');
  });
});
