import type { FunctionBody, Callable } from "../../encode/body.ts";
import type { IntCode } from "../../encode/integers.ts";
import { integersOf } from "../../encode/integers.ts";
import type { ModuleBuilder } from "../../encode/module.ts";
import { makeModule } from "../../encode/module.ts";
import type { OpcodeName } from "../../encode/opcodes.ts";
import { layout } from "../../emit/threads/layout.ts";
import { maximumPages, spinLoads } from "../tuning.ts";

/**
 * Module with the functions by which threads share work. Every thread has an instance of it, over the block at `base`.
 * It exports
 * - `begin(descriptor, task, total)`: the main thread publishes `total` units of work; threads that are still starting
 *   join in later;
 * - `takeOwn()`, `take()`: takes some units for the main thread or another one. Returns an i64 with the first unit in
 *   the lower half and their number in the upper half, or −1 if none are left;
 * - `finishOwn(units)`, `finish(units)`: reports that taken units are done;
 * - `end()`: the main thread waits until all taken units are done, and calls the import `idle` if that takes long;
 * - `scratchOwn(address)`, `scratch(address)`: memory for the thread alone; `address` for the main thread;
 * - the globals `epoch`, the work that a thread means to join, and `place`, its number from 0.
 *
 * A unit is taken by changing `claim` as a whole, including the epoch. So a thread that wakes up late takes no units of
 * work that it does not know, and the description of the work does not change while units are left.
 */
export function poolModule(base: number): Uint8Array<ArrayBuffer> {
  const module = makeModule("threads");
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages, shared: true });
  const idle = module.importFunction("env", "idle", [], []);
  const epoch = module.global("epoch", 0);
  const place = module.global("place", 0);
  const words = wordsOf(base);
  addBegin(module, words);
  addTake(module, "takeOwn", words, (body, count) => {
    const int = integersOf(body);
    // only the main thread accesses this word
    words.store(body, "own", int.plus(words.load(body, "own"), int.get(count)));
  });
  addTake(module, "take", words, () => {}, epoch);
  module.function("finishOwn", { params: ["i32"], exported: true });
  addFinish(module, words);
  addEnd(module, words, idle);
  addScratch(module, words, place);
  return module.finish();
}

type PoolWord = Exclude<keyof typeof layout, "bytes">;

/**
 * Access to the words of the block in memory. Words that several threads write, or that publish other words, are
 * accessed by atomic instructions.
 */
interface PoolWordAccess {
  readonly load: (body: FunctionBody, word: PoolWord) => IntCode;
  readonly loadAtomic: (body: FunctionBody, word: PoolWord) => IntCode;
  readonly loadAtomic64: (body: FunctionBody, word: PoolWord) => IntCode;
  readonly store: (body: FunctionBody, word: PoolWord, value: IntCode) => void;
  readonly storeAtomic: (body: FunctionBody, word: PoolWord, value: IntCode) => void;
  readonly storeAtomic64: (body: FunctionBody, word: PoolWord, value: () => void) => void;
  /** Wakes at most this number of threads that wait for a word to change. */
  readonly notify: (body: FunctionBody, word: PoolWord, most: IntCode) => void;
  readonly addressOf: (word: PoolWord) => number;
}

function wordsOf(base: number): PoolWordAccess {
  const addressOf = (word: PoolWord): number => base + layout[word];
  const load =
    (op: OpcodeName) =>
    (body: FunctionBody, word: PoolWord): IntCode =>
    () => {
      body.i32Const(0);
      body.memory(op, addressOf(word));
    };
  const store =
    (op: OpcodeName) =>
    (body: FunctionBody, word: PoolWord, value: IntCode): void => {
      body.i32Const(0);
      if (typeof value === "number") body.i32Const(value);
      else value();
      body.memory(op, addressOf(word));
    };
  return {
    load: load("i32.load"),
    loadAtomic: load("i32.atomic.load"),
    loadAtomic64: load("i64.atomic.load"),
    store: store("i32.store"),
    storeAtomic: store("i32.atomic.store"),
    storeAtomic64: store("i64.atomic.store"),
    notify(body, word, most) {
      store("memory.atomic.notify")(body, word, most);
      body.op("drop");
    },
    addressOf,
  };
}

function addBegin(module: ModuleBuilder, words: PoolWordAccess): void {
  const { body } = module.function("begin", {
    params: ["i32", "i32", "i32"],
    paramNames: ["descriptor", "task", "total"],
    exported: true,
  });
  const int = integersOf(body);
  const { get } = int;
  const [descriptor, task, total] = [0, 1, 2];
  const next = body.local("i32", "epoch");
  words.store(body, "descriptor", get(descriptor));
  words.store(body, "task", get(task));
  words.store(body, "total", get(total));
  words.store(body, "own", 0);
  words.storeAtomic(body, "done", 0);
  int.set(next, int.plus(words.loadAtomic(body, "epoch"), 1));
  words.storeAtomic64(body, "claim", () => pair(body, next, total));
  words.storeAtomic(body, "epoch", get(next));
  int.when(words.loadAtomic(body, "sleeping"), () => words.notify(body, "epoch", get(total)));
}

