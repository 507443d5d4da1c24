import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { DownhillError } from "../../engine/errors/index.ts";
import { explainReadError } from "./file-errors.ts";
import { readFileBytes, readFileText, readIdxFile, readTableFile } from "./files.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "downhill-"));
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "data", "trees.csv"), "height,kind\n1.5,oak\n");
  await writeFile(join(folder, "data", "trees.csv.gz"), gzipSync("height,kind\n2.5,ash\n"));
  await writeFile(
    join(folder, "data", "labels.idx.gz"),
    gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 3, 4)),
  );
  await writeFile(join(folder, "bad.csv"), "height\n1\nx\n");
  await writeFile(join(folder, "utf16.csv"), Buffer.from("\uFEFFname\nJosé\n", "utf16le"));
  await writeFile(join(folder, "big-endian.csv"), Buffer.from("\uFEFFname\nJosé\n", "utf16le").swap16());
  await writeFile(join(folder, "no-mark.csv"), Buffer.from("name,size\nJosé,1\n", "utf16le"));
  await writeFile(join(folder, "zero.csv"), "name\nJ\0\n");
  await writeFile(join(folder, "latin1.csv"), Buffer.from("name\nJosé\n", "latin1"));
});

afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllGlobals();
});

async function problemOf(read: Promise<unknown>): Promise<string> {
  try {
    await read;
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message.replaceAll(folder, "F")}`;
  }
  return "none";
}

describe("reading", () => {
  test("bytes, text and tables, packed or not", async () => {
    expect([...(await readFileBytes(join(folder, "data", "trees.csv"))).subarray(0, 6)]).toEqual([
      0x68, 0x65, 0x69, 0x67, 0x68, 0x74,
    ]);
    expect(await readFileText(join(folder, "data", "trees.csv.gz"))).toBe("height,kind\n2.5,ash\n");
    const table = await readTableFile(join(folder, "data", "trees.csv.gz"), { separator: "," });
    expect(table.columns).toEqual([
      { kind: "number", name: "height", values: Float64Array.of(2.5) },
      { kind: "text", name: "kind", values: ["ash"] },
    ]);
    const labels = await readIdxFile(join(folder, "data", "labels.idx.gz"));
    expect([...labels.data]).toEqual([3, 4]);
  });

  test.each(["utf16.csv", "big-endian.csv"])("text in UTF-16, as spreadsheets write it: %s", async (file) => {
    expect((await readTableFile(join(folder, file))).columns).toEqual([
      { kind: "text", name: "name", values: ["José"] },
    ]);
  });
});

describe("errors name the file and the repair", () => {
  test.each([
    ["no-mark.csv", "this looks like text in UTF-16 without a byte order mark"],
    ["zero.csv", "this is not text: byte 6 is zero"],
  ])("zero bytes: %s", async (file, what) => {
    expect(await problemOf(readTableFile(join(folder, file)))).toBe(
      `data: F/${file}: ${what}. Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").`,
    );
  });

  test("a misspelt file", async () => {
    expect(await problemOf(readFileBytes(join(folder, "data", "treees.csv")))).toBe(
      "file: F/data/treees.csv: there is no such file. Did you mean F/data/trees.csv?",
    );
  });

  test("a file with no other like it", async () => {
    expect(await problemOf(readFileBytes(join(folder, "data", "weather.tsv")))).toBe(
      "file: F/data/weather.tsv: there is no such file.",
    );
  });

  test("a file in a misspelt folder", async () => {
    expect(await problemOf(readTableFile(join(folder, "dtaa", "deep", "trees.csv")))).toBe(
      "file: F/dtaa/deep/trees.csv: there is no such file, as there is no folder F/dtaa. Did you mean F/data?",
    );
  });

  test("a file below a file", async () => {
    expect(await problemOf(readIdxFile(join(folder, "bad.csv", "x.idx")))).toBe(
      "file: F/bad.csv/x.idx: there is no such file: F/bad.csv is a file, not a folder.",
    );
  });

  test("a folder", async () => {
    expect(await problemOf(readFileText(join(folder, "data")))).toBe(
      "file: F/data: this is a folder, not a file. Name one in it: labels.idx.gz, trees.csv, trees.csv.gz.",
    );
  });

  test("bad content, by the path", async () => {
    expect(await problemOf(readTableFile(join(folder, "bad.csv")))).toMatch(
      /^data: F\/bad.csv: line 3, column "height": "x" is not a number/,
    );
  });

  test("bytes that are not text", async () => {
    expect(await problemOf(readFileText(join(folder, "latin1.csv")))).toBe(
      'data: F/latin1.csv: this is not text in UTF-8. Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").',
    );
  });

  test("no file system, as in a browser", async () => {
    vi.stubGlobal("process", undefined);
    expect(await problemOf(readFileBytes("x.csv"))).toBe(
      "file: x.csv: there are no files to read here. In a browser, pass bytes from fetch or a file input.",
    );
  });

  test.each([
    [
      "EACCES",
      "x.csv: there is no permission to read this file. Change its permissions, or copy it to where you may read it.",
    ],
    [
      "EPERM",
      "x.csv: there is no permission to read this file. Change its permissions, or copy it to where you may read it.",
    ],
    ["EIO", "x.csv: cannot be read (EIO: it failed)."],
  ])("%s of the file system", async (code, message) => {
    const cause = Object.assign(new Error(`${code}: it failed`), { code });
    expect(await explainReadError({ readdir: async () => [] }, "x.csv", cause)).toBe(message);
  });

  test("a bare name is searched for in the current folder, and a single slash is harmless", async () => {
    const cause = Object.assign(new Error("gone"), { code: "ENOENT" });
    const fs = { readdir: async (f: string) => (f === "." ? ["iris.csv"] : Promise.reject(new Error("no"))) };
    expect(await explainReadError(fs, "irs.csv", cause)).toBe(
      "irs.csv: there is no such file. Did you mean iris.csv?",
    );
    expect(await explainReadError(fs, "/", cause)).toBe("/: there is no such file.");
    expect(await explainReadError(fs, "", cause)).toBe(": there is no such file.");
  });
});
