// The article shows the passes, saved values and costs that the compiler has.
import { beforeAll, describe, expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import * as writer from "../../live/emitted.ts";
import type { PlainProgram } from "../../live/plain-program.ts";
import { loadPlain, readProgram } from "../../live/program.ts";
import { examples } from "./examples.ts";
import { gradientLines, loopCosts, passRows, roleOf, savedBy } from "./passes.ts";

beforeAll(loadPlain);

function runOf(name: string): { program: PlainProgram; args: readonly unknown[] } {
  const { text, values = {} } = examples.find((example) => example.name === name)!;
  const program = readProgram(text) as PlainProgram;
  return { program, args: program.inputs.map((input) => program.argument(input, values[input.name]!)) };
}
const costsOf = (name: string): ReturnType<typeof loopCosts> => {
  const { program, args } = runOf(name);
  return loopCosts(program, args, writer);
};

describe("both passes", () => {
  test.each(examples.map(({ name }) => name))("of %s end with the gradient", (name) => {
    const { program, args } = runOf(name);
    const tape = program.tape(args);
    const rows = passRows(tape);
    const gradient = program.gradient(args);
    tape.inputs.forEach((step, i) => expect(rows[step]!.adjoint).toBeCloseTo(gradient[i]!, 10));
    expect(rows[tape.result]!.value).toBeCloseTo(program.value(args), 12);
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.1);
  });

  test("a row's derivative is the sum of what later rows send to it", () => {
    const rows = passRows(runOf("growth").program.tape(runOf("growth").args));
    const sent = rows
      .flatMap(({ sends }) => sends)
      .filter(({ to }) => to === "r")
      .reduce((sum, { adjoint, local }) => sum + adjoint * local, 0);
    expect(sent).toBeCloseTo(rows.find(({ text }) => text === "r")!.adjoint, 12);
  });
});

describe("saved values", () => {
  test("growth saves p once per iteration, a sum saves nothing", () => {
    expect(costsOf("growth")).toMatchObject({ savedBytes: 6 * 8, saved: ["p"] });
    expect(costsOf("a sum")).toMatchObject({ savedBytes: 0, saved: [] });
  });

  test("the tape of the figure has the values of p before each iteration", () => {
    const { program, args } = runOf("growth");
    const rows = passRows(program.tape(args));
    const onTape = rows.flatMap((row) => savedBy(row, costsOf("growth").saved).map(({ value }) => value));
    const values = rows.filter(({ text }) => text.startsWith("p = ")).map(({ value }) => value);
    expect(onTape).toEqual(values.slice(0, -1));
    expect(8 * onTape.length).toBe(costsOf("growth").savedBytes);
  });

  test("the marked lines of the code save or read the tape", () => {
    const linesOf = (name: string, role: string): string[] =>
      gradientLines(writer.gradientCode(runOf(name).program)).filter((line) => roleOf(line) === role);
    expect(linesOf("growth", "save")).toEqual([
      "  const p_now_tape = new Float64Array(6);",
      "    p_now_tape[i] = p_now;",
    ]);
    expect(linesOf("growth", "restore")).toEqual(["    const p_now_2 = p_now_tape[i_2];"]);
    expect(linesOf("an open end", "save")).toHaveLength(2);
    expect(linesOf("an open end", "restore")).toHaveLength(1);
    expect([...linesOf("a sum", "save"), ...linesOf("a sum", "restore")]).toEqual([]);
  });
});

testInCi("a thousand iterations need a longer tape, and code of the same length", () => {
  const { text, values } = examples[0]!;
  const long = readProgram(text.replace("i < 6", "i < 1000")) as PlainProgram;
  const args = long.inputs.map((input) => long.argument(input, values![input.name]!));
  const costs = loopCosts(long, args, writer);
  expect(costs.savedBytes).toBe(8000);
  expect(costs.lines).toBe(costsOf("growth").lines);
  expect(costs.both / costs.result).toBeLessThan(4);
});
