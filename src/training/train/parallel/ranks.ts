import { DownhillError, type ErrorCode } from "../../../engine/errors/index.ts";
import { isAborted } from "../batches.ts";
import type { Stopped } from "../loop.ts";
import type { World } from "../world.ts";

/** What a message is about. Ranks whose messages are of different kinds run different programs. */
export type MessageKind = "compare" | "share" | "step" | "evaluation" | "leave" | "end";
const kinds: readonly MessageKind[] = ["compare", "share", "step", "evaluation", "leave", "end"];

/** Merges what another rank sent, bytes `from … to − 1` of a body, into the own body. */
export type Merge = (from: number, to: number, theirs: ArrayBuffer, theirOffset: number) => void;

/** Why a rank has no more part in a run. */
type Departure = Exclude<Stopped, "finished" | "early-stopping">;

/** Bytes of the header: kind, step, flags, bytes of the body. The body begins where float64 may. */
export const headerBytes = 16;
/** Bytes of the body a message: few enough to be in a cache still when they are added, and large against a message itself. */
const pieceBytes = 2 ** 19;

const flag = {
  /** The signal of a rank was raised: all take this step and stop. */
  aborting: 1,
  /** A rank takes no part any more … */
  leaving: 2,
  /** … and why. */
  aborted: 4,
  hook: 8,
  left: 16,
  failed: 32,
  /** Ranks have exchanged messages that do not belong together. */
  different: 64,
} as const;
/** With one of these, bodies are not sent. */
const gone = flag.leaving | flag.failed | flag.different;

/** Is thrown where a rank learns from a message that another has left the run, so that this one ends too. */
export class RunLeft extends Error {
  readonly stopped: Stopped;

  constructor(stopped: Stopped) {
    super(`another rank has ended the run: ${stopped}`);
    this.stopped = stopped;
  }
}

/**
 * The ranks of a run as its loop sees them. All that they tell one another goes through messages with a header, pairwise
 * along the edges of a cube, so that each learns of all others: that they do the same, want to stop, or have failed.
 *
 * All ranks take part in all-reduces equally often. One that leaves does so in one more of them, whatever the others reduce in it;
 * then all take part in a last one.
 */
export interface Ranks {
  readonly rank: number;
  readonly size: number;
  /**
   * Merges the bodies of all ranks; `message` has room for the header before the body.
   *
   * @throws RunLeft if another rank has left; the error of a rank that has failed; DownhillError `option` if the ranks
   * reduce different things.
   */
  readonly allReduce: (kind: MessageKind, step: number, message: ArrayBuffer, merge: Merge) => void;
  /** What the rank with the lowest number has that has something; `undefined` if none has. */
  readonly share: (bytes: Uint8Array | undefined) => Uint8Array | undefined;
  /** Why all ranks are to stop now, once they know. */
  readonly agreed: () => Stopped | undefined;
  /** An error that all ranks throw at the same place. */
  readonly agree: <E extends Error>(error: E) => E;
  /** Tells the others that this rank stops; gives why the run ends. @throws what `allReduce` throws. */
  readonly leave: (stopped: Stopped) => Stopped;
  /** Tells the others that this rank has failed, if they do not know. */
  readonly fail: (error: unknown) => void;
  /**
   * The last all-reduce, with what has failed here since; gives why the run ends.
   *
   * @throws the error of a rank that has failed.
   */
  readonly end: (stopped: Stopped, failure: { readonly error: unknown } | undefined) => Stopped;
}

