import { DownhillError } from "../../engine/errors/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { flatten } from "../../engine/tree/index.ts";
import type { Reduction } from "./loss.ts";

/** Means of the loss and the metrics over the items of a data set, and the number of items. */
export interface Evaluation {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly items: number;
}

/** Summary of one epoch. */
export interface EpochRecord {
  /** Number of the epoch, counted from 1. */
  readonly epoch: number;
  /** Number of steps taken from the beginning of the run to the end of this epoch. */
  readonly step: number;
  /** Mean of the loss over the items of the epoch, each taken before the step that used it. */
  readonly loss: number;
  /** Means of the metrics over the items of the epoch, each metric also taken before the step. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Means over the validation data after the epoch, if there are such data. */
  readonly validation?: Evaluation;
  /** Learning rate of the last step, including `rateScale`; `undefined` if the optimiser does not report it. */
  readonly learningRate: number | undefined;
  /** Factor by which the plateau rule had scaled the learning rate; 1 without one. */
  readonly rateScale: number;
  /** Number of items seen in the epoch. */
  readonly items: number;
  /** Duration in seconds, without validation and checkpoints. */
  readonly seconds: number;
  /** Part of `seconds` spent waiting for batches. */
  readonly dataSeconds: number;
  /** Part of `seconds` spent on steps. The rest went to hooks, logs and the consumer of the events. */
  readonly computeSeconds: number;
}

/** Sums of the loss and the metrics over items, and the number of items. Plain data. */
export interface ItemSums {
  readonly items: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export const noItems: ItemSums = { items: 0, loss: 0, metrics: {} };

/**
 * Returns the sums that one batch adds. Batches are weighted by their number of items, so a short last batch counts
 * less. With `reduction` `"sum"` the loss is already a sum over items, which is added unchanged and divided by the
 * number of items in the end.
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

/** Adds two sums over items. */
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
  // fromEntries defines own properties, so that a name such as __proto__ is an ordinary name
  const total = new Map(Object.entries(sums));
  for (const [name, value] of entries) total.set(name, (total.get(name) ?? 0) + value);
  return Object.fromEntries(total);
}

/** Divides the sums by the number of items. */
export function meansOf({ items, loss, metrics }: ItemSums): Evaluation {
  const means = Object.entries(metrics).map(([name, total]) => [name, total / items] as const);
  return { items, loss: loss / items, metrics: Object.fromEntries(means) };
}

/**
 * Returns the number of items in a batch: the size of the first axis of its first array that has an axis; 1 for a batch
 * of scalars.
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
