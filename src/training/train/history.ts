import { DownhillError } from "../../engine/errors/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { flatten } from "../../engine/tree/index.ts";
import type { Reduction } from "./loss.ts";

/** Means over the items of a data set. */
export interface Evaluation {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly items: number;
}

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
  /** Means over the validation data after the epoch, where there are such data. */
  readonly validation?: Evaluation;
  /** The learning rate of the last step, where the optimiser tells it; with `rateScale` in it. */
  readonly learningRate: number | undefined;
  /** What the plateau had scaled the learning rate by; 1 without one. */
  readonly rateScale: number;
  /** Items seen in the epoch. */
  readonly items: number;
  /** Seconds that it took, without validation and checkpoints. */
  readonly seconds: number;
  /** Seconds of them in which the run waited for batches. */
  readonly dataSeconds: number;
  /** Seconds of them spent on steps. The rest went to hooks, logs, and whoever loops over the run. */
  readonly computeSeconds: number;
}

/** Sums over items, from which means are made: plain data. */
export interface ItemSums {
  readonly items: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export const noItems: ItemSums = { items: 0, loss: 0, metrics: {} };

/**
 * What a batch adds. Each batch weighs as much as it has items: the short last one counts for less. Where the losses are
 * sums, they are added as they are and divided by the number of items in the end.
 */
export function sumsOfBatch(
  items: number,
  loss: number,
  metrics: Readonly<Record<string, number>>,
  reduction: Reduction,
): ItemSums {
  const weighed = Object.entries(metrics).map(([name, value]) => [name, value * items] as const);
  return { items, loss: reduction === "sum" ? loss : loss * items, metrics: Object.fromEntries(weighed) };
}

/** The sums of all items together. */
export function addSums(a: ItemSums, b: ItemSums): ItemSums {
  return {
    items: a.items + b.items,
    loss: a.loss + b.loss,
    metrics: addMetrics(a.metrics, b.metrics),
  };
}

function addMetrics(sums: ItemSums["metrics"], metrics: ItemSums["metrics"]): ItemSums["metrics"] {
  const entries = Object.entries(metrics);
  if (entries.length === 0) return sums;
  // fromEntries defines own properties, so that a name such as __proto__ is a plain name
  const total = new Map(Object.entries(sums));
  for (const [name, value] of entries) total.set(name, (total.get(name) ?? 0) + value);
  return Object.fromEntries(total);
}

/** The means that the sums make. */
export function meansOf({ items, loss, metrics }: ItemSums): Evaluation {
  const means = Object.entries(metrics).map(([name, total]) => [name, total / items] as const);
  return { items, loss: loss / items, metrics: Object.fromEntries(means) };
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
