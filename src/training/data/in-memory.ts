import { DownhillError } from "../../engine/errors/index.ts";
import type { BatchSource } from "./batch-source.ts";
import { type Batches, type BatchSize, makeBatches, notLater } from "./batches.ts";
import { countOf, type ColumnsByName, gather, itemFrom, itemOf, stackItems, toBatch } from "./fields.ts";
import type { ItemOrder } from "./order.ts";
import { placesOfShard, type ShardOptions, shardSize, shardWithin } from "./shard.ts";
import type { ItemPlace, ItemTransforms } from "./steps.ts";

/** State of a data set in memory. */
export interface MemoryDataset {
  readonly fields: ColumnsByName;
  /** Rows of the fields that belong to the data set; `undefined` if all do. */
  readonly rows: Int32Array | undefined;
  readonly steps: ItemTransforms;
  /** Order of the rows in each epoch; `undefined` for ascending order. */
  readonly order: ItemOrder | undefined;
  readonly float: "float64" | "float32" | undefined;
  /** The shard of each epoch's items, taken after ordering them, that this data set yields. */
  readonly shard: ShardOptions;
}

/** Returns the number of items of a data set, counted over all shards. */
export function heldCount({ rows, fields }: MemoryDataset): number {
  return rows?.length ?? countOf(fields);
}

/**
 * Creates the batches of a data set in memory; each has `size` items of its shard. The last one may have fewer, unless
 * `dropLast` is true.
 */
export function batchesInMemory<B>(held: MemoryDataset, { size, dropLast }: BatchSize): Batches<B> {
  return makeBatches(sourceInMemory(held, { size: size * held.shard.count, dropLast }));
}

/**
 * Creates the batches of a data set; each has `size` items counted over all shards, and contains those of this shard.
 */
function sourceInMemory<B>(held: MemoryDataset, { size, dropLast }: BatchSize): BatchSource<B> {
  const { rows, order, shard } = held;
  const count = order?.count ?? heldCount(held);
  const each = Math.min(size, count);
  const batchCount = dropLast && size !== Infinity ? Math.floor(count / size) : Math.ceil(count / each);
  if (batchCount === 0) {
    const repair = "Use smaller batches or omit dropLast.";
    throw new DownhillError(
      "data",
      `batch: with dropLast there is no batch of ${size}, because there are only ${count} items. ${repair}`,
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

/** Builds the shard's part of the batch `items[from] … items[to − 1]`, or of items `from … to − 1` without a list. */
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
  // Without items, the fields are known only after transforming one item.
  return gather(stepped(fields, steps, float, epoch, [items?.[from] ?? from]), undefined, 0, 0);
}

/**
 * Applies the functions of `map` and `augment`, one after the other, to each item, and stacks the results as columns.
 */
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
