import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as downhill from "downhill";
import * as data from "downhill/data";
import * as landscapes from "downhill/landscapes";
import type { LossSlice, Race } from "downhill/landscapes";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import * as train from "downhill/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { programOf, runProgram } from "../../../test/support/run-program.ts";
import { optionValues } from "../shared/option-values.ts";
import { betweenValues } from "../shared/repeated.ts";
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

test("the page has a program that computes the slice", async () => {
  const out = join(folder, "slice.html");
  const request = {
    optimizer: "sgd(lr=cosine(from=0.1), momentum=0.9)",
    range: "-0.5:0.5",
    seed: "3",
    items: "50",
  };
  const slice = JSON.parse(await written({ ...request, out, json: true })) as LossSlice;
  const printed = await runProgram(programOf(readFileSync(out, "utf8")), {
    downhill,
    "downhill/data": data,
    "downhill/landscapes": landscapes,
    "downhill/nn": nn,
    "downhill/optim": optim,
    "downhill/random": random,
    "downhill/train": train,
  });
  expect(printed).toBe(landscapes.landscapeText(slice));
});

describe("downhill landscape of a formula", () => {
  /** Returns the output for a formula, without the options of the digits. */
  async function formula(request: Partial<LandscapeRequest>): Promise<string> {
    const stream = recordOutput();
    await showLandscape(optionValues(landscapeCommand.args, request), stream);
    return stream.text();
  }
  const disc = {
    dataset: "(x - 2)^2 + (y - 2)^2",
    where: ["x^2 + y^2 <= 2", "y <= 0.8"].join(betweenValues),
  };

  test("--where draws the feasible region, the path of minimize, and the forces at its end", async () => {
    const out = join(folder, "region.svg");
    const text = await formula({ ...disc, start: "-0.5,0.5", domain: "x=-1:3,y=-1:2.5", out });
    expect(text).toContain("the least value is 2.1352, at (1.166, 0.8)");
    expect(text).toMatch(/x\^2 \+ y\^2 <= 2 {2}active +0\.715/);
    const drawn = readFileSync(out, "utf8");
    for (const label of [
      /y &lt;= 0\.8\s+\(λ = 1\.26\)/,
      /x\^2 \+ y\^2 &lt;= 2\s+\(λ = 0\.715\)/,
      /shaded: infeasible/,
    ])
      expect(drawn).toMatch(label);
  });

  test.each([disc, { dataset: "x^4 - 2*x^2 + y^2", start: "0.5,1" }])(
    "the page of %o has a program that prints the same table",
    async (request) => {
      const out = join(folder, "formula.html");
      const text = await formula({ ...request, out });
      const modules = { downhill, "downhill/landscapes": landscapes, "downhill/optim": optim };
      const printed = await runProgram(programOf(readFileSync(out, "utf8")), modules);
      expect(text.startsWith(printed)).toBe(true);
    },
  );

  test("--json has the region, and a formula without constraints its minimum", async () => {
    const { region, runs } = JSON.parse(await formula({ ...disc, json: true })) as Race;
    expect(region!.constraints.map(({ isActive }) => isActive)).toEqual([true, true]);
    expect(runs.map(({ name }) => name)).toEqual(["minimize"]);
    const free = JSON.parse(await formula({ dataset: "x^4 - 2*x^2 + y^2", json: true })) as Race;
    expect(free.region).toBeUndefined();
    expect(free.runs[0]!.values.at(-1)).toBeCloseTo(-1, 6);
  });

  test.each<[Partial<LandscapeRequest>, string]>([
    [{ ...disc, epochs: "3" }, "--epochs belongs to downhill landscape digits, not to a formula"],
    [{ where: "x <= 1" }, "--where belongs to a formula"],
    [{ ...disc, where: "z <= 1" }, "z"],
  ])("%o is refused", async (request, message) => {
    await expect(formula(request)).rejects.toThrow(message);
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
