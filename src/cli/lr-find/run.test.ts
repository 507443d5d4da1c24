import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as data from "downhill/data";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import * as train from "downhill/train";
import type { LrRange, RateSuggestion } from "downhill/train";
import { recordOutput } from "../../../test/support/command.ts";
import { testInCi } from "../../../test/support/extent.ts";
import { programOf, runProgram } from "../../../test/support/run-program.ts";
import { optionValues } from "../shared/option-values.ts";
import { type FindRequest, lrFindCommand } from "./command.ts";
import { findRates } from "./run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-lr-find-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the output of a request for a terminal of the given width or for a pipe. */
async function written(
  texts: Readonly<Record<string, string>>,
  flags: Partial<FindRequest> = {},
  columns?: number,
): Promise<string> {
  const stream = recordOutput(columns);
  await findRates(optionValues(lrFindCommand.args, { ...texts, ...flags }), {
    stdin: () => "",
    stdout: stream,
    stderr: recordOutput(),
  });
  return stream.text().replaceAll(/\u001b\[\d+m/g, "");
}

const table = (): string => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 7},${(i * 5) % 11},${3 * (i % 7) - ((i * 5) % 11)}`,
  );
  const file = join(folder, "plane.csv");
  writeFileSync(file, `a,b,y\n${rows.join("\n")}\n`);
  return file;
};

test("prints the curve in the available width, the rates and a command that trains with them", async () => {
  const text = await written({ data: table(), target: "y", hidden: "none" }, {}, 60);
  for (const line of text.split("\n").slice(2, 18)) expect(line.length).toBeLessThanOrEqual(60);
  expect(text).toContain("network 2-1 (linear); sgd with momentum 0.9, batches of 32");
  expect(text).toMatch(/base \d\S+ {2}the lowest rate to use/);
  expect(text).toMatch(/--target y --optimizer sgd --schedule 'cyclic base=\S+ max=\S+'/);
});

test("--json writes one object with rates, losses and suggestion", async () => {
  const text = await written(
    {
      data: table(),
      target: "y",
      hidden: "none",
      optimizer: "adam(beta1=0.8)",
      from: "1e-4",
      to: "5",
      steps: "40",
    },
    { json: true },
  );
  expect(text.trimEnd()).not.toContain("\n");
  const found = JSON.parse(text) as {
    readonly optimizer: string;
    readonly rates: readonly number[];
    readonly losses: readonly number[];
    readonly smoothed: readonly number[];
    readonly suggestion: RateSuggestion;
    readonly next: string;
  };
  expect(found.optimizer).toBe("adam");
  expect(found.rates[0]).toBe(1e-4);
  expect(found.rates.length).toBeLessThanOrEqual(40);
  expect(found.losses.length).toBe(found.rates.length);
  expect(found.suggestion.base).toBeLessThan(found.suggestion.max);
  expect(found.next).toContain("--optimizer 'adam(beta1=0.8)' --schedule 'cyclic base=");
});

test("--linear raises the rates linearly, on a linear axis", async () => {
  const asked = { data: table(), target: "y", hidden: "none", from: "0.01", to: "0.3", steps: "30" };
  const { rates } = JSON.parse(await written(asked, { linear: true, json: true })) as { rates: number[] };
  expect(rates[1]! - rates[0]!).toBeCloseTo(0.01, 10);
  expect(await written(asked, { linear: true })).toMatch(/0\.05\s+0\.1\s+0\.15/);
});

test.each(["svg", "html"])(
  "--out draws a %s with one dot per step, the average, and the rates",
  async (kind) => {
    const out = join(folder, `rates.${kind}`);
    expect(await written({ data: table(), target: "y", hidden: "none", out })).toContain(`picture: ${out}`);
    const text = readFileSync(out, "utf8").replace(/<script>.*<\/script>/s, "");
    expect(text.match(/h0/g)!.length).toBeGreaterThan(20);
    expect(text).not.toMatch(/NaN|undefined/);
    for (const name of ["base ", "steepest ", "max "]) expect(text).toContain(`>${name}`);
  },
);

/** The program of the page prints the rates that the command found. */
async function checkProgram(texts: Readonly<Record<string, string>>): Promise<void> {
  const out = join(folder, "program.html");
  const { stopped, suggestion, losses } = JSON.parse(
    await written({ ...texts, out }, { json: true }),
  ) as LrRange;
  const printed = await runProgram(programOf(readFileSync(out, "utf8")), {
    "downhill/data": data,
    "downhill/nn": nn,
    "downhill/optim": optim,
    "downhill/random": random,
    "downhill/train": train,
  });
  expect(printed.split("\n")).toEqual([
    `${stopped} after ${losses.length} steps, last loss ${losses.at(-1)!}`,
    JSON.stringify(suggestion),
  ]);
}

test("the page has a program that finds the same rates", async () => {
  await checkProgram({ data: table(), target: "y", hidden: "4", optimizer: "adam(beta1=0.8)", steps: "20" });
  await checkProgram({
    dataset: "iris",
    hidden: "4",
    optimizer: "muon",
    clip: "1",
    batch: "full",
    steps: "20",
  });
});

testInCi("so has the page of the digits", () => checkProgram({ hidden: "8", steps: "20", seed: "2" }));

test("losses outside the picture are marked at its edge", async () => {
  const out = join(folder, "far.svg");
  await written({ data: table(), target: "y", hidden: "none", to: "100", out });
  const text = readFileSync(out, "utf8");
  expect(text.match(/class="beyond" d="(M[^"]+)"/)![1]!.split("Z").length).toBeGreaterThan(1);
});

test("reports that no rate was found", async () => {
  const text = await written({ data: table(), target: "y", from: "1e-12", to: "1e-11" });
  expect(text).toContain("nothing found: no rate lowered the loss by more than its noise");
  expect(text).not.toContain("downhill train");
});

describe("misuse", () => {
  test.each<[Readonly<Record<string, string>>, string]>([
    [{ dataset: "digts" }, '"digts" is not a data set. Did you mean "digits"?'],
    [{ optimizer: "adan" }, '--optimizer: "adan" is not an optimiser. Did you mean "adam"?'],
    [
      { optimizer: "sgd(lr=0.1)" },
      "--optimizer: the learning rate is what the test varies; set --from and --to.",
    ],
    [{ optimizer: "lbfgs" }, "--optimizer: lbfgs finds its step lengths itself"],
    [{ from: "0" }, '--from must be a number above 0, got "0".'],
    [{ to: "x" }, '--to must be a number above 0, got "x".'],
    [{ from: "1", to: "0.1" }, "--to must be above --from, 1; got 0.1."],
    [{ steps: "5" }, "--steps must be 10 or more, got 5."],
    [{ smoothing: "-1" }, '--smoothing must be an integer of 1 or more, got "-1".'],
    [{ divergence: "1" }, '--divergence must be a number above 1, got "1".'],
    [{ out: "rates.gif" }, '--out: the name must end in .html, .svg or .png, and "rates.gif" does not.'],
    [{ out: "nowhere/rates.svg" }, "cannot write nowhere/rates.svg: its folder does not exist."],
    [{ batch: "0" }, '--batch must be an integer of 1 or more, or "full", got "0".'],
  ])("%j", async (texts, message) => {
    await expect(written(texts)).rejects.toThrow(message);
  });
});
