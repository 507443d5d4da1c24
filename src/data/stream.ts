import { DownhillError } from "../errors/index.ts";
import { integersBelow, shuffleInPlace } from "../random/permutation.ts";
import { type BatchSize, type EpochOptions, epochStart, type StreamBatches } from "./batches.ts";
import { gather, stackItems, toBatch } from "./fields.ts";
import type { StreamShuffle } from "./shuffle.ts";

/** Items one after another. */
export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** Where the items of a stream come from: an iterable, or a function that gives one for each epoch. */
export type ItemSource<I> = Items<I> | ((epoch: number) => Items<I> | Promise<Items<I>>);

/** The batches of items that are read as they are needed and never held all at once. */
export function batchesOfStream<B>(
  source: ItemSource<unknown>,
  size: BatchSize,
  shuffle: StreamShuffle | undefined,
  float: "float64" | "float32" | undefined,
): StreamBatches<B> {
  if (size.size === Infinity) {
    const repair = "Give a size, or collect the items into arrays first.";
    throw new DownhillError(
      "option",
      `batch: "full" needs all items at once, and an iterable is read item by item. ${repair}`,
    );
  }
  const open = opener(source);

  async function* batches(k: number, first: number): AsyncGenerator<B, undefined> {
    const items = await open(k);
    const mixer = shuffle === undefined ? inOrder : mixing(shuffle.buffer, integersBelow(shuffle.keyOf(k)));
    const batcher = makeBatcher<B>(size, first, float);
    if (Symbol.asyncIterator in items) {
      for await (const item of items) for (const batch of batcher.add(mixer.exchange(item))) yield batch;
    } else {
      // items that are at hand cost no turn of the event loop each
      for (const item of items) for (const batch of batcher.add(mixer.exchange(item))) yield batch;
    }
    for (const item of mixer.rest()) for (const batch of batcher.add([item])) yield batch;
    for (const batch of batcher.finish(k)) yield batch;
    return undefined;
  }

  const epoch = (k: number, options?: EpochOptions): AsyncIterable<B> => {
    const first = epochStart(k, options);
    return { [Symbol.asyncIterator]: () => batches(k, first) };
  };
  let next = 0;
  return {
    count: undefined,
    batchCount: undefined,
    epoch,
    [Symbol.asyncIterator]: () => epoch(next++)[Symbol.asyncIterator](),
  };
}

/** What changes the order of items: takes one, gives none or one back, and the held ones at the end. */
interface Mixer {
  readonly exchange: (item: unknown) => readonly unknown[];
  readonly rest: () => readonly unknown[];
}

const inOrder: Mixer = { exchange: (item) => [item], rest: () => [] };

/** Holds `size` items; each that comes takes the place of a random one, which goes. */
function mixing(size: number, below: (bound: number) => number): Mixer {
  const held: unknown[] = [];
  return {
    exchange(item) {
      if (held.length < size) {
        held.push(item);
        return [];
      }
      const i = below(size);
      const out = held[i];
      held[i] = item;
      return [out];
    },
    rest() {
      shuffleInPlace(held, below);
      return held;
    },
  };
}

interface Batcher<B> {
  readonly add: (items: readonly unknown[]) => readonly B[];
  readonly finish: (epoch: number) => readonly B[];
}

/** Collects items into batches, from batch `first` on: those before it are counted but not made. */
function makeBatcher<B>(
  { size, dropLast }: BatchSize,
  first: number,
  float: "float64" | "float32" | undefined,
): Batcher<B> {
  let pending: unknown[] = [];
  let made = 0;
  const make = (): B[] => {
    const items = pending;
    pending = [];
    const index = made++;
    if (index < first) return [];
    const fields = stackItems(items, index * size, "dataset");
    return [toBatch(float === undefined ? fields : gather(fields, undefined, 0, items.length, float)) as B];
  };
  return {
    add(items) {
      const out: B[] = [];
      for (const item of items) {
        pending.push(item);
        if (pending.length === size) out.push(...make());
      }
      return out;
    },
    finish(epoch) {
      if (made === 0 && pending.length === 0) {
        throw new DownhillError(
          "data",
          `dataset: the iterable has no items in epoch ${epoch}.${epoch > 0 ? ` ${renew}` : ""}`,
        );
      }
      return pending.length > 0 && !dropLast ? make() : [];
    },
  };
}

const renew =
  "If it can be read only once, pass a function that makes a new one, as in dataset(() => lines()).";

/** Opens a source for an epoch; one that can be read only once is opened only once. */
function opener(source: ItemSource<unknown>): (epoch: number) => Promise<Items<unknown>> {
  let used = false;
  return async (epoch) => {
    const items = typeof source === "function" ? await source(epoch) : source;
    if (!isItems(items)) {
      const got = typeof source === "function" ? "the function gave something else" : "got something else";
      throw new DownhillError("data", `dataset: expected an iterable of items; ${got}.`);
    }
    const { opened, once } = begin(items);
    if (used)
      throw new DownhillError("data", `dataset: the iterable was used up by the epoch before. ${renew}`);
    used = once && typeof source !== "function";
    return opened;
  };
}

/** Whether a value can be read item by item. */
export function isItems(value: unknown): value is Items<unknown> {
  return (
    typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/**
 * Begins to read items; `once` where they are their own iterator, as generators are, so that a second loop
 * finds nothing. The iterator is asked for only once, since that locks some streams.
 */
function begin(items: Items<unknown>): { readonly opened: Items<unknown>; readonly once: boolean } {
  if (Symbol.asyncIterator in items) {
    const iterator = items[Symbol.asyncIterator]();
    return { opened: { [Symbol.asyncIterator]: () => iterator }, once: Object.is(iterator, items) };
  }
  const iterator = items[Symbol.iterator]();
  return { opened: { [Symbol.iterator]: () => iterator }, once: Object.is(iterator, items) };
}
