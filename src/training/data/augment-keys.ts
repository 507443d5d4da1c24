import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { foldIn, type KeyWords, key } from "../../numeric/random/index.ts";

/** Options of `augment`. */
export interface AugmentOptions {
  /** Seed of the random numbers, an integer. Default 0. Equal seeds produce equal items. */
  readonly seed?: number;
}

/**
 * Offset added to the numbers of augmentations of whole batches, so that their keys differ from the keys of
 * augmentations of items.
 */
export const batchLevel: number = 2 ** 31;

/** Derives the root key of an augmentation. `number` distinguishes augmentations with the same seed. */
export function augmentKeys(options: AugmentOptions | undefined, number: number): KeyWords {
  checkOptions("augment", options, ["seed"]);
  return foldIn(key(checkSeed("augment", options?.seed ?? 0)), number);
}

/** Derives the key of an item or batch in an epoch from the root key of an augmentation. */
export function keyOf(root: KeyWords, epoch: number, index: number): KeyWords {
  const ofEpoch = foldIn(root, epoch);
  if (index < 2 ** 32) return foldIn(ofEpoch, index);
  // The index exceeds one word: items of a very long stream.
  return foldIn(foldIn(ofEpoch, Math.floor(index / 2 ** 32)), index % 2 ** 32);
}

/** Returns the seed if it is a safe integer. @throws DownhillError `option` otherwise. */
export function checkSeed(operation: string, seed: unknown): number {
  if (typeof seed === "number" && Number.isSafeInteger(seed)) return seed;
  throw new DownhillError("option", `${operation}: seed must be an integer, got ${String(seed)}.`);
}
