import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newestFile } from "./newest.ts";

test("the newest file of a folder counts, at any depth", () => {
  const folder = mkdtempSync(join(tmpdir(), "downhill-newest-"));
  try {
    expect(newestFile(join(folder, "missing"))).toBe(-Infinity);
    expect(newestFile(folder)).toBe(-Infinity);
    mkdirSync(join(folder, "a/b"), { recursive: true }); // newer than all files, but not a checkpoint
    expect(newestFile(folder)).toBe(-Infinity);
    const write = (name: string, seconds: number): void => {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), seconds, seconds);
    };
    write("old", 1000);
    write("a/b/new", 3000);
    write("a/other", 2000);
    expect(newestFile(folder)).toBe(3_000_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
