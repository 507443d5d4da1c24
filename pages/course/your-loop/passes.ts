// Both passes of reverse mode over a run, and the costs of a program and its gradient.
import { tapeOf } from "../../../src/pictures/viz/plain/tape.ts";
import type * as Writer from "../../live/emitted.ts";
import type { PlainProgram } from "../../live/plain-program.ts";
import { adjointsOf, type Tape } from "../../live/tape.ts";

/** A value of the run, with the derivative of the result with respect to it. */
export interface PassRow {
  /** Iteration of the enclosing loops: `i = 2, k = 0`; empty outside of loops. */
  readonly where: string;
  readonly text: string;
  readonly value: number;
  readonly adjoint: number;
  /** Contributions to the derivatives of its operands in the backward pass: `p: 1.2 · 0.9`. */
  readonly sends: readonly { readonly to: string; readonly adjoint: number; readonly local: number }[];
  /** Operands by name, with their values. */
  readonly uses: readonly { readonly name: string; readonly value: number }[];
}

/** The values of a run in program order. The backward pass visits them in the opposite order. */
export function passRows(tape: Tape): PassRow[] {
  const adjoints = adjointsOf(tape);
  return tape.steps.map(({ name, formula, value, sources, iterations }, i) => ({
    where: iterations.map(({ index, value: k }) => `${index} = ${k}`).join(", "),
    text: formula === "" ? name : `${name} = ${formula}`,
    value,
    adjoint: adjoints[i]!,
    sends: sources.map(({ step, derivative }) => ({
      to: tape.steps[step]!.name,
      adjoint: adjoints[i]!,
      local: derivative,
    })),
    uses: sources.map(({ step }) => tape.steps[step]!),
  }));
}

/** Values that a row puts on the tape: its operands in a loop that the compiler saves. */
export function savedBy({ where, uses }: PassRow, saved: readonly string[]): PassRow["uses"] {
  return where === "" ? [] : uses.filter(({ name }) => saved.includes(name));
}

/** Costs of a program at given arguments. */
export interface LoopCosts {
  /** Arithmetic operations: for the result, and for result and gradient. */
  readonly result: number;
  readonly both: number;
  /** Bytes that the forward pass of the compiled gradient saves. */
  readonly savedBytes: number;
  /** Names of the saved values. */
  readonly saved: readonly string[];
  /** Lines of the gradient's code. */
  readonly lines: number;
}

/** Counts the costs of a program. The compiler chooses the saved values. */
export function loopCosts(
  program: PlainProgram,
  args: readonly unknown[],
  writer: Pick<typeof Writer, "gradientCode">,
): LoopCosts {
  const { value, gradient } = program.operations(args);
  const tapes = tapeOf(program.form, program.leaves(args));
  return {
    result: value,
    both: gradient,
    savedBytes: tapes.reduce((sum, { bytes }) => sum + bytes, 0),
    saved: [...new Set(tapes.flatMap(({ values }) => values))],
    lines: gradientLines(writer.gradientCode(program)).length,
  };
}

/** Lines of the function that computes the gradient, without helpers and comments. */
export function gradientLines(code: string): string[] {
  const lines = code.split("\n");
  const start = lines.findIndex((line) => /^export function \w+Grad\(/.test(line));
  return start < 0 ? [] : lines.slice(start);
}

/** Role of a line of emitted code. */
export type LineRole = "plain" | "save" | "restore";

/** Returns the role of each line of emitted code: arrays that save values have names that end in `_tape`. */
export function roleOf(line: string): LineRole {
  if (/_tape\[[^\]]*\] = |^\s*store\(\w+_tape,|const \w+_tape = /.test(line)) return "save";
  return /_tape\b/.test(line) ? "restore" : "plain";
}
