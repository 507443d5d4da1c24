import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as downhill from "downhill";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { testInCi } from "../../../test/support/extent.ts";
import { runProgram } from "../../../test/support/run-program.ts";
import { optionValues } from "../shared/option-values.ts";
import { raceCommand, type RaceRequest } from "./command.ts";
import { definitionOf } from "./program.ts";
import { showRace } from "./run.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "downhill-race-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the table of the command, and the program of the page that it wrote. */
async function pageOf(
  request: Partial<RaceRequest>,
): Promise<{ table: string; program: string | undefined }> {
  const stream = recordOutput(undefined);
  const out = join(folder, "race.html");
  await showRace(optionValues(raceCommand.args, { ...request, out }), stream);
  const [, held] = /id="program">(.*?)<\/script>/s.exec(readFileSync(out, "utf8")) ?? [];
  return {
    table: stream.text().split("\nWritten to")[0]!,
    program: held === undefined ? undefined : String(JSON.parse(held)),
  };
}

/** The program of a page prints the table of the command. */
async function check(request: Partial<RaceRequest>): Promise<void> {
  const { table, program } = await pageOf(request);
  const printed = await runProgram(program!.replaceAll(/^export (?=const)/gm, ""), {
    downhill,
    "downhill/landscapes": landscapes,
    "downhill/optim": optim,
  });
  expect(printed.trim()).toBe(table.trim());
}

test("the page of a formula has a program that prints the table of the command", () =>
  check({
    landscape: "x^4 - 2*x^2 + y^2",
    start: "x=-0.1,y=1",
    optimizers: "momentum(lr=0.02), adam(lr=0.1, amsgrad), adadelta",
    steps: "10",
    noise: "0.01",
    seed: "3",
  }));

testInCi("so have the pages of built-in landscapes and presets", async () => {
  await check({ landscape: "saddle", noise: "0.1", steps: "20" });
  await check({ preset: "momentum" });
});

test("optimisers may have schedules, also of formulas", () =>
  check({
    landscape: "bowl",
    optimizers: "sgd(lr=cosine(from=0.2, warmup=3)), adam(lr=lambda(formula=0.1*0.9^t), beta1=0.8), adagrad",
    steps: "10",
    noise: "0.1",
  }));

test("constraints and tolerances are part of the program", () =>
  check({
    landscape: "rosenbrock",
    where: "x + y <= 1; x^2 >= y - 1",
    tolerances: "0.5,0.01",
    optimizers: "sgd(lr=0.001)",
    steps: "10",
  }));

test("functions in files have no program", () => {
  expect(definitionOf("valley.ts#valley")).toBeUndefined();
});
