import { readElements } from "../../engine/ir/elements.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { mapLeaves } from "../../engine/tree/index.ts";
import { gather, toBatch } from "./fields.ts";

/** Selection of a shard: items `index`, `index + count`, `index + 2 · count`, … of each batch or epoch. */
export interface ShardOptions {
  /** Number of the shard, from 0 to `count − 1`. */
  readonly index: number;
  /** Number of shards, 1 or more. */
  readonly count: number;
}

/** The shard that contains all items. */
export const wholeShard: ShardOptions = { index: 0, count: 1 };

/** Checks the selection of a shard. @throws DownhillError `option` or `range` for invalid values. */
export function checkShard(options: ShardOptions): ShardOptions {
  checkNeededOptions("shard", options, ["index", "count"]);
  const { index, count } = options;
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new DownhillError("range", `shard: count must be an integer of 1 or more, got ${String(count)}.`);
  }
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw new DownhillError("range", `shard: index must be one of 0 to ${count - 1}, got ${String(index)}.`);
  }
  return { index, count };
}

/** Returns the number of items of a shard out of `items`. */
export function shardSize(items: number, { index, count }: ShardOptions): number {
  return Math.max(0, Math.ceil((items - index) / count));
}

/** Returns the shard `inner` of the items in the shard `outer`, as a shard of all items. */
export function shardWithin(outer: ShardOptions, inner: ShardOptions): ShardOptions {
  return { index: outer.index + outer.count * inner.index, count: outer.count * inner.count };
}

/**
 * Reduces each array of a batch to the rows of a shard. Scalars go to all shards. If there are fewer items than shards,
 * some shards get none.
 *
 * @throws DownhillError `shape` for arrays of different length.
 */
export function shardOfBatch<B>(batch: B, shard: ShardOptions): B {
  if (shard.count === 1) return batch;
  let items: number | undefined;
  return mapLeaves(
    "shard",
    (leaf) => {
      const x = asTensor(leaf, "shard");
      const { shape, dtype } = x;
      const [n] = shape;
      if (n === undefined) return leaf;
      items ??= n;
      if (n !== items) {
        throw new DownhillError(
          "shape",
          `shard: a batch with arrays of ${items} and of ${n} items cannot be sharded: they must have the same number.`,
        );
      }
      const column = new Map([[undefined, { shape, dtype, data: readElements(x, "shard") }]]);
      return toBatch(gather(column, placesOfShard(0, n, shard), 0, shardSize(n, shard)));
    },
    batch,
  ) as B;
}

/** Returns the indices in `from … to − 1` that belong to a shard: `from + index`, `from + index + count`, … */
export function placesOfShard(from: number, to: number, shard: ShardOptions): Uint32Array {
  const { index, count } = shard;
  return Uint32Array.from({ length: shardSize(to - from, shard) }, (_, i) => from + index + i * count);
}
