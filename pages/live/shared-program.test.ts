// Programs that figures copy run as they are.
import { describe, expect, test } from "vitest";
import * as downhill from "downhill";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import * as plain from "downhill/plain";
import { writeMarkup } from "../../src/pictures/plot/markup.ts";
import { runProgram } from "../../test/support/run-program.ts";
import { notes, notesValues } from "../course/programs.ts";
import { pageState } from "./address.ts";
import { loadPlain } from "./program.ts";
import { programState } from "./program-state.ts";
import { raceAnimation } from "./race-animation.ts";
import { liveRace } from "./race-state.ts";
import { racerKinds, racerOf, scheduleShapes } from "./racers.ts";
import { gradientProgram, raceProgram } from "./shared-program.ts";

const modules = {
  downhill,
  "downhill/landscapes": landscapes,
  "downhill/optim": optim,
  "downhill/plain": plain,
};
const run = async (text: string): Promise<string> =>
  await runProgram(text.replaceAll(/^export (?=const)/gm, ""), modules);

describe("a program with its gradient", () => {
  test.each<[title: string, text: string, values: Readonly<Record<string, string>>]>([
    ["statements", notes, notesValues],
    ["a formula", "exp(-(x^2 + y^2) / 2)", { x: "0.5", y: "-1" }],
    ["a formula with a function that TypeScript lacks", "erf(u) * v + w^2", { u: "0.3", v: "2", w: "-1" }],
    [
      "TypeScript with quotes, arrays, a count and an outer constant",
      'const base = 2;\nfunction f(w: number[], n: number, text: boolean) {\n  "use ad";\n  let s = 0; // `${n}` \\\n  for (let i = 0; i < n; i++) s += base * w[i % w.length]! ** 2;\n  return text ? s : 0;\n}',
      { w: "[1, -0, 3]", n: "4", text: "true" },
    ],
    [
      "no input with a derivative",
      'function f(n: number) { "use ad"; let s = 0; for (let i = 0; i < n; i++) s += i; return s; }',
      { n: "5" },
    ],
  ])("%s", async (_, text, values) => {
    await loadPlain();
    const { program, args } = programState(pageState(), text, values).run.value;
    const printed = await run(gradientProgram(program, args));
    const [value, gradient] = [program.value(args), program.gradient(args)];
    const numbers = (printed.match(/-?\d+(?:\.\d+)?(?:e[+-]\d+)?(?![\w.])/g) ?? []).map(Number);
    expect(numbers[0]).toBeCloseTo(value, 12);
    expect(numbers.slice(1).map((x) => x + 0)).toEqual(gradient.map((x) => expect.closeTo(x, 12) as number));
  });
});

describe("a race", () => {
  const start = [-1.5, 1] as const;
  const race = (racers: Parameters<typeof raceProgram>[0]["racers"]): ReturnType<typeof liveRace> =>
    liveRace(pageState(), { formula: "(x^2 + 3*y^2)/2", start, racers, steps: 40 });

  test("its copied program prints the values of the figure for every optimiser", async () => {
    const racers = (Object.keys(racerKinds) as (keyof typeof racerKinds)[]).map((kind) => racerOf(kind));
    const shown = race(racers);
    const found = await run(
      `${raceProgram(shown.settings())}\nconsole.log(JSON.stringify(result.runs.map((run) => run.values.at(-1))));`,
    );
    const ends = JSON.parse(found.split("\n").at(-1)!) as number[];
    expect(ends).toEqual(shown.runs.value.map(({ values }) => expect.closeTo(values.at(-1)!, 12) as number));
  });

  test("and for every schedule", async () => {
    const racers = (Object.keys(scheduleShapes) as (keyof typeof scheduleShapes)[]).map((schedule) => ({
      ...racerOf("sgd"),
      schedule,
    }));
    const shown = race(racers);
    const found = await run(
      `${raceProgram(shown.settings())}\nconsole.log(JSON.stringify(result.runs.map((run) => run.values.at(-1))));`,
    );
    const ends = JSON.parse(found.split("\n").at(-1)!) as number[];
    expect(ends).toEqual(shown.runs.value.map(({ values }) => expect.closeTo(values.at(-1)!, 12) as number));
  });

  test("its animation has the runs of the figure", () => {
    const svg = writeMarkup(raceAnimation(race([racerOf("sgd"), racerOf("adam", { lr: 0.3 })]).settings()));
    expect(svg).toMatch(/@keyframes f0-1-grow/);
    expect(svg).toContain("2. Adam (η 0.3, β₁ 0.9, β₂ 0.999)");
  });
});
