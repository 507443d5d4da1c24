// Tests the exercises of all chapters over many instances.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { extent } from "../../test/support/extent.ts";
import { type Exercise, judge, type Task, taskOf } from "../live/judge.ts";

const seeds = Array.from({ length: extent(15, 40, 40) }, (_, i) => i + 1);
const chapters = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, "exercises.ts")),
);

async function exercisesOf(chapter: string): Promise<readonly Exercise[]> {
  const file = join(import.meta.dirname, chapter, "exercises.ts");
  return ((await import(file)) as { readonly exercises: readonly Exercise[] }).exercises;
}

function isNear(a: string | number, b: string | number): boolean {
  return (
    a === b ||
    (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 0.01 * Math.max(1, Math.abs(a)))
  );
}

/** Invalid answers. */
const garbage = [
  "",
  " ",
  "x +",
  ")(",
  "é?",
  "1 2",
  "sin()",
  "[1, 2]",
  "NaN?",
  "=".repeat(50),
  "x".repeat(2000),
];

const raised: Readonly<Record<string, string>> = { 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶" };

/** A formula in other notations: with typographic symbols, and without multiplication signs. */
function asPrinted(formula: string): string[] {
  const printed = formula.replaceAll("*", "·").replaceAll("-", "−");
  const powers = printed.replaceAll(/\^([2-6])(?!\d)/g, (_, n: string) => raised[n]!);
  return [
    printed,
    powers,
    powers.replaceAll(/(?<!\d)·|·(?!\d)/g, " "),
    formula.replaceAll(/(?<=[a-z)\d])\*(?=[a-z(])/g, ""),
  ];
}

describe.each(chapters)("%s", (chapter) => {
  test("has at least two exercises and three named mistakes", async () => {
    const exercises = await exercisesOf(chapter);
    expect(exercises.length).toBeGreaterThanOrEqual(2);
    expect(new Set(exercises.map(({ id }) => id)).size).toBe(exercises.length);
    const names = exercises.flatMap((exercise) => taskOf(exercise, 1).misconceptions.map(({ name }) => name));
    expect(new Set(names).size).toBeGreaterThanOrEqual(3);
  });

  test("correct answers are accepted, mistakes are named, and instances differ", async () => {
    for (const exercise of await exercisesOf(chapter)) {
      const tasks = seeds.map((seed) => taskOf(exercise, seed));
      expect(tasks.flatMap(faultsOf), exercise.id).toEqual([]);
      expect(new Set(tasks.map(({ question }) => question)).size, exercise.id).toBeGreaterThan(1);
    }
  });

  test("its answers are accepted in mathematical notation, and each exercise has a hint", async () => {
    for (const exercise of await exercisesOf(chapter)) {
      expect(exercise.hint.length, exercise.id).toBeGreaterThan(20);
      for (const seed of seeds.slice(0, 5)) {
        const task = taskOf(exercise, seed);
        for (const text of asPrinted(String(task.answer)))
          expect(judge(task, text).isRight, `${task.question} ${text}`).toBe(true);
      }
    }
  });

  test("the fault of an invalid answer is reported", async () => {
    for (const exercise of await exercisesOf(chapter)) {
      for (const answer of garbage) {
        const { isRight, text } = judge(taskOf(exercise, 1), answer);
        expect(isRight, answer).toBe(false);
        expect(text.length, answer).toBeGreaterThan(5);
        expect(text, answer).not.toMatch(/undefined|is not a function|Cannot read|internal:/);
      }
    }
  });
});

/** Faults in the judgement of an instance. */
function faultsOf(task: Task): string[] {
  const faults: string[] = [];
  if (!judge(task, String(task.answer)).isRight) faults.push(`${task.question} ${task.answer} is not right`);
  for (const { name, answer } of task.misconceptions) {
    const { isRight, text } = judge(task, String(answer));
    if (isRight) faults.push(`${task.question} ${answer} (${name}) is right`);
    // In some instances two mistakes lead to the same answer.
    const names = task.misconceptions
      .filter((one) => one.name === name || isNear(one.answer, answer))
      .map((one) => `Not yet: ${one.name}. `);
    if (!names.some((words) => text.includes(words)))
      faults.push(`${task.question} ${answer} should be “${name}”, and is: ${text}`);
  }
  return faults;
}
