import { checkChoice, checkFlag, checkOptions } from "../../engine/errors/options.ts";
import { refuseExtra, refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { KeyWords } from "../../numeric/random/index.ts";
import type { AugmentOptions } from "./augment-keys.ts";
import { type Batches, type BatchOptions, batchSize, type StreamBatches } from "./batches.ts";
import { type BatchLeaf, type ColumnLike, isColumnLike } from "./column.ts";
import { type BatchOf, type ColumnsByName, fieldsOf, stackItems } from "./fields.ts";
import { kFold } from "./folds.ts";
import { batchesInMemory, type MemoryDataset, heldCount } from "./in-memory.ts";
import { type SampleOptions, sampledOrder, shuffledOrder } from "./order.ts";
import { checkShard, type ShardOptions, shardSize, shardWithin, wholeShard } from "./shard.ts";
import { type ShuffleOptions, shuffleStream, type StreamShuffleOptions } from "./shuffle.ts";
import { randomParts, stratifiedParts } from "./split.ts";
import { type ItemPlace, noSteps, withAugment, withMap } from "./steps.ts";
import { batchesOfStream, isItems, type ItemSource, type StreamReading } from "./stream.ts";

/**
 * A data set in memory, with its number of items and methods to iterate over them. Its methods return new data sets.
 *
 * `B` is the type of a batch. Functions of an item receive the same type without the first axis: for fields `x` of
 * shape `[n, 8, 8]` and `y` of shape `[n]`, a tensor `x` of shape `[8, 8]` and a scalar `y`.
 */
export interface Dataset<B> {
  readonly count: number;
  /**
   * Yields the items in a random order instead of their order in the data. Replaces an earlier `shuffle` or `sample`.
   */
  readonly shuffle: (options?: ShuffleOptions) => Dataset<B>;
  /**
   * Draws items at random with replacement, in proportion to their weights, anew in each epoch. It replaces `shuffle`.
   * An item may occur several times in an epoch, and another not at all.
   */
  readonly sample: (options: SampleOptions) => Dataset<B>;
  /** Applies `f` to each item when its batch is made. All results must have the same fields, shapes and dtypes. */
  readonly map: <R>(f: (item: B, place: ItemPlace) => R) => Dataset<BatchOf<R>>;
  /**
   * Applies the random transformation `f` to each item. Its key depends only on the seed, the epoch and the item, so
   * equal seeds produce equal items, in any order and in batches of any size. Several augmentations in a row have
   * different keys.
   */
  readonly augment: <R>(
    f: (item: B, key: KeyWords, place: ItemPlace) => R,
    options?: AugmentOptions,
  ) => Dataset<BatchOf<R>>;
  /**
   * Splits off a test part with this fraction of the items: at random, or stratified so that each class keeps its
   * share.
   */
  readonly split: (testFraction: number, options?: PartOptions) => Parts<B>;
  /** Returns the pairs of data sets of `k`-fold cross-validation. Each item is in exactly one test part. */
  readonly kFold: (k: number, options?: PartOptions) => Parts<B>[];
  /**
   * Reduces each epoch, in its final order, to its items `index`, `index + count`, …: the share of one of `count`
   * processes. All shards have the same number of batches, of which the last may be empty:
   * `shard({ index, count }).batch(n)` equals `batch(n · count).shard({ index, count })`. Only the items of the shard
   * are mapped and augmented.
   */
  readonly shard: (options: ShardOptions) => Dataset<B>;
  /** Divides each epoch into batches of `size` items, made on demand: 1 for SGD, `"full"` for gradient descent. */
  readonly batch: (size: number | "full", options?: BatchOptions) => Batches<B>;
}

/** A training part and a test part. */
export interface Parts<B> {
  readonly train: Dataset<B>;
  readonly test: Dataset<B>;
}

/** Options of `split` and `kFold` of a data set. */
export interface PartOptions {
  /** Seed of the partition, an integer. Default 0. Equal seeds produce equal parts. */
  readonly seed?: number;
  /** Class of each item, in whose proportions each part is drawn: the name of a field of the source, or a list. */
  readonly stratify?: string | ArrayLike<number | string>;
}

/**
 * A data set that is read item by item and never held as a whole; it may be endless. `I` is the type of an item of the
 * source.
 */
export interface StreamDataset<B, I = B> {
  /** Returns the items in a random order, within a window of `buffer` items. A second shuffle replaces the first. */
  readonly shuffle: (options: StreamShuffleOptions) => StreamDataset<B, I>;
  /** Applies `f` to each item when its batch is made. `f` may be async and accepts any type of item. */
  readonly map: <R>(f: (item: I, place: ItemPlace) => R) => StreamDataset<BatchOf<Awaited<R>>, Awaited<R>>;
  /**
   * Applies the random transformation `f` to each item. Its key depends only on the seed, the epoch and the index of
   * the item in the source.
   */
  readonly augment: <R>(
    f: (item: I, key: KeyWords, place: ItemPlace) => R,
    options?: AugmentOptions,
  ) => StreamDataset<BatchOf<Awaited<R>>, Awaited<R>>;
  /**
   * Reduces each epoch to its items `index`, `index + count`, …, like `shard` of a data set in memory. All items are
   * read; those of the shard are mapped and augmented.
   */
  readonly shard: (options: ShardOptions) => StreamDataset<B, I>;
  /** Divides each epoch into batches of `size` items, read on demand. */
  readonly batch: (size: number, options?: BatchOptions) => StreamBatches<B>;
}

/** Options of `dataset`. */
export interface DatasetOptions {
  /**
   * Dtype of floating-point numbers in batches. Default: their own, and float64 for plain numbers. Integers stay
   * integers.
   */
  readonly dtype?: "float64" | "float32";
  /**
   * Whether the iterable yields parts of the data set, which are arrays whose first axis counts the items, such as
   * those of `streamNpy`. Default false: it yields single items. Parts may have different lengths; batches do not
   * depend on their boundaries. Much faster than single items.
   */
  readonly chunks?: boolean;
}

/**
 * Creates a data set from arrays, from a list of items, or from a source of items. Arrays are a single array, or arrays
 * by name (a record or a Map); the first axis counts the items. A source is an iterable, an async iterable, or a
 * function that returns one for the number of an epoch (such as a generator function). A source of items may be
 * endless.
 *
 * In every epoch each item occurs exactly once, including the short last batch (unless `dropLast`). Order and batches
 * of epoch `k` depend only on the seed and `k`, so that a run that stopped can continue at `epoch(k, { from })`. In a
 * stream the earlier items are read again and skipped without being transformed.
 *
 * @throws DownhillError `shape` for fields of different length and items that differ, `dtype` for values that are not
 *   numbers, `data` for no items, `option` for an unknown option.
 * @example
 * const data = dataset({ x: [[1, 2], [3, 4], [5, 6]], y: [0, 1, 0] }).shuffle({ seed: 1 }).batch(2);
 * for (const { x, y } of data.epoch(0)) {
 *   x.shape; // [2, 2], then [1, 2]
 * }
 * @example
 * // endless data: noisy points of a line, made as they are needed
 * const points = dataset(function* () { for (let x = 0; ; x = (x + 0.1) % 1) yield { x, y: 2 * x + 1 }; })
 *   .augment(({ x, y }, key) => ({ x, y: y + 0.1 * normal(key).item() }), { seed: 1 });
 * for await (const { x } of points.batch(32)) {
 *   x.shape; // [32]
 *   break;
 * }
 */
export function dataset(source: ColumnLike, options?: DatasetOptions): Dataset<BatchLeaf>;
export function dataset(
  arrays: ReadonlyMap<string, ColumnLike>,
  options?: DatasetOptions,
): Dataset<Readonly<Record<string, BatchLeaf>>>;
export function dataset<I extends object>(items: readonly I[], options?: DatasetOptions): Dataset<BatchOf<I>>;
export function dataset<I>(
  source: ItemSource<I>,
  options: DatasetOptions & { readonly chunks: true },
): StreamDataset<BatchOf<I>>;
export function dataset<I>(source: ItemSource<I>, options?: DatasetOptions): StreamDataset<BatchOf<I>, I>;
export function dataset<S extends { readonly [K in keyof S]: ColumnLike }>(
  source: S,
  options?: DatasetOptions,
): Dataset<BatchOf<S>>;
export function dataset(
  given: unknown,
  options: DatasetOptions = {},
): Dataset<unknown> | StreamDataset<unknown, unknown> {
  if (arguments.length > 2) refuseExtra("dataset", arguments, 2);
  checkOptions("dataset", options, ["dtype", "chunks"]);
  const { dtype, chunks = false } = options;
  if (dtype !== undefined) checkChoice("dataset", "dtype", dtype, ["float64", "float32"]);
  checkFlag("dataset", "chunks", chunks);
  const read = { chunks, shuffle: undefined, steps: noSteps, float: dtype, shard: wholeShard };
  const source = given instanceof Map ? Object.fromEntries(given as ReadonlyMap<string, unknown>) : given;
  if (typeof source === "function" || (chunks && isItems(source))) {
    return stream(source as ItemSource<unknown>, read);
  }
  if (chunks) {
    throw new DownhillError("option", "dataset: chunks applies only to iterables, not to arrays. Omit it.");
  }
  if (isListOfItems(source))
    return inMemory(
      heldFields(
        stackItems(source, (i) => i, "dataset"),
        dtype,
      ),
    );
  if (isColumnLike(source)) return inMemory(heldFields(fieldsOf(source, "dataset"), dtype));
  if (isItems(source)) return stream(source, read);
  return inMemory(heldFields(fieldsOf(source, "dataset"), dtype));
}

function heldFields(fields: ColumnsByName, float: MemoryDataset["float"]): MemoryDataset {
  return { fields, rows: undefined, steps: noSteps, order: undefined, float, shard: wholeShard };
}

function inMemory<B>(held: MemoryDataset): Dataset<B> {
  const { rows, steps, shard } = held;
  const count = heldCount(held);
  const part = (places: Int32Array): Dataset<B> =>
    inMemory({ ...held, order: undefined, rows: rows === undefined ? places : places.map((i) => rows[i]!) });
  const parts = ({ train, test }: { readonly train: Int32Array; readonly test: Int32Array }): Parts<B> => ({
    train: part(train),
    test: part(test),
  });
  return {
    count: shardSize(count, shard),
    shuffle(options) {
      if (arguments.length > 1) refuseExtraOfMethod("shuffle", arguments, 1);
      return inMemory({ ...held, order: shuffledOrder(count, options) });
    },
    sample(options) {
      if (arguments.length > 1) refuseExtraOfMethod("sample", arguments, 1);
      return inMemory({ ...held, order: sampledOrder(count, options) });
    },
    map(f) {
      if (arguments.length > 1) refuseExtraOfMethod("map", arguments, 1);
      return inMemory({ ...held, steps: withMap(steps, f) });
    },
    augment(f, options) {
      if (arguments.length > 2) refuseExtraOfMethod("augment", arguments, 2);
      return inMemory({ ...held, steps: withAugment(steps, f, options) });
    },
    split(testFraction, options) {
      if (arguments.length > 2) refuseExtraOfMethod("split", arguments, 2);
      checkOptions("split", options, ["seed", "stratify"]);
      const seed = options?.seed ?? 0;
      const labels = labelsOf("split", held, options?.stratify);
      return parts(
        labels === undefined
          ? randomParts("split", count, testFraction, seed)
          : stratifiedParts("split", labels, testFraction, seed),
      );
    },
    kFold(k, options) {
      if (arguments.length > 2) refuseExtraOfMethod("kFold", arguments, 2);
      checkOptions("kFold", options, ["seed", "stratify"]);
      const labels = labelsOf("kFold", held, options?.stratify);
      const seed = options?.seed ?? 0;
      return kFold(k, labels === undefined ? { count, seed } : { stratify: labels, seed }).map(parts);
    },
    shard(options) {
      if (arguments.length > 1) refuseExtraOfMethod("shard", arguments, 1);
      return inMemory({ ...held, shard: shardWithin(shard, checkShard(options)) });
    },
    batch(size, options) {
      if (arguments.length > 2) refuseExtraOfMethod("batch", arguments, 2);
      return batchesInMemory(held, batchSize(size, options));
    },
  };
}

/** Returns the class of each item of a data set; `undefined` without `stratify`. */
function labelsOf(
  operation: string,
  held: MemoryDataset,
  stratify: PartOptions["stratify"],
): ArrayLike<number | string> | undefined {
  if (stratify === undefined) return undefined;
  const { fields, rows } = held;
  const count = heldCount(held);
  if (typeof stratify !== "string") {
    if (stratify?.length === count) return stratify;
    throw new DownhillError(
      "option",
      `${operation}: stratify must be the name of a field or ${count} labels, one per item.`,
    );
  }
  const column = fields.get(stratify);
  if (column === undefined) {
    const names = [...fields.keys()].filter((name) => name !== undefined);
    checkChoice(operation, "stratify", stratify, names);
  }
  if (column?.shape.length !== 1) {
    throw new DownhillError(
      "shape",
      `${operation}: the field ${stratify} has several numbers per item, not one class.`,
    );
  }
  const { data } = column;
  return rows === undefined ? data : Array.from(rows, (row) => data[row]!);
}

function stream<B, I>(source: ItemSource<unknown>, read: StreamReading): StreamDataset<B, I> {
  const { steps, shard } = read;
  return {
    shuffle(options) {
      if (arguments.length > 1) refuseExtraOfMethod("shuffle", arguments, 1);
      return stream(source, { ...read, shuffle: shuffleStream(options) });
    },
    map(f) {
      if (arguments.length > 1) refuseExtraOfMethod("map", arguments, 1);
      return stream(source, { ...read, steps: withMap(steps, f) });
    },
    augment(f, options) {
      if (arguments.length > 2) refuseExtraOfMethod("augment", arguments, 2);
      return stream(source, { ...read, steps: withAugment(steps, f, options) });
    },
    shard(options) {
      if (arguments.length > 1) refuseExtraOfMethod("shard", arguments, 1);
      return stream(source, { ...read, shard: shardWithin(shard, checkShard(options)) });
    },
    batch(size, options) {
      if (arguments.length > 2) refuseExtraOfMethod("batch", arguments, 2);
      return batchesOfStream(source, batchSize(size, options), read);
    },
  };
}

/** True if a value is a list of objects with fields, and not a nested array of numbers. */
function isListOfItems(source: unknown): source is readonly object[] {
  if (!Array.isArray(source)) return false;
  const first: unknown = source[0];
  if (typeof first === "string")
    throw new DownhillError(
      "dtype",
      "dataset: text is not a number. Turn names into numbers with encodeLabels.",
    );
  return typeof first === "object" && first !== null && !Array.isArray(first) && !ArrayBuffer.isView(first);
}
