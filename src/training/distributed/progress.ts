import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Mpi } from "./mpi.ts";

/** Counts of the calls that a rank has made together with others, in a file that the others can read. */
export interface RankProgress {
  /** Counts a call of all ranks, before it is made. */
  readonly enter: () => void;
  /** Notes that the last call of all ranks has returned. Only calls that may return although a rank is absent need it. */
  readonly leave: () => void;
  /** Counts an exchange with another rank, before it is made. */
  readonly exchange: (peer: number) => void;
  /** A rank that is in a call which this rank has not made, and that waits for ever if this rank makes no more calls. */
  readonly waiting: () => number | undefined;
  /** Removes the file, which tells the launcher that this rank has ended in order. */
  readonly end: () => void;
}

/** For ranks without a launcher of ours, which has a folder for the files. */
export const noProgress: RankProgress = {
  enter: () => {},
  leave: () => {},
  exchange: () => {},
  waiting: () => undefined,
  end: () => {},
};

const bytesOfCount = 8;
const [entered, left, exchanges] = [0, 1, 2]; // slots of counts; from the third on one for each peer

/**
 * Progress in a folder that all ranks of this machine share: the file of a rank has its number as name. To count a call writes 8 bytes, some 2 µs.
 */
export function progressIn(folder: string, rank: number, size: number): RankProgress {
  const fileOf = (one: number): string => join(folder, String(one));
  const counts = new Float64Array(exchanges + size);
  const file = openSync(fileOf(rank), "w");
  const count = (slot: number, value: number): void => {
    counts[slot] = value;
    try {
      writeSync(file, counts, slot * bytesOfCount, bytesOfCount, slot * bytesOfCount);
    } catch {
      // no room: what is lost is a message about ranks that wait
    }
  };
  return {
    enter: () => count(entered, counts[entered]! + 1),
    leave: () => count(left, counts[entered]!),
    exchange: (peer) => count(exchanges + peer, counts[exchanges + peer]! + 1),
    waiting() {
      for (let other = 0; other < size; other++) {
        const theirs = other === rank ? undefined : countsIn(fileOf(other), size);
        if (theirs === undefined) continue;
        const isInCall = theirs[entered]! > Math.max(counts[entered]!, theirs[left]!);
        if (isInCall || theirs[exchanges + rank]! > counts[exchanges + other]!) return other;
      }
      return undefined;
    },
    end() {
      closeSync(file);
      rmSync(fileOf(rank), { force: true });
    },
  };
}

/** Counts of another rank, 0 where it has written none. `undefined` if it has ended, or not begun. */
function countsIn(file: string, size: number): Float64Array | undefined {
  try {
    const counts = new Float64Array(exchanges + size);
    const bytes = readFileSync(file);
    new Uint8Array(counts.buffer).set(bytes.subarray(0, counts.byteLength));
    return counts;
  } catch {
    return undefined;
  }
}

/** The functions of MPI, with their calls counted. */
export function counted(mpi: Mpi, progress: RankProgress): Mpi {
  return {
    ...mpi,
    exchange(peer, bytes, into) {
      progress.exchange(peer);
      return mpi.exchange(peer, bytes, into);
    },
    allReduce(array, operation) {
      progress.enter();
      mpi.allReduce(array, operation);
    },
    broadcast(array, root) {
      progress.enter();
      mpi.broadcast(array, root);
      progress.leave(); // a short message is sent though nobody receives it
    },
    barrier() {
      progress.enter();
      mpi.barrier();
    },
    amongNeighbours(flags) {
      progress.enter();
      return mpi.amongNeighbours(flags);
    },
  };
}
