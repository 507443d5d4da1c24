// The lines of a program beside their differentials, for a direction.
import { traceText } from "../../../src/pictures/viz/index.ts";
import { shortNumber } from "../../live/fields.tsx";
import type { ProgramRun } from "../../live/program-state.ts";
import { type Tape, tangentsOf } from "../../live/tape.ts";

/** An input or a line, beside its differential. */
export interface ForwardRow {
  /** Its step on the tape. */
  readonly step: number;
  readonly name: string;
  /** What computes it; "" for an input. */
  readonly formula: string;
  readonly value: number;
  /** `dx` */
  readonly tangentName: string;
  /** The formula of the differential: of a formula by names, of TypeScript with the numbers of this run. "" for an input. */
  readonly tangentFormula: string;
  readonly tangent: number;
  /** In which iterations of loops: `i = 2`; "" outside. */
  readonly where: string;
}

/** All rows of a run, in the order of the program. */
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

/** The differentials of a formula as the library writes them; none of TypeScript. */
function symbolicTangents({
  program,
}: ProgramRun): readonly { readonly name: string; readonly expression: string }[] {
  if (program.kind === "plain") return [];
  return (traceText(program.compiled).forward[0]?.lines ?? []).map(({ tangent }) => tangent);
}

/** `dx`, and `d(x[3])` for what is no single name. */
export function tangentNameOf(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `d${name}` : `d(${name})`;
}

/** `3 * dx + 2 * dy`: a differential with the local derivatives of this run. */
function sumOf({ steps }: Tape, step: number, nameOf: (step: number) => string): string {
  const terms = steps[step]!.sources.map(
    ({ step: of, derivative }) => `${shortNumber(derivative)} * ${nameOf(of)}`,
  );
  return terms.join(" + ") || "0";
}
