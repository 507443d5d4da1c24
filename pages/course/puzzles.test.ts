// Every puzzle of the course: its solution passes, and its initial code and typical wrong answers do not.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { section } from "./contents.ts";
import { judgePuzzle, type PuzzleChecks } from "./lab/judge.ts";
import type { Puzzle } from "./lab/puzzle.ts";
import { puzzleLinks } from "./lab/titles.ts";

const chapters = section.pages.map(({ slug }) => slug);

async function load<T>(chapter: string, file: string): Promise<T> {
  return (await import(join(import.meta.dirname, chapter, file))) as T;
}

const puzzlesOf = async (chapter: string): Promise<readonly Puzzle[]> =>
  (await load<{ readonly puzzles: readonly Puzzle[] }>(chapter, "puzzles.ts")).puzzles;
const checksOf = async (chapter: string): Promise<Readonly<Record<string, PuzzleChecks>>> =>
  (await load<{ readonly checks: Readonly<Record<string, PuzzleChecks>> }>(chapter, "checks.ts")).checks;

test("every chapter has titles of three to five puzzles", () => {
  expect(Object.keys(puzzleLinks)).toEqual(chapters);
  for (const [chapter, links] of Object.entries(puzzleLinks)) {
    expect(links.length, chapter).toBeGreaterThanOrEqual(3);
    expect(links.length, chapter).toBeLessThanOrEqual(5);
  }
});

describe.each(chapters)("puzzles of %s", (chapter) => {
  test("have the ids of their titles, and checks", async () => {
    expect(existsSync(join(import.meta.dirname, chapter, "checks.ts"))).toBe(true);
    const ids = puzzleLinks[chapter]!.map(({ id }) => id);
    expect((await puzzlesOf(chapter)).map(({ id }) => id)).toEqual(ids);
    expect(Object.keys(await checksOf(chapter))).toEqual(ids);
  });

  test("each solution passes every check", async () => {
    const checks = await checksOf(chapter);
    for (const puzzle of await puzzlesOf(chapter)) {
      const {
        problem,
        checks: results,
        isSolved,
      } = await judgePuzzle(puzzle, checks[puzzle.id]!, puzzle.solution);
      expect(problem, puzzle.id).toBe("");
      expect(
        results.filter(({ isMet }) => !isMet),
        puzzle.id,
      ).toEqual([]);
      expect(isSolved, puzzle.id).toBe(true);
      expect(results.length, puzzle.id).toBeGreaterThanOrEqual(2);
    }
  });

  test("the initial code and typical wrong answers run, and do not pass", async () => {
    const checks = await checksOf(chapter);
    for (const puzzle of await puzzlesOf(chapter)) {
      const { mistakes } = checks[puzzle.id]!;
      expect(mistakes.length, puzzle.id).toBeGreaterThan(0);
      for (const text of [puzzle.start, ...mistakes]) {
        const { problem, checks: results, isSolved } = await judgePuzzle(puzzle, checks[puzzle.id]!, text);
        expect(problem, `${puzzle.id}: ${text}`).toBe("");
        expect(isSolved, `${puzzle.id}: ${text}`).toBe(false);
        const faults = results.filter(({ isMet, found }) => !isMet && !/.{10}[.!]$/su.test(found));
        expect(faults, `${puzzle.id}: ${text}`).toEqual([]);
      }
    }
  });

  test("each has a task and three hints", async () => {
    for (const { id, task, hints } of await puzzlesOf(chapter)) {
      for (const text of [task, ...hints]) {
        expect(text.length, id).toBeGreaterThan(10);
        expect(text.split("`").length % 2, `${id}: ${text}`).toBe(1);
        expect(text.split("$").length % 2, `${id}: ${text}`).toBe(1);
      }
    }
  });
});
