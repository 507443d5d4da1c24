import { checkChoice, checkOptions } from "../errors/options.ts";
import { DownhillError } from "../errors/index.ts";
import {
  type Batches,
  batchesInMemory,
  type BatchOptions,
  batchSize,
  type StreamBatches,
} from "./batches.ts";
import { type BatchLeaf, type ColumnLike, isColumnLike } from "./column.ts";
import { type BatchOf, countOf, type Fields, fieldsOf, stackItems } from "./fields.ts";
import {
  type Shuffle,
  shuffleInMemory,
  type ShuffleOptions,
  shuffleStream,
  type StreamShuffle,
  type StreamShuffleOptions,
} from "./shuffle.ts";
import { batchesOfStream, isItems, type ItemSource } from "./stream.ts";

/**
 * A data set in memory: how many items it has, and the ways to go through them. Never changed by its methods.
 */
export interface Dataset<B> {
  readonly count: number;
  /** The same items in a random order; without it they come in order. A second shuffle replaces the first. */
  readonly shuffle: (options?: ShuffleOptions) => Dataset<B>;
  /** Parts of `size` items, made when they are asked for: 1 for SGD, `"full"` for gradient descent. */
  readonly batch: (size: number | "full", options?: BatchOptions) => Batches<B>;
}

/** A data set that is read item by item and never held as a whole; it may be endless. */
export interface StreamDataset<B> {
  /**
   * The same items in a random order, as far as a window of `buffer` items allows. A second shuffle replaces
   * the first.
   */
  readonly shuffle: (options: StreamShuffleOptions) => StreamDataset<B>;
  /** Parts of `size` items, read when they are asked for. */
  readonly batch: (size: number, options?: BatchOptions) => StreamBatches<B>;
}

/** Options of `dataset`. */
export interface DatasetOptions {
  /**
   * What floating numbers become in batches; default: what they are, and float64 for plain numbers. Integers
   * stay integers.
   */
  readonly dtype?: "float64" | "float32";
}

/**
 * A data set: arrays by name whose first axis counts the items, one such array, a list of items, or anything
 * that gives items one after another: an iterable, an async iterable, or a function of the epoch's number
 * that returns one (a generator function, for instance).
 *
 * In every epoch each item comes exactly once, the short last batch included (unless `dropLast`). Order and
 * batches of epoch `k` depend on the seed and `k` alone, so that a run that stopped can be taken up at
 * `epoch(k, { from })`.
 *
 * @throws DownhillError `shape` for fields of different length and items that are not alike, `dtype` for what
 * is no number, `data` for no items, `option` for an unknown option.
 * @example
 * const data = dataset({ x: [[1, 2], [3, 4], [5, 6]], y: [0, 1, 0] }).shuffle({ seed: 1 }).batch(2);
 * for (const { x, y } of data.epoch(0)) {
 *   x.shape; // [2, 2], then [1, 2]
 * }
 */
export function dataset(source: ColumnLike, options?: DatasetOptions): Dataset<BatchLeaf>;
export function dataset<I extends object>(items: readonly I[], options?: DatasetOptions): Dataset<BatchOf<I>>;
export function dataset<I>(source: ItemSource<I>, options?: DatasetOptions): StreamDataset<BatchOf<I>>;
export function dataset<S extends { readonly [K in keyof S]: ColumnLike }>(
  source: S,
  options?: DatasetOptions,
): Dataset<BatchOf<S>>;
export function dataset(
  source: unknown,
  options: DatasetOptions = {},
): Dataset<unknown> | StreamDataset<unknown> {
  checkOptions("dataset", options, ["dtype"]);
  const { dtype } = options;
  if (dtype !== undefined) checkChoice("dataset", "dtype", dtype, ["float64", "float32"]);
  if (isListOfItems(source)) return inMemory(stackItems(source, 0, "dataset"), undefined, dtype);
  if (isColumnLike(source)) return inMemory(fieldsOf(source, "dataset"), undefined, dtype);
  if (typeof source === "function") return stream(source as ItemSource<unknown>, undefined, dtype);
  if (isItems(source)) return stream(source, undefined, dtype);
  return inMemory(fieldsOf(source, "dataset"), undefined, dtype);
}

function inMemory(
  fields: Fields,
  shuffle: Shuffle | undefined,
  float: DatasetOptions["dtype"],
): Dataset<unknown> {
  return {
    count: countOf(fields),
    shuffle: (options) => inMemory(fields, shuffleInMemory(options), float),
    batch: (size, options) => batchesInMemory(fields, batchSize(size, options), shuffle, float),
  };
}

function stream(
  source: ItemSource<unknown>,
  shuffle: StreamShuffle | undefined,
  float: DatasetOptions["dtype"],
): StreamDataset<unknown> {
  return {
    shuffle: (options) => stream(source, shuffleStream(options), float),
    batch: (size, options) => batchesOfStream(source, batchSize(size, options), shuffle, float),
  };
}

/** Whether a value is a list of objects with fields, rather than a nest of numbers. */
function isListOfItems(source: unknown): source is readonly object[] {
  if (!Array.isArray(source)) return false;
  const first: unknown = source[0];
  if (typeof first === "string")
    throw new DownhillError(
      "dtype",
      "dataset: text is no number. Turn names into numbers with encodeLabels.",
    );
  return typeof first === "object" && first !== null && !Array.isArray(first) && !ArrayBuffer.isView(first);
}
