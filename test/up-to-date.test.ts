import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const script = new URL("../scripts/up-to-date.mjs", import.meta.url).href;
const { isUpToDate } = (await import(script)) as { isUpToDate: (folder: string, root: string) => boolean };

describe("what was built", () => {
  let root = "";
  /** Sets the time of a file or folder, in seconds; the build began at 100. */
  const changeAt = (time: number, path: string): void => utimesSync(join(root, path), time, time);
  const files = [
    "src/a/b.ts",
    "src/a/c.ts",
    "package.json",
    "test/a.test.ts",
    "dist/a.js",
    "README.md",
    "report.html",
  ];
  const all = [...files, "src/a", "src", "test", "dist", "node_modules/.package-lock.json", "node_modules"];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "downhill-up-to-date-"));
    for (const file of [...files, "node_modules/.package-lock.json"]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), "");
    }
    for (const path of all) changeAt(50, path);
    changeAt(100, "dist");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const isCurrent = (): boolean => isUpToDate(join(root, "dist"), root);

  test("is up to date where nothing has changed since", () => {
    expect(isCurrent()).toBe(true);
  });

  test.each(["src/a/c.ts", "package.json", "node_modules/.package-lock.json", "src"])(
    "is not, where %s has changed, while it was built too",
    (path) => {
      changeAt(100, path);
      expect(isCurrent()).toBe(false);
    },
  );

  test("is not, where a source was removed", () => {
    rmSync(join(root, "src/a/b.ts"));
    expect(isCurrent()).toBe(false);
  });

  test.each(["test/a.test.ts", "README.md", "report.html", "dist/a.js", "node_modules"])(
    "is, where %s has changed",
    (path) => {
      changeAt(200, path);
      expect(isCurrent()).toBe(true);
    },
  );

  test("is not, if there is no folder", () => {
    rmSync(join(root, "dist"), { recursive: true });
    expect(isCurrent()).toBe(false);
  });
});
