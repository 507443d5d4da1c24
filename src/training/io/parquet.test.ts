import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import * as hyparquet from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Table } from "./csv.ts";
import { readParquet, readParquetFile, type ReadParquetOptions, streamParquet } from "./parquet.ts";

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];
const written = (options: WriteOptions): Uint8Array => new Uint8Array(parquetWriteBuffer(options));
const plain = ({ columns }: Table): unknown[] =>
  columns.map(({ kind, name, values }) => [kind, name, ...values]);

async function problemOf(bytes: Uint8Array, options: ReadParquetOptions = {}): Promise<string> {
  try {
    await readParquet(bytes, { name: "a.parquet", ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message}`;
  }
  return "none";
}

const trees = written({
  columnData: [
    { name: "height", data: [1.5, 2, 3], type: "DOUBLE" },
    { name: "species", data: ["oak", "ash", "oak"], type: "STRING" },
    { name: "rings", data: [10n, 20n, 30n], type: "INT64" },
    { name: "felled", data: [true, false, true], type: "BOOLEAN" },
    { name: "seen", data: [0, 86_400_000, 1500].map((ms) => new Date(ms)), type: "TIMESTAMP" },
  ],
});

describe("readParquet", () => {
  test("returns numeric and text columns", async () => {
    expect(plain(await readParquet(trees))).toEqual([
      ["number", "height", 1.5, 2, 3],
      ["text", "species", "oak", "ash", "oak"],
      ["number", "rings", 10, 20, 30],
      ["text", "felled", "true", "false", "true"],
      ["text", "seen", "1970-01-01T00:00:00.000Z", "1970-01-02T00:00:00.000Z", "1970-01-01T00:00:01.500Z"],
    ]);
  });

  test("reads the named columns in that order, and numbers as text with an option", async () => {
    const table = await readParquet(trees, { columns: ["rings", "height"], text: ["rings"] });
    expect(plain(table)).toEqual([
      ["text", "rings", "10", "20", "30"],
      ["number", "height", 1.5, 2, 3],
    ]);
  });

  const compressors = {
    GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
    BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
    ZSTD: (bytes: Uint8Array) => bytes,
  };

  test("inverts every way of writing: null or not, packed or not, any encoding, several row groups", async () => {
    const kinds = [
      ["DOUBLE", fc.double({ noNaN: true, noDefaultInfinity: true })],
      ["FLOAT", fc.float({ noNaN: true, noDefaultInfinity: true })],
      ["INT32", fc.integer({ min: -5, max: 5 })],
      ["INT64", fc.integer({ min: -(2 ** 50), max: 2 ** 50 }).map(BigInt)],
      ["STRING", fc.constantFrom("oak", "ash", "é")],
    ] as const;
    const encodings = {
      INT32: "DELTA_BINARY_PACKED",
      INT64: "DELTA_BINARY_PACKED",
      DOUBLE: "BYTE_STREAM_SPLIT",
    } as const;
    for (const [type, value] of kinds)
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(value as fc.Arbitrary<unknown>, { nil: null, freq: 4 }), {
            minLength: 1,
            maxLength: 50,
          }),
          fc.constantFrom("UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI"),
          fc.boolean(),
          async (data, codec, isPlain) => {
            const encoding = isPlain
              ? ({ encoding: "PLAIN" } as const)
              : type in encodings
                ? { encoding: encodings[type as "INT32"] }
                : {};
            const column = { name: "x", data, type, ...encoding };
            const bytes = written({
              columnData: [column],
              codec,
              compressors,
              rowGroupSize: 16,
            });
            const [read] = (
              await readParquet(bytes, { missing: "keep", ...(type === "STRING" ? { text: ["x"] } : {}) })
            ).columns;
            const missing = type === "STRING" ? "" : Number.NaN;
            expect([...read!.values]).toEqual(
              data.map((x) => (x === null ? missing : typeof x === "bigint" ? Number(x) : x)),
            );
          },
        ),
        { numRuns: extent(10, 100, 25) },
      );
  });

  test("names row and column of values that are missing or invalid", async () => {
    const holes = written({ columnData: [{ name: "x", data: [1, null, 3], type: "DOUBLE" }] });
    expect(await problemOf(holes)).toContain(
      'data: a.parquet: row 2, column "x": the value is missing. Fill it in',
    );
    expect(plain(await readParquet(holes, { missing: "keep" }))).toEqual([["number", "x", 1, NaN, 3]]);
    const large = written({ columnData: [{ name: "id", data: [1n, 2n ** 53n + 1n], type: "INT64" }] });
    expect(await problemOf(large)).toContain(
      'row 2, column "id": 9007199254740993 has more digits than float64 represents. Read the column as text',
    );
    expect(plain(await readParquet(large, { text: ["id"] }))).toEqual([
      ["text", "id", "1", "9007199254740993"],
    ]);
    const odd = written({ columnData: [{ name: "x", data: [1, Infinity], type: "DOUBLE" }] });
    expect(await problemOf(odd)).toContain('row 2, column "x": "Infinity" is not a finite number.');
  });

  test("refuses lists unless their columns are excluded", async () => {
    const bytes = written({
      columnData: [
        { name: "x", data: [1, 2] },
        { name: "tags", data: [["a"], ["b", "c"]] },
      ],
      schema: [
        { name: "root", num_children: 2 },
        { name: "x", type: "DOUBLE", repetition_type: "OPTIONAL" },
        { name: "tags", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    });
    expect(await problemOf(bytes)).toContain(
      'column "tags" holds lists or structs, where a table needs numbers or text.',
    );
    expect(plain(await readParquet(bytes, { columns: ["x"] }))).toEqual([["number", "x", 1, 2]]);
  });

  test.each<[string, () => Uint8Array, ReadParquetOptions, string]>([
    [
      "nothing",
      () => new Uint8Array(0),
      {},
      "this is not a Parquet file, or it is cut short: it does not end in PAR1 (0 bytes).",
    ],
    ["text", () => new TextEncoder().encode("x,y\n1,2\n3,4\n"), {}, "this is not a Parquet file"],
    ["an encrypted file", () => new TextEncoder().encode("PARE....PARE"), {}, "it is encrypted"],
    ["a file cut short", () => trees.subarray(0, -20), {}, "this is not a Parquet file, or it is cut short"],
    [
      "an unknown column",
      () => trees,
      { columns: ["heigth"] },
      'there is no column "heigth". Did you mean "height"?',
    ],
    ["an unknown text", () => trees, { text: ["x"] }, 'there is no column "x".'],
    [
      "a file without rows",
      () => written({ columnData: [{ name: "x", data: [], type: "DOUBLE" }] }),
      {},
      "there are no rows.",
    ],
    ["too many bytes", () => trees, { maxUnpackedBytes: 100 }, "unpacks to more than 100 bytes"],
    [
      "an unknown codec",
      () =>
        written({
          columnData: [{ name: "x", data: [1], type: "DOUBLE" }],
          codec: "LZ4_RAW",
          compressors: { LZ4_RAW: compressors.ZSTD },
        }),
      {},
      'row group 1, column "x": it is packed by LZ4_RAW, which is not unpacked here. Write the file with compression="snappy"',
    ],
  ])("refuses %s", async (_, bytes, options, message) => {
    expect(await problemOf(bytes(), options)).toContain(message);
  });

  test("names the package to install if hyparquet is missing", async () => {
    vi.doMock("hyparquet", () => {
      throw new Error("Cannot find package");
    });
    try {
      expect(await problemOf(trees)).toBe(
        "option: readParquet: Parquet is read through hyparquet, which is not installed. Write npm install hyparquet; " +
          'in a bundle for browsers also hyparquet: await import("hyparquet") among the options.',
      );
    } finally {
      vi.doUnmock("hyparquet");
    }
  });

  test("checks its options", async () => {
    expect(await problemOf(trees, { hyparquet: { parquetRead: 1 } })).toContain(
      "hyparquet has no function parquetMetadata",
    );
    expect(await problemOf(trees, { missing: "drop" as never })).toContain("missing must be");
    expect((await readParquet(trees, { hyparquet })).rows).toBe(3);
  });

  describe("in a page without node:zlib", () => {
    afterEach(() => vi.restoreAllMocks());

    test("unpacks Snappy and gzip, and names the remedy for others", async () => {
      const of = (codec: "GZIP" | "BROTLI"): Uint8Array =>
        written({ columnData: [{ name: "x", data: [1, 2], type: "DOUBLE" }], codec, compressors });
      const files = [trees, of("GZIP"), of("BROTLI")];
      vi.spyOn(process, "getBuiltinModule").mockImplementation(() => undefined);
      expect(await Promise.all(files.map(async (bytes) => problemOf(bytes, { hyparquet })))).toEqual([
        "none",
        "none",
        expect.stringContaining("it is packed by BROTLI, which is not unpacked here."),
      ]);
    });
  });
});

describe("a Parquet file made to exhaust memory", () => {
  const bytes = written({
    columnData: [{ name: "x", data: new Array<number>(1000).fill(7), type: "INT32", nullable: false }],
    codec: "UNCOMPRESSED",
    statistics: false,
  });

  test("by a run of a thousand million values is refused, because hyparquet would create them", async () => {
    const levels = written({
      columnData: [{ name: "x", data: [1, 2, null, 3, ...new Array<null>(40).fill(null), 4], type: "INT32" }],
      codec: "UNCOMPRESSED",
    });
    const words = ["oak", "ash"].flatMap((word) => new Array<string>(500).fill(word));
    const dictionary = written({
      columnData: [{ name: "x", data: words, type: "STRING", nullable: false }],
      codec: "UNCOMPRESSED",
    });
    for (const file of [levels, dictionary]) {
      const ends: string[] = [];
      // one of the bytes is the length of a run
      for (let at = 4; at < file.length - 8; at++) {
        const changed = file.slice();
        changed.set([0xfe, 0xff, 0xff, 0xff, 0x0f].slice(0, changed.length - at), at);
        ends.push(await problemOf(changed));
      }
      expect(ends.every((end) => /^(?:none|data: a\.parquet)/.test(end))).toBe(true);
      expect(ends.filter((end) => end.includes("damaged: a run of 2147483647 values"))).not.toEqual([]);
    }
  });

  test("by rows without bytes is refused", async () => {
    expect(await problemOf(bytes, { maxUnpackedBytes: 7999 })).toContain("unpacks to more than 7999 bytes");
    expect(await problemOf(bytes, { maxUnpackedBytes: 8000 })).toBe("none");
  });
});

describe("streamParquet", () => {
  const n = 1000;
  const data = Array.from({ length: n }, (_, i) => i / 2);
  const names = data.map((x) => `n${x % 7}`);
  const bytes = written({
    columnData: [
      { name: "x", data, type: "DOUBLE" },
      { name: "name", data: names, type: "STRING" },
    ],
    rowGroupSize: 128,
  });

  test.each([1, 100, 128, 300, 5000])("yields parts of %i rows, for any row groups", async (rows) => {
    const parts: Table[] = [];
    for await (const part of streamParquet(bytes, { rows })) parts.push(part);
    expect(parts.every((part, i) => part.rows === rows || i === parts.length - 1)).toBe(true);
    expect(parts.flatMap((part) => [...part.columns[0]!.values])).toEqual(data);
    expect(parts.flatMap((part) => [...part.columns[1]!.values])).toEqual(names);
  });

  test("reads only the needed bytes of a blob: one of eight row groups for its first part", async () => {
    let read = 0;
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    const slice = blob.slice.bind(blob);
    blob.slice = (from = 0, to = 0) => {
      read += to - from;
      return slice(from, to);
    };
    for await (const part of streamParquet(blob, { rows: 10, columns: ["x"] })) {
      expect(part.rows).toBe(10);
      break;
    }
    expect(read).toBeLessThan(bytes.length / 2);
  });

  test("names rows by their number in the whole file", async () => {
    const late = written({
      columnData: [{ name: "x", data: data.map((x, i) => (i === 700 ? null : x)), type: "DOUBLE" }],
      rowGroupSize: 128,
    });
    let rows = 0;
    const read = async (): Promise<void> => {
      for await (const part of streamParquet(late, { rows: 50 })) rows += part.rows;
    };
    await expect(read()).rejects.toThrow('table: row 701, column "x": the value is missing.');
    expect(rows).toBe(700);
  });

  describe("of a file", () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "downhill-parquet-"));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test("and readParquetFile name it in errors", async () => {
      const path = join(folder, "a.parquet");
      writeFileSync(path, bytes);
      expect((await readParquetFile(path)).rows).toBe(n);
      let rows = 0;
      for await (const part of streamParquet(path)) rows += part.rows;
      expect(rows).toBe(n);
      await expect(readParquetFile(path, { columns: ["y"] })).rejects.toThrow(
        `${path}: there is no column "y".`,
      );
      await expect(readParquetFile(join(folder, "b.parquet"))).rejects.toThrow(
        "there is no such file. Did you mean",
      );
    });
  });
});
