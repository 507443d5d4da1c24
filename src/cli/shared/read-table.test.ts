import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readTableFile, type Table } from "../../training/io/index.ts";
import { readAnyTable } from "./read-table.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "read-table-"));
});
afterAll(() => rm(folder, { recursive: true }));

const rows = Array.from({ length: 5000 }, (_, i) => `${i / 8},${i % 3 === 0 ? "" : i},"a, ${i % 7}"`);
const long = `x,y,kind\n${rows.join("\n")}\n`;

const texts: Readonly<Record<string, string | Uint8Array>> = {
  "long.csv": long,
  "long.csv.gz": gzipSync(long),
  "crlf.csv": "a;b\r\n1,5;2\r\n\r\n3,25;\r\n",
  "mark.tsv": "\uFEFFa\tb\n1\tx\n2\ty",
  "numbers.csv": "1,2\n3,4\n",
  "empty.csv": "",
  "header.csv": "a,b\n",
  "ragged.csv": "a,b\n1,2\n3\n",
  "late-text.csv": `a\n${"1\n".repeat(5000)}word\n`,
};

test.each(Object.keys(texts))("%s is read in parts to the table of the text as a whole", async (name) => {
  const file = join(folder, name);
  await writeFile(file, texts[name]!);
  const outcome = (table: Promise<Table>): Promise<unknown> => table.catch((error: unknown) => String(error));
  const expected = await outcome(readTableFile(file, { missing: "keep" }));
  expect(await outcome(readAnyTable(file, { header: "auto", decimal: "auto" }))).toEqual(expected);
});

test("the text of a file is never in memory as a whole", async () => {
  const file = join(folder, "parts.csv");
  const wide = `name,y\n${Array.from({ length: 50 }, (_, i) => `${"x".repeat(1 << 16)},${i}`).join("\n")}\n`;
  await writeFile(file, wide);
  const decode = vi.spyOn(TextDecoder.prototype, "decode");
  try {
    const { rows: count } = await readAnyTable(file, { header: "auto", decimal: "auto" });
    expect(count).toBe(50);
    const lengths = decode.mock.results.map(({ value }) => (value as string).length);
    expect(Math.max(...lengths)).toBeLessThan(wide.length / 2);
  } finally {
    decode.mockRestore();
  }
});
