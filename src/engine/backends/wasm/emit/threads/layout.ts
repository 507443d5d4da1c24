/**
 * Where things are in the block of memory by which threads share work, in bytes from its start. What different threads write
 * lies in different cache lines.
 */
export const layout = {
  /** i32: the number of the latest piece of shared work; threads that have nothing to do wait for it to change. */
  epoch: 0,
  /** i64: the epoch in the upper half, and in the lower one how many units nobody has taken yet. */
  claim: 64,
  /** i32: how many units the other threads have finished. */
  done: 128,
  /** i32: whether the main thread sleeps until `done` changes. */
  waiting: 132,
  /** i32: whether a thread had to give up units that it had taken. */
  failed: 136,
  /** i32: a bit for each thread that is up, and for each one that sleeps. */
  up: 192,
  sleeping: 196,
  /** i32: whether threads are to end. */
  stop: 200,
  // What follows is written by the main thread, before the work that it is about has its epoch.
  /** i32: the address of the description of the module. */
  descriptor: 256,
  /** i32: which of the module's functions does the work. */
  task: 260,
  /** i32: how many units there are. */
  total: 264,
  /** i32: how many of them the main thread took. */
  own: 268,
  /** i32: memory that each thread has to itself: of thread i at `scratch` + i · `stride`. */
  scratch: 272,
  stride: 276,
  /** Bytes of the block. */
  bytes: 320,
} as const;

/** The most threads that share work: those beside the calling one have a bit each in a word. */
export const mostThreads = 32;

/** What describes a module to threads: three i32. */
export const descriptor = {
  /** A number that no other module ever has. */
  id: 0,
  /** Where its bytes lie, and how many there are. */
  address: 4,
  length: 8,
  bytes: 12,
} as const;

/** The name under which a module exports its piece of shared work. */
export function taskName(task: number): string {
  return `task${task}`;
}

/** The module from which the functions of `pool-module` are imported. */
export const poolImport = "threads";
