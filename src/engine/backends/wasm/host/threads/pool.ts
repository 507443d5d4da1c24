import { DownhillError } from "../../../../errors/index.ts";
import type { Arena } from "../arena.ts";
import type { SharingHeuristic } from "./choice.ts";
import { makeChoice } from "./choice.ts";
import type { Gains } from "./gains.ts";
import { watchGains } from "./gains.ts";
import { layout, mostThreads } from "../../emit/threads/layout.ts";
import { hostState } from "../state.ts";
import { poolModule } from "./pool-module.ts";
import type { ThreadHandle } from "./start.ts";
import { affordableThreads, startThread } from "./start.ts";
import { callsBeforeStart, longestWait, mostUsefulThreads, napTime } from "../tuning.ts";

/** Threads that share the work of kernels with the calling thread. */
export interface ThreadPool {
  /** Target number of threads, including the calling one. */
  readonly threads: number;
  /** Imports of a module that shares this number of pieces of work. */
  readonly importsFor: (tasks: number) => WebAssembly.ModuleImports;
  /** Provides each thread with this number of bytes for itself. Must not be called while kernels run. */
  readonly reserve: (bytes: number) => void;
  /**
   * Starts the threads, on the first call. Work that is large enough starts them too. Starting takes a while; until
   * then the calling thread does everything.
   */
  readonly start: () => void;
  /** Number of running threads, including the calling one. */
  readonly up: () => number;
  /** Units of work that other threads have done so far. */
  readonly doneByOthers: () => number;
  /** Waits until all threads are idle, after a kernel with shared work has thrown. Never throws. */
  readonly settle: () => void;
  /** Ends the threads; code compiled for them continues on one thread. Must not be called while kernels run. */
  readonly close: () => void;
  /** Handles of the threads, for tests of failures. */
  readonly workers: () => readonly ThreadHandle[];
}

/** Objects that decide whether threads share a piece of work. */
export interface Policy {
  /** Creates the heuristic for one piece of work. */
  readonly choose: () => SharingHeuristic;
  /** Monitor that disables sharing when it loses time over all pieces of work together. */
  readonly gains: Gains;
}

/**
 * Returns the pool of this number of threads, which work on the memory of `arena`. `undefined` for a single thread, and
 * if the memory cannot be shared between threads.
 */
export function threadPool(threads: number, arena: Arena): ThreadPool | undefined {
  if (threads <= 1 || !arena.isShared) return undefined;
  let pool = hostState.pools.get(threads);
  if (pool === undefined) hostState.pools.set(threads, (pool = makePool(threads, arena)));
  return pool;
}

/** Ends all threads. Later requests create new pools. */
export function closePools(): void {
  for (const pool of hostState.pools.values()) pool.close();
  hostState.pools.clear();
}

/** Recommended number of threads on this machine. */
export function usefulThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.("node:os") as
    { availableParallelism?: () => number } | undefined;
  const found = os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, Math.min(mostUsefulThreads, found));
}

interface PoolState {
  readonly arena: Arena;
  readonly policy: Policy;
  /** Number of kernel calls that run without sharing before the threads are started. */
  readonly unsharedCalls: number;
  /** Number of threads to run in addition to the calling one. */
  readonly others: number;
  /**
   * Memory block by which threads share work: its address, its words, and its 64-bit `claim`, which changes atomically.
   */
  readonly base: number;
  readonly words: Int32Array;
  readonly claim: BigInt64Array;
  /** Bytes of the module `poolModule`, which this thread and the others instantiate. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The threads, once started; `alive` counts the threads that have not ended. */
  workers: ThreadHandle[] | undefined;
  alive: number;
  /** Distance in bytes between the memory of one thread and that of the next. */
  stride: number;
  isClosed: boolean;
  /** True if a thread ended in the middle of its part. */
  isLost: boolean;
  /** Number of kernel calls so far that were not shared because no threads were running. */
  unshared: number;
  doneByOthers: number;
  /** Epoch of the work that this thread waits for, milliseconds waited so far, and time of the last check. */
  readonly wait: { epoch: number; elapsed: number; last: number };
}

type Int32Word = Exclude<keyof typeof layout, "bytes" | "claim">;

