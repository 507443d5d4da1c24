// The numbers of memory, calls and threads, each with its unit and the reason for it. Those of threads were found with the bench on
// two to eight cores, beside other programs that want them; its rows with 2 threads show what they bring.

/** Bytes of a page of WebAssembly's memory. */
export const pageBytes = 65_536;
/** Pages to begin with, 64 MiB, so that small programs never grow; and at most, 4 GiB, all that an address of 32 bits reaches. */
export const initialPages = 1024;
export const maximumPages = 65_536;
/** Bytes of a line of the cache, which vectors of any width divide: blocks begin at multiples of this. */
export const blockAlignment = 64;
/** Bytes of blocks that are rounded up: those of compiled functions are many and live long, larger ones are few. */
export const largestRounded: number = 2 ** 20;
/** Bytes of the blocks into which small things of a module are put. */
export const chunkBytes = 4096;
/**
 * Bytes of copies of arrays that a routine keeps, and of temporaries whose sizes it computes. Larger ones have memory for the length of a call only, so that any number of
 * routines need what one call needs; for smaller ones, to look for memory would take as long as the copy.
 */
export const mostKeptCopy = 65_536;
/** Bytes of arrays that are copied at every call, wherever they lie: as many elements are copied one by one. */
export const mostSmallCopy = 256;

/** Weight (`weightOf`) that one function may have before it is cut into parts. */
export const partLimit = 3000;
/** Work, in weight, that one call of a kernel does: some 0.3 µs at the least, beside which the call is nothing. */
export const chunkWork = 65_536;

/** Threads that a program may want: what there is beyond shares caches and memory more than it computes. */
export const mostUsefulThreads = 8;
/**
 * Calls of kernels, some 10 ms of work that could have been shared, from which on threads are worth their start: that takes a few
 * milliseconds of the calling thread, and they are up some 30 ms later.
 */
export const callsBeforeStart = 30_000;
/** Milliseconds of waiting for what another thread took of shared work; one that was ended meanwhile never returns. */
export const longestWait = 30_000;
/** Milliseconds of one wait, and what counts of a longer one: the whole program may have been stopped in between. */
export const napTime = 5;
/** Loads of a word in a row until the main thread, which has nothing left to do, stops burning time: some 100 µs. */
export const spinLoads = 100_000;
/**
 * Milliseconds for which a thread looks out for more work before it sleeps, since it takes some 50 µs to wake up: the next kernel
 * of a step comes soon. The longer time is that of a thread whose last wait was shorter.
 */
export const watchTime = { short: 0.1, long: 1 } as const;
/** Modules that a thread keeps ready; another one is compiled again when it is needed. */
export const keptModules = 64;
/** KiB of addresses that a thread of Node needs: it reserves 590 to 1033 MiB on Node 20 to 26, and something for its code. */
export const addressesPerThread: number = 1.25 * 2 ** 20;

/** How it is found out whether sharing a piece of work saves time (`threads/choice.ts`). */
export const trial = {
  /** Runs of the first way before the other one is tried, of which the first half does not count: code and caches are cold. */
  runsBefore: 8,
  /** Runs of the other way in a row, of which the first ones do not count: threads may sleep, caches hold what the way left. */
  runs: 4,
  uncountedRuns: 2,
  /** Milliseconds of a run beside which waking up is nothing: one such run is a trial by itself. */
  longRun: 2,
  /** The part of the time of one thread that sharing has to stay below to begin, and to go on: it costs what comes after it, too. */
  toBegin: 0.9,
  toGoOn: 0.95,
  /** How many times its usual time a single run counts at most: most likely it was another program's turn. */
  mostOfUsual: 2.5,
  /** Milliseconds that it counts beyond that: there are clocks that go by leaps. */
  clockLeap: 0.02,
  /** What the time of the way taken has to grow by until the other one is tried before its time. */
  drift: 1.3,
  /** Of the time after a trial, the part that it may have lost at most, and the part that it may have taken. */
  lostPart: 0.01,
  takenPart: 0.04,
} as const;

/** When sharing stops for a while since all of it together is a loss (`threads/gains.ts`), in milliseconds. */
export const rest = {
  /** For how long nothing is shared, at first and at most. */
  shortest: 20,
  longest: 2000,
  /** What sharing may have cost since it began, and what is remembered of what it has saved. */
  mostLoss: 0.5,
  mostCredit: 5,
} as const;
