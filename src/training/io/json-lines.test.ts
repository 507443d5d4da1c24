import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DownhillError } from "../../engine/errors/index.ts";
import { columnOf, readTable, type Table } from "./csv.ts";
import { readJsonLinesFile } from "./files.ts";
import { readJsonLines, type ReadValuesOptions, streamJsonLines } from "./json-lines.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = ({ columns }: Table): unknown =>
  columns.map(({ kind, name, values }) => [kind, name, ...values]);

function problemOf(text: string, options: ReadValuesOptions = {}): string {
  try {
    readJsonLines(text, { name: "a.jsonl", ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message}`;
  }
  return "none";
}

async function all(parts: AsyncIterable<Table>): Promise<readonly Table[]> {
  const tables: Table[] = [];
  for await (const table of parts) tables.push(table);
  return tables;
}

describe("readJsonLines", () => {
  test("returns the table that CSV yields", () => {
    const names = ["oak", "ash", 'é, "quoted"', "x\ny"];
    const anyRows = fc.array(
      fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(...names)),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(anyRows, (rows) => {
        const lines = rows.map(([x, name]) => JSON.stringify({ x, name })).join("\n");
        const cells = rows.map(([x, name]) => `${x},"${name.replaceAll('"', '""')}"`);
        expect(plain(readJsonLines(lines))).toEqual(
          plain(readTable(["x,name", ...cells].join("\n"), { decimal: ".", text: ["name"] })),
        );
      }),
    );
  });

  test("keeps strings that look like numbers, and treats true and false as text", () => {
    const table = readJsonLines('{"zip": "012", "ok": true, "n": -0.5}\n{"n": 1e3, "ok": false, "zip": 7}');
    expect(plain(table)).toEqual([
      ["text", "zip", "012", "7"],
      ["text", "ok", "true", "false"],
      ["number", "n", -0.5, 1000],
    ]);
  });

  test("skips blank lines, carriage returns and a byte order mark, and records the line of each row", () => {
    const table = readJsonLines('\uFEFF{"x": 1}\r\n\r\n  \n{"x": 2}\r\n');
    expect([plain(table), Array.from(table.lines!)]).toEqual([[["number", "x", 1, 2]], [1, 4]]);
  });

  test("treats keys that are properties of objects as ordinary names", () => {
    const table = readJsonLines('{"__proto__": 1, "toString": 2}\n{"__proto__": 3}', { missing: "keep" });
    expect(plain(table)).toEqual([
      ["number", "__proto__", 1, 3],
      ["number", "toString", 2, NaN],
    ]);
  });

  test("keeps missing values with an option: null, absent keys, and words for them among numbers", () => {
    const text = '{"x": "NA", "s": ""}\n{"x": 1}\n{"x": null, "s": "NA", "late": 5}\n{"s": "w"}';
    expect(plain(readJsonLines(text, { missing: "keep" }))).toEqual([
      ["number", "x", NaN, 1, NaN, NaN],
      ["text", "s", "", "", "NA", "w"],
      ["number", "late", NaN, NaN, 5, NaN],
    ]);
  });

  test("reads the named columns in that order, regardless of the others", () => {
    const text = '{"a": {"deep": [1]}, "b": 1, "c": "x"}\n{"b": 2, "c": "y"}';
    expect(plain(readJsonLines(text, { columns: ["c", "b"], text: ["b"] }))).toEqual([
      ["text", "c", "x", "y"],
      ["text", "b", "1", "2"],
    ]);
  });

  test.each<[string, string, ReadValuesOptions, string]>([
    ["nothing", "\n", {}, "a.jsonl: there are no lines: the file is empty."],
    ["broken JSON", '{"x": 1}\n{"x": }', {}, 'a.jsonl: line 2: "{\\"x\\": }" is not JSON ('],
    ["a list", "[1, 2]", {}, "line 1 is a list, where each line is an object"],
    ["a number", "3", {}, "line 1 is a number, where"],
    ["null", "null", {}, "line 1 is null, where"],
    [
      "an absent key",
      '{"x": 1, "y": 2}\n{"x": 1}',
      {},
      'line 2, column "y": the value is missing. Fill it in',
    ],
    ["a late key", '{"x": 1}\n{"x": 2, "y": 2}', {}, 'line 1, column "y": the value is missing.'],
    ["null among numbers", '{"x": 1}\n{"x": null}', {}, 'line 2, column "x": the value is missing.'],
    ["a word", '{"x": 1}\n{"x": "NA"}', {}, 'line 2, column "x": the value is missing ("NA").'],
    [
      "a text among numbers",
      '{"x": 1}\n{"x": "a"}',
      {},
      'line 2, column "x": "a" is not a number. Correct it',
    ],
    ["a digit in quotes", '{"x": 1}\n{"x": "2"}', {}, 'line 2, column "x": "2" is not a number.'],
    ["an infinity", '{"x": 1e999}', {}, 'line 1, column "x": "Infinity" is not a finite number.'],
    [
      "a list in a cell",
      '{"x": [1]}',
      {},
      'line 1, column "x": a list, where a table needs a number or text.',
    ],
    [
      "an object in a cell",
      '{"x": 1}\n{"x": {}}',
      { missing: "keep" },
      'line 2, column "x": an object, where',
    ],
    [
      "an unknown column",
      '{"height": 1}',
      { columns: ["heigth"] },
      'no column "heigth". Did you mean "height"?',
    ],
    ["an unknown text", '{"x": 1}', { text: ["y"] }, 'there is no column "y". The columns are x.'],
  ])("refuses %s", (_, text, options, message) => {
    expect(problemOf(text, options)).toContain(message);
    expect(problemOf(text, options)).toMatch(/^data: a\.jsonl: /);
  });

  test("refuses lines that make a nearly empty table: 2,000 keys would make 4,000,000 cells", () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `{"k${i}": 1}`).join("\n");
    expect(problemOf(lines, { missing: "keep" })).toMatch(
      /line \d+: of \d+ cells up to here \d+ have a value\./,
    );
    expect(problemOf(lines, { missing: "keep", columns: ["k0"] })).toBe("none");
  });

  test("checks its options", () => {
    expect(problemOf("", { columns: "x" as never })).toContain("columns must be names of columns");
    expect(problemOf("", { missing: "drop" as never })).toContain("missing must be");
  });
});

