// Programs written by readers: a formula, statements, or ordinary TypeScript, parsed as in `downhill explain`.
import { signal, type Signal } from "@preact/signals";
import { grad, jvp, tensor, type Tensor, valueAndGrad } from "downhill";
import { type CompiledText, compileText, showExpr } from "../../src/numeric/syntax/index.ts";
import { TextError } from "../../src/numeric/syntax/span.ts";
import { numberFrom } from "./address.ts";
import { operationsOf } from "./operations.ts";
import type { PlainProgram } from "./plain-program.ts";
import { type Tape, tapeOfText } from "./tape.ts";

/** An input of a program. */
export interface ProgramInput {
  readonly name: string;
  /**
   * A number, an integer without a derivative, or other data (array, object, boolean), written as text: `[1, 2, 3]`.
   */
  readonly kind: "number" | "whole" | "data";
  /** Initial value, as text. */
  readonly start: string;
}

/** Operations of every program. Arguments are values returned by `argument`, one per input. */
export interface ProgramBase {
  readonly text: string;
  /** The program in one line of at most a hundred characters. */
  readonly title: string;
  readonly inputs: readonly ProgramInput[];
  /** Parses the text of an argument. @throws Error for an invalid text */
  argument(input: ProgramInput, text: string): unknown;
  /** Numbers in the arguments that have a derivative, with their names, in the order of a tape's inputs. */
  numbers(args: readonly unknown[]): readonly { readonly name: string; readonly value: number }[];
  /** Replaces these numbers in the arguments. */
  withNumbers(args: readonly unknown[], numbers: readonly number[]): readonly unknown[];
  value(args: readonly unknown[]): number;
  /** Derivative in each of `numbers`, by reverse mode. */
  gradient(args: readonly unknown[]): readonly number[];
  /** Derivative along a direction with one entry per element of `numbers`, by forward mode. */
  tangent(args: readonly unknown[], direction: readonly number[]): number;
  /** Numbers of arithmetic operations: for the value, and for value and gradient together. */
  operations(args: readonly unknown[]): { readonly value: number; readonly gradient: number };
  tape(args: readonly unknown[]): Tape;
}

/** A formula, or statements. */
export interface TextProgram extends ProgramBase {
  readonly kind: "text";
  readonly compiled: CompiledText;
}

export type Program = TextProgram | PlainProgram;

/** A fault of a text. `start` and `end` are UTF-16 offsets. */
export interface Problem {
  /** The message, with the line and a caret below it if the position is known. */
  readonly message: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** Default values of inputs: distinct and positive, where most functions are defined. */
export const startNumbers: readonly number[] = [2, 3, 0.5, 1.5, 4, 2.5];

/** True if a text is TypeScript rather than a formula. */
export function isPlain(text: string): boolean {
  return /\bfunction\b|=>|["']use ad["']/.test(text);
}

type PlainReader = (text: string) => PlainProgram;

/** The reader of TypeScript programs; `undefined` until {@link loadPlain} has loaded it. */
export const plainReader: Signal<PlainReader | undefined> = signal(undefined);

/** Loads the TypeScript reader once. */
export async function loadPlain(): Promise<void> {
  if (plainReader.value !== undefined) return;
  const { plainProgramReader } = await import("./plain-program.ts");
  const read = await plainProgramReader();
  plainReader.value = read;
}

/**
 * Parses a program. Returns undefined for TypeScript if its reader is not loaded yet.
 *
 * @throws Error for an invalid text; {@link problemOf} converts it to a problem with a position
 */
export function readProgram(text: string): Program | undefined {
  return isPlain(text) ? plainReader.value?.(text) : textProgram(text);
}

/** Converts a thrown error to a problem of a text. */
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
