import type { HostStorage } from "../../ir/host-memory.ts";

/**
 * One output of a program. It owns the results that successive runs put in kernel memory. JavaScript does not report
 * when a result dies, so the owner learns a live range: the number of runs after the last use.
 */
export interface ResultOwner {
  /** Results that are still in use, in the order in which they will be checked. */
  readonly results: Set<HostStorage>;
  /** Times of recent runs of the program, ascending. */
  readonly runs: number[];
  /** Number of runs after which a result that was not read counts as unused, so that its memory is reused. */
  liveRange: number;
  /** Number of runs since the memory of a result was reused too early. */
  runsSinceMistake: number;
}

/** Longest live range in runs of the program. */
const longestRange = 64;
/** Number of runs without a mistake after which the live range is shortened by one. */
const runsBeforeShorter = 64;

/** Creates an owner for a program that has not run yet. */
export function makeOwner(): ResultOwner {
  return { results: new Set(), runs: [], liveRange: 1, runsSinceMistake: 0 };
}

/** True if the live range of a result last used at time `usedAt` is assumed to be over. */
export function isOver({ runs, liveRange }: ResultOwner, usedAt: number): boolean {
  const since = runs[runs.length - liveRange];
  return since !== undefined && usedAt <= since;
}

/** Records that the program runs at time `now`. */
export function noteRun(owner: ResultOwner, now: number): void {
  owner.runs.push(now);
  if (owner.runs.length > longestRange) owner.runs.shift();
  owner.runsSinceMistake++;
  if (owner.runsSinceMistake < runsBeforeShorter || owner.liveRange === 1) return;
  owner.runsSinceMistake = 0;
  owner.liveRange--;
}

/** Records that a result was read after its memory had been reused, and doubles the live range. */
export function noteMistake(owner: ResultOwner): void {
  owner.liveRange = Math.min(longestRange, 2 * owner.liveRange);
  owner.runsSinceMistake = 0;
}
