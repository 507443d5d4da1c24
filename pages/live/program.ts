// Programs that readers write: a formula, statements, or ordinary TypeScript, read as `downhill explain` reads them.
import { signal, type Signal } from "@preact/signals";
import { grad, jvp, makeProgram, tensor, type Tensor, valueAndGrad } from "downhill";
import { type CompiledText, compileText, showExpr } from "../../src/numeric/syntax/index.ts";
import { TextError } from "../../src/numeric/syntax/span.ts";
import { numberFrom } from "./address.ts";
import type { PlainProgram } from "./plain-program.ts";
import { type Tape, tapeOfText } from "./tape.ts";

/** What a program is called with. */
export interface ProgramInput {
  readonly name: string;
  /** A number, a whole number without a derivative, or an array, object or truth value, which is written out: `[1, 2, 3]`. */
  readonly kind: "number" | "whole" | "data";
  /** Its value until another one is given, as text. */
  readonly start: string;
}

/** What every program has. Arguments are as `argumentsOf` gives them: one for each input. */
export interface ProgramBase {
  readonly text: string;
  /** The program in one line of at most a hundred characters. */
  readonly title: string;
  readonly inputs: readonly ProgramInput[];
  /** The arguments that texts stand for, each read by itself. @throws Error that says what is wrong with the text of an input. */
  argument(input: ProgramInput, text: string): unknown;
  /** The numbers among the arguments that have a derivative, with their names, in the order of a tape's inputs. */
  numbers(args: readonly unknown[]): readonly { readonly name: string; readonly value: number }[];
  /** The arguments with other numbers in the places of those. */
  withNumbers(args: readonly unknown[], numbers: readonly number[]): readonly unknown[];
  value(args: readonly unknown[]): number;
  /** The derivative in each of `numbers`, by reverse mode. */
  gradient(args: readonly unknown[]): readonly number[];
  /** The derivative along a direction, which has a number for each of `numbers`, by forward mode. */
  tangent(args: readonly unknown[], direction: readonly number[]): number;
  /** Operations on numbers that are computed: for the value, and for value and gradient together. */
  operations(args: readonly unknown[]): { readonly value: number; readonly gradient: number };
  tape(args: readonly unknown[]): Tape;
}

/** A formula, or statements. */
export interface TextProgram extends ProgramBase {
  readonly kind: "text";
  readonly compiled: CompiledText;
}

export type Program = TextProgram | PlainProgram;

/** What is wrong with a text; `start` and `end` count its UTF-16 units. */
export interface Problem {
  /** The sentence, with the line and a caret below it where the place is known. */
  readonly message: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** What stands in the place of values that nobody gave: all different, and above 0, where most functions are defined. */
export const startNumbers: readonly number[] = [2, 3, 0.5, 1.5, 4, 2.5];

/** Whether a text is TypeScript and no formula. */
export function isPlain(text: string): boolean {
  return /\bfunction\b|=>|["']use ad["']/.test(text);
}

type PlainReader = (text: string) => PlainProgram;

/** What reads TypeScript; `undefined` until {@link loadPlain} has loaded it. */
export const plainReader: Signal<PlainReader | undefined> = signal(undefined);

/** Loads what reads TypeScript, once. */
export async function loadPlain(): Promise<void> {
  if (plainReader.value !== undefined) return;
  const { plainProgramReader } = await import("./plain-program.ts");
  const read = await plainProgramReader();
  plainReader.value = read;
}

/**
 * Reads a program; `undefined` for TypeScript while what reads it is not loaded.
 *
 * @throws Error what is wrong with the text; {@link problemOf} has its place.
 */
export function readProgram(text: string): Program | undefined {
  return isPlain(text) ? plainReader.value?.(text) : textProgram(text);
}

/** What a thrown error says about a text. */
export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const place = error instanceof Error && "start" in error && "end" in error ? error : undefined;
  if (error instanceof TextError) return { message, start: error.start, end: error.end };
  const [start, end] = [place?.start, place?.end].map((at) => (typeof at === "number" ? at : undefined));
  return { message, start, end };
}

const longestTitle = 100; // characters

function textProgram(text: string): TextProgram {
  const compiled = compileText(text, { startValues: true });
  const { inputs, starts, outputName, statements } = compiled;
  const title = statements.map(({ name, value }) => `${name} = ${showExpr(value)}`).join("; ");
  const evaluate = (...xs: Tensor[]): Tensor => compiled.evaluate(xs);
  const argnums = inputs.map((_, i) => i);
  const tensors = (numbers: readonly number[]): Tensor[] =>
    numbers.map((x) => tensor(x, { dtype: "float64" }));
  const args = (given: readonly unknown[]): Tensor[] => tensors(given as readonly number[]);
  return {
    kind: "text",
    text,
    compiled,
    title: title.length <= longestTitle ? title : outputName,
    inputs: inputs.map((name, i) => ({
      name,
      kind: "number",
      start: String(starts.get(name) ?? startNumbers[i] ?? 1),
    })),
    argument: (_, given) => numberFrom(given),
    numbers: (given) => inputs.map((name, i) => ({ name, value: given[i] as number })),
    withNumbers: (_, numbers) => numbers,
    value: (given) => compiled.evaluate(args(given)).item(),
    gradient: (given) =>
      inputs.length === 0
        ? []
        : (grad(evaluate, { argnums })(...args(given)) as unknown as readonly Tensor[]).map((x) => x.item()),
    tangent: (given, direction) =>
      inputs.length === 0 ? 0 : jvp(evaluate, args(given), tensors(direction))[1].item(),
    operations: (given) => ({
      value: operationsOf(evaluate, args(given)),
      gradient: operationsOf(valueAndGrad(evaluate, { argnums }), args(given)),
    }),
    tape: (given) => tapeOfText(compiled, given as readonly number[]),
  };
}

/** Equations of the program that a function over numbers becomes, but for constants. */
export function operationsOf(f: (...args: Tensor[]) => unknown, args: readonly Tensor[]): number {
  if (args.length === 0) return 0;
  const { eqns } = makeProgram(f)(...args);
  return eqns.filter(({ ins }) => ins.length > 0).length;
}
