import { shardOfBatch, type ShardOptions, shardWithin } from "./shard.ts";

/** The part of `Batches` from which the rest follows: the batches of an epoch from one on, all arguments checked. */
export interface BatchSource<B> {
  readonly count: number;
  readonly batchCount: number;
  readonly open: (epoch: number, from: number) => Iterator<B, undefined>;
  /** The same batches with only the items of a shard. */
  readonly shard: (shard: ShardOptions) => BatchSource<B>;
}

/** The part of `StreamBatches` from which the rest follows. */
export interface StreamSource<B> {
  readonly count: number | undefined;
  readonly batchCount: number | undefined;
  readonly open: (epoch: number, from: number) => AsyncIterator<B, undefined>;
  readonly shard: (shard: ShardOptions) => StreamSource<B>;
}

type AnySource = BatchSource<unknown> | StreamSource<unknown>;

/** What shards are cut from: whole batches, of what is sharded before it makes them. */
type UnshardedSource<S extends AnySource> = Omit<S, "shard"> & {
  readonly shard: (shard: ShardOptions) => Pick<S, "count">;
};

/** A source of whole batches, whose shards are cut from them; `shard` of what it is given counts their items. */
export function cutNow<B>(source: UnshardedSource<BatchSource<B>>): BatchSource<B> {
  return cut<BatchSource<B>>(source, (shard) => ({
    open: (k, from) => cutEach(source.open(k, from), shard),
  }));
}

/** As `cutNow`, of batches that are read as they are needed. */
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
