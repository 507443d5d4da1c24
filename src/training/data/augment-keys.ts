import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { foldIn, type KeyWords, key } from "../../numeric/random/index.ts";

/** Options of `augment`. */
export interface AugmentOptions {
  /** Which of the streams of random numbers: an integer; default 0. The same seed gives the same items. */
  readonly seed?: number;
}

/** What is added to the number of an augmentation of batches, so that it has other keys than one of items. */
export const batchLevel: number = 2 ** 31;

/** The key from which those of an augmentation are made; `number` tells it from others with the same seed. */
export function augmentKeys(options: AugmentOptions | undefined, number: number): KeyWords {
  checkOptions("augment", options, ["seed"]);
  return foldIn(key(checkSeed("augment", options?.seed ?? 0)), number);
}

/** The key of an item or batch in an epoch. */
export function keyOf(root: KeyWords, epoch: number, index: number): KeyWords {
  const ofEpoch = foldIn(root, epoch);
  if (index < 2 ** 32) return foldIn(ofEpoch, index);
  // beyond one word: items of a very long stream
  return foldIn(foldIn(ofEpoch, Math.floor(index / 2 ** 32)), index % 2 ** 32);
}

/** Refuses seeds of which no key can be made. */
export function checkSeed(operation: string, seed: unknown): number {
  if (typeof seed === "number" && Number.isSafeInteger(seed)) return seed;
  throw new DownhillError("option", `${operation}: seed must be an integer, got ${String(seed)}.`);
}
