import { DownhillError } from "../../engine/errors/index.ts";
import { integersBelow, shuffleInPlace } from "../../numeric/random/at-once.ts";
import type { StreamSource } from "./batch-source.ts";
import { type BatchSize, makeStreamBatches, type StreamBatches } from "./batches.ts";
import {
  checkAlike,
  countOf,
  type ColumnsByName,
  type FieldsBuilder,
  fieldsBuilder,
  fieldsOf,
  gather,
  itemOf,
  stackItems,
  toBatch,
} from "./fields.ts";
import { type ShardOptions, shardSize, shardWithin } from "./shard.ts";
import type { StreamShuffle } from "./shuffle.ts";
import type { ItemTransforms } from "./steps.ts";

/** A sequence of items. */
export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** Source of the items of a stream: an iterable, or a function that returns one for each epoch. */
export type ItemSource<I> = Items<I> | ((epoch: number) => Items<I> | Promise<Items<I>>);

/** Settings for reading a stream. */
export interface StreamReading {
  /** Whether the source yields parts of the data set instead of items. */
  readonly chunks: boolean;
  readonly shuffle: StreamShuffle | undefined;
  readonly steps: ItemTransforms;
  readonly float: "float64" | "float32" | undefined;
  /** The shard of each epoch's items, taken after ordering them, that this stream yields. */
  readonly shard: ShardOptions;
}

/** Creates batches of items that are read on demand and never held all at once. */
export function batchesOfStream<B>(
  source: ItemSource<unknown>,
  size: BatchSize,
  reading: StreamReading,
): StreamBatches<B> {
  if (size.size === Infinity) {
    const repair = "Pass a size, or collect the items into arrays first.";
    throw new DownhillError(
      "option",
      `batch: "full" needs all items at once, and an iterable is read item by item. ${repair}`,
    );
  }
  const { shard } = reading;
  const whole = { ...size, size: size.size * shard.count };
  return makeStreamBatches(sourceOfStream(opener(source), whole, reading));
}

/** Creates batches with `size` items, counted over all shards; each contains the items of this shard. */
function sourceOfStream<B>(
  open: (epoch: number) => Promise<Items<unknown>>,
  size: BatchSize,
  reading: StreamReading,
): StreamSource<B> {
  const { chunks, shuffle, steps, shard } = reading;
  const makeBatcher =
    chunks && shuffle === undefined && steps.functions.length === 0 ? batcherOfParts : batcherOfItems;

  async function* batches(k: number, first: number): AsyncGenerator<B, undefined> {
    const items = await open(k);
    const batcher = makeBatcher(size, first, k, reading);
    let made = 0;
    if (Symbol.asyncIterator in items) {
      for await (const item of items) {
        for (const batch of batcher.add(item)) if (made++ >= first) yield toBatch(await batch()) as B;
      }
    } else {
      // Synchronous items do not cost a turn of the event loop each.
      for (const item of items) {
        for (const batch of batcher.add(item)) if (made++ >= first) yield toBatch(await batch()) as B;
      }
    }
    for (const batch of batcher.finish()) if (made++ >= first) yield toBatch(await batch()) as B;
    if (made === 0 && batcher.isEmpty()) {
      throw new DownhillError(
        "data",
        `dataset: the iterable has no items in epoch ${k}.${k > 0 ? ` ${renew}` : ""}`,
      );
    }
    return undefined;
  }
  return {
    count: undefined,
    batchCount: undefined,
    open: batches,
    shard: (inner) => sourceOfStream(open, size, { ...reading, shard: shardWithin(shard, inner) }),
  };
}

/**
 * Collects the values of a source into batches. Each batch is a function that builds it; it is never called for skipped
 * batches.
 */
interface Batcher {
  readonly add: (given: unknown) => Iterable<() => ColumnsByName | Promise<ColumnsByName>>;
  /** Returns the remaining batches at the end of the source. */
  readonly finish: () => Iterable<() => ColumnsByName | Promise<ColumnsByName>>;
  /** True if the source yielded no item. */
  readonly isEmpty: () => boolean;
}

