import { DownhillError } from "../../engine/errors/index.ts";

/**
 * Where batches come from: `dataset(…).batch(…)`, whose epochs differ in their order, or any iterable of batches that can
 * be read once an epoch.
 *
 * `epoch(k, { from })` gives the batches of epoch `k` from batch `from` on, so that a run can be taken up in the midst of
 * an epoch. Where `epoch` takes no second argument, and of iterables, the batches before that are read and left out.
 */
export type FitData<B> =
  | {
      readonly epoch: (k: number, options?: { readonly from?: number }) => Iterable<B> | AsyncIterable<B>;
      /** How many batches an epoch has, where that is known. */
      readonly batchCount?: number | undefined;
      /** How many items an epoch has, where that is known. */
      readonly count?: number | undefined;
      /**
       * The same batches with every `count`-th item alone, from place `index` on, for one of several ranks. Where there is
       * none, each rank reads whole batches.
       */
      readonly shard?: (options: { readonly index: number; readonly count: number }) => FitData<B>;
    }
  | Iterable<B>
  | AsyncIterable<B>;

/** What to read. */
export interface EpochReadOptions {
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Number of the first batch, from 0. Default 0. */
  readonly from?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The batches of an epoch from one of them on, each made when it is asked for, until the signal. Whoever stops reading
 * closes the source.
 *
 * @throws DownhillError `data` if the source is not one, or an epoch has no batch.
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
  const what = next > 0 ? `are only ${next} batches of ${from} that were read` : "is no batch";
  throw new DownhillError("data", `fit: there ${what} in epoch ${epoch + 1}.${again}`);
}

export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Checks that data can be read at all. */
export function checkData(data: unknown, what = "fit: data"): void {
  if (typeof data === "object" && data !== null) {
    if ("epoch" in data && typeof data.epoch === "function") return;
    if (Symbol.iterator in data || Symbol.asyncIterator in data) return;
  }
  const repair =
    typeof data === "object" && data !== null && "batch" in data
      ? "Say how large the batches are, as in data.batch(32)."
      : "Pass dataset({ x, y }).batch(32), or an array of batches.";
  throw new DownhillError("data", `${what} must give batches. ${repair}`);
}

function isIterable<B>(source: Iterable<B> | AsyncIterable<B>): source is Iterable<B> {
  return Symbol.iterator in source;
}

/** Reads until the end or the signal, be the next item there or not. */
async function* until<B>(
  source: AsyncIterable<B>,
  signal: AbortSignal | undefined,
): AsyncGenerator<B, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  // A promise for each item: Promise.race with one for the whole run would keep every item until the run ends.
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
    // not awaited after the signal: a source that hangs would keep the run from ending
    if (isOpen) {
      const closing = iterator.return?.();
      if (isAborted(signal)) closing?.catch(() => {});
      else await closing;
    }
  }
}
