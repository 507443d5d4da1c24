import { refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkFlag, checkOptions } from "../../engine/errors/options.ts";
import type { KeyWords } from "../../numeric/random/index.ts";
import { type AugmentOptions, augmentKeys, batchLevel, keyOf } from "./augment-keys.ts";
import { type BatchSource, cutLater, cutNow, type StreamSource } from "./batch-source.ts";
import { type BatchOf, batchFrom } from "./fields.ts";
import { prefetched, type PrefetchOptions, type WorkerOptions } from "./prefetch.ts";
import { checkShard, type ShardOptions } from "./shard.ts";

/** Options of `batch`. */
export interface BatchOptions {
  /**
   * Whether to leave out the last batch of an epoch where it would be short; default false: it is given as it
   * is.
   */
  readonly dropLast?: boolean;
}

/** Options of `epoch`. */
export interface EpochOptions {
  /**
   * Number of the first batch to give, from 0; default 0. With the number of the epoch it is the position in
   * a run.
   */
  readonly from?: number;
}

/** Which batch it is: the epoch and its number in the epoch, both from 0. */
export interface BatchPlace {
  readonly epoch: number;
  readonly batch: number;
}

/**
 * Batches of an epoch of a data set that may not be in memory.
 *
 * To iterate over it is to take the next epoch: the first loop takes epoch 0, the second epoch 1. `epoch(k)`
 * takes any, and changes nothing. The position of a run is the number of its epoch and of the batches that were
 * taken in it, whatever `map`, `augment` and `prefetch` stand between: `epoch(k, { from })` goes on from there.
 */
export interface StreamBatches<B> extends AsyncIterable<B> {
  /** How many items an epoch has; `undefined` where only reading them would tell. */
  readonly count: number | undefined;
  /** How many batches an epoch has; `undefined` where only reading them would tell. */
  readonly batchCount: number | undefined;
  /** The batches of epoch `k`, from 0: always the same for the same `k`, whatever was read before. */
  readonly epoch: (k: number, options?: EpochOptions) => AsyncIterable<B>;
  /** What `f` makes of each batch, when it is asked for; `f` may be async. */
  readonly map: <R>(f: (batch: B, place: BatchPlace) => R | Promise<R>) => StreamBatches<BatchOf<R>>;
  /**
   * What `f` makes of each batch at random: it is given a key that depends on the seed, the epoch and the number
   * of the batch alone, so that the same seed gives the same batches. One that follows another has other keys.
   */
  readonly augment: <R>(
    f: (batch: B, key: KeyWords, place: BatchPlace) => R | Promise<R>,
    options?: AugmentOptions,
  ) => StreamBatches<BatchOf<R>>;
  /**
   * The same batches with only some of their items: of each batch those at places `index`, `index + count`, …, as one of
   * `count` processes takes them that share the work. All shards have as many batches; where a batch has fewer items than
   * there are shards, some have none of it. Only the items of the shard are mapped and augmented by the data set; what
   * `map` and `augment` here make of whole batches is cut afterwards, so that it does not depend on shards.
   */
  readonly shard: (options: ShardOptions) => StreamBatches<B>;
  /**
   * The same batches, made up to `ahead` before they are asked for: files are read, and `worker` maps in a thread
   * of its own, while the program works. See `PrefetchOptions` and `WorkerOptions`.
   */
  readonly prefetch: {
    <R = B>(options: WorkerOptions): StreamBatches<R>;
    (options?: PrefetchOptions): StreamBatches<B>;
  };
}

/** Batches of a data set in memory, for `for … of` and `for await … of` alike. */
export interface Batches<B> extends StreamBatches<B>, Iterable<B> {
  readonly count: number;
  readonly batchCount: number;
  readonly epoch: (k: number, options?: EpochOptions) => Epoch<B>;
  /** What `f` makes of each batch, when it is asked for; not async, so that `for … of` can have it. */
  readonly map: <R>(f: (batch: B, place: BatchPlace) => R | Promise<R>) => Batches<BatchOf<R>>;
  /** What `f` makes of each batch at random, as `augment` of a stream; not async. */
  readonly augment: <R>(
    f: (batch: B, key: KeyWords, place: BatchPlace) => R | Promise<R>,
    options?: AugmentOptions,
  ) => Batches<BatchOf<R>>;
  /** The same batches with only the items of a shard, as `shard` of a stream. */
  readonly shard: (options: ShardOptions) => Batches<B>;
}