const indexOf = (word: Int32Word): number => layout[word] / 4;
const load = ({ words }: PoolState, word: Int32Word): number => Atomics.load(words, indexOf(word));
const store = ({ words }: PoolState, word: Int32Word, value: number): number =>
  Atomics.store(words, indexOf(word), value);
/** Reads a word of the shared memory that only the calling thread writes. */
const own = ({ words }: PoolState, word: Int32Word): number => words[indexOf(word)]!;

/** Creates a pool; its threads are not started yet. */
export function makePool(
  threads: number,
  arena: Arena,
  policy: Policy = { choose: makeChoice, gains: watchGains() },
  unsharedCalls: number = callsBeforeStart,
): ThreadPool {
  const others = Math.min(threads, mostThreads) - 1;
  const base = arena.allocate(layout.bytes, "threads");
  const words = arena.view("i32", base, layout.bytes / 4) as Int32Array;
  words.fill(0);
  const state: PoolState = {
    arena,
    policy,
    unsharedCalls,
    others,
    base,
    words,
    claim: new BigInt64Array(words.buffer, base + layout.claim, 1),
    bytes: poolModule(base),
    workers: undefined,
    alive: 0,
    stride: 0,
    isClosed: false,
    isLost: false,
    unshared: 0,
    doneByOthers: 0,
    wait: { epoch: -1, elapsed: 0, last: 0 },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(state.bytes), {
    env: { memory: arena.memory, idle: () => pause(state) },
  });
  return {
    threads: others + 1,
    importsFor: (tasks) => importsFor(state, exports as unknown as Protocol, tasks),
    reserve: (size) => reserve(state, size),
    start: () => start(state),
    doneByOthers: () => state.doneByOthers,
    up: () => (state.isClosed ? 1 : 1 + countBits(load(state, "up"))),
    settle: () => settle(state),
    close: () => close(state),
    workers: () => state.workers ?? [],
  };
}

function close(state: PoolState): void {
  if (state.isClosed) return;
  state.isClosed = true; // regardless of the words: a starting thread sets its bit for a moment
  store(state, "stop", 1);
  store(state, "up", 0);
  Atomics.add(state.words, indexOf("epoch"), 1);
  Atomics.notify(state.words, indexOf("epoch"));
  if (state.stride > 0 && !state.isLost) state.arena.free(own(state, "scratch") >>> 0);
  state.stride = 0;
  if (state.isLost) for (const worker of state.workers ?? []) worker.terminate();
  state.workers = [];
  leave(state);
}

/** Frees the block once no thread can access it any more. */
function leave({ isClosed, alive, arena, base }: PoolState): void {
  if (isClosed && alive === 0) arena.free(base);
}

/**
 * Waits for the other threads, which have not yet finished the units that they took: sleeps for a short time if this
 * thread may block, otherwise returns at once.
 *
 * @throws DownhillError `internal` if a thread has failed or nothing has happened for too long; the pool is closed
 *   then.
 */
function pause(state: PoolState): void {
  const { wait, words } = state;
  const epoch = load(state, "epoch");
  const now = performance.now();
  wait.elapsed = epoch === wait.epoch ? wait.elapsed + Math.min(2 * napTime, now - wait.last) : 0;
  wait.epoch = epoch;
  wait.last = now;
  if (load(state, "failed") !== 0 || wait.elapsed > longestWait) {
    state.isLost = true;
    close(state);
    throw new DownhillError(
      "internal",
      "a thread ended in the middle of its part of a computation, whose results are lost; " +
        "from now on everything runs on one thread.",
    );
  }
  if (!maySleep()) return;
  const done = load(state, "done");
  store(state, "waiting", 1);
  Atomics.wait(words, indexOf("done"), done, napTime);
  store(state, "waiting", 0);
}

function start(state: PoolState): void {
  if (state.isClosed || state.workers !== undefined) return;
  const count = affordableThreads(state.others);
  if (count < state.others) warnOfFew(1 + count, 1 + state.others);
  state.workers = Array.from({ length: count }, (_, place) => launch(state, place)).flat();
}

function launch(state: PoolState, place: number): ThreadHandle[] {
  const { words, arena, bytes, base } = state;
  const bit = 1 << place;
  let hasEnded = false;
  try {
    const thread = startThread({ memory: arena.memory, pool: bytes, base, place }, () => {
      if (hasEnded) return;
      hasEnded = true;
      state.alive--;
      Atomics.and(words, indexOf("up"), ~bit);
      Atomics.and(words, indexOf("sleeping"), ~bit);
      leave(state);
    });
    state.alive++;
    return [thread];
  } catch {
    return []; // no workers here: one thread does everything
  }
}

