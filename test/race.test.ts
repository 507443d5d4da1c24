// `downhill race` and `downhill landscape` as they are installed, from dist/.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const bin = join(root, "dist/cli/main.js");
let folder: string;
beforeAll(() => {
  // inside the repository, so that "downhill" is found as the package's own name and leads to dist/
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp/race-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function downhill(...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

test("a race is run, told and drawn", () => {
  const optimizers = "sgd(learningRate=0.001),adam";
  const { status, stdout, stderr } = downhill(
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

test("a module's function may use downhill itself, by its name", () => {
  writeFileSync(
    join(folder, "f.mjs"),
    `import { sin, square } from "downhill";\nexport const f = (x, y) => square(sin(x)).add(square(y));\nexport const start = [1, 1];\n`,
  );
  const { status, stdout, stderr } = downhill("race", "./f.mjs", "--optimizers", "sgd(lr=0.2)", "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { runs } = JSON.parse(stdout) as { runs: { outcome: string }[] };
  expect(runs[0]!.outcome).toBe("arrived");
});

test("misuse ends with code 2 and one line", () => {
  const { status, stdout, stderr } = downhill("race", "rosenbrok");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^error: "rosenbrok" is no landscape of the zoo\. Did you mean "rosenbrock"\?.*\n$/);
});

test("a slice of a network's loss is drawn", () => {
  const small = ["--epochs", "3", "--hidden", "8", "--items", "100", "--resolution", "9"];
  const { status, stderr } = downhill("landscape", "digits", ...small, "--out", "slice.svg");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(readFileSync(join(folder, "slice.svg"), "utf8")).toMatch(/^<svg /);
});
