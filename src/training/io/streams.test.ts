import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { DownhillError } from "../../engine/errors/index.ts";
import { streamIdx, streamNpy } from "./array-stream.ts";
import { readTable, type ReadTableOptions, type Table } from "./csv.ts";
import { readNpyFile, writeNpyFile } from "./files.ts";
import { writeNpy } from "./npy.ts";
import { streamTable } from "./table-stream.ts";
import { extent, testInCi } from "../../../test/support/extent.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "downhill-"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Yields the bytes in parts of these sizes, repeatedly. */
function* inParts(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function problemOf(action: () => AsyncIterable<unknown>): Promise<string> {
  try {
    await collect(action());
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message.replaceAll(folder, "F")}`;
  }
  return "none";
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });

/** Joins the parts to one table. */
function joinTables(parts: readonly Table[]): unknown {
  return {
    columns: parts[0]!.columns.map(({ name, kind }, i) => ({
      name,
      kind,
      values: parts.flatMap((part) => [...part.columns[i]!.values]),
    })),
    rows: parts.reduce((n, part) => n + part.rows, 0),
    lines: parts.flatMap((part) => Array.from(part.lines!)),
  };
}

function asPlain(table: Table): unknown {
  return joinTables([table]);
}

describe("streamTable", () => {
  const cell = fc.oneof(
    fc.constantFrom("1", "-2.5", "oak", 'a "b"', '"c, d"', '"e\nf"', '"g ""h"""', "José", "🌳", "", "NA"),
  );
  const text = fc
    .tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { minLength: 1 }),
      fc.constantFrom("\n", "\r\n"),
    )
    .map(([columns, rows, end]) => rows.map((row) => row.slice(0, columns).join(",")).join(end));

  /** Returns the result or the message of an error. */
  async function outcome(action: () => Promise<unknown>): Promise<unknown> {
    try {
      return await action();
    } catch (error) {
      expect(error).toBeInstanceOf(DownhillError);
      return (error as DownhillError).message;
    }
  }

  test("yields the rows and errors of readTable, for any division and packing of the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        sizes,
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        fc.boolean(),
        async (csv, cuts, rows, keep, packed) => {
          const options: ReadTableOptions = {
            name: "t.csv",
            missing: keep ? "keep" : "error",
            separator: ",",
          };
          const bytes = packed ? gzipSync(utf8(csv)) : utf8(csv);
          const streamed = await outcome(async () =>
            joinTables(await collect(streamTable(inParts(bytes, cuts), { ...options, rows: 1000 }))),
          );
          expect(streamed).toEqual(
            await outcome(async () => Promise.resolve(asPlain(readTable(csv, options)))),
          );
          const parts = await outcome(async () => collect(streamTable([bytes], { ...options, rows })));
          if (Array.isArray(parts)) {
            expect((parts as Table[]).slice(0, -1).every((part) => part.rows === rows)).toBe(true);
          }
        },
      ),
      { numRuns: extent(50, 300, 120), examples: [["1\n1\n1", [1], 1, false, false]] }, // the first row is not a header
    );
  });

  test("reads files larger than its window, with correct line numbers", async () => {
    const row = (i: number): string => `${i},"note ${i}\nof two lines",${i / 2}`;
    const csv = `id,note,half\n${Array.from({ length: 20_000 }, (_, i) => row(i)).join("\n")}\n`;
    const path = join(folder, "large.csv");
    await writeFile(path, csv);
    const table = joinTables(await collect(streamTable(path, { rows: 3000 })));
    expect(table).toEqual(asPlain(readTable(csv)));
    await writeFile(path, `${csv}7,x\n`);
    expect(await problemOf(() => streamTable(path))).toBe(
      "data: F/large.csv: line 40002 has 2 cells, but line 1 has 3. Fill in the others.",
    );
    await writeFile(path, `${csv}7,x,y\n`);
    expect(await problemOf(() => streamTable(path))).toContain(
      'data: F/large.csv: line 40002, column "half": "y" is not a number.',
    );
  });

  test("keeps the kind of a column that the first part determined", async () => {
    const csv = utf8("x,y\n1,\n2,\n3,oak\n");
    expect(await problemOf(() => streamTable([csv], { rows: 2, missing: "keep" }))).toBe(
      'data: table: line 4, column "y": "oak" is not a number. Correct it, or read the column as text with text: ["y"].',
    );
    const parts = await collect(streamTable([csv], { rows: 2, missing: "keep", text: ["y"] }));
    expect(parts.map((part) => part.columns[1]!.values)).toEqual([["", ""], ["oak"]]);
  });

  test("keeps the decimal mark of the first part: 1.234 is not 1234 in a later one", async () => {
    const csv = utf8("x\n1.234\n5\n1,5\n");
    expect(await problemOf(() => streamTable([csv], { rows: 1, separator: ";" }))).toBe(
      'data: table: line 4, column "x": "1,5" has a decimal comma, but the numbers before it were read with a decimal point. Write all numbers with one decimal mark.',
    );
    const parts = await collect(streamTable([csv], { rows: 3, separator: ";" }));
    expect(parts.map((part) => [...(part.columns[0]!.values as Float64Array)])).toEqual([[1234, 5, 1.5]]);
  });

  test("reads UTF-16 and the body of a response", async () => {
    const wide = new Uint8Array(Buffer.from("\uFEFFname,x\nJosé,1\n", "utf16le"));
    const body = new Response(wide).body!;
    const [table] = await collect(streamTable(body));
    expect(table!.columns[0]!.values).toEqual(["José"]);
  });

  testInCi("reports non-text by its byte, an open quote by its line, and damaged packing", async () => {
    const long = `x\n${"1\n".repeat(200_000)}`;
    expect(
      await problemOf(() => streamTable(inParts(utf8(`${long}2\0\n`), [65_536]), { name: "t.csv" })),
    ).toContain("t.csv: this is not text: byte 400003 is zero.");
    const latin = Uint8Array.from([...utf8(long), 0xe9, 0x0a]);
    expect(await problemOf(() => streamTable(inParts(latin, [65_536]), { name: "t.csv" }))).toContain(
      "t.csv: this is not text in UTF-8 (byte 393216 to 400004).",
    );
    const open = function* (): Generator<Uint8Array> {
      yield utf8(`${long}"`);
      for (;;) yield utf8("x".repeat(1 << 20));
    };
    expect(await problemOf(() => streamTable(open(), { name: "t.csv" }))).toBe(
      'data: t.csv: line 200002: the record that begins here has more than 16777216 characters. Is a quote " never closed?',
    );
    const packed = gzipSync(utf8(long));
    expect(await problemOf(() => streamTable([packed.subarray(0, 300)], { name: "t.csv.gz" }))).toMatch(
      /t\.csv\.gz: the gzip file is damaged or cut short \(after \d+ unpacked bytes\)/,
    );
    expect(await problemOf(() => streamTable(join(folder, "larg.csv")))).toContain("there is no such file");
  });

  test("an error of the source is rethrown unchanged, packed or not", async () => {
    const broken = new Error("the line is dead");
    const source = function* (head: Uint8Array): Generator<Uint8Array> {
      yield head;
      throw broken;
    };
    await expect(collect(streamTable(source(utf8("x\n1\n"))))).rejects.toBe(broken);
    await expect(collect(streamTable(source(gzipSync(utf8("x\n1\n")).subarray(0, 8))))).rejects.toBe(broken);
  });

  test("packed parts are read ahead by at most a window of bytes, in Node and with web streams", async () => {
    const bytes = gzipSync(utf8(`x\n${"1\n".repeat(100_000)}`));
    let read = 0;
    const source = function* (): Generator<Uint8Array> {
      for (;;) {
        read++;
        yield bytes;
      }
    };
    for await (const table of streamTable(source(), { rows: 10 })) {
      expect(table.rows).toBe(10);
      break;
    }
    expect(read * bytes.length).toBeLessThan(100_000);

    vi.stubGlobal("process", undefined);
    const csv = `x\n${"1\n".repeat(1000)}`;
    const [table] = await collect(streamTable([gzipSync(utf8(csv))]));
    expect(asPlain(table!)).toEqual(asPlain(readTable(csv)));
    const cut = gzipSync(utf8(csv)).subarray(0, 20);
    expect(await problemOf(() => streamTable([cut]))).toContain("the gzip file is damaged or cut short");
    expect(await problemOf(() => streamTable("a.csv"))).toContain("there are no files to read here");
    for await (const part of streamTable([gzipSync(utf8(csv))], { rows: 10 })) {
      expect(part.rows).toBe(10);
      break;
    }
  });

  test("leaving the loop closes the source", async () => {
    for (const packed of [false, true]) {
      let closed = false;
      const source = function* (): Generator<Uint8Array> {
        const bytes = utf8(`x\n${"1\n".repeat(100_000)}`);
        try {
          for (;;) yield packed ? gzipSync(bytes) : bytes;
        } finally {
          closed = true;
        }
      };
      for await (const table of streamTable(source(), { rows: 10 })) {
        expect(table.rows).toBe(10);
        break;
      }
      expect(closed).toBe(true);
    }
  });

  test.each<[string, unknown, object, string]>([
    ["rows", [], { rows: 0 }, "streamTable: rows must be an integer of 1 or more, got 0."],
    ["an option", [], { row: 3 }, 'streamTable: unknown option "row". Did you mean "rows"?'],
    [
      "a separator",
      [],
      { separator: ",," },
      'streamTable: separator must be one character such as "," or ";", got ",,".',
    ],
    [
      "a source",
      3,
      {},
      "streamTable: expected the path of a file or parts of bytes such as response.body; got a number.",
    ],
    ["parts that are not bytes", ["x"], {}, "table: expected parts of bytes (Uint8Array), got a string."],
    ["nothing", [], {}, "table: the file is empty."],
  ])("misuse of %s is told", async (_, source, options, message) => {
    expect(await problemOf(() => streamTable(source as never, options))).toContain(message);
  });
});