/** The batches of one epoch, each made when it is asked for. */
export interface Epoch<B> extends Iterable<B, undefined>, AsyncIterable<B, undefined> {}

/** A checked size of batches. */
export interface BatchSize {
  /** Items a batch; `Infinity` for all of them. */
  readonly size: number;
  readonly dropLast: boolean;
}

/** Checks the arguments of `batch`. */
export function batchSize(size: number | "full", options: BatchOptions | undefined): BatchSize {
  checkOptions("batch", options, ["dropLast"]);
  const dropLast = options?.dropLast ?? false;
  checkFlag("batch", "dropLast", dropLast);
  if (size === "full") return { size: Infinity, dropLast };
  if (Number.isInteger(size) && size >= 1) return { size, dropLast };
  const got = typeof size === "string" ? JSON.stringify(size) : String(size);
  throw new DownhillError(
    "option",
    `batch: the size must be an integer of 1 or more, or "full", got ${got}.`,
  );
}

/** Checks the arguments of `epoch`. */
function epochStart(k: number, options: EpochOptions | undefined): number {
  checkOptions("epoch", options, ["from"]);
  const from = options?.from ?? 0;
  for (const [what, n] of [
    ["the epoch", k],
    ["from", from],
  ] as const) {
    if (Number.isInteger(n) && n >= 0 && n < 2 ** 32) continue;
    throw new DownhillError("range", `epoch: ${what} must be an integer of 0 or more, got ${String(n)}.`);
  }
  return from;
}

/** Batches in memory; `depth` counts the augmentations before. */
export function makeBatches<B>(source: BatchSource<B>, depth = 0): Batches<B> {
  const { count, batchCount, open } = source;
  const epoch = function (k: number, options?: EpochOptions): Epoch<B> {
    if (arguments.length > 2) refuseExtraOfMethod("epoch", arguments, 2);
    const from = epochStart(k, options);
    return {
      [Symbol.iterator]: () => closable(open(k, from)),
      [Symbol.asyncIterator]: () => asAsync(open(k, from)),
    };
  };
  const mapped = <R>(
    f: (batch: B, place: BatchPlace) => R | Promise<R>,
    newDepth: number,
  ): Batches<BatchOf<R>> =>
    makeBatches(cutNow({ ...source, open: (k, from) => mapNow(open(k, from), f, k, from) }), newDepth);
  let next = 0;
  return {
    count,
    batchCount,
    epoch,
    map(f) {
      if (arguments.length > 1) refuseExtraOfMethod("map", arguments, 1);
      return mapped(checkedFunction("map", f), depth);
    },
    augment(f, options) {
      if (arguments.length > 2) refuseExtraOfMethod("augment", arguments, 2);
      const root = augmentKeys(options, batchLevel + depth);
      checkedFunction("augment", f);
      return mapped((batch, place) => f(batch, keyOf(root, place.epoch, place.batch), place), depth + 1);
    },
    shard(options) {
      if (arguments.length > 1) refuseExtraOfMethod("shard", arguments, 1);
      return makeBatches(source.shard(checkShard(options)), depth);
    },
    prefetch<R>(options?: PrefetchOptions | WorkerOptions) {
      if (arguments.length > 1) refuseExtraOfMethod("prefetch", arguments, 1);
      return prefetchedBatches<R>(streamOf(source), options, depth);
    },
    [Symbol.iterator]: () => epoch(next++)[Symbol.iterator](),
    [Symbol.asyncIterator]: () => epoch(next++)[Symbol.asyncIterator](),
  };
}

