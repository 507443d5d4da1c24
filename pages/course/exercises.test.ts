// The exercises of all chapters, each over many of its instances.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Exercise, judge, taskOf } from "../live/judge.ts";

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
const chapters = await Promise.all(
  readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/\\]+[/\\]exercises\.ts$/.test(path))
    .sort()
    .map(async (path): Promise<readonly [string, readonly Exercise[]]> => {
      const { exercises } = (await import(join(import.meta.dirname, path))) as {
        exercises: readonly Exercise[];
      };
      return [path.replace(/[/\\].*/, ""), exercises];
    }),
);

function isNear(a: string | number, b: string | number): boolean {
  return (
    a === b ||
    (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 0.01 * Math.max(1, Math.abs(a)))
  );
}

/** Answers that nobody can take for one. */
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

describe.each(chapters)("%s", (_, exercises) => {
  test("has at least two exercises and three mistakes that it knows by name", () => {
    expect(exercises.length).toBeGreaterThanOrEqual(2);
    expect(new Set(exercises.map(({ id }) => id)).size).toBe(exercises.length);
    const names = exercises.flatMap((exercise) => taskOf(exercise, 1).misconceptions.map(({ name }) => name));
    expect(new Set(names).size).toBeGreaterThanOrEqual(3);
  });

  test.each(exercises.map((exercise) => [exercise.id, exercise] as const))("%s", (__, exercise) => {
    const questions = new Set<string>();
    for (const seed of seeds) {
      const task = taskOf(exercise, seed);
      questions.add(task.question);
      const about = (answer: string | number): string => `seed ${seed}: ${task.question} ${answer}`;
      expect(judge(task, String(task.answer)).isRight, about(task.answer)).toBe(true);
      for (const { name, answer } of task.misconceptions) {
        const { isRight, text } = judge(task, String(answer));
        expect(isRight, about(answer)).toBe(false);
        // in some instances two mistakes lead to the same answer
        const names = [
          name,
          ...task.misconceptions.filter((one) => isNear(one.answer, answer)).map((one) => one.name),
        ];
        expect(
          names.map((one) => `Not yet: ${one}. `).some((words) => text.includes(words)),
          about(answer),
        ).toBe(true);
      }
    }
    expect(questions.size, "instances differ").toBeGreaterThan(1);
    const task = taskOf(exercise, 1);
    for (const answer of garbage) {
      const { isRight, text } = judge(task, answer);
      expect(isRight, answer).toBe(false);
      expect(text.length, answer).toBeGreaterThan(5);
      expect(text, answer).not.toMatch(/undefined|is not a function|Cannot read|internal:/);
    }
  });
});
