import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LossSlice } from "downhill/landscapes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { optionValues } from "../shared/option-values.ts";
import { landscapeCommand, type LandscapeRequest } from "./command.ts";
import { showLandscape } from "./run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-landscape-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the output for a small network, unless the request overrides it. */
async function written(request: Partial<LandscapeRequest>): Promise<string> {
  const stream = recordOutput();
  const small = { epochs: "3", batch: "128", hidden: "8", items: "100", resolution: "7" };
  await showLandscape(optionValues(landscapeCommand.args, { ...small, ...request }), stream);
  return stream.text();
}

describe("downhill landscape", () => {
  test("--json has the values and the path, with the start and one state per epoch", async () => {
    const slice = JSON.parse(await written({ dataset: "digits", json: true })) as LossSlice;
    expect(slice.directions).toBe("pca");
    expect(slice.values.map((row) => row.length)).toEqual([7, 7, 7, 7, 7, 7, 7]);
    expect(slice.path).toHaveLength(4);
    expect(slice.path.at(-1)).toMatchObject({ alpha: 0, beta: 0, loss: slice.centre });
    expect(slice.path[0]!.loss).toBeGreaterThan(slice.centre);
    expect(slice.parameters).toBe(64 * 8 + 8 + 8 * 10 + 10);
  });

  test("depends only on the seed, in random directions too", async () => {
    const options = { directions: "filter-normalised", json: true, range: "-0.5:0.5" };
    const slice = await written({ ...options, seed: "3" });
    expect(await written({ ...options, seed: "3" })).toBe(slice);
    expect(await written({ ...options, seed: "4" })).not.toBe(slice);
    expect((JSON.parse(slice) as LossSlice).alphas[0]).toBe(-0.5);
  });

  test("draws a picture with the path and describes it", async () => {
    const out = join(folder, "slice.svg");
    const text = await written({ out, optimizer: "adam(lr=0.01)", hidden: "none" });
    expect(text).toContain("a network 64-10 (650 parameters)");
    expect(text).toMatch(/The two directions hold [\d.]+ % of the variance of the path/);
    expect(readFileSync(out, "utf8")).toContain('class="trail"');
  });
});

describe("misuse", () => {
  test.each<[Partial<LandscapeRequest>, string]>([
    [{ dataset: "digit" }, 'Did you mean "digits"?'],
    [{ directions: "pc" }, 'Did you mean "pca"?'],
    [{ resolution: "1" }, "--resolution must be an integer from 2 to 401"],
    [{ range: "1" }, '--range is written as from:to, as in -1:1; got "1".'],
    [{ epochs: "1" }, "--epochs must be 2 or more for --directions pca"],
    [{ batch: "0" }, "--batch must be an integer of 1 or more"],
    [{ hidden: "8,x" }, "--hidden must be an integer of 1 or more for each layer, or none"],
    [{ optimizer: "adm" }, 'Did you mean "adam"?'],
    [{ seed: "x" }, "--seed must be an integer"],
    [{ out: "x.jpg" }, "must end in .html, .svg, .png, .gif or .json"],
  ])("%o", async (request, message) => {
    await expect(written(request)).rejects.toThrow(message);
  });
});
