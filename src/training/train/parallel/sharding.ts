import { add } from "../../../numeric/array/elementwise.ts";
import { readElements } from "../../../engine/ir/elements.ts";
import { shardOfBatch, type ShardOptions } from "../../data/shard.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { asTensor, fromArray } from "../../../engine/prims/lift.ts";
import type { Device } from "../../../engine/runtime/index.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { flatten, mapLeaves, unflatten } from "../../../engine/tree/index.ts";
import type { FitData } from "../batches.ts";
import { type ItemSums, itemsOf } from "../history.ts";
import type { World } from "../world.ts";
import { type Bucket, bucketFor } from "./bucket.ts";
import { makeRanks, type Ranks } from "./ranks.ts";

/**
 * Order in which ranks add: `"tree"` gives the same bits for any number of ranks; `"fast"` uses the fastest order of
 * the transport.
 */
export type ReduceMode = "tree" | "fast";

/** A micro-batch: the part of a batch that belongs to one shard. */
export interface MicroBatch<B> {
  /** Number of the shard, counted over all ranks. */
  readonly shard: number;
  readonly batch: B;
  /** Number of items; 0 if the batch has fewer items than there are shards. */
  readonly items: number;
}

/** Data that this rank reads, and the way it splits their batches. */
export interface RankData<B> {
  readonly data: FitData<B>;
  /** Splits a batch into the micro-batches of this rank, in the order of their shards. */
  readonly partsOf: (batch: B) => readonly MicroBatch<B>[];
}

/** Sums over the items of a shard, or of several shards. */
export interface PartSums<T> {
  readonly sums: ItemSums;
  /**
   * Floating-point tensors: the sum of the gradients (each times its number of items if losses are means), and whatever
   * else is summed.
   */
  readonly tree: T;
  /** Number that is infinite or NaN if any of the tensors is. */
  readonly health: number;
}

/**
 * Division of each batch into shards. Shard `s` holds items `s`, `s + count`, …, and rank `r` of `R` computes shards
 * `r`, `r + R`, …
 *
 * Sums over shards use a binary tree: `x[s] += x[s + d]` for `s < d`, with `d` = `count / 2`, `count / 4`, …, 1. Shards
 * that are `R` or more apart are on one rank. For the rest, two ranks exchange their sums and both add. So the bits of
 * a sum depend only on the number of shards.
 */
export interface Sharding {
  readonly count: number;
  readonly ranks: Ranks;
  readonly own: <B>(data: FitData<B>) => RankData<B>;
  /**
   * Returns the sum over all shards; `parts` are those of this rank. With `again`, several ranks return the previous
   * sum without a message. This serves to repeat a step that failed, in search of the cause.
   */
  readonly sum: <T>(step: number, parts: readonly PartSums<T>[], again: boolean) => PartSums<T>;
  /** Returns the sums of a measurement over all shards. */
  readonly sumItems: (step: number, parts: readonly ItemSums[]) => ItemSums;
}

/**
 * Creates the sharding of a run into `count` shards, a power of two that is at least the number of ranks. Gradients are
 * on `device`, if given; there is one rank then.
 */