/** Functions of `poolModule` that the calling thread uses. */
interface Protocol {
  readonly begin: (descriptor: number, task: number, units: number) => void;
  readonly end: () => void;
  readonly takeOwn: () => bigint;
  readonly finishOwn: (units: number) => void;
  readonly scratchOwn: (address: number) => number;
}

function importsFor(state: PoolState, protocol: Protocol, tasks: number): WebAssembly.ModuleImports {
  const { choose, gains } = state.policy;
  const pieces = Array.from({ length: tasks }, () => ({ choice: choose(), hasOthers: false }));
  let piece: (typeof pieces)[number] | undefined;
  let total = 0;
  let isShared = false;
  let started = 0;
  return {
    begin(descriptor: number, task: number, units: number, calls: number): number {
      piece = undefined;
      if (state.isClosed) return 0;
      if (state.workers === undefined) {
        state.unshared += calls;
        if (state.unshared < state.unsharedCalls) return 0;
        start(state);
      }
      if (state.alive === 0) return 0;
      started = performance.now();
      if (!gains.isWorth(started)) return 0;
      piece = pieces[task]!;
      total = units;
      isShared = !piece.hasOthers || piece.choice.isShared(started);
      if (isShared) protocol.begin(descriptor, task, units);
      return isShared ? 1 : 0;
    },
    end(): void {
      if (piece === undefined) return;
      let now = performance.now();
      if (isShared) {
        const busy = now - started;
        protocol.end();
        now = performance.now();
        const taken = own(state, "own");
        state.doneByOthers += total - taken;
        piece.hasOthers ||= taken < total;
        if (taken < total)
          gains.note(savedBy(piece.choice.alone(total), busy, now - started - busy, taken / total), now);
      }
      // until another thread runs and has compiled the module, times are meaningless
      if (piece.hasOthers) piece.choice.note(total, now - started, now);
    },
    take: protocol.takeOwn,
    finish: protocol.finishOwn,
    scratch: protocol.scratchOwn,
  };
}

function reserve(state: PoolState, size: number): void {
  const { arena, others, words } = state;
  if (state.isClosed || size <= state.stride) return;
  const wanted = Math.ceil(Math.max(size, 2 * state.stride) / 64) * 64;
  const scratch = arena.allocate(others * wanted, "threads"); // before the old block is freed, because the allocation may fail
  if (state.stride > 0) arena.free(own(state, "scratch") >>> 0);
  state.stride = wanted;
  words[indexOf("scratch")] = scratch;
  words[indexOf("stride")] = wanted;
}

function settle(state: PoolState): void {
  if (state.isClosed) return;
  const epoch = BigInt(own(state, "epoch") >>> 0) << 32n;
  const left = Number(Atomics.exchange(state.claim, 0, epoch) & 0xffffffffn);
  const taken = own(state, "total") - own(state, "own") - left;
  try {
    while (load(state, "done") !== taken) pause(state);
  } catch {
    // the pool is closed; the error of the kernel itself is more informative
  }
}

function warnOfFew(count: number, wanted: number): void {
  if (hostState.hasWarned) return;
  hostState.hasWarned = true;
  // oxlint-disable-next-line no-console -- who waits for results may want to raise the limit
  console.warn(
    `downhill: the limit of address space (ulimit -v) is too low for ${wanted} threads; ` +
      `${count === 1 ? "computations use one" : `long computations use ${count}`}.`,
  );
}

/**
 * Milliseconds that sharing has saved. `alone` is the time one thread would have needed, `busy` the time this thread
 * worked on its part, and `waited` the time it waited for other threads. While `alone` is unknown, only certain losses
 * count.
 */
function savedBy(alone: number, busy: number, waited: number, ownPart: number): number {
  if (Number.isNaN(alone)) return Math.min(0, busy * (1 / Math.max(ownPart, 0.01) - 1) - waited);
  return alone - busy - waited;
}

/** True if this thread may block, which the main thread of a page may not. */
function maySleep(): boolean {
  return (hostState.maySleep ??= canSleep());
}

function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

function countBits(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
