// The way forward with what is stored on it, and the way back.
import { traceText } from "../../../src/pictures/viz/index.ts";
import { shortNumber } from "../../live/fields.tsx";
import type { ProgramRun } from "../../live/program-state.ts";
import { adjointsOf, type Tape } from "../../live/tape.ts";

/** A value that is kept on the way forward for the way back. */
export interface Stored {
  /** `x`, `cos(x)`, or the local derivative `∂p/∂r`. */
  readonly name: string;
  /** What uses it: lines of the way back, by their place among them. */
  readonly usedBy: readonly number[];
}

/** A line of the program. */
export interface WayForward {
  readonly text: string;
  readonly value: number;
  readonly stored: readonly Stored[];
  /** In which iterations of loops: `i = 2`. */
  readonly where: string;
}

/** A line of the way back. */
export interface WayBack {
  readonly text: string;
  readonly value: number;
  /** The line of the program whose turn it is. */
  readonly from: number;
  readonly kind: "seed" | "contribution" | "sum" | "none";
}

export interface Ways {
  readonly forward: readonly WayForward[];
  readonly back: readonly WayBack[];
}

/** Both ways of a run. Of a formula they have the formulas of its lines, of TypeScript the numbers of this run. */
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

/** The ways of any run: what is kept are the local derivatives. */
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
