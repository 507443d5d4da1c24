import { shardOfBatch, type ShardOptions, shardWithin } from "./shard.ts";

/**
 * Data and functions from which the methods of `Batches` are built. `open` returns the batches of an epoch, starting at
 * batch `from`. All arguments are already checked.
 */
export interface BatchSource<B> {
  readonly count: number;
  readonly batchCount: number;
  readonly open: (epoch: number, from: number) => Iterator<B, undefined>;
  /** Returns a source of the same batches reduced to the items of a shard. */
  readonly shard: (shard: ShardOptions) => BatchSource<B>;
}

/** Data and functions from which the methods of `StreamBatches` are built, as in `BatchSource`. */
export interface StreamSource<B> {
  readonly count: number | undefined;
  readonly batchCount: number | undefined;
  readonly open: (epoch: number, from: number) => AsyncIterator<B, undefined>;
  readonly shard: (shard: ShardOptions) => StreamSource<B>;
}

type AnySource = BatchSource<unknown> | StreamSource<unknown>;

/** A batch source whose `shard` only reports the number of items of a shard. `cutNow` and `cutLater` complete it. */
type UnshardedSource<S extends AnySource> = Omit<S, "shard"> & {
  readonly shard: (shard: ShardOptions) => Pick<S, "count">;
};

/**
 * Completes a source of whole batches with `shard`, which cuts the items of a shard out of each finished batch. The
 * method `shard` of the given source returns only the number of items of a shard.
 */
export function cutNow<B>(source: UnshardedSource<BatchSource<B>>): BatchSource<B> {
  return cut<BatchSource<B>>(source, (shard) => ({
    open: (k, from) => cutEach(source.open(k, from), shard),
  }));
}

/** Like `cutNow`, for a source whose batches are read on demand. */
export function cutLater<B>(source: UnshardedSource<StreamSource<B>>): StreamSource<B> {
  return cut<StreamSource<B>>(source, (shard) => ({
    open: (k, from) => cutEachLater(source.open(k, from), shard),
  }));
}

function cut<S extends AnySource>(
  source: UnshardedSource<S>,
  opened: (shard: ShardOptions) => Pick<S, "open">,
): S {
  const sharded = (shard: ShardOptions): unknown => ({
    ...source,
    ...opened(shard),
    count: source.shard(shard).count,
    shard: (inner: ShardOptions) => sharded(shardWithin(shard, inner)),
  });
  return { ...source, shard: sharded } as unknown as S;
}

function* cutEach<B>(batches: Iterator<B, undefined>, shard: ShardOptions): Generator<B, undefined> {
  for (const batch of { [Symbol.iterator]: () => batches }) yield shardOfBatch(batch, shard);
  return undefined;
}

async function* cutEachLater<B>(
  batches: AsyncIterator<B, undefined>,
  shard: ShardOptions,
): AsyncGenerator<B, undefined> {
  for await (const batch of { [Symbol.asyncIterator]: () => batches }) yield shardOfBatch(batch, shard);
  return undefined;
}