/** An item and its index in the source. */
interface NumberedItem {
  readonly item: unknown;
  readonly number: number;
}

/** Empty list, which is returned while no batch is complete. */
const none: readonly never[] = [];

/** Collects single items: shuffles them and applies the item functions. */
function batcherOfItems(
  { size, dropLast }: BatchSize,
  first: number,
  epoch: number,
  reading: StreamReading,
): Batcher {
  const { chunks, shuffle, float } = reading;
  const mixer = shuffle === undefined ? inOrder : mixing(shuffle.buffer, integersBelow(shuffle.keyOf(epoch)));
  const partsOf = chunks ? partReader() : undefined;
  let pending: NumberedItem[] = [];
  let count = 0;

  const rowsOf = (fields: ColumnsByName): readonly unknown[] => {
    const leftOut = shuffle === undefined ? first * size - count : 0; // number of rows before the first batch
    return Array.from({ length: countOf(fields) }, (_, row) =>
      row < leftOut ? undefined : itemOf(fields, row, float),
    );
  };

  /** Adds an item to the current batch. Returns the batch if it is now full. */
  const collect = (
    item: NumberedItem | undefined,
  ): (() => ColumnsByName | Promise<ColumnsByName>) | undefined => {
    if (item === undefined) return undefined;
    pending.push(item);
    if (pending.length < size) return undefined;
    const items = pending;
    pending = [];
    return () => shardOfItems(items, reading, epoch);
  };

  return {
    add(given) {
      if (partsOf === undefined) {
        const batch = collect(mixer.exchange({ item: given, number: count++ }));
        return batch === undefined ? none : [batch];
      }
      return rowsOf(partsOf(given)).flatMap(
        (item) => collect(mixer.exchange({ item, number: count++ })) ?? none,
      );
    },
    finish() {
      const whole = mixer.rest().flatMap((item) => collect(item) ?? none);
      const items = pending;
      return items.length > 0 && !dropLast ? [...whole, () => shardOfItems(items, reading, epoch)] : whole;
    },
    isEmpty: () => count === 0,
  };
}

/** Builds the shard's part of a batch after applying the item functions. */
function shardOfItems(
  items: readonly NumberedItem[],
  { shard: { index, count }, steps, float }: StreamReading,
  epoch: number,
): ColumnsByName | Promise<ColumnsByName> {
  const own = count === 1 ? items : items.filter((_, place) => place % count === index);
  if (own.length > 0) return stepped(own, steps, float, epoch);
  // Without items, the fields are known only after transforming one item.
  const one = stepped(items.slice(0, 1), steps, float, epoch);
  const empty = (fields: ColumnsByName): ColumnsByName => gather(fields, undefined, 0, 0);
  return one instanceof Promise ? one.then(empty) : empty(one);
}

/** Applies the item functions and stacks the results as columns. Async functions run concurrently. */
function stepped(
  items: readonly NumberedItem[],
  { functions }: ItemTransforms,
  float: StreamReading["float"],
  epoch: number,
): ColumnsByName | Promise<ColumnsByName> {
  const asFields = (values: readonly unknown[], operation: string): ColumnsByName => {
    const fields = stackItems(values, (i) => items[i]!.number, operation);
    return float === undefined ? fields : gather(fields, undefined, 0, items.length, float);
  };
  if (functions.length === 0)
    return asFields(
      items.map(({ item }) => item),
      "dataset",
    );
  const results = items.map(async ({ item, number }) => {
    let value = item;
    for (const f of functions) {
      value = f(value, { epoch, item: number });
      if (value instanceof Promise) value = await value;
    }
    return value;
  });
  return Promise.all(results).then((values) => asFields(values, "map"));
}

