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
  /** Whether to drop the last batch of an epoch if it is short. Default false. */
  readonly dropLast?: boolean;
}

/** Options of `epoch`. */
export interface EpochOptions {
  /**
   * Index of the first batch to return, counted from 0. Default 0. Together with the number of the epoch it is the
   * position in a run.
   */
  readonly from?: number;
}

/** Position of a batch: the epoch and its index in the epoch, both counted from 0. */
export interface BatchPlace {
  readonly epoch: number;
  readonly batch: number;
}

/**
 * Batches of a data set that need not be in memory.
 *
 * Iterating over it reads the next epoch: the first loop reads epoch 0, the second epoch 1. `epoch(k)` reads any epoch
 * and does not affect later loops. The position of a run is the number of its epoch and of the batches read in it,
 * regardless of `map`, `augment` and `prefetch`; `epoch(k, { from })` continues from there.
 */
export interface StreamBatches<B> extends AsyncIterable<B> {
  /** Number of items per epoch; `undefined` if it is unknown before reading them. */
  readonly count: number | undefined;
  /** Number of batches per epoch; `undefined` if it is unknown before reading them. */
  readonly batchCount: number | undefined;
  /** Returns the batches of epoch `k`, counted from 0. Equal `k` yield equal batches, regardless of earlier reads. */
  readonly epoch: (k: number, options?: EpochOptions) => AsyncIterable<B>;
  /** Applies `f` to each batch when it is requested. `f` may be async. */
  readonly map: <R>(f: (batch: B, place: BatchPlace) => R | Promise<R>) => StreamBatches<BatchOf<R>>;
  /**
   * Applies the random transformation `f` to each batch. Its key depends only on the seed, the epoch and the index of
   * the batch, so equal seeds produce equal batches. Several augmentations in a row have different keys.
   */
  readonly augment: <R>(
    f: (batch: B, key: KeyWords, place: BatchPlace) => R | Promise<R>,
    options?: AugmentOptions,
  ) => StreamBatches<BatchOf<R>>;
  /**
   * Reduces each batch to its items `index`, `index + count`, …: the share of one of `count` processes. All shards have
   * the same number of batches. If a batch has fewer items than there are shards, some shards get none. The data set
   * maps and augments only the items of the shard. The results of `map` and `augment` on whole batches are cut
   * afterwards, so that they do not depend on the number of shards.
   */
  readonly shard: (options: ShardOptions) => StreamBatches<B>;
  /**
   * Prepares up to `ahead` batches before they are requested: files are read, and `worker` transforms batches in its
   * own thread, while the program computes. See `PrefetchOptions` and `WorkerOptions`.
   */
  readonly prefetch: {
    <R = B>(options: WorkerOptions): StreamBatches<R>;
    (options?: PrefetchOptions): StreamBatches<B>;
  };
}

/** Batches of a data set in memory, for both `for … of` and `for await … of`. */
export interface Batches<B> extends StreamBatches<B>, Iterable<B> {
  readonly count: number;
  readonly batchCount: number;
  readonly epoch: (k: number, options?: EpochOptions) => Epoch<B>;
  /** Applies `f` to each batch when it is requested. `f` must not be async, because `for … of` cannot wait. */
  readonly map: <R>(f: (batch: B, place: BatchPlace) => R | Promise<R>) => Batches<BatchOf<R>>;
  /** Applies the random transformation `f` to each batch, like `augment` of a stream. `f` must not be async. */
  readonly augment: <R>(
    f: (batch: B, key: KeyWords, place: BatchPlace) => R | Promise<R>,
    options?: AugmentOptions,
  ) => Batches<BatchOf<R>>;
  /** Reduces each batch to the items of a shard, like `shard` of a stream. */
  readonly shard: (options: ShardOptions) => Batches<B>;
}

/** Batches of one epoch, each made on demand. */
export interface Epoch<B> extends Iterable<B, undefined>, AsyncIterable<B, undefined> {}

/** Checked arguments of `batch`. */
export interface BatchSize {
  /** Number of items per batch; `Infinity` for all of them. */
  readonly size: number;
  readonly dropLast: boolean;
}

/** Checks the arguments of `batch` and fills in defaults. */
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

/** Checks the arguments of `epoch`. Returns the index of the first batch. */
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

/** Creates `Batches` from their source. `depth` is the number of augmentations already applied to whole batches. */
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

/**
 * Creates `StreamBatches` from their source. `depth` is the number of augmentations already applied to whole batches.
 */
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

/**
 * Creates the batches of a source that are prepared in advance. A transformation in a worker counts as an augmentation
 * and gets the keys that `augment` would have here.
 */
function prefetchedBatches<R>(
  source: StreamSource<unknown>,
  options: PrefetchOptions | WorkerOptions | undefined,
  depth: number,
): StreamBatches<R> {
  const ahead = prefetched(source, options, depth) as StreamSource<R>; // checks the options
  const after = options !== undefined && "worker" in options ? depth + 1 : depth;
  return makeStreamBatches(ahead, after);
}

/**
 * Returns `f` if it is a function.
 *
 * @throws DownhillError `data` if it is not.
 */
export function checkedFunction<F>(operation: string, f: F): F {
  if (typeof f === "function") return f;
  throw new DownhillError(
    "data",
    `${operation}: expected a function of an item or a batch, got ${String(f)}.`,
  );
}

/**
 * Returns the result of a function that a caller applies to data in memory, which must not be a promise.
 *
 * @throws DownhillError `data` for a promise.
 */
export function notLater<R>(operation: string, result: R): R {
  if (!(result instanceof Promise)) return result;
  result.catch(() => {}); // The error below replaces a rejection of this promise.
  throw new DownhillError(
    "data",
    `${operation}: the function returned a promise, but batches in memory are synchronous. ` +
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

/** Converts an iterator to one that is also iterable and always has `return`. */
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
