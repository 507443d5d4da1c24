import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Mpi } from "./mpi.ts";

/** Counts of the calls of a rank that involve other ranks, in a file that the others can read. */
export interface RankProgress {
  /** Counts a collective call before it is made. */
  readonly enter: () => void;
  /**
   * Records that the last collective call has returned. Needed only for calls that may return although a rank is
   * absent.
   */
  readonly leave: () => void;
  /** Counts an exchange with another rank before it is made. */
  readonly exchange: (peer: number) => void;
  /**
   * Returns a rank that waits in a call which this rank has not made; that rank waits without limit if this rank makes
   * no more calls.
   */
  readonly waiting: () => number | undefined;
  /** Removes the file, which reports to the launcher that this rank has ended in order. */
  readonly end: () => void;
}

/**
 * Progress of a rank that was not started by `downhill launch`, which would provide the folder for the files: records
 * nothing.
 */
export const noProgress: RankProgress = {
  enter: () => {},
  leave: () => {},
  exchange: () => {},
  waiting: () => undefined,
  end: () => {},
};

const bytesOfCount = 8;
const [entered, left, exchanges] = [0, 1, 2]; // slots of counts; from the third on, one per peer

/**
 * Records progress in a folder that all ranks of this machine share. The file of a rank is named by its number.
 * Counting a call writes 8 bytes, in about 2 µs.
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
      // Disk full: only a message about waiting ranks is lost.
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

/** Reads the counts of another rank, 0 for those it has not written; `undefined` if it has ended, or not begun. */
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

/** Wraps the MPI functions to count their calls. */
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
      progress.leave(); // a short message is sent even if no rank receives it
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