describe("streamNpy", () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => i / 4);
  const bytes = writeNpy({ shape: [20, 3], data });

  test("yields the array in parts, for any division and packing of the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 25 }), fc.boolean(), async (cuts, rows, packed) => {
        const parts = await collect(streamNpy(inParts(packed ? gzipSync(bytes) : bytes, cuts), { rows }));
        expect(parts.flatMap((part) => [...part.data])).toEqual([...data]);
        expect(parts.map((part) => part.shape)).toEqual(
          Array.from({ length: Math.ceil(20 / rows) }, (_, i) => [Math.min(rows, 20 - i * rows), 3]),
        );
      }),
    );
  });

  test("reads files, and names the file and the byte where it is cut or has trailing bytes", async () => {
    const path = join(folder, "a.npy");
    await writeNpyFile(path, { shape: [20, 3], data });
    expect((await readNpyFile(path)).data).toEqual(data);
    expect((await collect(streamNpy(path))).length).toBe(1);
    await writeFile(path, bytes.subarray(0, 200));
    expect(await problemOf(() => streamNpy(path, { rows: 4 }))).toBe(
      "data: F/a.npy: cut short at byte 200: an array of shape [20,3] makes 368 bytes, the file has 200. Fetch or copy it again.",
    );
    await writeFile(path, Uint8Array.from([...bytes, 1, 2]));
    expect(await problemOf(() => streamNpy(path))).toContain("F/a.npy: something follows at byte 368");
    for (let length = 0; length < 128; length++) {
      expect(await problemOf(() => streamNpy([bytes.subarray(0, length)], { name: "b.npy" }))).toContain(
        "b.npy: ",
      );
    }
  });

  test("names the arrays that cannot be read in parts", async () => {
    const swapped = Buffer.from(bytes).toString("latin1").replace("False", "True ");
    expect(await problemOf(() => streamNpy([Uint8Array.from(swapped, (c) => c.charCodeAt(0))]))).toContain(
      "NPY: it has columns first (fortran_order), so that items are not contiguous.",
    );
    expect(await problemOf(() => streamNpy([writeNpy({ shape: [], data: Float64Array.of(1) })]))).toContain(
      "NPY: it holds one number, not a list of items.",
    );
    expect(await problemOf(() => streamNpy([bytes], { rows: 1.5 }))).toContain("streamNpy: rows must be");
  });

  test("a file that cannot be written is reported", async () => {
    await expect(writeNpyFile(join(folder, "nowhere", "a.npy"), { shape: [20, 3], data })).rejects.toThrow(
      /nowhere.a\.npy: its folder does not exist/,
    );
  });
});

