import { DownhillError, type ErrorCode } from "../../../engine/errors/index.ts";
import { isAborted } from "../batches.ts";
import type { FitStopReason } from "../stopped.ts";
import type { World } from "../world.ts";
import {
  flag,
  headerBytes,
  makeRounds,
  type Merge,
  type MessageKind,
  pieceBytes,
  type Rounds,
} from "./rounds.ts";

/** Reason why a rank leaves a run. */
type DepartureReason = Exclude<FitStopReason, "finished" | "early-stopping">;

/** Thrown when a message reports that another rank has left the run, so that this one ends too. */
export class RunLeftError extends Error {
  readonly stopped: FitStopReason;

  constructor(stopped: FitStopReason) {
    super(`another rank has ended the run: ${stopped}`);
    this.stopped = stopped;
  }
}

/**
 * The ranks of a run, from the point of view of its loop. All communication uses messages with a header, exchanged
 * pairwise along the edges of a hypercube. Each rank thus learns of all others whether they do the same work, want to
 * stop, or have failed.
 *
 * All ranks take part in the same number of all-reduces. A rank that leaves takes part in one more, whatever data the
 * others reduce in it. Then all ranks take part in a last all-reduce.
 */
export interface Ranks {
  readonly rank: number;
  readonly size: number;
  /**
   * Merges the message bodies of all ranks. `message` starts with space for the header.
   *
   * @throws RunLeftError if another rank has left; the error of a rank that has failed; DownhillError `option` if the
   *   ranks reduce different things.
   */
  readonly allReduce: (kind: MessageKind, step: number, message: ArrayBuffer, merge: Merge) => void;
  /** Returns the bytes of the lowest-numbered rank that passed some; `undefined` if no rank did. */
  readonly share: (bytes: Uint8Array | undefined) => Uint8Array | undefined;
  /** Reason why all ranks must stop now; `undefined` while no stop has been agreed. */
  readonly agreed: () => FitStopReason | undefined;
  /** Marks an error as one that every rank throws at this point, so that it is not sent again. Returns the error. */
  readonly agree: <E extends Error>(error: E) => E;
  /**
   * Informs the other ranks that this rank stops. Returns the reason why the run ends.
   *
   * @throws the errors of `allReduce`.
   */
  readonly leave: (stopped: FitStopReason) => FitStopReason;
  /** Informs the other ranks that this rank has failed, unless they have been informed already. */
  readonly fail: (error: unknown) => void;
  /**
   * Performs the last all-reduce, which also reports a failure that this rank has not yet reported. Returns the reason
   * why the run ends.
   *
   * @throws the error of a rank that has failed.
   */
  readonly end: (stopped: FitStopReason, failure: { readonly error: unknown } | undefined) => FitStopReason;
}

/** State of this rank with respect to the end of the run. */
interface RankStatus {
  readonly rounds: Rounds;
  /** Reason why all ranks stop, `"failed"` if the run fails, or `undefined` while it is running. */
  settled: FitStopReason | "failed" | undefined;
  /** True if all ranks have been informed of the failure of this rank, or throw it too. */
  isTold: boolean;
}

/** Failure of this rank. */
interface Failure {
  readonly error: unknown;
}

/** Creates the ranks of a world; without a world there is a single rank. `signal` is the abort signal of this rank. */
export function makeRanks(world: World | undefined, signal: AbortSignal | undefined): Ranks {
  const rounds = makeRounds(world);
  const known: RankStatus = { rounds, settled: undefined, isTold: false };
  const { rank, size, round } = rounds;
  return {
    rank,
    size,
    share: (bytes) => share(known, bytes),
    allReduce(kind, step, message, merge) {
      if (size === 1) return;
      const said = kind === "step" && isAborted(signal) ? flag.aborting : 0;
      answer(known, round(kind, step, said, message, merge));
    },
    agreed: () => (known.settled === "failed" ? undefined : known.settled),
    agree: (error) => agree(known, error),
    leave(stopped) {
      if (size === 1) return stopped;
      const { settled } = known;
      if (settled !== undefined) return settled === "failed" ? stopped : settled;
      const why = flag[stopped as DepartureReason];
      try {
        answer(known, round("leave", 0, flag.leaving | why, empty(), nothing));
      } catch (error) {
        if (error instanceof RunLeftError) return error.stopped;
        throw error;
      }
      return stopped;
    },
    fail(error) {
      if (size === 1 || known.settled !== undefined) return;
      answer(known, round("leave", 0, flag.leaving | flag.failed, empty(), nothing), { error });
      known.isTold = true;
    },
    end: (stopped, failure) => (size === 1 ? stopped : end(known, stopped, failure)),
  };
}