export function makeSharding(
  count: number,
  ranks: Ranks,
  world: World | undefined,
  mode: ReduceMode,
  device?: Device,
): Sharding {
  const { size } = ranks;
  const addShards = (trees: readonly unknown[]): unknown => {
    const addTwo = (x: unknown, y: unknown): Tensor => add(x as Tensor, y as Tensor);
    return sumByTree(trees, (a, b) => mapLeaves("fit", addTwo, a, b));
  };
  const addTrees = jit(addShards, { device }) as (trees: readonly unknown[]) => unknown;
  const sumOverRanks = (kind: "step" | "evaluation", step: number, bucket: Bucket): void => {
    if (mode === "tree") return ranks.allReduce(kind, step, bucket.buffer, bucket.add);
    ranks.allReduce(kind, step, bucketFor(0, []).buffer, () => {}); // checks that all ranks came for this sum
    for (const array of [bucket.doubles, bucket.singles]) if (array.length > 0) world!.allReduce(array);
  };
  let last: unknown;
  let bucket: Bucket | undefined;
  return {
    count,
    ranks,
    own: (data) => ownData(data, count, ranks),
    sum<T>(step: number, parts: readonly PartSums<T>[], again: boolean): PartSums<T> {
      if (again && size > 1) return last as PartSums<T>;
      const [first] = parts;
      if (parts.length === 1 && size === 1) return first!;
      const tree = parts.length === 1 ? first!.tree : addTrees(parts.map((part) => part.tree));
      const names = namesOf(parts.map(({ sums }) => sums));
      const numbers = sumNumbers(parts.map(({ health, sums }) => [health, ...numbersOf(sums, names)]));
      const totalOf = ([health, ...sums]: readonly number[], total: unknown): PartSums<T> => ({
        sums: sumsOf(sums, names),
        tree: total as T,
        health: health!,
      });
      if (size === 1) return totalOf(numbers, tree);
      const { leaves, def } = flatten(tree, "fit");
      const tensors = leaves.map((leaf) => asTensor(leaf, "fit"));
      bucket = bucketFor(numbers.length, tensors, bucket);
      const { doubles, arrays } = bucket;
      doubles.set(numbers);
      for (const [i, array] of arrays.entries()) array.set(readElements(tensors[i]!, "fit"));
      sumOverRanks("step", step, bucket);
      const sums = arrays.map((array, i) => {
        const { dtype, shape } = tensors[i]!;
        return fromArray(arrayType(dtype, shape), array.slice());
      });
      const total = totalOf([...doubles.subarray(0, numbers.length)], unflatten(def, sums));
      last = total;
      return total;
    },
    sumItems(step, parts) {
      const [first] = parts;
      if (parts.length === 1 && size === 1) return first!;
      const names = namesOf(parts);
      const numbers = sumNumbers(parts.map((sums) => numbersOf(sums, names)));
      if (size === 1) return sumsOf(numbers, names);
      const alone = bucketFor(numbers.length, []);
      alone.doubles.set(numbers);
      sumOverRanks("evaluation", step, alone);
      return sumsOf([...alone.doubles], names);
    },
  };
}

/** Creates a sharding of one shard on one rank, in which batches are not split. */
export function unsharded(): Sharding {
  return makeSharding(1, makeRanks(undefined, undefined), undefined, "tree");
}

/**
 * Adds the parts of one rank pairwise: `x[s] += x[s + d]` with `d` = half of their number, a quarter, …, 1. These are
 * the levels of the tree that need no exchange.
 */
function sumByTree<T>(parts: readonly T[], addTwo: (a: T, b: T) => T): T {
  let level = parts;
  for (let distance = parts.length / 2; distance >= 1; distance /= 2) {
    const [lower, upper] = [level.slice(0, distance), level.slice(distance)];
    level = lower.map((x, i) => addTwo(x, upper[i]!));
  }
  return level[0]!;
}

function sumNumbers(parts: readonly (readonly number[])[]): readonly number[] {
  return sumByTree(parts, (a, b) => a.map((x, i) => x + b[i]!));
}

function namesOf(parts: readonly ItemSums[]): readonly string[] {
  return [...new Set(parts.flatMap(({ metrics }) => Object.keys(metrics)))];
}

function numbersOf({ items, loss, metrics }: ItemSums, names: readonly string[]): readonly number[] {
  return [items, loss, ...names.map((name) => (Object.hasOwn(metrics, name) ? metrics[name]! : 0))];
}

function sumsOf([items, loss, ...values]: readonly number[], names: readonly string[]): ItemSums {
  const metrics = Object.fromEntries(names.map((name, i) => [name, values[i]!] as const));
  return { items: items!, loss: loss!, metrics };
}

/** Returns the data that a rank reads: only its own items if the data source can be sharded, otherwise all. */
function ownData<B>(data: FitData<B>, count: number, { rank, size }: Ranks): RankData<B> {
  if (count === 1) {
    return { data, partsOf: (batch) => [{ shard: 0, batch, items: itemsOf(batch) }] };
  }
  const perRank = count / size;
  const isCut = size > 1 && "shard" in data && typeof data.shard === "function";
  const within = (k: number): ShardOptions =>
    isCut ? { index: k, count: perRank } : { index: rank + size * k, count };
  return {
    data: isCut ? data.shard({ index: rank, count: size }) : data,
    partsOf(batch) {
      requireItems(batch);
      return Array.from({ length: perRank }, (_, k) => {
        const part = shardOfBatch(batch, within(k));
        return { shard: rank + size * k, batch: part, items: itemsOf(part) };
      });
    },
  };
}

function requireItems(batch: unknown): void {
  if (flatten(batch, "fit").leaves.some((leaf) => asTensor(leaf, "fit").ndim > 0)) return;
  throw new DownhillError(
    "data",
    "fit: a batch of scalars has no items to split into shards. Give its arrays an axis of items.",
  );
}
