import { DownhillError } from "../errors/index.ts";

/**
 * Memory that is exhausted: `kernels` is the memory that compiled kernels share, `engine` the memory of the JavaScript
 * engine for arrays and code.
 */
export type MemoryKind = "kernels" | "engine";

/** Component that holds memory which no live value needs, and which can free it. */
export interface MemoryHolder {
  /**
   * Frees about the given number of bytes, or as much as possible, and returns whether it freed any. It is called
   * repeatedly until the allocation succeeds.
   */
  readonly giveBack: (bytes: number, place: MemoryKind) => boolean;
}

/** Registers a holder. With `isFirst`, it is asked to free memory before the holders registered so far. */
export function addHolder(holder: MemoryHolder, isFirst = false): void {
  if (isFirst) reclaiming.holders.unshift(holder);
  else reclaiming.holders.push(holder);
}

/** Registers a function whose sentence about the use of memory is added to out-of-memory errors. */
export function addReport(report: () => string): void {
  reclaiming.reports.push(report);
}

/** Holders of memory and the state of freeing it. The runtime's engine owns this object. */
export interface ReclaimState {
  readonly holders: MemoryHolder[];
  readonly reports: (() => string)[];
  isOpen: boolean;
  /** Test hook: returns true if the next allocation must fail. */
  refuses: (() => boolean) | undefined;
}

export const reclaiming: ReclaimState = { holders: [], reports: [], isOpen: false, refuses: undefined };

/**
 * Asks one holder after the other to free memory, until one has done so; returns false if none can. Also returns false
 * if it is called while a holder frees memory.
 */
export function reclaim(bytes: number, place: MemoryKind): boolean {
  if (reclaiming.isOpen) return false;
  reclaiming.isOpen = true;
  try {
    return reclaiming.holders.some((holder) => holder.giveBack(bytes, place));
  } finally {
    reclaiming.isOpen = false;
  }
}

/**
 * Creates the error for an allocation that failed after all possible memory was freed. `asked` is a clause like "… were
 * requested".
 */
export function outOfMemory(asked: string, cause?: unknown): DownhillError {
  const text = [`out of memory: ${asked}.`, ...reclaiming.reports.map((report) => report()), repair].join(
    " ",
  );
  return new DownhillError("oom", text, cause === undefined ? undefined : { cause });
}

const repair =
  "All memory that could be freed was freed. Use smaller batches, float32 (half of float64), or checkpoint(f), which keeps less for derivatives.";

/**
 * Calls `attempt` to allocate memory, and returns its result. If the engine is out of memory (a RangeError), holders
 * free memory and `attempt` is called again.
 *
 * @throws DownhillError `oom` if that does not help.
 */
export function withRoom<T>(what: () => string, bytes: number, attempt: () => T): T {
  for (;;) {
    try {
      if (isRefused()) throw new RangeError("allocation refused by a test");
      return attempt();
    } catch (problem) {
      // a stack overflow is a RangeError too
      if (!(problem instanceof RangeError) || problem.message.includes("call stack")) throw problem;
      if (!reclaim(bytes, "engine"))
        throw outOfMemory(`the engine could not allocate ${mebibytes(bytes)} for ${what()}`, problem);
    }
  }
}

/** Formats bytes for messages. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** For tests: makes allocations fail whenever `test` returns true; without an argument, none fails. */
export function refuseAllocations(test?: () => boolean): void {
  reclaiming.refuses = test;
}

/** True if a test requires the next allocation to fail. */
export function isRefused(): boolean {
  return reclaiming.refuses !== undefined && reclaiming.refuses();
}