function agree<E extends Error>(known: RankStatus, error: E): E {
  known.settled = "failed";
  known.isTold = true;
  return error;
}

/**
 * Handles the flags that an all-reduce returned. `own` is the failure of this rank, if any.
 *
 * @throws RunLeftError if another rank has left; the error of a rank that has failed; DownhillError `option` if the
 * ranks reduce different things.
 */
function answer(known: RankStatus, flags: number, own?: Failure): void {
  if ((flags & flag.failed) !== 0) {
    known.settled = "failed";
    const told = share(known, own === undefined ? undefined : textOf(known.rounds.rank, own.error));
    if (own === undefined) throw agree(known, failureOf(told));
  } else if ((flags & flag.different) !== 0) {
    throw agree(known, differentPrograms());
  } else if ((flags & flag.leaving) !== 0) {
    const stopped = reasonOf(flags);
    known.settled = stopped;
    throw new RunLeftError(stopped);
  } else if ((flags & flag.aborting) !== 0) known.settled ??= "aborted";
}

function share(known: RankStatus, bytes: Uint8Array | undefined): Uint8Array | undefined {
  const { rank, size, round } = known.rounds;
  if (size === 1) return bytes;
  // Lowest rank that has data, and its number of bytes.
  const lowest = new Float64Array(new ArrayBuffer(headerBytes + 16), headerBytes, 2);
  lowest.set([bytes === undefined ? size : rank, bytes?.length ?? 0]);
  const takeLower: Merge = (_, __, theirs, at) => {
    const other = new Float64Array(theirs, at, 2);
    if (other[0]! < lowest[0]!) lowest.set(other);
  };
  answer(known, round("share", 0, 0, lowest.buffer, takeLower));
  const [holder, length] = [lowest[0]!, lowest[1]!];
  if (holder === size) return undefined;
  const all = new Uint8Array(length);
  if (holder === rank) all.set(bytes!);
  for (let from = 0; from < length; from += pieceBytes - 8) {
    const part = all.subarray(from, from + pieceBytes - 8);
    const message = new ArrayBuffer(headerBytes + 8 + part.length);
    const [has, own] = [new Uint8Array(message, headerBytes, 1), new Uint8Array(message, headerBytes + 8)];
    has[0] = holder === rank ? 1 : 0;
    own.set(part);
    const takeOver: Merge = (_, to, theirs, at) => {
      if (has[0] === 0 && new Uint8Array(theirs, at, 1)[0] === 1)
        new Uint8Array(message, headerBytes).set(new Uint8Array(theirs, at, to));
    };
    answer(known, round("share", from / (pieceBytes - 8), 0, message, takeOver));
    part.set(own);
  }
  return all;
}

function end(known: RankStatus, stopped: FitStopReason, failure: Failure | undefined): FitStopReason {
  let why = stopped;
  let late: Failure | undefined;
  for (;;) {
    const isNew = failure !== undefined && !known.isTold;
    const flags = known.rounds.round("end", 0, isNew ? flag.failed : 0, empty(), nothing);
    try {
      answer(known, flags, isNew ? failure : undefined);
    } catch (error) {
      if (error instanceof RunLeftError) why = error.stopped;
      else late ??= { error };
    }
    known.isTold ||= isNew;
    if ((flags & (flag.leaving | flag.different)) !== 0) continue; // Some ranks had not reached the last all-reduce.
    if (late !== undefined && failure === undefined) throw late.error;
    return why;
  }
}

/** Creates a message without a body. */
const empty = (): ArrayBuffer => new ArrayBuffer(headerBytes);
const nothing: Merge = () => {};

/** Returns the reason why the run ends after one or more ranks left. */
function reasonOf(flags: number): FitStopReason {
  if ((flags & flag.aborted) !== 0) return "aborted";
  return (flags & flag.hook) !== 0 ? "hook" : "left";
}

function differentPrograms(): DownhillError {
  return new DownhillError(
    "option",
    "fit: the ranks run different programs: their messages do not match, for example because one is at a step and another at the end " +
      "of its data. Give all of them the same data, losses and options.",
  );
}

function textOf(rank: number, error: unknown): Uint8Array {
  const code = error instanceof DownhillError ? error.code : "aborted";
  const message = error instanceof Error ? error.message : String(error);
  return new TextEncoder().encode(JSON.stringify({ rank, code, message }));
}

function failureOf(told: Uint8Array | undefined): DownhillError {
  const { rank, code, message } = JSON.parse(new TextDecoder().decode(told)) as {
    readonly rank: number;
    readonly code: ErrorCode;
    readonly message: string;
  };
  return new DownhillError(code, `fit: rank ${rank} has failed, which ends the run: ${message}`);
}