describe("streamIdx", () => {
  const bytes = Uint8Array.of(0, 0, 0x08, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6);

  test("yields the array in parts", async () => {
    const parts = await collect(streamIdx(inParts(gzipSync(bytes), [3]), { rows: 2 }));
    expect(parts.map(({ shape, data }) => [shape, [...data]])).toEqual([
      [
        [2, 2],
        [1, 2, 3, 4],
      ],
      [
        [1, 2],
        [5, 6],
      ],
    ]);
  });

  test("reports files whose length does not match their header", async () => {
    const name = "t.idx";
    expect(await problemOf(() => streamIdx([bytes.subarray(0, 15)], { name }))).toContain(
      "t.idx: cut short: an array of shape [3,2] makes 18 bytes, the file has 15.",
    );
    expect(await problemOf(() => streamIdx([bytes.subarray(0, 9)], { name }))).toContain(
      "t.idx: cut short within its header, after 9 of 12 bytes.",
    );
    expect(await problemOf(() => streamIdx([bytes.subarray(0, 2)], { name }))).toContain("not an IDX file");
    expect(await problemOf(() => streamIdx([bytes, Uint8Array.of(9)], { name }))).toContain(
      "t.idx: longer than its header says: an array of shape [3,2] makes 18 bytes, the file has more.",
    );
  });
});
