import { readElements } from "../../engine/ir/elements.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { mapLeaves } from "../../engine/tree/index.ts";
import { gather, toBatch } from "./fields.ts";

/** Which shard: of each batch, or of each epoch, the items at places `index`, `index + count`, `index + 2 · count`, … */
export interface ShardOptions {
  /** Number of the shard, from 0 to `count − 1`. */
  readonly index: number;
  /** How many shards there are, 1 or more. */
  readonly count: number;
}

/** All items. */
export const wholeShard: ShardOptions = { index: 0, count: 1 };

/** Checks which shard. @throws DownhillError `option` or `range` for misuse. */
export function checkShard(options: ShardOptions): ShardOptions {
  checkNeededOptions("shard", options, ["index", "count"]);
  const { index, count } = options;
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new DownhillError(
      "range",
      `shard: count must be a number of shards, 1 or more, got ${String(count)}.`,
    );
  }
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw new DownhillError("range", `shard: index must be one of 0 to ${count - 1}, got ${String(index)}.`);
  }
  return { index, count };
}

/** How many of `items` places a shard has. */
export function shardSize(items: number, { index, count }: ShardOptions): number {
  return Math.max(0, Math.ceil((items - index) / count));
}

/** The shard of a shard. */
export function shardWithin(outer: ShardOptions, inner: ShardOptions): ShardOptions {
  return { index: outer.index + outer.count * inner.index, count: outer.count * inner.count };
}

/**
 * The items of a shard of a batch: of every array those of its rows. Scalars go to all shards; where there are fewer items
 * than shards, some have none.
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
          `shard: a batch with arrays of ${items} and of ${n} items cannot be cut: they must have the same number.`,
        );
      }
      const column = new Map([[undefined, { shape, dtype, data: readElements(x, "shard") }]]);
      return toBatch(gather(column, placesOfShard(0, n, shard), 0, shardSize(n, shard)));
    },
    batch,
  ) as B;
}

/** The places of a shard among `from … to − 1`. */
export function placesOfShard(from: number, to: number, shard: ShardOptions): Uint32Array {
  const { index, count } = shard;
  return Uint32Array.from({ length: shardSize(to - from, shard) }, (_, i) => from + index + i * count);
}
