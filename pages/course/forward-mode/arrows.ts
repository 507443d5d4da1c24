// Values as points and their differentials as arrows, all in one unit.
import type { ProgramRun } from "../../live/program-state.ts";
import type { ForwardRow } from "./rows.ts";

/** A row of the picture. */
export interface Arrow {
  readonly name: string;
  readonly value: number;
  /** How far the arrow says that the value moves. */
  readonly told: number;
  /** How far it moves; `undefined` where the program took another way there, or has no value. */
  readonly moved: number | undefined;
}

const mostArrows = 14; // of a longer run the first, and the result

/** The rows of the picture: the inputs move so far along the direction. */
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

/** The values of another run; `undefined` where it ends with an error, as at a place out of range. */
function movedValues(run: () => readonly number[]): readonly number[] | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
