import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testOnPosix } from "../../../test/support/conditions.ts";
import { nodeFiles, writeWhole } from "./file-operations.ts";
import { replaceFile, replaceFileOrExplain } from "./replace-file.ts";
import { openFullDevice } from "./testdata/full-device.ts";

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-replace-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const bytes = new TextEncoder().encode("new");
const replace = async (name: string): Promise<void> => replaceFile("test", at(name), bytes);

test("a file is replaced as a whole, keeps its permissions, and leaves no temporary file", async () => {
  writeFileSync(at("a"), "what was there before");
  chmodSync(at("a"), 0o640);
  await replace("a");
  await replace("b");
  expect(readFileSync(at("a"), "utf8") + readFileSync(at("b"), "utf8")).toBe("newnew");
  expect(statSync(at("a")).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(["a", "b"]);
});

test("a link is followed, and stays", async () => {
  mkdirSync(at("elsewhere"));
  writeFileSync(at("elsewhere/a"), "old");
  symlinkSync("elsewhere/a", at("link"));
  await replace("link");
  expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
  expect(readFileSync(at("elsewhere/a"), "utf8")).toBe("new");
});

test("the old content stays if the disk is full", async () => {
  writeFileSync(at("a"), "old");
  const full = { ...nodeFiles("test"), open: openFullDevice };
  await expect(writeWhole(full, at("a"), bytes)).rejects.toMatchObject({ code: "ENOSPC" });
  expect([readFileSync(at("a"), "utf8"), readdirSync(folder)]).toEqual(["old", ["a"]]);
});

test("nothing is written through a link planted under the name of a temporary file", async () => {
  writeFileSync(at("victim"), "precious");
  symlinkSync(at("victim"), at("a.tmp")); // the name that it used to have
  await replace("a");
  symlinkSync(at("victim"), at("planted"));
  await expect(nodeFiles("test").open(at("planted"))).rejects.toMatchObject({ code: "EEXIST" });
  expect([readFileSync(at("victim"), "utf8"), readFileSync(at("a"), "utf8")]).toEqual(["precious", "new"]);
});

test("a missing folder is explained", async () => {
  await expect(replaceFileOrExplain("test", at("none/a"), bytes)).rejects.toMatchObject({
    code: "file",
    message: `${at("none/a")}: its folder does not exist.`,
  });
});

testOnPosix("a pipe and /dev/null are written to, not replaced", async () => {
  expect(spawnSync("sh", ["-c", `mkfifo "$0"`, at("pipe")]).status).toBe(0);
  const [reader] = await Promise.all([
    import("node:fs/promises").then(async (fs) => fs.readFile(at("pipe"), "utf8")),
    replace("pipe"),
  ]);
  expect(reader).toBe("new");
  expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
  await replaceFile("test", "/dev/null", bytes);
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  expect(existsSync("/dev/null.tmp")).toBe(false);
  await expect(nodeFiles("test").read("/dev/zero")).rejects.toThrow("it is not a regular file");
});
