import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import { orderOf } from "../../numeric/random/at-once.ts";
import { foldIn, key } from "../../numeric/random/index.ts";

/** Numbers of the items of two parts, each in rising order; every item is in exactly one. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Options of `stratifiedSplit`. */
export interface StratifiedSplitOptions {
  /** The class of each item, as a number or a name. */
  readonly labels: ArrayLike<number | string>;
  /** The part of the items that is held out, between 0 and 1. */
  readonly testFraction: number;
  /** Which of the splits: an integer; default 0. The same seed gives the same split. */
  readonly seed?: number;
}

/** Options of `randomSplit`. */
export interface RandomSplitOptions {
  /** How many items there are. */
  readonly count: number;
  /** The part of the items that is held out, between 0 and 1. */
  readonly testFraction: number;
  /** Which of the splits: an integer; default 0. The same seed gives the same split. */
  readonly seed?: number;
}

/**
 * A random split in which each class keeps its share: of the `n` items of a class, `n · testFraction` rounded
 * down or up are held out.
 *
 * Which classes round up, those with the largest remainders, makes the size of the whole right, `count ·
 * testFraction` rounded. A class always keeps at least one item to train on.
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

/** `stratifiedSplit` for the operation that messages name. */
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
 * A random split without regard to classes, `count · testFraction` rounded held out: for regression.
 *
 * @throws DownhillError `option` for a fraction outside (0, 1); `data` if a part would be empty.
 */
export function randomSplit(options: RandomSplitOptions): Split {
  if (arguments.length > 1) refuseExtra("randomSplit", arguments, 1);
  checkNeededOptions("randomSplit", options, ["count", "testFraction", "seed"]);
  return randomParts("randomSplit", options.count, options.testFraction, options.seed ?? 0);
}

/** `randomSplit` for the operation that messages name. */
export function randomParts(operation: string, count: number, testFraction: number, seed: number): Split {
  checkFraction(operation, testFraction);
  const order = orderOf(key(seed), count);
  return splitAt(operation, count, order.subarray(0, Math.round(count * testFraction)));
}

/**
 * How many of each class are held out: rounded down, then one more where the remainder is largest until the
 * sum is right.
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
    if (quota[c]! + 1 >= groups[c]!.length) continue; // the last of a class stays to be trained on
    quota[c]!++;
    left--;
  }
  return quota;
}

function splitAt(operation: string, count: number, held: ArrayLike<number>): Split {
  if (held.length === 0 || held.length === count) {
    const part = held.length === 0 ? "test" : "training";
    const repair = "Change testFraction or take more items.";
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
