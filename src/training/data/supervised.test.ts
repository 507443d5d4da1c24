import { describe, expect, test } from "vitest";
import { readTable } from "../io/index.ts";
import { fitFeatures } from "./encode-features.ts";
import { supervised, type SupervisedOptions } from "./supervised.ts";

const trees = readTable("height,girth,kind\n9,1,oak\n7,2,ash\n8,1,oak\n", { name: "trees.csv" });

describe("supervised", () => {
  test("converts text to classes", () => {
    expect(supervised(trees, { target: "kind" })).toEqual({
      task: "classification",
      x: { shape: [3, 2], dtype: "float64", data: Float64Array.of(9, 1, 7, 2, 8, 1) },
      y: { shape: [3], dtype: "int32", data: Int32Array.of(1, 0, 1) },
      classes: ["ash", "oak"],
      features: ["height", "girth"],
      target: "kind",
    });
  });

  test("treats numbers as regression", () => {
    expect(supervised(trees, { target: "height", features: ["girth"] })).toEqual({
      task: "regression",
      x: { shape: [3, 1], dtype: "float64", data: Float64Array.of(1, 2, 1) },
      y: { shape: [3], dtype: "float64", data: Float64Array.of(9, 7, 8) },
      features: ["girth"],
      target: "height",
    });
  });

  test("converts text features to one input per category", () => {
    const table = readTable("site,height,kind\nsouth,1,oak\nnorth,2,ash\nsouth,3,ash\nnorth,4,oak\n");
    const { x, features } = supervised(table, { target: "kind" });
    expect(features).toEqual(["site=north", "site=south", "height"]);
    expect(x).toEqual({
      shape: [4, 3],
      dtype: "float64",
      data: Float64Array.of(0, 1, 1, 1, 0, 2, 0, 1, 3, 1, 0, 4),
    });
    const encoder = fitFeatures(table, { features: ["site"], rows: [0, 2] });
    expect(Array.from(supervised(table, { target: "kind", features: encoder }).x.data)).toEqual([1, 0, 1, 0]);
  });

  test.each([
    ["1\n2\n1\n2\n", "auto", "classification"],
    ["1\n2\n1\n2\n", "regression", "regression"],
    ["1\n2\n3\n1\n2\n", "auto", "regression"], // fewer than two items per class
    ["1.5\n2.5\n1.5\n2.5\n", "auto", "regression"],
    ["1.5\n2.5\n1.5\n2.5\n", "classification", "classification"],
    [Array.from({ length: 42 }, (_, i) => `${i % 21}\n`).join(""), "auto", "regression"], // more than 20 values
    [Array.from({ length: 40 }, (_, i) => `${i % 20}\n`).join(""), "auto", "classification"],
  ] as const)("with target values %j and task %s chooses %s", (values, task, expected) => {
    const table = readTable(`x,y\n${values.replaceAll(/^/gm, "0,").replace(/0,$/, "")}`);
    expect(supervised(table, { target: "y", task }).task).toBe(expected);
  });

  test("treats names such as __proto__ as ordinary names", () => {
    const table = readTable("__proto__,constructor\n1,a\n2,b\n");
    expect(supervised(table, { target: "constructor" })).toMatchObject({
      features: ["__proto__"],
      classes: ["a", "b"],
    });
  });

  test.each<[string, string, SupervisedOptions, string]>([
    [
      "a target that is not there",
      "height,kind\n1,oak\n2,ash\n",
      { target: "knd" },
      't.csv: there is no column "knd". Did you mean "kind"? The columns are height, kind.',
    ],
    [
      "a feature that is not there",
      "height,kind\n1,oak\n2,ash\n",
      { target: "kind", features: ["hight"] },
      't.csv: there is no column "hight". Did you mean "height"?',
    ],
    [
      "a feature that is a text of too many categories",
      "site,height,kind\nA,1,oak\nB,2,ash\nC,3,ash\n",
      { target: "kind" },
      't.csv: column "site" is text with 3 categories in 3 rows ("A", "B", "C", …): more than 2, too many to learn from. Leave the column out, or set maxCategories: 3.',
    ],
    [
      "regression of text",
      "height,kind\n1,oak\n2,ash\n",
      { target: "kind", task: "regression" },
      't.csv: column "kind" is text ("oak" in its first row), not numbers. Is task: "classification" meant?',
    ],
    [
      "no features",
      "kind\noak\nash\n",
      { target: "kind" },
      't.csv: there is no column to predict "kind" from.',
    ],
    [
      "the target among the features",
      "height,kind\n1,oak\n2,ash\n",
      { target: "kind", features: ["kind"] },
      't.csv: "kind" is the target and cannot be a feature too.',
    ],
    [
      "one class",
      "height,kind\n1,oak\n2,oak\n",
      { target: "kind" },
      't.csv: column "kind" is "oak" in all 2 rows: there is nothing to learn. Add rows of other classes or values.',
    ],
    [
      "one value",
      "x,y\n1,3.5\n2,3.5\n",
      { target: "y" },
      't.csv: column "y" is 3.5 in all 2 rows: there is nothing to learn.',
    ],
    [
      "a missing value that was kept",
      "x,y\n1,1.5\n,2.5\n",
      { target: "y" },
      't.csv: line 3, column "x": the value is missing. Fill it in, remove such rows with dropMissing, or replace it with missing: "mean".',
    ],
    [
      "a misspelt option",
      "x,y\n1,2\n2,3\n",
      { targt: "y" } as never,
      'supervised: unknown option "targt". Did you mean "target"?',
    ],
    [
      "an unknown task",
      "x,y\n1,2\n2,3\n",
      { target: "y", task: "clustering" as never },
      "supervised: task must be",
    ],
  ])("names table and column of %s", (_, text, options, message) => {
    const table = readTable(text, { name: "t.csv", missing: "keep" });
    expect(() => supervised(table, options)).toThrow(message);
  });

  test("a missing value is named by its line, with a header, without one, and across quoted line ends", () => {
    const problem = (text: string, target: string): (() => unknown) => {
      const table = readTable(text, { name: "t.csv", missing: "keep" });
      return () => supervised(table, { target });
    };
    expect(problem("1,0\n,1\n3,0\n", "column2")).toThrow(
      't.csv: line 2, column "column1": the value is missing.',
    );
    expect(problem('x,"y\nz"\n\n1,0\n,1\n', "y\nz")).toThrow(
      't.csv: line 5, column "x": the value is missing.',
    );
  });

  test("a table without line numbers is described by its rows", () => {
    const columns = [
      { kind: "number", name: "x", values: Float64Array.of(1, Number.NaN) },
      { kind: "number", name: "y", values: Float64Array.of(1, 2) },
    ] as const;
    expect(() => supervised({ name: "mine", columns, rows: 2 }, { target: "y" })).toThrow(
      'mine: row 2, column "x": the value is missing.',
    );
  });
});
