import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testWith } from "../../../test/support/conditions.ts";
import { checkFolder, checkOutput, type OutputFile, reasonOf, writeOutput } from "./write-file.ts";

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-write-"));
  writeFileSync(at("file"), "");
  mkdirSync(at("locked"));
  writeFileSync(at("read-only"), "");
  chmodSync(at("locked"), 0o555);
  chmodSync(at("read-only"), 0o444);
});
afterAll(() => {
  chmodSync(at("locked"), 0o755);
  rmSync(folder, { recursive: true, force: true });
});

test("an unwritable file is reported before any work", async () => {
  for (const path of [at("new"), at("file")]) expect(() => checkOutput(path, [])).not.toThrow();
  expect(() => checkOutput(at("none", "a.html"), [])).toThrow("a.html: its folder does not exist.");
  expect(() => checkOutput(at("file", "a.html"), [])).toThrow("a component of its path is not a folder.");
  expect(() => checkOutput(folder, [])).toThrow(`cannot write ${folder}: it is a folder.`);
  await expect(writeOutput(folder as OutputFile, "")).rejects.toThrow(
    `cannot write ${folder}: it is a folder.`,
  );
});

test("a folder that cannot be created is reported too", () => {
  for (const path of [folder, at("a", "b"), "."]) expect(() => checkFolder(path, [])).not.toThrow();
  for (const path of [at("file"), at("file", "a")]) {
    expect(() => checkFolder(path, [])).toThrow(
      `cannot write to ${path}: a component of its path is not a folder.`,
    );
  }
});

testWith("a user other than root", process.platform !== "win32" && process.getuid?.() !== 0)(
  "so is a missing permission", // root may do anything
  () => {
    expect(() => checkOutput(at("locked", "a.html"), [])).toThrow("permission denied.");
    expect(() => checkOutput(at("read-only"), [])).toThrow("permission denied.");
    expect(() => checkFolder(at("locked", "a", "b"), [])).toThrow("permission denied.");
  },
);

test("known reasons are in words", () => {
  expect(reasonOf(Object.assign(new Error("ENOSPC: …"), { code: "ENOSPC" }))).toBe("the disk is full");
  expect(reasonOf(new Error("what the system says"))).toBe("what the system says");
});
