import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import { orderOf } from "../../numeric/random/at-once.ts";
import { foldIn, key } from "../../numeric/random/index.ts";
import { checkSeed } from "./augment-keys.ts";
import type { Split } from "./split.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** Options of `kFold`. */
export interface KFoldOptions {
  /** Number of items; not needed with `stratify`. */
  readonly count?: number;
  /** Class of each item, as a number or a name. Each class is spread evenly over the folds. */
  readonly stratify?: ArrayLike<number | string>;
  /** Seed of the partition, an integer. Default 0. Equal seeds produce equal partitions. */
  readonly seed?: number;
}

/**
 * Returns `k` splits for cross-validation. Every item is in the test part of exactly one of them. The sizes of the test
 * parts differ by at most one item, with `stratify` also within each class.
 *
 * @throws DownhillError `option` for a `k` that is not an integer from 2 to the number of items; `data` for a class
 *   with fewer items than folds, naming it.
 * @example
 * const folds = kFold(3, { count: 7, seed: 1 });
 * folds.map(({ test }) => test.length); // [3, 2, 2]
 * folds.flatMap(({ test }) => [...test]).sort(); // [0, 1, 2, 3, 4, 5, 6]
 */
export function kFold(k: number, options: KFoldOptions): Split[] {
  if (arguments.length > 2) refuseExtra("kFold", arguments, 2);
  checkNeededOptions("kFold", options, ["count", "stratify", "seed"]);
  const { stratify, count = stratify?.length } = options;
  const root = key(checkSeed("kFold", options.seed ?? 0));
  if (count === undefined || !isIntegerIn(count)) {
    const got = count === undefined ? "neither count nor stratify" : `count ${String(count)}`;
    throw new DownhillError("option", `kFold: pass the number of items, as in { count: 150 }; got ${got}.`);
  }
  if (stratify !== undefined && stratify.length !== count) {
    throw new DownhillError("option", `kFold: count is ${count} but stratify has ${stratify.length} labels.`);
  }
  if (!Number.isInteger(k) || k < 2 || k > count) {
    throw new DownhillError(
      "option",
      `kFold: the number of folds must be an integer from 2 to ${count}, the number of items; got ${String(k)}.`,
    );
  }
  const foldOf = new Int32Array(count);
  let next = 0; // Items are dealt in turn, and each class continues at the fold after the last one used, so that folds stay balanced.
  const deal = (members: ArrayLike<number>, number: number): void => {
    for (const i of orderOf(foldIn(root, number), members.length)) foldOf[members[i]!] = next++ % k;
  };
  if (stratify === undefined)
    deal(
      Int32Array.from({ length: count }, (_, i) => i),
      0,
    );
  else classesOf(stratify, k).forEach(deal);
  return Array.from({ length: k }, (_, fold) => {
    const items = Array.from(foldOf.keys());
    return {
      train: Int32Array.from(items.filter((i) => foldOf[i] !== fold)),
      test: Int32Array.from(items.filter((i) => foldOf[i] === fold)),
    };
  });
}

/**
 * Groups the indices of the items by class.
 *
 * @throws DownhillError `data` for a class with fewer than `k` items.
 */
function classesOf(labels: ArrayLike<number | string>, k: number): number[][] {
  const classes = new Map<number | string, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = classes.get(labels[i]!);
    if (members === undefined) classes.set(labels[i]!, [i]);
    else members.push(i);
  }
  for (const [label, { length }] of classes) {
    if (length >= k) continue;
    const few = length === 1 ? "only 1 item" : `only ${length} items`;
    throw new DownhillError(
      "data",
      `kFold: class ${JSON.stringify(label)} has ${few}, not enough for ${k} folds. Take fewer folds, or leave stratify out.`,
    );
  }
  return [...classes.values()];
}