/** The ranks of a world; one alone without a world. `signal` is that of this rank. */
export function makeRanks(world: World | undefined, signal: AbortSignal | undefined): Ranks {
  const { rank, size } = world ?? { rank: 0, size: 1 };
  const received = new ArrayBuffer(size === 1 ? 0 : headerBytes + pieceBytes);
  const empty = new ArrayBuffer(headerBytes);
  let settled: Stopped | "failed" | undefined;
  /** Whether all ranks know of what has failed. */
  let isTold = false;

  const exchange = (peer: number, message: ArrayBuffer, from: number, to: number, into: number): void => {
    world!.exchange(peer, new Uint8Array(message, from, to - from), new Uint8Array(received, into));
  };

  /** One all-reduce, in which this rank says something; gives what anyone said. */
  const round = (
    kind: MessageKind,
    step: number,
    said: number,
    message: ArrayBuffer,
    merge: Merge,
  ): number => {
    const body = message.byteLength - headerBytes;
    const header = new Int32Array(message, 0, 4);
    const theirs = new Int32Array(received, 0, size === 1 ? 0 : 4);
    let flags = said;
    for (let distance = size / 2; distance >= 1; distance /= 2) {
      const peer = rank ^ distance;
      header.set([kinds.indexOf(kind), step, flags, body]);
      const first = (flags & gone) === 0 ? Math.min(body, pieceBytes) : 0;
      exchange(peer, message, 0, headerBytes + first, 0);
      flags |= theirs[2]!;
      const isSame = theirs[0] === header[0] && theirs[1] === step && theirs[3] === header[3];
      if ((flags & gone) === 0 && !isSame) flags |= flag.different;
      if ((flags & gone) !== 0) continue;
      for (let from = 0; from < body; from += pieceBytes) {
        const to = Math.min(from + pieceBytes, body);
        if (from > 0) exchange(peer, message, headerBytes + from, headerBytes + to, headerBytes);
        merge(from, to, received, headerBytes);
      }
    }
    return flags;
  };

  const share = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    if (size === 1) return bytes;
    // the lowest rank that has something, and how much
    const lowest = new Float64Array(new ArrayBuffer(headerBytes + 16), headerBytes, 2);
    lowest.set([bytes === undefined ? size : rank, bytes?.length ?? 0]);
    const takeLower: Merge = (_, __, theirs, at) => {
      const other = new Float64Array(theirs, at, 2);
      if (other[0]! < lowest[0]!) lowest.set(other);
    };
    answer(round("share", 0, 0, lowest.buffer, takeLower));
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
      answer(round("share", from / (pieceBytes - 8), 0, message, takeOver));
      part.set(own);
    }
    return all;
  };

  /** Does what the flags of an all-reduce ask for; `own` is what has failed here. */
  const answer = (flags: number, own?: { readonly error: unknown }): void => {
    if ((flags & flag.failed) !== 0) {
      settled = "failed";
      const told = share(own === undefined ? undefined : textOf(rank, own.error));
      if (own === undefined) throw ranks.agree(failureOf(told));
    } else if ((flags & flag.different) !== 0) {
      throw ranks.agree(differentPrograms());
    } else if ((flags & flag.leaving) !== 0) {
      settled = reasonOf(flags);
      throw new RunLeft(settled);
    } else if ((flags & flag.aborting) !== 0) settled ??= "aborted";
  };

  const ranks: Ranks = {
    rank,
    size,
    share,
    allReduce(kind, step, message, merge) {
      if (size === 1) return;
      const said = kind === "step" && isAborted(signal) ? flag.aborting : 0;
      answer(round(kind, step, said, message, merge));
    },
    agreed: () => (settled === "failed" ? undefined : settled),
    agree(error) {
      settled = "failed";
      isTold = true;
      return error;
    },
    leave(stopped) {
      if (size === 1) return stopped;
      if (settled !== undefined) return settled === "failed" ? stopped : settled;
      const why = flag[stopped as Departure];
      try {
        answer(round("leave", 0, flag.leaving | why, empty, nothing));
      } catch (error) {
        if (error instanceof RunLeft) return error.stopped;
        throw error;
      }
      return stopped;
    },
    fail(error) {
      if (size === 1 || settled !== undefined) return;
      answer(round("leave", 0, flag.leaving | flag.failed, empty, nothing), { error });
      isTold = true;
    },
    end(stopped, failure) {
      if (size === 1) return stopped;
      let why = stopped;
      let late: { readonly error: unknown } | undefined;
      for (;;) {
        const isNew = failure !== undefined && !isTold;
        const flags = round("end", 0, isNew ? flag.failed : 0, empty, nothing);
        try {
          answer(flags, isNew ? failure : undefined);
        } catch (error) {
          if (error instanceof RunLeft) why = error.stopped;
          else late ??= { error };
        }
        isTold ||= isNew;
        if ((flags & (flag.leaving | flag.different)) !== 0) continue; // not all had come for the end
        if (late !== undefined && failure === undefined) throw late.error;
        return why;
      }
    },
  };
  return ranks;
}

const nothing: Merge = () => {};

/** Why a run ends that one rank or several have left. */
function reasonOf(flags: number): Stopped {
  if ((flags & flag.aborted) !== 0) return "aborted";
  return (flags & flag.hook) !== 0 ? "hook" : "left";
}

function differentPrograms(): DownhillError {
  return new DownhillError(
    "option",
    "fit: the ranks run different programs: they have met for different things, as one for a step and another at the end " +
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
