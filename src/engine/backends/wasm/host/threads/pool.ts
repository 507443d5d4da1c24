import { DownhillError } from "../../../../errors/index.ts";
import type { Arena } from "../arena.ts";
import type { Choice } from "./choice.ts";
import { makeChoice } from "./choice.ts";
import type { Gains } from "./gains.ts";
import { watchGains } from "./gains.ts";
import { layout, mostThreads } from "../../emit/threads/layout.ts";
import { poolModule } from "./pool-module.ts";
import type { Thread } from "./start.ts";
import { affordableThreads, startThread } from "./start.ts";

/** Milliseconds of waiting for what another thread took of shared work; one that was ended meanwhile never returns. */
const patience = 30_000;
/**
 * Calls of kernels, some 10 ms of work that could have been shared, from which on threads are worth their start: that
 * takes a few milliseconds of the calling thread, and they are up some 30 ms later.
 */
const startAfter = 30_000;
/** Milliseconds of one wait, and what counts of a longer one: the whole program may have been stopped in between. */
const nap = 5;

/** Threads that take part in the work of kernels, beside the one that calls them. */
export interface Pool {
  /** How many threads there are to be, the calling one among them. */
  readonly threads: number;
  /** What a module imports that shares so many pieces of work. */
  readonly importsFor: (tasks: number) => WebAssembly.ModuleImports;
  /** Sees to it that each thread has so many bytes to itself. Not to be called while kernels run. */
  readonly reserve: (bytes: number) => void;
  /**
   * Starts the threads, the first time, as work does that is worth it. They are not up at once; until then the calling
   * thread does everything.
   */
  readonly start: () => void;
  /** How many threads are up, the calling one among them. */
  readonly up: () => number;
  /** How many units of work other threads have done so far. */
  readonly doneByOthers: () => number;
  /** Waits until nobody works any more, after a kernel that shared work has thrown. Throws nothing itself. */
  readonly settle: () => void;
  /** Ends the threads; what was compiled for them goes on with one. Not to be called while kernels run. */
  readonly close: () => void;
  /** The threads themselves, for tests of what happens without them. */
  readonly workers: () => readonly Thread[];
}

/** What decides whether work is shared that could be. */
export interface Policy {
  /** Makes what decides for one piece of work. */
  readonly choose: () => Choice;
  /** Has its say in all of them. */
  readonly gains: Gains;
}

const pools = new Map<number, Pool>();

/** The pool of so many threads, on the one memory; `undefined` where nothing can be shared. */
export function threadPool(threads: number, arena: Arena): Pool | undefined {
  if (threads <= 1 || !arena.isShared) return undefined;
  let pool = pools.get(threads);
  if (pool === undefined) pools.set(threads, (pool = makePool(threads, arena)));
  return pool;
}

/** Ends all threads. Those that are asked for later are others. */
export function closePools(): void {
  for (const pool of pools.values()) pool.close();
  pools.clear();
}

/** Threads that a program may want here, from 1 to 8: what there is beyond shares caches and memory more than it computes. */
export function usefulThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.("node:os") as
    { availableParallelism?: () => number } | undefined;
  const found = os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, Math.min(8, found));
}

