// Computes the statements of the chapter.
import * as downhill from "downhill";
import { beforeAll, expect, test } from "vitest";
import { runProgram } from "../../../test/support/run-program.ts";
import { pageState } from "../../live/address.ts";
import { loadPlain } from "../../live/program.ts";
import { programState, type ProgramRun } from "../../live/program-state.ts";
import { loop, notes, notesValues } from "../programs.ts";
import { arrowsOf } from "./arrows.ts";
import { angleOf, atAngle, directionFor, readDirection, withPart, writeDirection } from "./direction.ts";
import { printed, program } from "./program.ts";
import { forwardRows } from "./rows.ts";

beforeAll(loadPlain);

function runOf(text: string, values: Readonly<Record<string, string>>): ProgramRun {
  return programState(pageState(), text, values).run.value;
}

test("the ten lines print the output on the page", async () => {
  expect(await runProgram(program, { downhill })).toBe(printed);
});

test("each line has its symbolic differential", () => {
  const rows = forwardRows(runOf(notes, notesValues), [1, 2]);
  expect(
    rows.map(({ name, tangentName, tangentFormula, tangent }) => [
      name,
      tangentName,
      tangentFormula,
      tangent,
    ]),
  ).toEqual([
    ["x", "dx", "", 1],
    ["y", "dy", "", 2],
    ["a", "da", "dx * y + x * dy", 7],
    ["b", "db", "dx * cos(x)", Math.cos(2)],
    ["z", "dz", "da + db", 7 + Math.cos(2)],
  ]);
});

test("lines of a loop are listed per iteration, with the numbers of the run", () => {
  const rows = forwardRows(runOf(loop, { x: "0.5", r: "1" }), [1, 0]);
  expect(rows[2]).toMatchObject({ name: "p", where: "", tangentFormula: "1 * dx" });
  expect(rows[3]).toMatchObject({
    name: "p",
    where: "i = 0",
    value: 0.75,
    tangent: 1,
    tangentFormula: "1 * dp + 0.25 * dr",
  });
  expect(rows.at(-1)!.where).toBe("i = 3");
});

test("the pass is linear in its direction, as the text says", () => {
  const run = runOf(notes, notesValues);
  const end = (direction: readonly number[]): number => forwardRows(run, direction).at(-1)!.tangent;
  expect(end([1, 1])).toBeCloseTo(end([1, 0]) + end([0, 1]), 14);
  expect(end([2, -4])).toBeCloseTo(2 * end([1, -2]), 14);
});

test("the distance between arrow tips and new values shrinks as the square of the step", () => {
  const run = runOf(notes, notesValues);
  const rows = forwardRows(run, [1, 1]);
  const gap = (far: number): number => {
    const { told, moved } = arrowsOf(run, rows, [1, 1], far).at(-1)!;
    return Math.abs(told - moved!);
  };
  expect(gap(0.1) / gap(0.01)).toBeGreaterThan(80);
  expect(gap(0.1) / gap(0.01)).toBeLessThan(120);
});

test("there are no rings if the program takes a path of another length or throws", () => {
  const text = (body: string): string => `function f(x: number) { "use ad"; ${body} }`;
  for (const body of [
    "let s = x; if (x > 2.2) { s = s * 2; s = s + 1; } return s;",
    'if (x > 2.2) { throw new Error("too large"); } const s = x * 2; return s;',
  ]) {
    const run = runOf(text(body), { x: "2" });
    const moved = arrowsOf(run, forwardRows(run, [1]), [1], 0.5).map((arrow) => arrow.moved);
    expect(
      moved.every((by) => by === undefined),
      body,
    ).toBe(true);
  }
});

test("directions are decoded as encoded, and padded with zeros", () => {
  expect(readDirection(writeDirection([1, -0.5]))).toEqual([1, -0.5]);
  expect(() => readDirection("1,two")).toThrow("“two” is no number");
  expect(directionFor([1, 2], 3)).toEqual([1, 2, 0]);
  expect(withPart([1], 2, 5)).toEqual([1, 0, 5]);
  for (const degrees of [0, 45, 90, 215, 359]) expect(angleOf(atAngle(degrees))).toBe(degrees);
});
