// The forward pass with its saved values, and the backward pass.
import { traceText } from "../../../src/pictures/viz/index.ts";
import { shortNumber } from "../../live/fields.tsx";
import type { ProgramRun } from "../../live/program-state.ts";
import { adjointsOf, type Tape } from "../../live/tape.ts";

/** A value that the forward pass saves for the backward pass. */
export interface Stored {
  /** Name of the saved value: `x`, `cos(x)`, or the local derivative `∂p/∂r`. */
  readonly name: string;
  /** Indices of the lines of the backward pass that use it. */
  readonly usedBy: readonly number[];
}

/** A line of the forward pass. */
export interface WayForward {
  readonly text: string;
  readonly value: number;
  readonly stored: readonly Stored[];
  /** Iterations of the enclosing loops: `i = 2`. */
  readonly where: string;
}

/** A line of the backward pass. */
export interface WayBack {
  readonly text: string;
  readonly value: number;
  /** Index of the program line that it differentiates. */
  readonly from: number;
  readonly kind: "seed" | "contribution" | "sum" | "none";
}

export interface Ways {
  readonly forward: readonly WayForward[];
  readonly back: readonly WayBack[];
}

/** Both passes of a run: with symbolic lines for a formula, with the numbers of the run for TypeScript. */
export function waysOf(run: ProgramRun): Ways {
  return run.program.kind === "text" ? waysOfText(run) : waysOfTape(run.tape, run.program.title);
}

function waysOfText({ program, args, tape }: ProgramRun): Ways {
  if (program.kind !== "text") return { forward: [], back: [] };
  const table = traceText(program.compiled, { at: args, check: false });
  const places = new Map(tape.steps.map(({ name }, i) => [name, i]));
  const back = table.reverse.map((line): WayBack => {
    const { kind, text, value } = line;
    const from = kind === "contribution" ? line.from : line.of;
    return { kind, text, value: Number(value), from: places.get(from) ?? 0 };
  });
  const forward = tape.steps.map(({ name, formula, value }): WayForward => ({
    text: formula === "" ? name : `${name} = ${formula}`,
    value,
    where: "",
    stored: table.stored
      .filter(({ at }) => at === name)
      .map((kept) => ({
        name: kept.name,
        usedBy: table.reverse.flatMap((line, i) =>
          line.kind === "contribution" &&
          kept.usedBy.some(({ from, to }) => from === line.from && to === line.of)
            ? [i]
            : [],
        ),
      })),
  }));
  return { forward, back };
}

/**
 * Texts and values of the forward and the backward pass of any run. The forward pass saves the local derivatives for
 * the backward pass.
 */
function waysOfTape(tape: Tape, title: string): Ways {
  const { steps, result, inputs } = tape;
  const adjoints = adjointsOf(tape);
  const scalar = title.replace(/\(.*/, "");
  const name = (step: number): string => steps[step]!.name;
  const adjoint = (step: number): string => `∂${scalar}/∂${name(step)}`;
  const back: WayBack[] = [{ kind: "seed", text: `${adjoint(result)} = 1`, value: 1, from: result }];
  const users = new Map<number, Stored[]>();
  for (let from = result; from >= 0; from--) {
    if (adjoints[from] === 0) continue;
    users.set(
      from,
      steps[from]!.sources.map(({ step, derivative }): Stored => {
        const text = `${adjoint(step)} += ${adjoint(from)} * ${shortNumber(derivative)}`;
        const value = derivative === 0 ? 0 : adjoints[from]! * derivative;
        back.push({ kind: "contribution", text, value, from });
        return {
          name: `∂${name(from)}/∂${name(step)} = ${shortNumber(derivative)}`,
          usedBy: [back.length - 1],
        };
      }),
    );
  }
  for (const step of inputs)
    back.push({ kind: "sum", text: adjoint(step), value: adjoints[step]!, from: step });
  const forward = steps.map(({ name: own, formula, value, iterations }, step): WayForward => ({
    text: formula === "" ? own : `${own} = ${formula}`,
    value,
    where: iterations.map(({ index, value: k }) => `${index} = ${k}`).join(", "),
    stored: users.get(step) ?? [],
  }));
  return { forward, back };
}
