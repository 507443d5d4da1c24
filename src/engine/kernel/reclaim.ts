import { DownhillError } from "../errors/index.ts";

/** Memory that ran out: that shared by kernels, or that of the engine for arrays and code. */
export type MemoryKind = "kernels" | "engine";

/** Holder of memory that no live value needs. */
export interface MemoryHolder {
  /**
   * Frees about this number of bytes, or all it can, and returns whether it freed any. It is called again until the
   * allocation succeeds.
   */
  readonly giveBack: (bytes: number, place: MemoryKind) => boolean;
}

/** Adds a holder. With `isFirst` it is asked before those added so far. */
export function addHolder(holder: MemoryHolder, isFirst = false): void {
  if (isFirst) reclaiming.holders.unshift(holder);
  else reclaiming.holders.push(holder);
}

/** Adds a sentence about the use of a memory to error messages. */
export function addReport(report: () => string): void {
  reclaiming.reports.push(report);
}

/** Holders of memory and the state of freeing it. The runtime's engine owns this object. */
export interface ReclaimState {
  readonly holders: MemoryHolder[];
  readonly reports: (() => string)[];
  isOpen: boolean;
  /** For tests: returns true if an allocation must fail. */
  refuses: (() => boolean) | undefined;
}

export const reclaiming: ReclaimState = { holders: [], reports: [], isOpen: false, refuses: undefined };

/**
 * Asks holders to free memory until one does; false if none can. Holders get no memory freed for their own allocations
 * meanwhile.
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
 * Error of an allocation that fails after everything possible was freed. `asked` is a clause like "… were requested".
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
 * Calls `attempt` to allocate, and returns its result. If the engine is out of memory (a RangeError), holders free
 * memory and it is retried.
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

/** True if an allocation must fail. */
export function isRefused(): boolean {
  return reclaiming.refuses !== undefined && reclaiming.refuses();
}
