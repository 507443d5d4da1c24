// Computes the statements of the chapter.
import * as downhill from "downhill";
import { beforeAll, expect, test } from "vitest";
import { runProgram } from "../../../test/support/run-program.ts";
import { gradientCode } from "../../live/emitted.ts";
import { pageState } from "../../live/address.ts";
import { loadPlain, readProgram } from "../../live/program.ts";
import { programState, type ProgramRun } from "../../live/program-state.ts";
import { adjointsOf } from "../../live/tape.ts";
import { loop, notes, notesValues } from "../programs.ts";
import { iterationRows, iterationsOf } from "./iterations.ts";
import { costOfLoop, loopOf } from "./memory.ts";
import { functionOf, modeCosts } from "./modes.ts";
import { manyInputs } from "./page.tsx";
import { printed, program } from "./program.ts";
import { waysOf } from "./ways.ts";

beforeAll(loadPlain);

function runOf(text: string, values: Readonly<Record<string, string>>): ProgramRun {
  return programState(pageState(), text, values).run.value;
}

test("the ten lines print the output on the page, and save the stated number of values", async () => {
  expect(await runProgram(program, { downhill })).toBe(printed);
  expect(costOfLoop(900)).toEqual({ stored: 900, repeated: 0 });
  expect(costOfLoop(900, 30).stored).toBe(60);
});

test("each saved value is used by the lines that name it, and each use was saved before", () => {
  const { forward, back } = waysOf(runOf(notes, notesValues));
  const kept = forward.flatMap(({ stored }, i) =>
    stored.map(({ name, usedBy }) => [i, name, usedBy.map((line) => back[line]!.text)]),
  );
  expect(kept).toEqual([
    [0, "x", ["∂s/∂y = x * ∂s/∂a"]],
    [1, "y", ["∂s/∂x += ∂s/∂a * y"]],
    [3, "cos(x)", ["∂s/∂x += ∂s/∂b * cos(x)"]],
  ]);
  for (const { stored } of forward) for (const { usedBy } of stored) expect(usedBy.length).toBeGreaterThan(0);
});

test("the backward pass of a loop visits its iterations in reverse, and ends with the gradient", () => {
  const run = runOf(loop, { x: "0.2", r: "0.8" });
  const { forward, back } = waysOf(run);
  const lines = back.filter(({ kind }) => kind === "contribution").map(({ from }) => forward[from]!.where);
  expect([...new Set(lines)]).toEqual(["i = 3", "i = 2", "i = 1", "i = 0", ""]);
  const gradient = run.program.gradient(run.args);
  back
    .filter(({ kind }) => kind === "sum")
    .forEach(({ value }, i) => expect(value).toBeCloseTo(gradient[i]!, 12));
});

test("reverse mode computes all derivatives of one result for two or three times its cost, for any number of inputs", () => {
  for (const one of [modeCosts(8, 1), manyInputs]) {
    expect(one.reverse / one.value).toBeGreaterThan(1.5);
    expect(one.reverse / one.value).toBeLessThan(3.5);
  }
  expect(manyInputs.forward / manyInputs.reverse).toBeGreaterThan(64 / 2);
  const tall = modeCosts(1, 16);
  expect(tall.forward).toBeLessThan(tall.reverse);
});

test("the function whose passes are counted is the one stated in the figure", () => {
  const xs = [0.3, -0.2].map((x) => downhill.tensor(x));
  const [first, second] = functionOf(2)(...xs);
  const sum = Math.sin(0.3) + Math.sin(-0.2);
  expect(first!.item()).toBeCloseTo(Math.sin(sum), 14);
  expect(second!.item()).toBeCloseTo(2 * Math.sin(sum), 14);
});

test("segments of k of n steps save about n/k + k values; each step is computed twice", () => {
  const n = 144;
  expect(costOfLoop(n)).toEqual({ stored: n, repeated: 0 });
  for (const k of [1, 2, 5, 12, 13, 48, 144]) {
    const { stored, repeated } = costOfLoop(n, k);
    expect(Math.abs(stored - (n / k + k))).toBeLessThanOrEqual(2); // segment lengths that do not divide the number of steps
    expect(repeated).toBe(n);
  }
  const all = downhill.grad(loopOf(30, undefined))(downhill.tensor(0.3)).item();
  expect(downhill.grad(loopOf(30, 7))(downhill.tensor(0.3)).item()).toBe(all);
});

test("an iteration has its own values and derivatives", () => {
  const { tape } = runOf(loop, { x: "0.5", r: "1" });
  expect(iterationsOf(tape)).toBe(4);
  const [row, ...others] = iterationRows(tape, 1);
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    where: "i = 1",
    value: 0.75 + 0.75 * 0.25,
    locals: "∂/∂p = 0.5, ∂/∂r = 0.1875",
  });
  expect(row!.adjoint).toBe(adjointsOf(tape)[4]);
  expect(iterationRows(tape, 9)).toEqual([]);
  expect(iterationsOf(runOf(notes, notesValues).tape)).toBe(0);
});

test("the code of a gradient is as long for four iterations as for four hundred", () => {
  const lengthFor = (n: number): number => {
    const one = readProgram(loop.replace("i < 4", `i < ${n}`))!;
    if (one.kind !== "plain") throw new Error("this is TypeScript");
    return gradientCode(one).split("\n").length;
  };
  expect(lengthFor(400)).toBe(lengthFor(4));
});
