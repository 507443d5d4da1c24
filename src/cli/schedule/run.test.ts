import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as downhill from "downhill";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import { cosineDecay, cyclic, perEpoch, warmup } from "downhill/optim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { drawSchedule, type ScheduleRequest, workOut } from "./run.ts";
import { schedules } from "./table.ts";
import { extent } from "../../../test/support/extent.ts";
import { programOf, runProgram } from "../../../test/support/run-program.ts";

const modules = { downhill, "downhill/landscapes": landscapes, "downhill/optim": optim };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-schedule-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the output of a request for a terminal of the given width or for a pipe. */
async function written(request: Partial<ScheduleRequest>, columns?: number): Promise<string> {
  const stream = recordOutput(columns);
  await drawSchedule(
    {
      name: undefined,
      steps: undefined,
      out: undefined,
      json: false,
      log: false,
      texts: new Map(),
      ...request,
    },
    stream,
  );
  return stream.text().replaceAll(/\u001b\[\d+m/g, "");
}

/** The curve of `downhill schedule name options`. */
const curve = (name: string, options: Readonly<Record<string, string>> = {}, steps?: number) =>
  workOut(name, { texts: new Map(Object.entries(options)), steps: steps?.toString(), log: false });
const rates = (name: string, options: Readonly<Record<string, string>> = {}, steps?: number) =>
  curve(name, options, steps).rates;

test("--json writes one object with the rates of the library", async () => {
  const texts = new Map([
    ["base", "0.001"],
    ["max", "0.006"],
    ["step-size-up", "4"],
  ]);
  const text = await written({ name: "cyclic", steps: "12", json: true, texts });
  expect(text.trimEnd()).not.toContain("\n");
  const rate = cyclic({ base: 0.001, max: 0.006, stepSizeUp: 4 });
  const steps = Array.from({ length: 12 }, (_, t) => t);
  expect(JSON.parse(text)).toEqual({
    schedule: "cyclic",
    options: {
      base: 0.001,
      max: 0.006,
      "step-size-up": 4,
      "step-size-down": 4,
      "base-momentum": 0.8,
      "max-momentum": 0.9,
    },
    steps: 12,
    rates: steps.map((t) => rate(t)),
    momentum: steps.map((t) => rate.momentum(t)),
  });
});

describe.each([...schedules.keys()])("%s", (name) => {
  test("has rates, and draws them in the available width", async () => {
    const { rates: found } = curve(name, {}, 40);
    expect(found).toHaveLength(40);
    if (name !== "constant") expect(new Set(found).size).toBeGreaterThan(1);
    for (const columns of [undefined, 120, 60, 40]) {
      const text = await written({ name, steps: "40" }, columns);
      expect(text).toContain("\nRate\n");
      expect(text).toMatch(/[\u2801-\u28ff]/);
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(columns ?? 100);
    }
  });

  test("is drawn to SVG and HTML without NaN", async () => {
    for (const extension of ["svg", "html"]) {
      const out = join(folder, `${name}.${extension}`);
      expect(await written({ name, out })).toContain(`Picture written to ${out}`);
      const text = readFileSync(out, "utf8");
      expect(text).toMatch(extension === "svg" ? /^<svg xmlns/ : /^<!doctype html>/);
      expect(text).toContain("color-scheme:light dark");
      expect(text).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
      expect(text.replace(/<script>.*<\/script>/s, "")).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  test("has a page with a program that prints its rates and momentum", async () => {
    const out = join(folder, `${name}-program.html`);
    await written({ name, steps: "12", out, texts: new Map([["warmup", "3"]]) });
    const made = workOut(name, { texts: new Map([["warmup", "3"]]), steps: "12", log: false });
    const printed = await runProgram(programOf(readFileSync(out, "utf8")), modules);
    expect(printed.split("\n")).toEqual(
      made.rates.map((rate, t) =>
        [t, rate, ...(made.momentum === undefined ? [] : [made.momentum[t]])].join(" "),
      ),
    );
  });

  test("its options can be read again as texts", () => {
    const { options, rates: found } = curve(name, {}, 30);
    const texts = Object.fromEntries([...options].map(([key, value]) => [key, String(value)]));
    expect(rates(name, texts, 30)).toEqual(found);
  });
});

test("a program repeats formulas, parts and schedules per epoch", async () => {
  for (const [name, options] of [
    ["cyclic", { amplitude: "1/c", "per-epoch": "2" }],
    ["sequential", { parts: "lambda formula=0.1*0.9^t; cosine to=0.02; 0.01", at: "3,8" }],
    ["chained", { parts: "0.5; multiplicative formula=0.9" }],
    ["lambda", { formula: "0.3" }],
  ] as const) {
    const texts = new Map(Object.entries(options));
    const out = join(folder, "program.html");
    await written({ name, steps: "12", out, texts });
    const printed = await runProgram(programOf(readFileSync(out, "utf8")), modules);
    const columns = printed.split("\n").map((row) => Number(row.split(" ")[1]));
    expect(columns).toEqual(workOut(name, { texts, steps: "12", log: false }).rates);
  }
});

describe("options of all schedules", () => {
  test("a warm-up leaves the remaining steps to the schedule", () => {
    const expected = warmup(cosineDecay({ from: 0.1, steps: 30 }), { steps: 10, from: 0.01 });
    const found = rates("cosine", { warmup: "10", "warmup-from": "0.01" }, 40);
    expect(found).toEqual(Array.from({ length: 40 }, (_, t) => expected(t)));
  });

  test("epochs, after a warm-up in steps", () => {
    const expected = warmup(perEpoch(cosineDecay({ from: 0.1, steps: 4 }), 5), { steps: 2 });
    const found = rates("cosine", { warmup: "2", "per-epoch": "5", length: "4" }, 22);
    expect(found).toEqual(Array.from({ length: 22 }, (_, t) => expected(t)));
  });

  test("the momentum stays at its first value during a warm-up", () => {
    const { momentum } = curve("one-cycle", { warmup: "3" }, 10);
    expect(momentum!.slice(0, 4)).toEqual([0.95, 0.95, 0.95, 0.95]);
    expect(momentum![5]).toBeLessThan(0.95);
  });
});

test("parts: schedules by name, numbers, and the steps between changes as their lengths", () => {
  expect(rates("sequential", { parts: "0.5; linear from=1 to=0; 0.25", at: "2,6" }, 8)).toEqual([
    0.5, 0.5, 1, 0.75, 0.5, 0.25, 0.25, 0.25,
  ]);
  expect(rates("chained", { parts: "linear from=1 to=0;0.5" }, 4)).toEqual([0.5, 0.375, 0.25, 0.125]);
});

test("formulas: of the step, of a factor, of an amplitude", () => {
  expect(rates("lambda", { formula: "1/(n+1)" }, 4)).toEqual([1, 0.5, 1 / 3, 0.25]);
  expect(rates("lambda", { formula: "0.5" }, 2)).toEqual([0.5, 0.5]);
  expect(rates("multiplicative", { formula: "k/2", from: "1" }, 4)).toEqual([1, 0.5, 0.5, 0.75]);
  const options = { base: "0", max: "1", "step-size-up": "1", amplitude: "1/cycle" };
  expect(rates("cyclic", options, 6)).toEqual([0, 1, 0, 0.5, 0, 1 / 3]);
});

test("plateau: the rate of each epoch, lowered after patience + 1 of them without improvement", () => {
  const { rates: found, unit } = curve("plateau", {
    from: "1",
    metrics: "5,4,4,4,4,4",
    patience: "1",
    factor: "0.5",
  });
  expect(found).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25]);
  expect(unit).toBe("epoch");
});

test("the names of the library and of the command line", () => {
  for (const name of ["cosineDecay", "cosine-decay", "Cosine"]) {
    expect(rates(name, {}, 5)).toEqual(rates("cosine", {}, 5));
  }
  expect(rates("oneCycle", {}, 5)).toEqual(rates("one-cycle", {}, 5));
});

test("without a name, lists them all", async () => {
  const text = await written({});
  for (const name of schedules.keys()) expect(text).toContain(`  ${name} `);
});

test("the picture of very many steps is small", async () => {
  const out = join(folder, "long.svg");
  await written({
    name: "cyclic",
    steps: extent(200_000, 1_000_000).toString(),
    json: true,
    texts: new Map([["step-size-up", "700"]]),
    out,
  });
  expect(readFileSync(out, "utf8").length).toBeLessThan(300_000);
});

describe("misuse", () => {
  test.each<[Partial<ScheduleRequest> & { readonly options?: Readonly<Record<string, string>> }, string]>([
    [{ name: "cosin" }, '"cosin" is not a schedule. Did you mean "cosine"?'],
    [{ name: "xyzzy" }, '"xyzzy" is not a schedule. There are constant, step, '],
    [{ name: "cosine", options: { max: "1" } }, "cosine has no --max. It takes --"],
    [
      { name: "cyclic", options: { mode: "tri" } },
      '--mode must be triangular, triangular2 or exp_range, got "tri". Did you mean "triangular"?',
    ],
    [{ name: "cosine", options: { from: "x" } }, '--from must be a number, got "x".'],
    [{ name: "cosine", options: { from: "" } }, '--from must be a number, got "".'],
    [
      { name: "cosine", options: { from: "-1" } },
      "cosineDecay: from must be a finite number of 0 or more, got -1.",
    ],
    [{ name: "cosine", options: { warmup: "1.5" } }, '--warmup must be an integer of 0 or more, got "1.5".'],
    [{ name: "cosine", options: { "warmup-from": "1" } }, "--warmup-from needs --warmup"],
    [
      { name: "cosine", options: { "per-epoch": "0" } },
      '--per-epoch must be an integer of 1 or more, got "0".',
    ],
    [{ name: "cosine", steps: "0" }, '--steps must be an integer from 1 to 1,000,000, got "0".'],
    [{ name: "cosine", steps: "1e9" }, "--steps must be an integer from 1 to 1,000,000"],
    [{ name: "multi-step", options: { at: "3,x" } }, '--at must be a number, got "x".'],
    [{ name: "multi-step", options: { at: "3,2" } }, "multiStepDecay: the steps of at must rise, got 3, 2."],
    [{ name: "one-cycle", options: { phases: "4" } }, "oneCycle: phases must be 2 or 3, got 4."],
    [
      { name: "lambda", options: { formula: "a*b" } },
      "--formula: a formula of one number, as in 0.1*0.95^t; this one has a, b.",
    ],
    [
      { name: "lambda", options: { formula: "1 - t" } },
      "lambda: the rate of step 2 is -1, and rates must be finite numbers of 0 or more.",
    ],
    [{ name: "lambda", options: { formula: "1 +" } }, "1 +"],
    [
      { name: "sequential", options: { parts: "linear from=1; cosine form=2" } },
      'cosine has no form. Did you mean "from"?',
    ],
    [
      { name: "sequential", options: { parts: "linear; cosine 3" } },
      "--parts: options are written as name=value",
    ],
    [
      { name: "sequential", options: { parts: "linear;" } },
      "--parts: a schedule is missing beside a semicolon.",
    ],
    [{ name: "sequential", options: { parts: "linear; cosin" } }, '"cosin" is not a schedule.'],
    [{ name: "constant", options: { rate: "0" }, log: true }, "--log needs a rate above 0."],
    [{ json: true }, "the name of the schedule is missing"],
    [{ options: { from: "1" } }, "the name of the schedule is missing"],
    [
      { name: "cosine", out: "x.gif" },
      '--out: the name must end in .html, .svg or .png, and "x.gif" does not.',
    ],
    [
      { name: "cosine", out: "nowhere-at-all/x.svg" },
      "cannot write nowhere-at-all/x.svg: its folder does not exist.",
    ],
  ])("%j", async ({ options = {}, ...request }, message) => {
    await expect(written({ ...request, texts: new Map(Object.entries(options)) })).rejects.toThrow(message);
  });

  test("nothing is written for an invalid schedule", async () => {
    const out = join(folder, "wrong.svg");
    await expect(written({ name: "cosine", out, texts: new Map([["from", "-1"]]) })).rejects.toThrow(
      "from must be",
    );
    expect(existsSync(out)).toBe(false);
  });
});