/** Batches that are read as they are needed; `depth` counts the augmentations before. */
export function makeStreamBatches<B>(source: StreamSource<B>, depth = 0): StreamBatches<B> {
  const { count, batchCount, open } = source;
  const epoch = function (k: number, options?: EpochOptions): AsyncIterable<B> {
    if (arguments.length > 2) refuseExtraOfMethod("epoch", arguments, 2);
    const from = epochStart(k, options);
    return { [Symbol.asyncIterator]: () => open(k, from) };
  };
  const mapped = <R>(
    f: (batch: B, place: BatchPlace) => R | Promise<R>,
    newDepth: number,
  ): StreamBatches<BatchOf<R>> =>
    makeStreamBatches(
      cutLater({ ...source, open: (k, from) => mapLater(open(k, from), f, k, from) }),
      newDepth,
    );
  let next = 0;
  return {
    count,
    batchCount,
    epoch,
    map(f) {
      if (arguments.length > 1) refuseExtraOfMethod("map", arguments, 1);
      return mapped(checkedFunction("map", f), depth);
    },
    augment(f, options) {
      if (arguments.length > 2) refuseExtraOfMethod("augment", arguments, 2);
      const root = augmentKeys(options, batchLevel + depth);
      checkedFunction("augment", f);
      return mapped((batch, place) => f(batch, keyOf(root, place.epoch, place.batch), place), depth + 1);
    },
    shard(options) {
      if (arguments.length > 1) refuseExtraOfMethod("shard", arguments, 1);
      return makeStreamBatches(source.shard(checkShard(options)), depth);
    },
    prefetch<R>(options?: PrefetchOptions | WorkerOptions) {
      if (arguments.length > 1) refuseExtraOfMethod("prefetch", arguments, 1);
      return prefetchedBatches<R>(source, options, depth);
    },
    [Symbol.asyncIterator]: () => epoch(next++)[Symbol.asyncIterator](),
  };
}

/** A map in a worker is an augmentation too, and has the keys that `augment` would have in its place. */
function prefetchedBatches<R>(
  source: StreamSource<unknown>,
  options: PrefetchOptions | WorkerOptions | undefined,
  depth: number,
): StreamBatches<R> {
  const ahead = prefetched(source, options, depth) as StreamSource<R>; // which checks the options
  const after = options !== undefined && "worker" in options ? depth + 1 : depth;
  return makeStreamBatches(ahead, after);
}

/** Refuses what is no function, once, before the first batch. */
export function checkedFunction<F>(operation: string, f: F): F {
  if (typeof f === "function") return f;
  throw new DownhillError(
    "data",
    `${operation}: expected a function of an item or a batch, got ${String(f)}.`,
  );
}

/** Refuses a promise where all is at hand. */
export function notLater<R>(operation: string, result: R): R {
  if (!(result instanceof Promise)) return result;
  result.catch(() => {}); // this error is the one that is told
  throw new DownhillError(
    "data",
    `${operation}: the function gave a promise, but what is in memory is given at once. ` +
      `Make it a stream, as in dataset(function* () { yield* items; }).`,
  );
}

function* mapNow<B, R>(
  batches: Iterator<B, undefined>,
  f: (batch: B, place: BatchPlace) => R | Promise<R>,
  epoch: number,
  from: number,
): Generator<BatchOf<R>, undefined> {
  let index = from;
  for (const batch of { [Symbol.iterator]: () => batches }) {
    yield batchFrom<R>(notLater("map", f(batch, { epoch, batch: index++ })), "map");
  }
  return undefined;
}

async function* mapLater<B, R>(
  batches: AsyncIterator<B, undefined>,
  f: (batch: B, place: BatchPlace) => R | Promise<R>,
  epoch: number,
  from: number,
): AsyncGenerator<BatchOf<R>, undefined> {
  let index = from;
  for await (const batch of { [Symbol.asyncIterator]: () => batches }) {
    yield batchFrom<R>(await f(batch, { epoch, batch: index++ }), "map");
  }
  return undefined;
}

function streamOf<B>({ count, batchCount, open, shard }: BatchSource<B>): StreamSource<B> {
  return {
    count,
    batchCount,
    open: (k, from) => asAsync(open(k, from)),
    shard: (which) => streamOf(shard(which)),
  };
}

/** An iterator of a loop over itself. */
function closable<B>(batches: Iterator<B, undefined>): IterableIterator<B, undefined> {
  return {
    next: () => batches.next(),
    return: () => batches.return?.() ?? { done: true, value: undefined },
    [Symbol.iterator]() {
      return this;
    },
  };
}

async function* asAsync<B>(batches: Iterator<B, undefined>): AsyncGenerator<B, undefined> {
  yield* { [Symbol.iterator]: () => batches };
  return undefined;
}
