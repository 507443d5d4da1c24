import { DownhillError } from "../../engine/errors/index.ts";
import type { BatchSource } from "./batch-source.ts";
import { type Batches, type BatchSize, makeBatches, notLater } from "./batches.ts";
import { countOf, type ColumnsByName, gather, itemFrom, itemOf, stackItems, toBatch } from "./fields.ts";
import type { ItemOrder } from "./order.ts";
import { placesOfShard, type ShardOptions, shardSize, shardWithin } from "./shard.ts";
import type { ItemPlace, ItemTransforms } from "./steps.ts";

/** A data set in memory, as its methods see it. */
export interface MemoryDataset {
  readonly fields: ColumnsByName;
  /** The rows of the fields that belong to it; all, if undefined. */
  readonly rows: Int32Array | undefined;
  readonly steps: ItemTransforms;
  /** In which order epochs go through the rows; as they are, if undefined. */
  readonly order: ItemOrder | undefined;
  readonly float: "float64" | "float32" | undefined;
  /** Which items of each epoch, in its order. */
  readonly shard: ShardOptions;
}

/** How many items a data set has, those of other shards included. */
export function heldCount({ rows, fields }: MemoryDataset): number {
  return rows?.length ?? countOf(fields);
}

/** The batches of a data set in memory: of its shard those of `size` items. */
export function batchesInMemory<B>(held: MemoryDataset, { size, dropLast }: BatchSize): Batches<B> {
  return makeBatches(sourceInMemory(held, { size: size * held.shard.count, dropLast }));
}

/** The batches of a data set with `size` items of all shards together. */
function sourceInMemory<B>(held: MemoryDataset, { size, dropLast }: BatchSize): BatchSource<B> {
  const { rows, order, shard } = held;
  const count = order?.count ?? heldCount(held);
  const each = Math.min(size, count);
  const batchCount = dropLast && size !== Infinity ? Math.floor(count / size) : Math.ceil(count / each);
  if (batchCount === 0) {
    const repair = "Take smaller batches or leave dropLast out.";
    throw new DownhillError(
      "data",
      `batch: with dropLast there is no batch of ${size}, for there are only ${count} items. ${repair}`,
    );
  }

  function* open(k: number, first: number): Generator<B, undefined> {
    const places = first < batchCount ? order?.of(k) : undefined;
    const items =
      places === undefined || rows === undefined
        ? (places ?? rows)
        : Uint32Array.from(places, (i) => rows[i]!);
    for (let i = first; i < batchCount; i++) {
      yield toBatch(batchOf(held, items, i * each, Math.min(i * each + each, count), k)) as B;
    }
    return undefined;
  }
  return {
    count: Math.floor(count / each) * shardSize(each, shard) + shardSize(count % each, shard),
    batchCount,
    open,
    shard: (inner) => sourceInMemory({ ...held, shard: shardWithin(shard, inner) }, { size, dropLast }),
  };
}

/** What the shard has of the batch of `items[from] … items[to − 1]`, or items `from … to − 1` where there is no list. */
function batchOf(
  { fields, steps, float, shard }: MemoryDataset,
  items: ArrayLike<number> | undefined,
  from: number,
  to: number,
  epoch: number,
): ColumnsByName {
  if (shard.count === 1 && steps.functions.length === 0) return gather(fields, items, from, to, float);
  const numbers = placesOfShard(from, to, shard).map((place) => items?.[place] ?? place);
  if (steps.functions.length === 0) return gather(fields, numbers, 0, numbers.length, float);
  if (numbers.length > 0) return stepped(fields, steps, float, epoch, [...numbers]);
  // of no items, only the steps of one tell what fields there would be
  return gather(stepped(fields, steps, float, epoch, [items?.[from] ?? from]), undefined, 0, 0);
}

/** Some items after the steps, as columns. */
function stepped(
  fields: ColumnsByName,
  { functions }: ItemTransforms,
  float: MemoryDataset["float"],
  epoch: number,
  items: readonly number[],
): ColumnsByName {
  const results = items.map((item) => {
    const place: ItemPlace = { epoch, item };
    let value = itemOf(fields, item, float);
    functions.forEach((f, i) => {
      value = notLater("map", f(i === 0 ? value : itemFrom(value, `map: item ${item}`), place));
    });
    return value;
  });
  const stacked = stackItems(results, (i) => items[i]!, "map");
  return float === undefined ? stacked : gather(stacked, undefined, 0, items.length, float);
}
