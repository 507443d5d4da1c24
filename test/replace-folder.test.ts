import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const script = new URL("../scripts/replace-folder.mjs", import.meta.url).href;
const { replaceFolder } = (await import(script)) as {
  replaceFolder: (folder: string, next: string, write: () => Promise<number>) => Promise<number>;
};

describe("a build", () => {
  let folder = "";
  const place = (name: string): string => join(folder, name);
  const write = (code: number) => (): Promise<number> => {
    mkdirSync(place("next"));
    writeFileSync(place("next/new.js"), "");
    return Promise.resolve(code);
  };
  const errors = vi.spyOn(console, "error");
  afterAll(() => errors.mockRestore());

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "downhill-build-"));
    mkdirSync(place("dist"));
    writeFileSync(place("dist/old.js"), "");
    errors.mockReset().mockImplementation(() => {});
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("that succeeds replaces all previous content", async () => {
    expect(await replaceFolder(place("dist"), place("next"), write(0))).toBe(0);
    expect(readdirSync(place("dist"))).toEqual(["new.js"]);
    expect(existsSync(place("next"))).toBe(false);
    expect(errors).not.toHaveBeenCalled();
  });

  test("that failed kept the earlier result, on which tests then passed", async () => {
    expect(await replaceFolder(place("dist"), place("next"), write(2))).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
    expect(errors).toHaveBeenCalledExactlyOnceWith(`The build failed: there is no ${place("dist")} now.`);
  });

  test("that throws leaves no folder either", async () => {
    const broken = (): Promise<number> => Promise.reject(new Error("no room"));
    await expect(replaceFolder(place("dist"), place("next"), broken)).rejects.toThrow("no room");
    expect(readdirSync(folder)).toEqual([]);
  });
});
