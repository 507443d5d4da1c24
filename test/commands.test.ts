// Output and exit codes of `downhill fit`, `schedule`, `race` and `landscape`; explain and train have their own tests.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import nodeModule from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testWith } from "./support/conditions.ts";
import { bin, downhill as run, type Ended, installedDownhill } from "./support/command.ts";
import { decayTable } from "./support/decay-table.ts";
import { firstCommands } from "../src/cli/help.ts";
import { root, wordsOf } from "./support/snippets.ts";

let folder: string;
beforeAll(() => {
  // inside the repository, so that "downhill" resolves to the package itself and to dist/
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp/commands-"));
  writeFileSync(join(folder, "decay.csv"), decayTable);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const downhill = async (...words: string[]): Promise<Ended> => run(words, { cwd: folder });

describe("downhill without arguments", () => {
  test("lists four commands with their meaning, and names the help", async () => {
    const { status, stdout, stderr } = await downhill();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.split("\n").filter((line) => line.startsWith("  downhill "));
    expect(lines).toEqual(firstCommands.map(([line]) => `  ${line}`));
    expect(lines.length).toBe(4);
    expect(stdout).toContain("downhill --help lists all commands.\n");
  });

  // learn.test.ts starts the server of the course
  const atOnce = firstCommands.map(([line]) => wordsOf(line).slice(1)).filter(([name]) => name !== "learn");
  test.each(atOnce)("its command %s runs without a file", async (...words) => {
    const { status, stdout, stderr } = await downhill(...words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.split("\n").length).toBeGreaterThan(20);
    expect(readdirSync(folder)).toEqual(["decay.csv"]);
  });
});

describe("downhill fit", () => {
  test("prints parameters with errors, and pictures", async () => {
    const { status, stdout, stderr } = await downhill("fit", "decay.csv", "y = a*exp(-b*x) + c");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/\nb +0\.[45]\d+ +0\.0\d+ /);
    expect(stdout).toContain("\nResiduals\n");
  });

  test("writes one JSON object", async () => {
    const { stdout } = await downhill("fit", "co2", "co2 = a + b*(year-1990)", "--json");
    const { parameters } = JSON.parse(stdout) as {
      readonly parameters: { readonly b: { readonly value: number } };
    };
    expect(parameters.b.value).toBeGreaterThan(1.4);
    expect(parameters.b.value).toBeLessThan(1.8);
  });

  // the exit code was set on the process, which kept it for the next command
  test("a fit that was ended early ends with code 1, and the next one with its own", async () => {
    const words = ["fit", "decay.csv", "y = a*exp(-b*x) + c"];
    const early = await downhill(...words, "--start", "a=1,b=9,c=0", "--max-iterations", "1");
    expect([early.status, (await downhill(...words)).status]).toEqual([1, 0]);
  });

  test("reports an error in one line, and points to the options", async () => {
    expect((await downhill("fit", "decay.csv", "y = a*X", "--start", "a=1")).stderr).toContain(
      "Is the column x meant by X?",
    );
    expect((await downhill("fit", "decay.csv")).stderr).toContain("the formula is missing");
    expect((await downhill("fit", "decay.csv", "y = a*x", "--bound", "a=0:")).stderr).toContain(
      'Did you mean "--bounds"?',
    );
    expect((await downhill("fit", "decay.csv", "y = a*x", "--start", "k=1")).status).toBe(2);
    expect((await downhill("fit", "--help")).stdout).toContain("--absolute-sigma");
  });
});

describe("downhill schedule", () => {
  test("prints one object with rates", async () => {
    const options = "--base 0.001 --max 0.006 --step-size-up 4 --steps 12 --json".split(" ");
    const { status, stdout, stderr } = await downhill("schedule", "cyclic", ...options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { rates } = JSON.parse(stdout) as { readonly rates: readonly number[] };
    const expected = [1, 2.25, 3.5, 4.75, 6, 4.75, 3.5, 2.25, 1, 2.25, 3.5, 4.75];
    expect(rates).toHaveLength(12);
    rates.forEach((rate, t) => expect(rate).toBeCloseTo(expected[t]! / 1000, 15));
  });

  test("draws on the terminal, lists the names, documents the options", async () => {
    expect((await downhill("schedule", "cosine", "--warmup", "10")).stdout).toMatch(
      /^cosine: .*\n.*\n\nRate\n +0\.1 ┤/,
    );
    expect((await downhill("schedule")).stdout).toContain("  cosine-restarts  ");
    const help = await downhill("schedule", "--help");
    expect(help.stdout).toContain("--step-size-up <N>");
    expect(help.status).toBe(0);
  });

  test("reports an error in one line, with the nearest name", async () => {
    expect(await downhill("schedule", "cosin")).toEqual({
      status: 2,
      stdout: "",
      stderr: `error: "cosin" is not a schedule. Did you mean "cosine"? See downhill schedule --help.\n`,
    });
    expect((await downhill("schedule", "cosine", "--form", "1")).stderr).toContain(
      `unknown option --form. Did you mean`,
    );
  });
});

describe("downhill race and landscape", () => {
  test("a race is run, reported and drawn", async () => {
    const optimizers = "sgd(learningRate=0.001),adam";
    const { status, stdout, stderr } = await downhill(
      "race",
      "rosenbrock",
      "--optimizers",
      optimizers,
      "--steps",
      "500",
      "--out",
      "race.html",
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("a sgd(learningRate=0.001)");
    expect(stdout).toContain("b adam");
    expect(readFileSync(join(folder, "race.html"), "utf8")).toMatch(/^<!doctype html>/);
  });

  test("a module's function may use downhill itself, by its name", async () => {
    writeFileSync(
      join(folder, "f.mjs"),
      `import { sin, square } from "downhill";\nexport const f = (x, y) => square(sin(x)).add(square(y));\nexport const start = [1, 1];\n`,
    );
    const { status, stdout, stderr } = installedDownhill(
      ["race", "./f.mjs", "--optimizers", "sgd(lr=0.2)", "--json"],
      { cwd: folder },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { runs } = JSON.parse(stdout) as { runs: { outcome: string }[] };
    expect(runs[0]!.outcome).toBe("arrived");
  });

  test("misuse ends with code 2 and one line", async () => {
    const { status, stdout, stderr } = await downhill("race", "rosenbrok");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(
      /^error: "rosenbrok" is no landscape of the zoo\. Did you mean "rosenbrock"\?.*\n$/,
    );
  });

  test("a race is drawn as a picture that moves without a script", async () => {
    const { status, stderr } = await downhill("race", "bowl", "--steps", "5", "--out", "race.svg");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const svg = readFileSync(join(folder, "race.svg"), "utf8");
    expect(svg).toMatch(/@keyframes f0-3-move\{.*infinite/s);
    expect(svg).not.toContain("<script");
  });

  test("a slice of a network's loss is drawn", async () => {
    const small = ["--epochs", "3", "--hidden", "8", "--items", "100", "--resolution", "9"];
    const { status, stderr } = await downhill("landscape", "digits", ...small, "--out", "slice.svg");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const svg = readFileSync(join(folder, "slice.svg"), "utf8");
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain("infinite"); // the path moves
  });
});

describe("what V8 made of the modules", () => {
  const newer = "enableCompileCache" in nodeModule ? process.execPath : process.env["NODE_24"];
  /** Temporary files after a command, and its exit status. */
  const after = (place: string, setting: NodeJS.ProcessEnv): [number | null, string[]] => {
    const usual = { NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined };
    const env = { ...process.env, ...usual, TMPDIR: place, ...setting };
    const { status } = spawnSync(newer!, [bin, "explain", "x*y", "--at", "x=1,y=2"], { env });
    return [status, readdirSync(place, { recursive: true, encoding: "utf8" })];
  };

  // each run recompiled its modules
  testWith("Node 22.8 or newer (NODE_24)", newer !== undefined)(
    "is kept for the next run, unless the environment forbids it",
    () => {
      const place = mkdtempSync(join(folder, "kept-"));
      const [status, kept] = after(place, {});
      expect(status).toBe(0);
      expect(kept.length).toBeGreaterThan(10);
      expect(after(place, {})).toEqual([0, kept]);
      const elsewhere = mkdtempSync(join(folder, "none-"));
      expect(after(elsewhere, { NODE_DISABLE_COMPILE_CACHE: "1" })).toEqual([0, []]);
    },
  );
});
