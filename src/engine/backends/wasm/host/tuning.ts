// Constants of memory, calls and threads, each with its unit and reason. Those of threads were determined with the
// bench on two to eight cores, next to other programs; the bench rows with 2 threads show their effect.

/** Bytes of a WebAssembly memory page. */
export const pageBytes = 65_536;
/**
 * Initial pages, 64 MiB, so that small programs never grow; and maximum pages, 4 GiB, the limit of a 32-bit address.
 */
export const initialPages = 1024;
export const maximumPages = 65_536;
/** Bytes of a cache line, a multiple of any vector width. Blocks begin at multiples of it. */
export const blockAlignment = 64;
/**
 * Maximum bytes of blocks whose size is rounded up. There are many blocks of compiled functions, and they live long;
 * larger blocks are few.
 */
export const largestRounded: number = 2 ** 20;
/** Bytes of the blocks that hold the small data of a module. */
export const chunkBytes = 4096;
/**
 * Maximum bytes of array copies that a routine keeps between calls, and of temporaries whose sizes it computes. Larger
 * ones are allocated for the duration of a call, so that any number of routines need only the memory of one call. For
 * smaller ones, allocating would take as long as copying.
 */
export const mostKeptCopy = 65_536;
/**
 * Maximum bytes of arrays that are copied in every call, wherever they are stored. Their elements are copied one by
 * one.
 */
export const mostSmallCopy = 256;

/** Maximum weight (`weightOf`) of one function before it is split into parts. */
export const partLimit = 3000;
/**
 * Target run time of one kernel call, in units of weight (see `weightOf`): about 0.3 µs or more, so that the overhead
 * of a call is negligible.
 */
export const chunkWork = 65_536;

/** Maximum useful number of threads. With more, threads compete for caches and memory. */
export const mostUsefulThreads = 8;
/**
 * Number of kernel calls that could have been shared, about 10 ms of work, after which starting threads is worthwhile.
 * Starting takes a few milliseconds of the calling thread, and the threads run about 30 ms later.
 */
export const callsBeforeStart = 30_000;
/**
 * Maximum milliseconds to wait for units that another thread took. A thread that was terminated never finishes them.
 */
export const longestWait = 30_000;
/**
 * Maximum milliseconds of one wait. A wait that took much longer counts as twice this time, because the whole program
 * may have been suspended.
 */
export const napTime = 5;
/** Consecutive loads of a word before the idle main thread stops spinning: about 100 µs. */
export const spinLoads = 100_000;
/**
 * Milliseconds for which a thread polls for more work before it sleeps. Waking up takes about 50 µs, and the next
 * kernel of a step comes soon. The longer time applies if the last wait was shorter.
 */
export const watchTime = { short: 0.1, long: 1 } as const;
/** Number of modules that a thread caches. Other modules are compiled again when needed. */
export const keptModules = 64;
/** KiB of address space that a Node thread needs. Node 20 to 26 reserve 590 to 1033 MiB, plus some for code. */
export const addressesPerThread: number = 1.25 * 2 ** 20;

/** Parameters of measuring whether sharing a piece of work saves time (`threads/choice.ts`). */
export const trial = {
  /**
   * Runs of the first mode before the other one is tried. The first half does not count, because code and caches are
   * cold.
   */
  runsBefore: 8,
  /**
   * Number of consecutive runs of the other mode in a trial. The first ones do not count: threads may sleep, and caches
   * hold data of the previous mode.
   */
  runs: 4,
  uncountedRuns: 2,
  /** Milliseconds of a run above which the wake-up time is negligible, so that a single run suffices as a trial. */
  longRun: 2,
  /**
   * Fraction of the single-thread time that the time with sharing must stay below for sharing to begin, and to
   * continue. Sharing also slows down later work.
   */
  toBegin: 0.9,
  toGoOn: 0.95,
  /**
   * Maximum multiple of its usual time that a single run counts for, because it was probably interrupted by another
   * program.
   */
  mostOfUsual: 2.5,
  /** Milliseconds that are added to this maximum, because some clocks are coarse. */
  clockLeap: 0.02,
  /** Factor by which the time per unit of the current mode must grow so that the other mode is tried early. */
  drift: 1.3,
  /** Maximum fractions of the time since a trial that the trial may have lost, and that it may have taken. */
  lostPart: 0.01,
  takenPart: 0.04,
} as const;

/** Parameters of disabling sharing while it is a loss overall (`threads/gains.ts`), in milliseconds. */
export const rest = {
  /** Shortest and longest time without sharing. */
  shortest: 20,
  longest: 2000,
  /** Loss at which sharing stops, and maximum savings that are remembered. */
  mostLoss: 0.5,
  mostCredit: 5,
} as const;
