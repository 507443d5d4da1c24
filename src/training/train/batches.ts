import { DownhillError } from "../../engine/errors/index.ts";

/**
 * Source of batches: `dataset(…).batch(…)`, which orders each epoch anew, or any iterable of batches that can be read
 * once per epoch.
 *
 * `epoch(k, { from })` returns the batches of epoch `k`, starting at batch `from`, so that a run can resume in the
 * middle of an epoch. If `epoch` takes no second argument, and for iterables, the earlier batches are read and skipped.
 */
export type FitData<B> =
  | {
      readonly epoch: (k: number, options?: { readonly from?: number }) => Iterable<B> | AsyncIterable<B>;
      /** Number of batches per epoch, if known. */
      readonly batchCount?: number | undefined;
      /** Number of items per epoch, if known. */
      readonly count?: number | undefined;
      /**
       * Returns the same batches reduced to every `count`-th item, starting at item `index`: the share of one of
       * several ranks. Without this method each rank reads whole batches.
       */
      readonly shard?: (options: { readonly index: number; readonly count: number }) => FitData<B>;
    }
  | Iterable<B>
  | AsyncIterable<B>;

/** Options of `batchesOf`: the epoch, its first batch to read, and a signal that stops the reading. */
export interface EpochReadOptions {
  /** Number of the epoch, counted from 0. */
  readonly epoch: number;
  /** Number of the first batch, counted from 0. Default 0. */
  readonly from?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the batches of an epoch, starting at batch `from`. Each is built on demand. Stops at the abort signal. Leaving
 * the loop closes the source.
 *
 * @throws DownhillError `data` if the epoch has no batch, or fewer than `from`.
 */
export async function* batchesOf<B>(
  data: FitData<B>,
  { epoch, from = 0, signal }: EpochReadOptions,
): AsyncGenerator<B, undefined> {
  const isSkipping = from > 0 && "epoch" in data && data.epoch.length >= 2;
  const source = !("epoch" in data) ? data : isSkipping ? data.epoch(epoch, { from }) : data.epoch(epoch);
  let next = isSkipping ? from : 0;
  if (isIterable(source)) {
    for (const batch of source) {
      if (next++ < from) continue;
      yield batch;
      if (isAborted(signal)) return;
    }
  } else {
    for await (const batch of until(source, signal)) {
      if (next++ < from) continue;
      yield batch;
      if (isAborted(signal)) return;
    }
    if (isAborted(signal)) return;
  }
  if (next > 0 && next >= from) return;
  const again =
    epoch === 0
      ? ""
      : " An iterator can be read only once: pass an array of batches, or dataset(…).batch(…).";
  const what = next > 0 ? `has only ${next} batches, and ${from} were done before` : "has no batch";
  throw new DownhillError("data", `fit: epoch ${epoch + 1} ${what}.${again}`);
}

export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/**
 * Checks that a value is a source of batches.
 *
 * @throws DownhillError `data`, naming `what`, if it has neither a function `epoch` nor an iterator.
 */
export function checkData(data: unknown, what = "fit: data"): void {
  if (typeof data === "object" && data !== null) {
    if ("epoch" in data && typeof data.epoch === "function") return;
    if (Symbol.iterator in data || Symbol.asyncIterator in data) return;
  }
  const repair =
    typeof data === "object" && data !== null && "batch" in data
      ? "Set the batch size, as in data.batch(32)."
      : "Pass dataset({ x, y }).batch(32), or an array of batches.";
  throw new DownhillError("data", `${what} must yield batches. ${repair}`);
}

function isIterable<B>(source: Iterable<B> | AsyncIterable<B>): source is Iterable<B> {
  return Symbol.iterator in source;
}

/** Yields the items of a source until its end or until the signal, even if the next item is still pending. */
async function* until<B>(
  source: AsyncIterable<B>,
  signal: AbortSignal | undefined,
): AsyncGenerator<B, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  // One promise per item: `Promise.race` with a promise of the whole run would retain every item until the run ends.
  let abort = (): void => {};
  const onAbort = (): void => abort();
  signal?.addEventListener("abort", onAbort);
  let isOpen = true;
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<B> | "aborted">((resolve, reject) => {
        abort = () => resolve("aborted");
        if (isAborted(signal)) abort();
        else iterator.next().then(resolve, reject);
      });
      if (next === "aborted") return undefined;
      if (next.done === true) {
        isOpen = false;
        return undefined;
      }
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Not awaited after the signal, because a source that hangs would keep the run from ending.
    if (isOpen) {
      const closing = iterator.return?.();
      if (isAborted(signal)) closing?.catch(() => {});
      else await closing;
    }
  }
}
