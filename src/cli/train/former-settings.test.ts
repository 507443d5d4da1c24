import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changedSettings, keepSettings } from "./former-settings.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "former-settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings = { optimizer: "sgd", learningRate: 0.1, momentum: undefined, hidden: [32, 16], epochs: 5 };

test("a resumed run tells what has changed since it was saved, but for its length", async () => {
  await keepSettings(join(folder, "run"), settings);
  expect(changedSettings(join(folder, "run"), { ...settings, epochs: 50 })).toEqual([]);
  expect(changedSettings(join(folder, "run"), { ...settings, learningRate: 0.2, momentum: 0.9 })).toEqual([
    "learningRate was 0.1 so far and is 0.2 from here on",
    "momentum was none so far and is 0.9 from here on",
  ]);
  expect(changedSettings(join(folder, "run"), { ...settings, hidden: [32] })).toEqual([
    "hidden was [32,16] so far and is [32] from here on",
  ]);
});

test("a folder that does not tell of its run, or a file that was cut off, is no obstacle", () => {
  expect(changedSettings(folder, settings)).toEqual([]);
  for (const text of ["", '{ "learningRate": 0.', "null"]) {
    writeFileSync(join(folder, "settings.json"), text);
    expect(changedSettings(folder, settings)).toEqual([]);
  }
});
