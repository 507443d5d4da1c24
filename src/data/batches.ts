import { DownhillError } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import { permutation } from "../random/index.ts";
import { countOf, type Fields, gather, toBatch } from "./fields.ts";
import type { Shuffle } from "./shuffle.ts";

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

/**
 * Batches of an epoch of a data set that may not be in memory.
 *
 * To iterate over it is to take the next epoch: the first loop takes epoch 0, the second epoch 1. `epoch(k)`
 * takes any, and changes nothing.
 */
export interface StreamBatches<B> extends AsyncIterable<B> {
  /** How many items an epoch has; `undefined` where only reading them would tell. */
  readonly count: number | undefined;
  /** How many batches an epoch has; `undefined` where only reading them would tell. */
  readonly batchCount: number | undefined;
  /** The batches of epoch `k`, from 0: always the same for the same `k`, whatever was read before. */
  readonly epoch: (k: number, options?: EpochOptions) => AsyncIterable<B>;
}

/** Batches of a data set in memory, for `for … of` and `for await … of` alike. */
export interface Batches<B> extends StreamBatches<B>, Iterable<B> {
  readonly count: number;
  readonly batchCount: number;
  readonly epoch: (k: number, options?: EpochOptions) => Epoch<B>;
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
  if (typeof dropLast !== "boolean") {
    throw new DownhillError("option", `batch: dropLast must be true or false, got ${String(dropLast)}.`);
  }
  if (size === "full") return { size: Infinity, dropLast };
  if (Number.isInteger(size) && size >= 1) return { size, dropLast };
  const got = typeof size === "string" ? JSON.stringify(size) : String(size);
  throw new DownhillError(
    "option",
    `batch: the size must be an integer of 1 or more, or "full", got ${got}.`,
  );
}

/** Checks the arguments of `epoch`. */
export function epochStart(k: number, options: EpochOptions | undefined): number {
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

/** The batches of fields in memory. */
export function batchesInMemory<B>(
  fields: Fields,
  { size, dropLast }: BatchSize,
  shuffle: Shuffle | undefined,
  float: "float64" | "float32" | undefined,
): Batches<B> {
  const count = countOf(fields);
  const each = Math.min(size, count);
  const batchCount = dropLast && size !== Infinity ? Math.floor(count / size) : Math.ceil(count / each);
  if (batchCount === 0) {
    const repair = "Take smaller batches or leave dropLast out.";
    throw new DownhillError(
      "data",
      `batch: with dropLast there is no batch of ${size}, for there are only ${count} items. ${repair}`,
    );
  }

  const epoch = (k: number, options?: EpochOptions): Epoch<B> => {
    const first = epochStart(k, options);
    function* batches(): Generator<B, undefined> {
      const order = shuffle === undefined ? undefined : permutation(shuffle.keyOf(k), count);
      for (let i = first; i < batchCount; i++) {
        const from = i * each;
        yield toBatch(gather(fields, order, from, Math.min(from + each, count), float)) as B;
      }
      return undefined;
    }
    return { [Symbol.iterator]: batches, [Symbol.asyncIterator]: () => asAsync(batches()) };
  };

  let next = 0;
  return {
    count,
    batchCount,
    epoch,
    [Symbol.iterator]: () => epoch(next++)[Symbol.iterator](),
    [Symbol.asyncIterator]: () => epoch(next++)[Symbol.asyncIterator](),
  };
}

async function* asAsync<B>(batches: Generator<B, undefined>): AsyncGenerator<B, undefined> {
  yield* batches;
  return undefined;
}
