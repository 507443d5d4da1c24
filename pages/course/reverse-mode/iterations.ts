// One iteration of the loops of a run.
import { shortNumber } from "../../live/fields.tsx";
import { adjointsOf, type Tape, type TapeStep } from "../../live/tape.ts";

/** A value of an iteration, with the derivative of the result with respect to it. */
export interface IterationRow {
  readonly where: string;
  readonly text: string;
  readonly value: number;
  /** Local derivative in each operand: `∂/∂p = 1.4`. */
  readonly locals: string;
  readonly adjoint: number;
}

/** For each iteration of the outermost loops, in execution order, the indices of its steps on the tape. */
function outermost({ steps }: Tape): readonly (readonly number[])[] {
  const found: number[][] = [];
  let last: string | undefined;
  steps.forEach((step, i) => {
    const key = keyOf(step);
    if (key === undefined) last = undefined;
    else if (key === last) found.at(-1)!.push(i);
    else {
      found.push([i]);
      last = key;
    }
  });
  return found;
}

function keyOf({ iterations }: TapeStep): string | undefined {
  const [outer] = iterations;
  return outer === undefined ? undefined : `${outer.index} = ${outer.value}`;
}

/** Total number of iterations of outermost loops. Iterations without values are not counted. */
export function iterationsOf(tape: Tape): number {
  return outermost(tape).length;
}

/** Table rows for the steps of one iteration of the outermost loops, counted from 0. */
export function iterationRows(tape: Tape, iteration: number): IterationRow[] {
  const adjoints = adjointsOf(tape);
  return (outermost(tape)[iteration] ?? []).map((i): IterationRow => {
    const { name, formula, value, sources, iterations } = tape.steps[i]!;
    return {
      where: iterations.map(({ index, value: k }) => `${index} = ${k}`).join(", "),
      text: `${name} = ${formula}`,
      value,
      locals: sources
        .map(({ step, derivative }) => `∂/∂${tape.steps[step]!.name} = ${shortNumber(derivative)}`)
        .join(", "),
      adjoint: adjoints[i]!,
    };
  });
}
