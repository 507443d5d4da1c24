import type { Cell } from "../kernel/executable.ts";

/** The results that one program has given in one place, one run after the other, as far as they rest near the kernels. */
export interface Line {
  /** The one to be looked at next comes first. */
  readonly cells: Set<Cell>;
  /** When the program ran, the latest last. */
  readonly runs: number[];
  /** A result may leave that nothing has read for so many runs of its program. */
  patience: number;
  /** Runs since a result was missed that had left. */
  calm: number;
}

const mostPatience = 64;
/** After so many runs in which no result was missed, patience is tried that is shorter by one run. */
const calmRuns = 64;

export function makeLine(): Line {
  return { cells: new Set(), runs: [], patience: 1, calm: 0 };
}

/** Whether a result that was used last in the run `usedAt` may leave when the program runs again. */
export function isIdle({ runs, patience }: Line, usedAt: number): boolean {
  const since = runs[runs.length - patience];
  return since !== undefined && usedAt <= since;
}

/** Notes a run of the program. */
export function age(line: Line, now: number): void {
  line.runs.push(now);
  if (line.runs.length > mostPatience) line.runs.shift();
  line.calm++;
  if (line.calm < calmRuns || line.patience === 1) return;
  line.calm = 0;
  line.patience--;
}

/** Notes that a result was read that had left too early. */
export function regret(line: Line): void {
  line.patience = Math.min(mostPatience, 2 * line.patience);
  line.calm = 0;
}
