// Computes the statements of the chapter.
import { grad } from "downhill";
import { compile } from "downhill/plain";
import { beforeAll, describe, expect, test } from "vitest";
import { loadParser } from "../../../src/numeric/plain/syntax/parser.ts";
import { loadPlain, readProgram } from "../../live/program.ts";
import { runCode } from "../lab/code.ts";
import { examples } from "./examples.ts";
import { compiledGradient } from "./passes.ts";
import { printed, program } from "./program.ts";
import { scheduleOf, type Strategy } from "./schedule.ts";
import { runTape } from "./tape-run.ts";

beforeAll(loadPlain);

test("the ten lines print the output on the page", async () => {
  const lines: string[] = [];
  const tree = (await loadParser())(program, "program.js");
  await runCode(program, { print: (line) => lines.push(line), tree });
  expect(lines.join("\n")).toBe(printed);
});

test.each(examples.map((example) => [example.name, example] as const))(
  "the example with %s has a gradient",
  (_, { text, values = {} }) => {
    const read = readProgram(text)!;
    const args = read.inputs.map((input) => read.argument(input, values[input.name]!));
    for (const slope of read.gradient(args)) expect(Math.abs(slope)).toBeGreaterThan(0.1);
    const { value, gradient } = read.operations(args);
    expect(gradient).toBeLessThan(8 * value);
  },
);

test("the tape figure computes the derivatives of the loop", async () => {
  const { grow } = await compile<{ grow: (x: number, r: number) => number }>(examples[0]!.text);
  const slopes = grad(grow as never, { argnums: [0, 1] }) as unknown as (x: number, r: number) => number[];
  const { gradient, steps } = runTape(0.2, 0.8, 6, String);
  const wanted = slopes(0.2, 0.8);
  for (const i of [0, 1]) expect(gradient[i]).toBeCloseTo(wanted[i]!, 12);
  expect(Math.max(...steps.map(({ tape }) => tape.length))).toBe(6);
  expect(steps.at(-1)!.tape).toEqual([]);
});

const strategies: readonly Strategy[] = ["all", "segments", "halving"];

describe.each(strategies)("schedule %s", (strategy) => {
  test.each([1, 2, 3, 7, 16, 25, 64, 100])("differentiates a loop of %i iterations", (n) => {
    const { operations, spans, mostStored } = scheduleOf(strategy, n);
    // Executes the schedule: a forward step needs the value before it, which is the current one or stored.
    const f = (y: number): number => y - 0.1 * Math.sin(y);
    const slope = (y: number): number => 1 - 0.1 * Math.cos(y);
    const before = [1];
    for (let i = 0; i < n; i++) before.push(f(before[i]!));
    const isStored = (step: number, time: number): boolean =>
      spans.some((span) => span.step === step && span.from <= time && time < span.to + 1);
    let current = 0; // iteration whose value is at hand
    let next = n - 1; // iteration that the backward pass needs
    let ct = 1;
    for (const [time, { kind, step }] of operations.entries()) {
      expect(current === step || isStored(step, time), `${kind} ${step} at ${time}`).toBe(true);
      if (kind === "forward") current = step + 1;
      else {
        expect(step).toBe(next);
        next -= 1;
        ct *= slope(before[step]!);
      }
    }
    expect(next).toBe(-1);
    expect(ct).toBeCloseTo(
      before.slice(0, n).reduce((product, y) => product * slope(y), 1),
      14,
    );
    const bound = { all: n, segments: 2 * Math.ceil(Math.sqrt(n)), halving: Math.ceil(Math.log2(n)) + 1 }[
      strategy
    ];
    expect(mostStored).toBeLessThanOrEqual(bound);
  });
});

test("halving a loop of 1,024 iterations stores 11 values", () => {
  const { mostStored, forwardSteps } = scheduleOf("halving", 1024);
  expect(mostStored).toBe(11);
  expect(forwardSteps).toBe(1024 * 5);
  expect(scheduleOf("segments", 1024).forwardSteps).toBeLessThan(2 * 1024);
});

test("the passes remove equations, and formulas without an input are rejected", () => {
  const { traced, optimized } = compiledGradient("exp(-(x^2 + y^2)/2)");
  expect(optimized.count).toBeLessThan(traced.count);
  expect(traced.text).toContain("exp");
  expect(traced.text).not.toContain("f64");
  expect(() => compiledGradient("1 + 2")).toThrow("needs an input");
});
