// Computes the answer to a question, in the worker, and for the initial page when the site is built.
import { type PageData, pageData } from "../../src/pictures/viz/page-data.ts";
import { plainPageData } from "../../src/pictures/viz/plain/page-data.ts";
import { traceText } from "../../src/pictures/viz/trace-table.ts";
import { isPlain, loadPlain, problemOf, type Program, readProgram } from "../live/program.ts";
import type { Answer, FieldName, NumberInput, Question, Shown, Texts } from "./question.ts";
import { rangeAround } from "./ranges.ts";
import { ViewError } from "./view-error.ts";

/** A valid program at valid arguments. */
export interface Readable {
  readonly program: Program;
  readonly args: readonly unknown[];
  readonly numbers: readonly NumberInput[];
}

/** Parses the program and its values and computes the content of the view. */
export async function answer(question: Question): Promise<Answer> {
  const { text, view } = question;
  const isTypeScript = isPlain(text);
  const nothing: Answer = {
    text,
    view,
    isPlain: isTypeScript,
    title: "",
    inputs: [],
    starts: {},
    numbers: [],
    value: undefined,
    problem: undefined,
    valueProblems: {},
    viewProblem: undefined,
    shown: undefined,
  };
  let program: Program;
  try {
    if (isTypeScript) await loadPlain();
    program = readProgram(text)!;
  } catch (error) {
    return { ...nothing, problem: problemOf(error) };
  }
  const known = { ...nothing, title: program.title, inputs: program.inputs, starts: startsIn(program) };
  const { args, problems } = argumentsOf(program, question.typed);
  if (args === undefined) return { ...known, valueProblems: problems };
  let numbers: readonly NumberInput[];
  let value: number;
  try {
    value = program.value(args);
    numbers = numbersOf(program, args, question.ranges);
  } catch (error) {
    return { ...known, problem: problemOf(error) };
  }
  const run = { ...known, numbers, value };
  try {
    return { ...run, shown: await show({ program, args, numbers }, question) };
  } catch (error) {
    return { ...run, viewProblem: viewProblemOf(error) };
  }
}

/** Parses the program and its arguments. @throws Error that describes a fault. */
export async function readableOf({ text, typed, ranges }: Question): Promise<Readable> {
  if (isPlain(text)) await loadPlain();
  const program = readProgram(text)!;
  const { args, problems } = argumentsOf(program, typed);
  if (args === undefined) throw new Error(Object.values(problems).join(" "));
  return { program, args, numbers: numbersOf(program, args, ranges) };
}

function viewProblemOf(error: unknown): { readonly field: FieldName; readonly message: string } {
  if (error instanceof ViewError) return { field: error.field, message: error.message };
  return { field: "view", message: problemOf(error).message };
}

/** The arguments that the reader has typed; if any of them is invalid, only the faults by input. */
function argumentsOf(
  program: Program,
  typed: Texts,
): { readonly args: readonly unknown[] | undefined; readonly problems: Texts } {
  const problems: Record<string, string> = {};
  const args = program.inputs.map((input) => {
    const given = typed[input.name] ?? input.start;
    try {
      return program.argument(input, given);
    } catch (error) {
      problems[input.name] =
        given.trim() === ""
          ? `${input.name} has no value: write one, such as ${input.start}.`
          : `${input.name} is “${given.trim()}”: ${problemOf(error).message}.`;
      return undefined;
    }
  });
  return { args: Object.keys(problems).length > 0 ? undefined : args, problems };
}

/** The numbers that have a derivative, each with its derivative and its range. */
function numbersOf(program: Program, args: readonly unknown[], ranges: Question["ranges"]): NumberInput[] {
  const starts = startsOf(program);
  const gradient = program.gradient(args);
  return program.numbers(args).map(({ name, value }, i) => ({
    name,
    value,
    derivative: gradient[i],
    range: rangeAround(value, starts.get(name) ?? 1, ranges[name]),
  }));
}

function startsIn(program: Program): Texts {
  if (program.kind === "plain") return {};
  return Object.fromEntries([...program.compiled.starts].map(([name, value]) => [name, String(value)]));
}

function startsOf(program: Program): ReadonlyMap<string, number> {
  const { args } = argumentsOf(program, {});
  return new Map((args === undefined ? [] : program.numbers(args)).map(({ name, value }) => [name, value]));
}

/** Computes the content of a view. Code of all views except the trace is loaded on demand. */
async function show(readable: Readable, question: Question): Promise<Shown> {
  switch (question.view) {
    case "trace":
      return { view: "trace", data: traceOf(readable) };
    case "plot":
      return (await import("./plot.ts")).plotOf(readable, question);
    case "descent":
      return (await import("./descend.ts")).descentsOf(readable, question);
    case "code":
      return (await import("./code.ts")).codeOf(readable, question);
    case "fit":
      return (await import("./fit.ts")).fitOf(readable, question);
    default:
      return question.view satisfies never;
  }
}

function traceOf({ program, args }: Readable): PageData {
  if (program.kind === "plain") return plainPageData(program.form, args, program.title, new Map());
  return pageData(traceText(program.compiled, { at: args }), program.title);
}