/** Makes a pool whose threads are not started yet. */
export function makePool(
  threads: number,
  arena: Arena,
  { choose, gains }: Policy = { choose: makeChoice, gains: watchGains() },
  unsharedCalls: number = startAfter,
): Pool {
  const others = Math.min(threads, mostThreads) - 1;
  const base = arena.allocate(layout.bytes, "threads");
  const words = arena.view("i32", base, layout.bytes / 4) as Int32Array;
  words.fill(0);
  const claim = new BigInt64Array(words.buffer, base + layout.claim, 1);
  const at = (offset: number): number => offset / 4;
  const bytes = poolModule(base);
  let workers: Thread[] | undefined;
  let stride = 0;
  let isClosed = false;
  let isLost = false;
  let alive = 0;

  const close = (): void => {
    if (isClosed) return;
    isClosed = true; // whatever the words say from now on: a thread that is just coming up has a bit for a moment
    Atomics.store(words, at(layout.stop), 1);
    Atomics.store(words, at(layout.up), 0);
    Atomics.add(words, at(layout.epoch), 1);
    Atomics.notify(words, at(layout.epoch));
    if (stride > 0 && !isLost) arena.free(words[at(layout.scratch)]! >>> 0);
    stride = 0;
    if (isLost) for (const worker of workers ?? []) worker.terminate();
    workers = [];
    leave();
  };

  /** Gives the block back once no thread can look at it any more. */
  const leave = (): void => {
    if (isClosed && alive === 0) arena.free(base);
  };

  /** Lets time pass until other threads have finished what they took: asleep, where that is allowed. */
  let waitsFor = -1;
  let waited = 0;
  let last = 0;
  const pause = (): void => {
    const epoch = Atomics.load(words, at(layout.epoch));
    const now = performance.now();
    waited = epoch === waitsFor ? waited + Math.min(2 * nap, now - last) : 0;
    waitsFor = epoch;
    last = now;
    if (Atomics.load(words, at(layout.failed)) !== 0 || waited > patience) {
      isLost = true;
      close();
      throw new DownhillError(
        "internal",
        "a thread ended in the middle of its part of a computation, whose results are lost; " +
          "from now on everything runs on one thread.",
      );
    }
    if (!maySleep()) return;
    const done = Atomics.load(words, at(layout.done));
    Atomics.store(words, at(layout.waiting), 1);
    Atomics.wait(words, at(layout.done), done, nap);
    Atomics.store(words, at(layout.waiting), 0);
  };

  const exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory: arena.memory, idle: pause },
  }).exports;
  const begin = exports["begin"] as (descriptor: number, task: number, units: number) => void;
  const end = exports["end"] as () => void;
  let unshared = 0;
  let doneByOthers = 0;

  const launch = (place: number): Thread[] => {
    const bit = 1 << place;
    let hasEnded = false;
    try {
      const thread = startThread({ memory: arena.memory, pool: bytes, base, place }, () => {
        if (hasEnded) return;
        hasEnded = true;
        alive--;
        Atomics.and(words, at(layout.up), ~bit);
        Atomics.and(words, at(layout.sleeping), ~bit);
        leave();
      });
      alive++;
      return [thread];
    } catch {
      return []; // no workers here: one thread does everything
    }
  };

  const start = (): void => {
    if (isClosed || workers !== undefined) return;
    const count = affordableThreads(others);
    if (count < others) warnOfFew(1 + count, 1 + others);
    workers = Array.from({ length: count }, (_, place) => launch(place)).flat();
  };

  return {
    threads: others + 1,
    importsFor(tasks) {
      const pieces = Array.from({ length: tasks }, () => ({ choice: choose(), hasOthers: false }));
      let piece: (typeof pieces)[number] | undefined;
      let total = 0;
      let isShared = false;
      let started = 0;
      return {
        begin(descriptor: number, task: number, units: number, calls: number): number {
          piece = undefined;
          if (isClosed) return 0;
          if (workers === undefined) {
            unshared += calls;
            if (unshared < unsharedCalls) return 0;
            start();
          }
          if (alive === 0) return 0;
          started = performance.now();
          if (!gains.isWorth(started)) return 0;
          piece = pieces[task]!;
          total = units;
          isShared = !piece.hasOthers || piece.choice.isShared(started);
          if (isShared) begin(descriptor, task, units);
          return isShared ? 1 : 0;
        },
        end(): void {
          if (piece === undefined) return;
          let now = performance.now();
          if (isShared) {
            const busy = now - started;
            end();
            now = performance.now();
            const own = words[at(layout.own)]!;
            doneByOthers += total - own;
            piece.hasOthers ||= own < total;
            if (own < total) {
              gains.note(savedBy(piece.choice.alone(total), busy, now - started - busy, own / total), now);
            }
          }
          // until another thread is up and has compiled the module, times would say nothing
          if (piece.hasOthers) piece.choice.note(total, now - started, now);
        },
        take: exports["takeOwn"]!,
        finish: exports["finishOwn"]!,
        scratch: exports["scratchOwn"]!,
      };
    },
    reserve(size) {
      if (isClosed || size <= stride) return;
      const wanted = Math.ceil(Math.max(size, 2 * stride) / 64) * 64;
      const scratch = arena.allocate(others * wanted, "threads"); // before the former is gone: there may be no room
      if (stride > 0) arena.free(words[at(layout.scratch)]! >>> 0);
      stride = wanted;
      words[at(layout.scratch)] = scratch;
      words[at(layout.stride)] = stride;
    },
    start,
    doneByOthers: () => doneByOthers,
    up: () => (isClosed ? 1 : 1 + countBits(Atomics.load(words, at(layout.up)))),
    settle() {
      if (isClosed) return;
      const epoch = BigInt(words[at(layout.epoch)]! >>> 0) << 32n;
      const left = Number(Atomics.exchange(claim, 0, epoch) & 0xffffffffn);
      const taken = words[at(layout.total)]! - words[at(layout.own)]! - left;
      try {
        while (Atomics.load(words, at(layout.done)) !== taken) pause();
      } catch {
        // the pool is closed; what the kernel itself has thrown says more
      }
    },
    close,
    workers: () => workers ?? [],
  };
}

let isWarned = false;

function warnOfFew(count: number, wanted: number): void {
  if (isWarned) return;
  isWarned = true;
  // oxlint-disable-next-line no-console -- who waits for results may want to raise the limit
  console.warn(
    `downhill: this process may reserve too few addresses (ulimit -v) for ${wanted} threads; ` +
      `${count === 1 ? "one does everything" : `${count} share long computations`}.`,
  );
}

/**
 * Milliseconds that sharing has saved where one thread alone takes `alone`, and this one has been busy with a part of it and has
 * waited for others. While that is not known yet, only what is a loss in any case counts.
 */
function savedBy(alone: number, busy: number, waited: number, ownPart: number): number {
  if (Number.isNaN(alone)) return Math.min(0, busy * (1 / Math.max(ownPart, 0.01) - 1) - waited);
  return alone - busy - waited;
}

let isSleepAllowed: boolean | undefined;

/** Whether this thread may wait for others: that of a page may not. */
function maySleep(): boolean {
  if (isSleepAllowed === undefined) {
    try {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
      isSleepAllowed = true;
    } catch {
      isSleepAllowed = false;
    }
  }
  return isSleepAllowed;
}

function countBits(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
