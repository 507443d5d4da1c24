import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testOnLinux } from "../../../test/support/conditions.ts";
import { nodeFiles } from "./file-operations.ts";

const files = nodeFiles("test");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-files-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

test("makeFolder creates parents, and leaves existing folders unchanged", async () => {
  for (const path of ["a/b/c", "a/b/c", "a/b/c/", "a/d//e", "."]) {
    await files.makeFolder(`${folder}/${path}`);
    expect(statSync(join(folder, path)).isDirectory(), path).toBe(true);
  }
  const [first, second] = [join(folder, "x", "y"), join(folder, "x", "z")];
  await Promise.all([first, second, first].map(async (path) => files.makeFolder(path)));
  expect([first, second].map((path) => existsSync(path))).toEqual([true, true]);
});

test("makeFolder reports a file in the way", async () => {
  writeFileSync(join(folder, "file"), "");
  expect(await codeOf(files.makeFolder(join(folder, "file")))).toBe("EEXIST");
  expect(await codeOf(files.makeFolder(join(folder, "file", "a")))).toBe("ENOTDIR");
});

// With `recursive: true`, Node's `mkdir` creates parents there for ever.
testOnLinux("makeFolder ends if an existing folder refuses new entries with ENOENT", async () => {
  expect(await codeOf(files.makeFolder("/proc/downhill"))).toBe("ENOENT");
  expect(await codeOf(files.makeFolder("/proc/downhill/a"))).toBe("ENOENT");
});
