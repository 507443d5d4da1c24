import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { columnOf } from "../io/index.ts";
import { co2 } from "./co2.ts";
import { iris } from "./iris.ts";
import { penguins } from "./penguins.ts";
import { supervised } from "./supervised.ts";
import { wine } from "./wine.ts";

const file = (name: string): string =>
  readFileSync(new URL(`../../../data/${name}`, import.meta.url), "utf8");

describe("iris and wine", () => {
  test.each([
    { name: "iris", set: iris, shape: [150, 4], sizes: [50, 50, 50] },
    { name: "wine", set: wine, shape: [178, 13], sizes: [59, 71, 48] },
  ])("$name equals the file in data/, with names, classes and provenance", ({ name, set, shape, sizes }) => {
    const { x, y, count, classes, features, task, provenance } = set();
    const [head = "", ...lines] = file(`${name}.csv`).trim().split("\n");
    const rows = lines.map((line) => line.split(",").map(Number));
    expect([count, x.shape, y.shape, task]).toEqual([shape[0], shape, [shape[0]], "classification"]);
    expect([...x.data]).toEqual(rows.flatMap((row) => row.slice(0, -1)));
    expect([...y.data]).toEqual(rows.map((row) => row.at(-1)));
    expect(head).toBe(`${shape.join(",")},${classes.join(",")}`);
    expect([...classes.keys()].map((c) => [...y.data].filter((label) => label === c).length)).toEqual(sizes);
    expect(new Set(features).size).toBe(shape[1]);
    expect(provenance).toContain("CC BY 4.0");
    x.data[0] = 99;
    expect(set().x.data[0]).not.toBe(99); // new arrays in each call
  });
});

describe("penguins", () => {
  const source = JSON.parse(file("penguins.json")) as Record<string, string | number | null>[];
  const fields = [
    "Species",
    "Island",
    "Beak Length (mm)",
    "Beak Depth (mm)",
    "Flipper Length (mm)",
    "Body Mass (g)",
    "Sex",
  ];
  const names = ["species", "island", "beakLength", "beakDepth", "flipperLength", "bodyMass", "sex"];

  test("keep returns all of the file in data/, with NaN and empty text for missing values", () => {
    const { table, dropped, provenance } = penguins({ missing: "keep" });
    expect([table.rows, dropped]).toEqual([344, []]);
    expect(table.columns.map(({ name }) => name)).toEqual(names);
    fields.forEach((field, i) => {
      const missing = table.columns[i]!.kind === "text" ? "" : Number.NaN;
      const expected = source.map((penguin) => (penguin[field] === "." ? "" : (penguin[field] ?? missing)));
      expect([...table.columns[i]!.values]).toEqual(expected);
    });
    expect(provenance).toContain("CC0");
  });

  test("drop removes and lists the rows that lack a value in the requested columns", () => {
    const lacking = source.flatMap((penguin, row) =>
      fields.some((f) => [null, "."].includes(penguin[f] as never)) ? [row] : [],
    );
    const all = penguins({ missing: "drop" });
    expect(all.dropped.map(({ row }) => row)).toEqual(lacking);
    expect([all.table.rows, lacking.length]).toEqual([333, 11]);
    expect(all.dropped[0]).toEqual({
      row: 3,
      missing: ["beakLength", "beakDepth", "flipperLength", "bodyMass", "sex"],
    });
    const some = penguins({ missing: "drop", columns: ["bodyMass", "species"] });
    expect(some.dropped.map(({ row }) => row)).toEqual([3, 339]);
    expect(some.table.columns.map(({ name }) => name)).toEqual(["bodyMass", "species"]);
    const { x, classes } = supervised(some.table, { target: "species" }) as {
      x: { shape: unknown };
      classes: unknown;
    };
    expect([x.shape, classes]).toEqual([
      [342, 1],
      ["Adelie", "Chinstrap", "Gentoo"],
    ]);
  });

  test("a missing value that was kept is refused where numbers are needed, naming its row", () => {
    const { table } = penguins({ missing: "keep", columns: ["species", "bodyMass"] });
    expect(() => supervised(table, { target: "species" })).toThrow(
      'penguins: row 4, column "bodyMass": the value is missing.',
    );
    expect(columnOf(table, "bodyMass").values[3]).toBeNaN();
  });

  test.each<[unknown, string]>([
    [
      undefined,
      'penguins: 11 of the 344 lack values: pass { missing: "keep" } for NaN and empty text, or { missing: "drop" }.',
    ],
    [{}, "penguins: 11 of the 344 lack values"],
    [{ missing: "error" }, 'penguins: missing must be "keep" or "drop", got "error".'],
    [{ missing: "keep", columns: ["mass"] }, 'penguins: a column must be "species" or'],
    [{ missing: "keep", columns: [] }, "penguins: columns names no column."],
    [{ mising: "keep" }, 'penguins: unknown option "mising". Did you mean "missing"?'],
  ])("refuses %j", (options, message) => {
    expect(() => penguins(options as never)).toThrow(message);
  });
});

test("co2 equals the file in data/ month by month, and lists the gaps", () => {
  const { month, year, co2: ppm, adjusted, count, gaps, provenance } = co2();
  const rows = file("co2.csv")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  expect(count).toBe(741);
  expect(month).toEqual(rows.map(([date]) => date!.slice(0, 7)));
  expect([...ppm]).toEqual(rows.map(([, value]) => Number(value)));
  expect([...adjusted]).toEqual(rows.map(([, , value]) => Number(value)));
  expect([...year]).toEqual(month.map((name) => Number(name.slice(0, 4)) + (Number(name.slice(5)) - 1) / 12));
  // every month from the first to the last is present or listed as a gap
  expect([...month, ...gaps].sort()).toEqual(
    Array.from(
      { length: 746 },
      (_, i) => `${1958 + Math.floor((i + 2) / 12)}-${String(((i + 2) % 12) + 1).padStart(2, "0")}`,
    ),
  );
  expect(provenance).toContain("CC BY 4.0");
});
