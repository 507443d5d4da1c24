// Values as points and their differentials as arrows, in one unit.
import type { ProgramRun } from "../../live/program-state.ts";
import type { ForwardRow } from "./rows.ts";

/** A row of the picture. */
export interface Arrow {
  readonly name: string;
  readonly value: number;
  /** Predicted change of the value, from the differential. */
  readonly told: number;
  /** Actual change of the value; `undefined` if the program took another branch or has no value there. */
  readonly moved: number | undefined;
}

const mostArrows = 14; // maximum number of rows: the first ones, and the result

/**
 * Arrows of the picture: for the first steps of the program and its result, the change that the tangent predicts and
 * the actual one. The inputs move by `far` along the direction.
 */
export function arrowsOf(
  { program, args, tape }: ProgramRun,
  rows: readonly ForwardRow[],
  direction: readonly number[],
  far: number,
): Arrow[] {
  const numbers = program.numbers(args).map(({ value }, i) => value + far * direction[i]!);
  const moved = movedValues(() =>
    program.tape(program.withNumbers(args, numbers)).steps.map(({ value }) => value),
  );
  const order = rows.map(({ step }) => step);
  const shown = order.length <= mostArrows ? order : [...order.slice(0, mostArrows - 1), tape.result];
  return shown.map((step) => {
    const { name, value, tangent } = rows[step]!;
    const there = moved?.length === rows.length ? moved[step] : undefined;
    return { name, value, told: far * tangent, moved: there === undefined ? undefined : there - value };
  });
}

/** Values of another run; `undefined` if it throws, for example at an index out of range. */
function movedValues(run: () => readonly number[]): readonly number[] | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
