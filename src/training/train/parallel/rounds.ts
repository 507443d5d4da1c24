import type { World } from "../world.ts";

/** Subject of a message. Ranks that exchange messages of different kinds run different programs. */
export type MessageKind = "compare" | "share" | "step" | "evaluation" | "leave" | "end";
const kinds: readonly MessageKind[] = ["compare", "share", "step", "evaluation", "leave", "end"];

/** Merges bytes `from` to `to − 1` of the body that another rank sent into the own body. */
export type Merge = (from: number, to: number, theirs: ArrayBuffer, theirOffset: number) => void;

/**
 * Size of the header in bytes. It holds kind, step, flags and body size as int32. A multiple of 8, so that the body is
 * aligned for float64.
 */
export const headerBytes = 16;
/**
 * Maximum number of bytes of gradients and other numbers per message. It is small enough for the data to stay in the
 * cache until it is added, and large compared with the cost of a message.
 */
export const pieceBytes: number = 2 ** 19;

/** Flags in the header of a message, by which a rank reports its state to the others. */
export const flag = {
  /** The abort signal of a rank was raised: all ranks complete this step and stop. */
  aborting: 1,
  /** A rank leaves the run, for the reason in the next flags. */
  leaving: 2,
  /**
   * Set together with `leaving` if the reason is the abort signal. The next three flags stand for a hook, a left loop
   * and a failure.
   */
  aborted: 4,
  hook: 8,
  left: 16,
  failed: 32,
  /** The ranks exchanged messages of different kind, step or size. */
  different: 64,
} as const;
/** Flags that prevent the exchange of bodies. */
const gone = flag.leaving | flag.failed | flag.different;

/** All-reduces of messages with a header between the ranks of a run. */
export interface Rounds {
  readonly rank: number;
  readonly size: number;
  /**
   * Performs one all-reduce, to which this rank contributes the flags `said`. Returns the union of the flags of all
   * ranks. `message` starts with space for the header. Bodies are merged unless one of these flags is set: leaving,
   * failed, different.
   */
  readonly round: (
    kind: MessageKind,
    step: number,
    said: number,
    message: ArrayBuffer,
    merge: Merge,
  ) => number;
}

/** Creates the all-reduces of a world; without a world there is a single rank. */
export function makeRounds(world: World | undefined): Rounds {
  const { rank, size } = world ?? { rank: 0, size: 1 };
  const received = new ArrayBuffer(size === 1 ? 0 : headerBytes + pieceBytes);
  const theirs = new Int32Array(received, 0, size === 1 ? 0 : 4);
  const exchange = (peer: number, message: ArrayBuffer, from: number, to: number, into: number): void => {
    world!.exchange(peer, new Uint8Array(message, from, to - from), new Uint8Array(received, into));
  };
  return {
    rank,
    size,
    round(kind, step, said, message, merge) {
      const body = message.byteLength - headerBytes;
      const header = new Int32Array(message, 0, 4);
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
    },
  };
}
