import type { World } from "../world.ts";

/** What a message is about. Ranks whose messages are of different kinds run different programs. */
export type MessageKind = "compare" | "share" | "step" | "evaluation" | "leave" | "end";
const kinds: readonly MessageKind[] = ["compare", "share", "step", "evaluation", "leave", "end"];

/** Merges what another rank sent, bytes `from … to − 1` of a body, into the own body. */
export type Merge = (from: number, to: number, theirs: ArrayBuffer, theirOffset: number) => void;

/** Bytes of the header: kind, step, flags, bytes of the body. The body begins where float64 may. */
export const headerBytes = 16;
/** Bytes of the body a message: few enough to be in a cache still when they are added, and large against a message itself. */
export const pieceBytes: number = 2 ** 19;

/** What a rank says of itself in the header of a message. */
export const flag = {
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

/** All-reduces of messages with a header, between the ranks of a run. */
export interface Rounds {
  readonly rank: number;
  readonly size: number;
  /**
   * One all-reduce, in which this rank says something: flags. Gives what anyone said. `message` has room for the header before
   * the body; bodies are merged while no flag says that they are not sent.
   */
  readonly round: (
    kind: MessageKind,
    step: number,
    said: number,
    message: ArrayBuffer,
    merge: Merge,
  ) => number;
}

/** The all-reduces of a world; without one there is one rank, which is alone. */
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