/** Collects parts of the data set, cutting and joining them into batches. */
function batcherOfParts(
  { size, dropLast }: BatchSize,
  first: number,
  _epoch: number,
  { float, shard }: StreamReading,
): Batcher {
  const partOf = partReader();
  let batch: FieldsBuilder | undefined;
  let filled = 0;
  let made = 0;
  let count = 0;
  const finish = (): (() => ColumnsByName) => {
    const whole = batch;
    batch = undefined;
    filled = 0;
    made++;
    return () => whole?.finish() ?? new Map();
  };
  return {
    *add(given) {
      const fields = partOf(given);
      const rows = countOf(fields);
      count += rows;
      for (let row = 0; row < rows;) {
        const taken = Math.min(rows - row, size - filled);
        if (made >= first) {
          batch ??= fieldsBuilder(fields, shardSize(size, shard), float);
          // the first row that belongs to the shard
          const offset = (((shard.index - filled) % shard.count) + shard.count) % shard.count;
          batch.add(fields, row + offset, row + taken, shard.count);
        }
        row += taken;
        filled += taken;
        if (filled === size) yield finish();
      }
    },
    *finish() {
      if (filled > 0 && !dropLast) yield finish();
    },
    isEmpty: () => count === 0,
  };
}

/** Creates a reader of parts of a data set, all of which must have the fields of the first. */
function partReader(): (given: unknown) => ColumnsByName {
  let first: ColumnsByName | undefined;
  let number = 0;
  return (given) => {
    const where = `dataset: part ${number++}`;
    const fields = fieldsOf(given, where);
    first ??= new Map(
      [...fields].map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape, data: data.subarray(0, 0) },
      ]),
    );
    checkAlike(fields, first, where);
    return fields;
  };
}

/**
 * Reorders items. `exchange` takes an item, and returns one of the items taken so far, or `undefined` to hold them all.
 * `rest` returns the items that are still held at the end.
 */
interface Mixer {
  readonly exchange: (item: NumberedItem) => NumberedItem | undefined;
  readonly rest: () => readonly NumberedItem[];
}

const inOrder: Mixer = { exchange: (item) => item, rest: () => [] };

/**
 * Creates a mixer that holds `size` items. It keeps new items until it is full; then each new item replaces a random
 * one, which it returns. `rest` returns the remaining items in random order.
 */
function mixing(size: number, below: (bound: number) => number): Mixer {
  const held: NumberedItem[] = [];
  return {
    exchange(item) {
      if (held.length < size) {
        held.push(item);
        return undefined;
      }
      const i = below(size);
      const out = held[i];
      held[i] = item;
      return out;
    },
    rest() {
      shuffleInPlace(held, below);
      return held;
    },
  };
}

const renew =
  "If it can be read only once, pass a function that makes a new one, as in dataset(() => lines()).";

/**
 * Returns a function that opens a source for an epoch. For an iterable that can be read only once, it throws from the
 * second epoch on.
 */
function opener(source: ItemSource<unknown>): (epoch: number) => Promise<Items<unknown>> {
  let used = false;
  return async (epoch) => {
    const items = typeof source === "function" ? await source(epoch) : source;
    if (!isItems(items)) {
      const got =
        typeof source === "function" ? "the function returned something else" : "got something else";
      throw new DownhillError("data", `dataset: expected an iterable of items; ${got}.`);
    }
    const { opened, once } = begin(items);
    if (used)
      throw new DownhillError("data", `dataset: the iterable was used up by the previous epoch. ${renew}`);
    used = once && typeof source !== "function";
    return opened;
  };
}

/** True if a value can be read item by item. */
export function isItems(value: unknown): value is Items<unknown> {
  return (
    typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/**
 * Begins to read items. `once` is true if they are their own iterator, such as generators, so that a second loop finds
 * nothing. The iterator is created only once, because creating it locks some streams.
 */
function begin(items: Items<unknown>): { readonly opened: Items<unknown>; readonly once: boolean } {
  if (Symbol.asyncIterator in items) {
    const iterator = items[Symbol.asyncIterator]();
    return { opened: { [Symbol.asyncIterator]: () => iterator }, once: Object.is(iterator, items) };
  }
  const iterator = items[Symbol.iterator]();
  return { opened: { [Symbol.iterator]: () => iterator }, once: Object.is(iterator, items) };
}
