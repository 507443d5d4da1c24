import { beforeAll, expect, test } from "vitest";
import { extent } from "../../test/support/extent.ts";
import { randomText } from "../../test/support/random-texts.ts";
import { pageState } from "./address.ts";
import { loadPlain, problemOf, type Program, readProgram } from "./program.ts";
import { programState } from "./program-state.ts";
import { choicesOf, randomPlainProgram } from "./random-programs.ts";
import { adjointsOf, gradientOf, tangentsOf } from "./tape.ts";

beforeAll(loadPlain);

const notes = "x = ?\ny = ?\na = x * y\nb = sin(x)\nz = a + b";
const spring = `function energy(x: number[], k: number): number {
  "use ad";
  let sum = 0;
  for (let i = 1; i < x.length; i++) sum += 0.5 * k * (x[i] - x[i - 1]) ** 2;
  return sum;
}`;

function programOf(text: string): Program {
  const program = readProgram(text);
  if (program === undefined) throw new Error("what reads TypeScript is not loaded");
  return program;
}

test("reads statements, with their local derivatives", () => {
  const program = programOf(notes);
  const tape = program.tape([2, 3]);
  expect(tape.steps.map(({ name, formula }) => [name, formula])).toEqual([
    ["x", ""],
    ["y", ""],
    ["a", "x * y"],
    ["b", "sin(x)"],
    ["z", "a + b"],
  ]);
  expect(tape.steps[2]!.sources).toEqual([
    { step: 0, derivative: 3 },
    { step: 1, derivative: 2 },
  ]);
  expect(gradientOf(tape)).toEqual([3 + Math.cos(2), 2]);
});

test("reads TypeScript with loops and arrays, whose data are given as text", () => {
  const program = programOf(spring);
  expect(program.inputs.map(({ name, kind, start }) => [name, kind, start])).toEqual([
    ["x", "data", "[2, 3, 0.5]"],
    ["k", "number", "3"],
  ]);
  const args = [program.argument(program.inputs[0]!, "[1, 2, 4]"), 2];
  expect(program.value(args)).toBe(5);
  expect(program.numbers(args).map(({ name }) => name)).toEqual(["x[0]", "x[1]", "x[2]", "k"]);
  expect(gradientOf(program.tape(args))).toEqual(program.gradient(args));
  expect(program.withNumbers(args, [0, 1, 2, 3])).toEqual([[0, 1, 2], 3]);
  expect(() => program.argument(program.inputs[0]!, "[1, true]")).toThrow(
    "it: element 1 is true, not a number.",
  );
  expect(() => program.argument(program.inputs[0]!, "one")).toThrow("such as [2, 3, 0.5]");
});

// The graph lacked the edge from an operand whose derivative was 0 at the arguments.
test("an operand whose derivative is 0 at the arguments is an operand", () => {
  const program = programOf('function f(x: number, y: number) { "use ad"; return x * y; }');
  const { steps, result } = program.tape([0, 3]);
  expect(steps[result]!.sources).toEqual([
    { step: 0, derivative: 3 },
    { step: 1, derivative: 0 },
  ]);
});

test("a fault has its position in the text", () => {
  for (const [text, start] of [
    ["x + sinn(y)", 4],
    ['function f(x: number) { "use ad"; return g(x); }', 41],
  ] as const) {
    let problem;
    try {
      readProgram(text);
    } catch (error) {
      problem = problemOf(error);
    }
    expect(problem?.start, text).toBe(start);
  }
});

/** Largest difference between two lists of derivatives, relative to the largest number in them, or to 1. */
function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  const scale = Math.max(1, ...a.map(Math.abs), ...b.map(Math.abs));
  return Math.max(
    0,
    ...a.map((x, i) => (Object.is(x, b[i]) || x === b[i] ? 0 : Math.abs(x - b[i]!) / scale)),
  );
}

/** Describes a difference between the tape of a program and the library's transforms; empty if there is none. */
function faultOf(program: Program, args: readonly unknown[]): string {
  const tape = program.tape(args);
  const gradient = program.gradient(args);
  const direction = gradient.map((_, i) => [1, -0.5, 0.25][i % 3]!);
  const along = tangentsOf(tape, direction)[tape.result]!;
  const differences = {
    gradient: difference(gradientOf(tape), gradient),
    value: difference([tape.steps[tape.result]!.value], [program.value(args)]),
    "directional derivative": difference([along], [program.tangent(args, direction)]),
    "derivative of the result in itself": Math.abs(adjointsOf(tape)[tape.result]! - 1),
  };
  return Object.entries(differences)
    .filter(([, by]) => !(by < 1e-9)) // rounding errors, which some programs amplify a thousand times
    .map(([what, by]) => `the ${what} differs by ${by}:\n${program.text}`)
    .join("\n");
}

test("random formulas and statements have the value, gradient and directional derivative of the library", () => {
  for (let seed = 1; seed <= extent(25, 2000, 100); seed++) {
    const { text, values } = randomText(choicesOf(seed));
    const program = programOf(text);
    const args = program.inputs.map(({ start }, i) => values[i] ?? Number(start)); // a constant is an input with this initial value
    expect(faultOf(program, args)).toBe("");
  }
});

test("so have random programs in TypeScript, those that return one number", () => {
  let held = 0;
  const count = extent(12, 2000, 60);
  for (let seed = 1; seed <= count; seed++) {
    const found = randomPlainProgram(seed);
    if (found === undefined) continue;
    held++;
    expect(faultOf(found.program, found.args)).toBe("");
  }
  expect(held).toBeGreaterThan(count / 12);
});

test("a page keeps the last valid program and its values", () => {
  const page = pageState();
  const state = programState(page, notes, { x: "2", y: "3" });
  expect(gradientOf(state.run.value.tape)).toEqual([3 + Math.cos(2), 2]);
  state.setText("x *");
  expect(state.problem.value?.message).toContain("^");
  expect(state.run.value.program.text).toBe(notes);
  state.setText("x * w");
  expect(state.problem.value).toBeUndefined();
  expect(state.run.value.args).toEqual([2, 3]);
  state.setValue("w", "none");
  expect(state.valueProblems.value.get("w")).toBe("w: it is no number.");
  expect(state.run.value.args).toEqual([2, 3]);
  state.setValue("w", "5");
  expect(page.hash()).toBe("#program=x+*+w&at=x%3D2%3By%3D3%3Bw%3D5");
  page.reset();
  expect(state.run.value.args).toEqual([2, 3]);
});

test("a number changed in the text replaces the typed value", () => {
  const state = programState(pageState(), "x = 2; y = 7; x*y");
  state.setValue("x", "9");
  state.setText("x = 2; y = 8; x*y");
  expect(state.run.value.args).toEqual([9, 8]);
  state.setText("x = 4; y = 8; x*y");
  expect(state.run.value.args).toEqual([4, 8]);
});

test("the derivative of a quotient in its numerator was NaN if the denominator is 0", () => {
  const tape = readProgram("x / y")!.tape([1, 0]);
  const [numerator] = tape.steps[tape.result]!.sources;
  expect(numerator!.derivative).toBe(Infinity);
});

test("a repeated operand has one derivative per position", () => {
  const tape = readProgram("x * x")!.tape([3]);
  expect(tape.steps[tape.result]!.sources).toEqual([
    { step: 0, derivative: 3 },
    { step: 0, derivative: 3 },
  ]);
});
