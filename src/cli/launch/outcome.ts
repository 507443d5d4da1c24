import { constants } from "node:os";

/** Outcome of one attempt to run the ranks under mpirun. */
export interface LaunchOutcome {
  /** The exit code of the launcher, or 128 plus the number of its signal. */
  readonly code: number;
  /** Rank whose end caused the others to end, if known. */
  readonly rank: number | undefined;
  /**
   * Number of the signal that killed this rank or the launcher; `"unknown"` if mpirun did not report it. `undefined` if
   * no signal did.
   */
  readonly signal: number | "unknown" | undefined;
}

/**
 * Number of characters that are kept from the end of mpirun's output, because its end reports how the attempt ended.
 */
export const tellingLength = 16_384; // characters; its messages have several hundred

const died = [
  // Open MPI
  /process rank (?<rank>\d+) with PID \d+ on node \S+\s+exited\s+on\s+signal\s+(?<signal>\d+)/,
  // MPICH, which does not report the rank
  /EXIT STRING: [^\n]*\(signal (?<signal>\d+)\)/,
];
const ended = [
  /^downhill: rank (?<rank>\d+) of \d+: /m,
  /MPI_ABORT was invoked on rank (?<rank>\d+)/,
  /application called MPI_Abort\([^)]*\) - process (?<rank>\d+)/,
  /Process name: \[.*,(?<rank>\d+)\]\s+Exit code:/,
];

/**
 * Determines how an attempt ended from the exit of the launcher and the end of its output. `left` returns the ranks
 * that did not end regularly; it is called if the launcher reports success.
 */
export function readOutcome(
  code: number | null,
  signal: NodeJS.Signals | null,
  told: string,
  left: () => readonly number[],
): LaunchOutcome {
  const find = (patterns: readonly RegExp[]): Record<string, string | undefined> | undefined =>
    patterns.map((pattern) => pattern.exec(told)?.groups).find((groups) => groups !== undefined);
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text);
  if (signal !== null) {
    const own = constants.signals[signal];
    return { code: 128 + own, rank: undefined, signal: own };
  }
  if (code === 0) {
    const ranks = left();
    if (ranks.length === 0) return { code: 0, rank: undefined, signal: undefined };
    return { code: 1, rank: ranks.length === 1 ? ranks[0] : undefined, signal: "unknown" };
  }
  const death = find(died);
  if (death !== undefined)
    return { code: code!, rank: number(death["rank"]), signal: number(death["signal"]) };
  return {
    code: code!,
    rank: number(find(ended)?.["rank"]),
    signal: undefined,
  };
}

/** Describes the outcome as the beginning of a sentence. */
export function describeOutcome({ code, rank, signal }: LaunchOutcome): string {
  const who = rank === undefined ? "a rank" : `rank ${rank}`;
  if (signal === undefined) return `${who} ended the run with exit code ${code}`;
  if (signal === "unknown") return `${who} was killed by a signal that mpirun did not report`;
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return `${who} was killed by signal ${signal}${name === undefined ? "" : ` (${name})`}`;
}