describe("streamJsonLines", () => {
  const text = '\uFEFF{"x": 1, "s": "ä"}\r\n{"x": null}\n\n{"s": "b", "x": 2}\n{"x": 3, "s": "c"}';

  test("yields the rows of readJsonLines, for any division of the bytes", async () => {
    const whole = readJsonLines(text, { missing: "keep" });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (size, rows, zip) => {
          const source = zip ? gzipSync(bytes(text)) : bytes(text);
          const pieces = Array.from({ length: Math.ceil(source.length / size) }, (_, i) =>
            source.subarray(i * size, (i + 1) * size),
          );
          const parts = await all(streamJsonLines(pieces, { rows, missing: "keep" }));
          expect(parts.every((part, i) => part.rows === rows || i === parts.length - 1)).toBe(true);
          for (const name of ["x", "s"])
            expect(parts.flatMap((part) => [...columnOf(part, name).values])).toEqual([
              ...columnOf(whole, name).values,
            ]);
          expect(parts.flatMap((part) => Array.from(part.lines!))).toEqual(Array.from(whole.lines!));
        },
      ),
    );
  });

  test("refuses a column that occurs only in a later part, unless the columns are named", async () => {
    const late = [bytes('{"x": 1}\n{"x": 2, "y": 3}\n')];
    await expect(all(streamJsonLines(late, { rows: 1, missing: "keep" }))).rejects.toThrow(
      'table: line 2: there was no column "y" in the first part. Name the columns to read with columns: […]',
    );
    const [, second] = await all(streamJsonLines(late, { rows: 1, columns: ["x"] }));
    expect(plain(second!)).toEqual([["number", "x", 2]]);
  });

  test("refuses a file without lines before it is completely in memory", async () => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      for (; ; given++) yield new Uint8Array(1 << 20).fill(0x20);
    }
    await expect(all(streamJsonLines(endless()))).rejects.toThrow(
      "line 1: the line that begins here has more than",
    );
    expect(given).toBeLessThan(20);
  });
});

describe("readJsonLinesFile", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "downhill-lines-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("reads a file, packed or not, and names it in errors", async () => {
    const path = join(folder, "a.jsonl.gz");
    writeFileSync(path, gzipSync('{"x": 1}\n{"x": "a"}\n'));
    expect((await readJsonLinesFile(path, { text: ["x"] })).rows).toBe(2);
    await expect(readJsonLinesFile(path)).rejects.toThrow(
      `${path}: line 2, column "x": "a" is not a number.`,
    );
    await expect(readJsonLinesFile(path, { maxUnpackedBytes: 3 })).rejects.toThrow(
      "unpacks to more than 3 bytes",
    );
  });
});
