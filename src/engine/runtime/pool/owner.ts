import type { HostStorage } from "../../ir/host-memory.ts";

/**
 * One output of a program, which owns the results that it gave, one run after the other, as far as they lie in the memory of
 * kernels. Nothing tells how long a result lives, so that is learnt: its live range ends some runs after its last use.
 */
export interface ResultOwner {
  /** Its results; the one to be looked at next comes first. */
  readonly results: Set<HostStorage>;
  /** When the program ran, the latest last. */
  readonly runs: number[];
  /** After so many runs of the program in which nothing read it the memory of a result is used again. */
  liveRange: number;
  /** Runs since the memory of a result was reused too early. */
  runsSinceMistake: number;
}

/** The longest live range, in runs of the program. */
const longestRange = 64;
/** After so many runs without a mistake a live range is tried that is shorter by one run. */
const runsBeforeShorter = 64;

/** The owner of results of a program that has not run yet. */
export function makeOwner(): ResultOwner {
  return { results: new Set(), runs: [], liveRange: 1, runsSinceMistake: 0 };
}

/** Whether the live range of a result that was used last in the run `usedAt` is taken to be over. */
export function isOver({ runs, liveRange }: ResultOwner, usedAt: number): boolean {
  const since = runs[runs.length - liveRange];
  return since !== undefined && usedAt <= since;
}

/** Notes a run of the program. */
export function noteRun(owner: ResultOwner, now: number): void {
  owner.runs.push(now);
  if (owner.runs.length > longestRange) owner.runs.shift();
  owner.runsSinceMistake++;
  if (owner.runsSinceMistake < runsBeforeShorter || owner.liveRange === 1) return;
  owner.runsSinceMistake = 0;
  owner.liveRange--;
}

/** Notes that a result was read whose memory had been reused too early. */
export function noteMistake(owner: ResultOwner): void {
  owner.liveRange = Math.min(longestRange, 2 * owner.liveRange);
  owner.runsSinceMistake = 0;
}
