import { DownhillError } from "../errors/index.ts";
import { asTensor } from "../prims/lift.ts";
import { flatten } from "../tree/index.ts";
import type { Reduction } from "./loss.ts";

/** One epoch, summed up. */
export interface EpochRecord {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Steps taken until its end, from the beginning of the run. */
  readonly step: number;
  /** Mean of the loss over the items of the epoch, each before the step that it went into. */
  readonly loss: number;
  /** Means of the metrics over the items, likewise. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The learning rate of the last step, where the optimiser tells it. */
  readonly learningRate: number | undefined;
  /** Items seen in the epoch. */
  readonly items: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** Means over items of numbers that come batch by batch. */
export interface ItemMeans {
  add(items: number, loss: number, metrics: Readonly<Record<string, number>>): void;
  readonly items: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Adds up batches. Each weighs as much as it has items: the short last batch counts for less. Where the losses are sums,
 * they are added as they are and divided by the number of items.
 */
export function makeItemMeans(reduction: Reduction): ItemMeans {
  let items = 0;
  let loss = 0;
  const metrics = new Map<string, number>();
  return {
    add(n, batchLoss, batchMetrics) {
      items += n;
      loss += reduction === "sum" ? batchLoss : batchLoss * n;
      for (const [name, value] of Object.entries(batchMetrics)) {
        metrics.set(name, (metrics.get(name) ?? 0) + value * n);
      }
    },
    get items() {
      return items;
    },
    get loss() {
      return loss / items;
    },
    get metrics() {
      return Object.fromEntries([...metrics].map(([name, total]) => [name, total / items]));
    },
  };
}

/**
 * How many items a batch has: the size of the first axis of its first array; 1 for a batch of scalars.
 *
 * @throws DownhillError `data` for a batch without a tensor.
 */
export function itemsOf(batch: unknown): number {
  const { leaves } = flatten(batch, "fit");
  if (leaves.length === 0) {
    throw new DownhillError(
      "data",
      "fit: a batch holds no array. Batches are arrays, or arrays by name as in { x, y }.",
    );
  }
  for (const leaf of leaves) {
    const [n] = asTensor(leaf, "fit").shape;
    if (n !== undefined) return n;
  }
  return 1;
}
