// The lines of a program with their differentials, for a direction.
import { traceText } from "../../../src/pictures/viz/index.ts";
import { shortNumber } from "../../live/fields.tsx";
import type { ProgramRun } from "../../live/program-state.ts";
import { type Tape, tangentsOf } from "../../live/tape.ts";

/** An input or a line, with its differential. */
export interface ForwardRow {
  /** Step on the tape. */
  readonly step: number;
  readonly name: string;
  /** Formula of the line; empty for an input. */
  readonly formula: string;
  readonly value: number;
  /** Name of the differential: `dx`. */
  readonly tangentName: string;
  /**
   * Formula of the differential: symbolic for a formula, with the numbers of the run for TypeScript. Empty for an
   * input.
   */
  readonly tangentFormula: string;
  readonly tangent: number;
  /** Iterations of the enclosing loops: `i = 2`. Empty outside loops. */
  readonly where: string;
}

/** Rows of the forward-mode table: each step of a run with its value and tangent, in program order. */
export function forwardRows(run: ProgramRun, direction: readonly number[]): ForwardRow[] {
  const { steps } = run.tape;
  const tangents = tangentsOf(run.tape, direction);
  const symbolic = symbolicTangents(run);
  const names = steps.map(({ name }, i) => symbolic[i]?.name ?? tangentNameOf(name));
  return steps.map(({ name, formula, value, iterations }, step) => ({
    step,
    name,
    formula,
    value,
    tangentName: names[step]!,
    tangentFormula:
      formula === "" ? "" : (symbolic[step]?.expression ?? sumOf(run.tape, step, (of) => names[of]!)),
    tangent: tangents[step]!,
    where: iterations.map(({ index, value: at }) => `${index} = ${at}`).join(", "),
  }));
}

/** The differentials of a formula in the notation of the library; empty for TypeScript. */
function symbolicTangents({
  program,
}: ProgramRun): readonly { readonly name: string; readonly expression: string }[] {
  if (program.kind === "plain") return [];
  return (traceText(program.compiled).forward[0]?.lines ?? []).map(({ tangent }) => tangent);
}

/** Name of a differential: `dx`, or `d(x[3])` if the name is not an identifier. */
export function tangentNameOf(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `d${name}` : `d(${name})`;
}

/** A differential with the local derivatives of this run: `3 * dx + 2 * dy`. */
function sumOf({ steps }: Tape, step: number, nameOf: (step: number) => string): string {
  const terms = steps[step]!.sources.map(
    ({ step: of, derivative }) => `${shortNumber(derivative)} * ${nameOf(of)}`,
  );
  return terms.join(" + ") || "0";
}
