import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { orderOf, uniformNow } from "../../numeric/random/at-once.ts";
import { foldIn, key } from "../../numeric/random/index.ts";
import { checkSeed } from "./augment-keys.ts";
import { encodeLabels } from "./labels.ts";
import { type Shuffle, shuffleInMemory, type ShuffleOptions } from "./shuffle.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** Order of the items in each epoch. */
export interface ItemOrder {
  /** Number of items per epoch. */
  readonly count: number;
  /** Returns the indices of the items of an epoch, in the order in which it yields them. */
  readonly of: (epoch: number) => ArrayLike<number>;
}

/** Options of `sample`. */
export interface SampleOptions {
  /** Relative frequency of each item: numbers of 0 or more, not all 0. See `balancedWeights`. */
  readonly weights: ArrayLike<number>;
  /** Number of items per epoch. Default: that of the data set. */
  readonly count?: number;
  /** Seed of the samples, an integer. Default 0. Equal seeds produce equal samples. */
  readonly seed?: number;
}

/** Creates an order that yields every item once per epoch, in random order. */
export function shuffledOrder(count: number, options: ShuffleOptions | undefined): ItemOrder {
  const { keyOf }: Shuffle = shuffleInMemory(options);
  return { count, of: (epoch) => orderOf(keyOf(epoch), count) };
}

/**
 * Creates an order of items drawn with replacement, anew in each epoch. Each draw selects item `i` with probability
 * `weights[i] / Σ weights`.
 */
export function sampledOrder(items: number, options: SampleOptions): ItemOrder {
  checkOptions("sample", options, ["weights", "count", "seed"]);
  const { weights, count = items } = options;
  const root = key(checkSeed("sample", options.seed ?? 0));
  if (!isIntegerIn(count, { from: 1 })) {
    throw new DownhillError("option", `sample: count must be an integer of 1 or more, got ${String(count)}.`);
  }
  if (typeof weights !== "object" || weights === null || weights.length !== items) {
    const got = typeof weights === "object" && weights !== null ? `${weights.length}` : "none";
    throw new DownhillError(
      "option",
      `sample: weights must have one entry for each of the ${items} items, got ${got}.`,
    );
  }
  // Running sums: item i owns the numbers from sums[i − 1] to sums[i].
  const sums = new Float64Array(items);
  let sum = 0;
  let last = 0; // the last item with a positive weight
  for (let i = 0; i < items; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new DownhillError(
        "option",
        `sample: weight ${i} must be a number of 0 or more, got ${String(weight)}.`,
      );
    }
    if (weight > 0) last = i;
    sum += weight;
    sums[i] = sum;
  }
  if (!(sum > 0 && sum < Infinity)) {
    const what = sum === 0 ? "all weights are 0" : "the sum of the weights is infinite";
    throw new DownhillError("option", `sample: ${what}, so no item can be drawn.`);
  }
  return {
    count,
    of: (epoch) => {
      const places = uniformNow(foldIn(root, epoch), count);
      return Uint32Array.from(places, (place) => Math.min(last, firstAbove(sums, place * sum)));
    },
  };
}

/** Returns the first index of an ascending array whose value exceeds `x`. */
function firstAbove(sums: Float64Array, x: number): number {
  let low = 0;
  let high = sums.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Returns weights by which all classes are drawn equally often: the reciprocal of the number of items of the class.
 *
 * @throws DownhillError `data` if there are no labels, or numbers and text are mixed.
 * @example
 * balancedWeights(["oak", "ash", "oak", "oak"]); // Float64Array [0.333, 1, 0.333, 0.333]
 */
export function balancedWeights(labels: ArrayLike<number> | ArrayLike<string>): Float64Array {
  if (arguments.length > 1) refuseExtra("balancedWeights", arguments, 1);
  const { classes, labels: numbers } = encodeLabels<number | string>(labels);
  const counts = new Float64Array(classes.length);
  for (const label of numbers) counts[label]!++;
  return Float64Array.from(numbers, (label) => 1 / counts[label]!);
}
