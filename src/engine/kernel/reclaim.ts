import { DownhillError } from "../errors/index.ts";

/** Where an allocation found no room: in the memory that kernels share, or in what the engine has for arrays and code. */
export type MemoryKind = "kernels" | "engine";

/** Something that holds memory which no live value needs. */
export interface MemoryHolder {
  /**
   * Gives back about so many bytes or all that it can, and tells whether anything was given back. It is asked anew until the
   * allocation succeeds.
   */
  readonly giveBack: (bytes: number, place: MemoryKind) => boolean;
}

/** Lists what can give memory back; `isFirst` says that it is asked before those that were listed so far. */
export function addHolder(holder: MemoryHolder, isFirst = false): void {
  if (isFirst) reclaiming.holders.unshift(holder);
  else reclaiming.holders.push(holder);
}

/** Has errors say who uses a memory, as a sentence. */
export function addReport(report: () => string): void {
  reclaiming.reports.push(report);
}

/** Who gives memory back, and what is going on about that. The runtime's engine holds it. */
export interface ReclaimState {
  readonly holders: MemoryHolder[];
  readonly reports: (() => string)[];
  isOpen: boolean;
  /** Whether an allocation is to fail, where tests say so. */
  refuses: (() => boolean) | undefined;
}

export const reclaiming: ReclaimState = { holders: [], reports: [], isOpen: false, refuses: undefined };

/** Has the first holder that can give memory back; false where none has any. What a holder allocates meanwhile gets none. */
export function reclaim(bytes: number, place: MemoryKind): boolean {
  if (reclaiming.isOpen) return false;
  reclaiming.isOpen = true;
  try {
    return reclaiming.holders.some((holder) => holder.giveBack(bytes, place));
  } finally {
    reclaiming.isOpen = false;
  }
}

/** The error of an allocation that fails although all that could be given back was. `asked` is a clause: "… was asked for". */
export function outOfMemory(asked: string, cause?: unknown): DownhillError {
  const text = [`out of memory: ${asked}.`, ...reclaiming.reports.map((report) => report()), repair].join(
    " ",
  );
  return new DownhillError("oom", text, cause === undefined ? undefined : { cause });
}

const repair =
  "Everything that could be given back was. Smaller batches need less, float32 half of float64, checkpoint(f) keeps less for derivatives.";

/**
 * What an attempt to allocate returns. Where the engine has no room (a RangeError), holders give memory back and it is tried
 * again.
 *
 * @throws DownhillError `oom` where that does not help.
 */
export function withRoom<T>(what: () => string, bytes: number, attempt: () => T): T {
  for (;;) {
    try {
      if (isRefused()) throw new RangeError("refused by a test");
      return attempt();
    } catch (problem) {
      // a stack that is too deep is a RangeError too
      if (!(problem instanceof RangeError) || problem.message.includes("call stack")) throw problem;
      if (!reclaim(bytes, "engine"))
        throw outOfMemory(`the engine has no ${mebibytes(bytes)} for ${what()}`, problem);
    }
  }
}

/** Bytes as messages show them. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** Has allocations fail, as if there were no room, for which `test` says so; without one all are tried. For tests. */
export function refuseAllocations(test?: () => boolean): void {
  reclaiming.refuses = test;
}

/** Whether an allocation is to fail. */
export function isRefused(): boolean {
  return reclaiming.refuses !== undefined && reclaiming.refuses();
}
