import { DownhillError } from "../errors/index.ts";

/**
 * Where batches come from: `dataset(…).batch(…)`, whose epochs differ in their order, or any iterable of batches that can
 * be read once an epoch.
 */
export type FitData<B> =
  { readonly epoch: (k: number) => Iterable<B> | AsyncIterable<B> } | Iterable<B> | AsyncIterable<B>;

/**
 * The batches of epoch `k`, each made when it is asked for, until the signal. Whoever stops reading closes the source.
 *
 * @throws DownhillError `data` if the source is not one, or an epoch has no batch.
 */
export async function* batchesOf<B>(
  data: FitData<B>,
  k: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<B, undefined> {
  const source = "epoch" in data ? data.epoch(k) : data;
  let count = 0;
  if (isIterable(source)) {
    for (const batch of source) {
      count++;
      yield batch;
      if (isAborted(signal)) return;
    }
  } else {
    for await (const batch of until(source, signal)) {
      count++;
      yield batch;
      if (isAborted(signal)) return;
    }
    if (isAborted(signal)) return;
  }
  if (count > 0) return;
  const again =
    k === 0 ? "" : " An iterator can be read only once: pass an array of batches, or dataset(…).batch(…).";
  throw new DownhillError("data", `fit: there is no batch in epoch ${k + 1}.${again}`);
}

export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Checks that data can be read at all. */
export function checkData(data: unknown): void {
  if (typeof data === "object" && data !== null) {
    if ("epoch" in data && typeof data.epoch === "function") return;
    if (Symbol.iterator in data || Symbol.asyncIterator in data) return;
  }
  const repair =
    typeof data === "object" && data !== null && "batch" in data
      ? "Say how large the batches are, as in data.batch(32)."
      : "Pass dataset({ x, y }).batch(32), or an array of batches.";
  throw new DownhillError("data", `fit: data must give batches. ${repair}`);
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
  let onAbort = (): void => {};
  const aborted = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    signal?.addEventListener("abort", onAbort);
  });
  let isOpen = true;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
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
