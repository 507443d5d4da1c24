import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import { orderOf } from "../../numeric/random/at-once.ts";
import { foldIn, key } from "../../numeric/random/index.ts";

/** Indices of the items of two parts, each ascending. Every item is in exactly one part. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Options of `stratifiedSplit`. */
export interface StratifiedSplitOptions {
  /** Class of each item, as a number or a name. */
  readonly labels: ArrayLike<number | string>;
  /** Fraction of the items that is held out, between 0 and 1. */
  readonly testFraction: number;
  /** Seed of the split, an integer. Default 0. Equal seeds produce equal splits. */
  readonly seed?: number;
}

/** Options of `randomSplit`. */
export interface RandomSplitOptions {
  /** Number of items. */
  readonly count: number;
  /** Fraction of the items that is held out, between 0 and 1. */
  readonly testFraction: number;
  /** Seed of the split, an integer. Default 0. Equal seeds produce equal splits. */
  readonly seed?: number;
}

/**
 * Splits at random such that each class keeps its share: of the `n` items of a class, `n · testFraction` items, rounded
 * down or up, are held out.
 *
 * Classes with the largest remainders round up, so that the total is `count · testFraction` rounded. The total may be
 * smaller, because a class always keeps at least one item to train on.
 *
 * @throws DownhillError `option` for a fraction outside (0, 1); `data` if a part would be empty.
 * @example
 * const { train, test } = stratifiedSplit({ labels: digits().labels, testFraction: 0.2, seed: 0 });
 * [train.length, test.length]; // [1438, 359]
 */
export function stratifiedSplit(options: StratifiedSplitOptions): Split {
  if (arguments.length > 1) refuseExtra("stratifiedSplit", arguments, 1);
  checkNeededOptions("stratifiedSplit", options, ["labels", "testFraction", "seed"]);
  return stratifiedParts("stratifiedSplit", options.labels, options.testFraction, options.seed ?? 0);
}

/** Like `stratifiedSplit`, with the operation to name in messages. */
export function stratifiedParts(
  operation: string,
  labels: ArrayLike<number | string>,
  testFraction: number,
  seed: number,
): Split {
  checkFraction(operation, testFraction);

  const classes = new Map<number | string, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = classes.get(labels[i]!);
    if (members === undefined) classes.set(labels[i]!, [i]);
    else members.push(i);
  }
  const groups = [...classes.values()];
  const quota = quotas(groups, testFraction);
  const root = key(seed);
  const held = groups.flatMap((members, c) => {
    const order = orderOf(foldIn(root, c), members.length);
    return Array.from(order.subarray(0, quota[c]), (i) => members[i]!);
  });
  return splitAt(operation, labels.length, held);
}

/**
 * Splits at random without regard to classes, for regression. `count · testFraction` items, rounded, are held out.
 *
 * @throws DownhillError `option` for a fraction outside (0, 1); `data` if a part would be empty.
 */
export function randomSplit(options: RandomSplitOptions): Split {
  if (arguments.length > 1) refuseExtra("randomSplit", arguments, 1);
  checkNeededOptions("randomSplit", options, ["count", "testFraction", "seed"]);
  return randomParts("randomSplit", options.count, options.testFraction, options.seed ?? 0);
}

/** Like `randomSplit`, with the operation to name in messages. */
export function randomParts(operation: string, count: number, testFraction: number, seed: number): Split {
  checkFraction(operation, testFraction);
  const order = orderOf(key(seed), count);
  return splitAt(operation, count, order.subarray(0, Math.round(count * testFraction)));
}

/**
 * Computes the number of held-out items per class: the exact share, rounded down. Then the classes with the largest
 * remainders get one more until the total is reached, but each class keeps an item to train on.
 */
function quotas(groups: readonly (readonly number[])[], fraction: number): number[] {
  const exact = groups.map((members) => members.length * fraction);
  const quota = exact.map(Math.floor);
  const total = Math.round(exact.reduce((a, b) => a + b, 0));
  let left = total - quota.reduce((a, b) => a + b, 0);
  const byRemainder = groups
    .map((_, c) => c)
    .sort((a, b) => exact[b]! - quota[b]! - (exact[a]! - quota[a]!) || a - b);
  for (const c of byRemainder) {
    if (left === 0 || exact[c] === quota[c]) break;
    if (quota[c]! + 1 >= groups[c]!.length) continue; // the last item of a class stays in the training part
    quota[c]!++;
    left--;
  }
  return quota;
}

function splitAt(operation: string, count: number, held: ArrayLike<number>): Split {
  if (held.length === 0 || held.length === count) {
    const part = held.length === 0 ? "test" : "training";
    const repair = "Change testFraction or use more items.";
    throw new DownhillError(
      "data",
      `${operation}: of ${count} items none would be in the ${part} part. ${repair}`,
    );
  }
  const isHeld = new Uint8Array(count);
  for (let i = 0; i < held.length; i++) isHeld[held[i]!] = 1;
  const train = new Int32Array(count - held.length);
  const test = new Int32Array(held.length);
  for (let i = 0, a = 0, b = 0; i < count; i++) {
    if (isHeld[i] === 1) test[b++] = i;
    else train[a++] = i;
  }
  return { train, test };
}

function checkFraction(operation: string, fraction: number): void {
  if (fraction > 0 && fraction < 1) return;
  throw new DownhillError(
    "option",
    `${operation}: testFraction must be between 0 and 1, as in 0.2; got ${fraction}.`,
  );
}