/** Pushes an i64 composed of two i32 locals. */
function pair(body: FunctionBody, high: number, low: number): void {
  body.localGet(high);
  body.op("i64.extend_i32_u");
  body.i64Const(32n);
  body.op("i64.shl");
  body.localGet(low);
  body.op("i64.extend_i32_u");
  body.op("i64.or");
}

function addFinish(module: ModuleBuilder, words: PoolWordAccess): void {
  const { body } = module.function("finish", { params: ["i32"], paramNames: ["units"], exported: true });
  const int = integersOf(body);
  body.i32Const(0);
  body.localGet(0);
  body.memory("i32.atomic.rmw.add", words.addressOf("done"));
  body.op("drop");
  int.when(words.loadAtomic(body, "waiting"), () => words.notify(body, "done", 1));
}

function addEnd(module: ModuleBuilder, words: PoolWordAccess, idle: Callable): void {
  const { body } = module.function("end", { exported: true });
  const int = integersOf(body);
  const left = body.local("i32", "spins");
  int.set(left, spinLoads);
  const taken = int.minus(words.load(body, "total"), words.load(body, "own"));
  const again = body.loop();
  int.when(int.differ(words.loadAtomic(body, "done"), taken), () => {
    int.when(
      int.get(left),
      () => int.set(left, int.minus(int.get(left), 1)),
      () => body.call(idle),
    );
    body.br(again);
  });
  body.end();
}

function addScratch(module: ModuleBuilder, words: PoolWordAccess, place: number): void {
  const own = module.function("scratchOwn", { params: ["i32"], results: ["i32"], exported: true });
  own.body.localGet(0);
  const { body } = module.function("scratch", { params: ["i32"], results: ["i32"], exported: true });
  const int = integersOf(body);
  const number = (): void => body.globalGet(place);
  int.put(int.plus(words.load(body, "scratch"), int.times(words.load(body, "stride"), number)));
}

/**
 * Adds a function that takes units. If `epoch` is given, it takes only units of the work whose epoch is in that global.
 */
function addTake(
  module: ModuleBuilder,
  name: string,
  words: PoolWordAccess,
  note: (body: FunctionBody, count: number) => void,
  epoch?: number,
): void {
  const { body } = module.function(name, { results: ["i64"], exported: true });
  const int = integersOf(body);
  const { get } = int;
  const claim = body.local("i64", "claim");
  const left = body.local("i32", "left");
  const count = body.local("i32", "count");
  const nothing = (): void => {
    body.i64Const(-1n);
    body.return();
  };
  const again = body.loop();
  int.set(claim, words.loadAtomic64(body, "claim"));
  if (epoch !== undefined) {
    const claimed = (): void => {
      body.localGet(claim);
      body.i64Const(32n);
      body.op("i64.shr_u");
      body.op("i32.wrap_i64");
    };
    int.when(
      int.differ(claimed, () => body.globalGet(epoch)),
      nothing,
    );
  }
  body.localGet(claim);
  body.op("i32.wrap_i64");
  body.localTee(left);
  int.when(
    int.isZero(() => {}),
    nothing,
  );
  // Takes half of this thread's share of the remaining units, at least one: long runs are cheaper, short ones finish at
  // the same time.
  body.localGet(left);
  int.put(words.loadAtomic(body, "up"));
  body.op("i32.popcnt");
  body.i32Const(1);
  body.op("i32.add");
  body.i32Const(1);
  body.op("i32.shl");
  body.op("i32.div_u");
  body.localTee(count);
  body.i32Const(1);
  body.localGet(count);
  body.select("i32");
  body.localSet(count);
  body.i32Const(0);
  body.localGet(claim);
  body.localGet(claim);
  body.localGet(count);
  body.op("i64.extend_i32_u");
  body.op("i64.sub");
  body.memory("i64.atomic.rmw.cmpxchg", words.addressOf("claim"));
  body.localGet(claim);
  body.op("i64.ne");
  body.brIf(again);
  body.end();
  note(body, count);
  int.put(int.minus(words.load(body, "total"), get(left)));
  body.op("i64.extend_i32_u");
  body.localGet(count);
  body.op("i64.extend_i32_u");
  body.i64Const(32n);
  body.op("i64.shl");
  body.op("i64.or");
}
