// Parquet files of other writers, DuckDB and Arrow for Rust, which test/foreign-parquet.mjs wrote, read through tables,
// streams and batches.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { dataset, tableFields } from "downhill/data";
import { describe, expect, test } from "vitest";
import { testWith } from "../../../test/support/conditions.ts";
import type { Table } from "./csv.ts";
import { readParquet, readParquetFile, streamParquet } from "./parquet.ts";
import { chance, outcomeOf, spoilt } from "./testdata/strangers.ts";

const fileOf = (name: string): string => join(import.meta.dirname, "testdata/parquet", `${name}.parquet`);
/** Node unpacks Zstandard since 22.15. */
const hasZstd = "zstdDecompressSync" in zlib;

const species = ["oak", "ash", "beech"];
const hour = 3_600_000;
/** Expected value in row i of a column of the table. */
const cells: Readonly<Record<string, (i: number) => number | string>> = {
  id: (i) => i,
  x: (i) => (i % 7) / 4,
  f: (i) => (i % 10 === 3 ? Number.NaN : (i % 5) / 2),
  n: (i) => i % 100,
  s: (i) => (i % 50) - 25,
  large: (i) => i * 4_000_000_000,
  species: (i) => (i % 4 === 1 ? "" : species[i % 3]!),
  name: (i) => `tree ${i % 300}`,
  felled: (i) => String(i % 2 === 0),
  day: (i) => new Date(24 * hour * ((i % 5) - 2)).toISOString(),
  seen: (i) => new Date(Date.UTC(2024, 1, 29, 12, 0, 0, 500) + hour * (i % 3)).toISOString(),
  time: (i) => 3_723_000_000 + 60_000_000 * (i % 2),
  price: (i) => (i % 1000) / 4,
  kind: (i) => "ab"[i % 2]!,
};
const ofArrow = ["id", "x", "f", "n", "species", "felled", "day", "seen"];

/** Compares the columns of a table with the expected values. */
function checkCells({ columns, rows }: Table, from = 0): void {
  for (const { name, values } of columns)
    expect({ name, values: [...values] }).toEqual({
      name,
      values: Array.from({ length: rows }, (_, i) => cells[name]!(from + i)),
    });
}

describe.each([
  ["duckdb-snappy", 2500, Object.keys(cells)],
  ["duckdb-zstd", 2500, Object.keys(cells)],
  ["arrow-snappy-v1", 1000, ofArrow],
  ["arrow-gzip-v2", 1000, ofArrow],
] as const)("%s", (name, rows, names) => {
  const path = fileOf(name);
  const testRead = testWith(
    "a Node that unpacks Zstandard (22.15 or newer)",
    hasZstd || !name.endsWith("zstd"),
  );

  testRead("is read with its numbers, texts, dates and missing values, from several row groups", async () => {
    const table = await readParquetFile(path, { missing: "keep" });
    expect([table.rows, table.columns.map((column) => column.name)]).toEqual([rows, [...names]]);
    checkCells(table);
  });

  testRead("is read in parts, and forms batches", async () => {
    let from = 0;
    for await (const part of streamParquet(path, { rows: 300, missing: "keep" })) {
      checkCells(part, from);
      from += part.rows;
    }
    expect(from).toBe(rows);
    const stream = dataset(
      async function* () {
        const parts = streamParquet(path, { rows: 256, columns: ["x", "n"] });
        for await (const part of parts) yield tableFields(part, { x: ["x"], y: "n" });
      },
      { chunks: true },
    );
    let [items, sum] = [0, 0];
    for await (const { x, y } of stream.batch(64)) {
      items += x.shape[0]!;
      sum += y.sum().item();
    }
    expect(items).toBe(rows);
    expect(sum).toBe(Array.from({ length: rows }, (_, i) => i % 100).reduce((a, b) => a + b));
  });

  testRead("reports row and column of a missing value", async () => {
    await expect(readParquetFile(path, { columns: ["f"] })).rejects.toThrow(
      `${path}: row 4, column "f": the value is missing. Fill it in`,
    );
    await expect(readParquetFile(path, { columns: ["specie"] })).rejects.toThrow('Did you mean "species"?');
  });

  test("is refused or read with any wrong bytes", async () => {
    const bytes = readFileSync(path);
    const below = chance(1);
    const ends = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const wrong = spoilt(bytes, below);
      const read = async (): Promise<number> => (await readParquet(wrong, { missing: "keep" })).rows;
      ends.add(await outcomeOf(read, 1032 * bytes.length));
    }
    expect([...ends].filter((end) => end !== "read" && end !== "data")).toEqual([]);
  });
});

testWith("a Node that does not unpack Zstandard", !hasZstd)(
  "Zstandard names the remedy if it cannot be unpacked",
  async () => {
    await expect(readParquetFile(fileOf("duckdb-zstd"))).rejects.toThrow(
      'duckdb-zstd.parquet: row group 1, column "id": it is packed by ZSTD, which is not unpacked here. Write the file with compression="snappy" or "gzip", or use Node 22.15 or newer.',
    );
  },
);

describe("columns without single values", () => {
  const path = fileOf("duckdb-nested");
  test.each(["list", "pair", "map"])("of lists and structs are refused by name: %s", async (name) => {
    await expect(readParquetFile(path, { columns: ["x", name] })).rejects.toThrow(
      `${path}: column "${name}" holds lists or structs, where a table needs numbers or text. Name the columns to read`,
    );
  });

  test("of an unsupported type are not reported as damage", async () => {
    await expect(readParquetFile(path, { columns: ["span"] })).rejects.toThrow(
      `${path}: row group 1, column "span": its type is not supported (parquet interval not supported). Name the columns to read`,
    );
  });

  test("do not prevent reading the others", async () => {
    const names = ["x", "uuid", "huge", "moment", "json"];
    const { columns } = await readParquetFile(path, { columns: names });
    expect(columns.map(({ kind, values }) => [kind, values[3]])).toEqual([
      ["number", 3],
      ["text", "00000000-0000-0000-0000-000000000003"],
      ["number", 3],
      ["text", "2023-12-31T22:00:00.000Z"],
      ["text", '{"a":3}'],
    ]);
  });
});
