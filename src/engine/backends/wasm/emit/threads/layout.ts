/**
 * Byte offsets in the memory block by which threads share work. Values written by different threads are in different
 * cache lines.
 */
export const layout = {
  /** i32: number of the latest piece of shared work. Idle threads wait for it to change. */
  epoch: 0,
  /** i64: the epoch in the upper half, the number of untaken units in the lower half. */
  claim: 64,
  /** i32: number of units that the other threads have finished. */
  done: 128,
  /** i32: 1 if the main thread sleeps until `done` changes. */
  waiting: 132,
  /** i32: 1 if a thread failed while it worked on units that it had taken. */
  failed: 136,
  /** i32: one bit per running thread; `sleeping` has one bit per sleeping thread. */
  up: 192,
  sleeping: 196,
  /** i32: 1 if threads must end. */
  stop: 200,
  // The main thread writes the following fields before it publishes the epoch of the work they describe.
  /** i32: address of the module's descriptor. */
  descriptor: 256,
  /** i32: number of the module's function that does the work. */
  task: 260,
  /** i32: number of units. */
  total: 264,
  /** i32: number of units that the main thread itself took. */
  own: 268,
  /**
   * i32: address of the memory that each thread has for itself; thread i uses the memory at `scratch` + i · `stride`.
   */
  scratch: 272,
  stride: 276,
  /** Size of the block in bytes. */
  bytes: 320,
} as const;

/** Maximum number of threads that share work. Each thread except the calling one has a bit in a word. */
export const mostThreads = 32;

/** Descriptor of a module for threads: three i32. */
export const descriptor = {
  /** Unique number of the module. */
  id: 0,
  /** Address of the module's bytes; `length` is the number of bytes. */
  address: 4,
  length: 8,
  bytes: 12,
} as const;

/** Name under which a module exports a piece of shared work. */
export function taskName(task: number): string {
  return `task${task}`;
}

/** Module name from which the functions of `pool-module` are imported. */
export const poolImport = "threads";
