import type { KeyWords } from "../../numeric/random/index.ts";
import { type AugmentOptions, augmentKeys, keyOf } from "./augment-keys.ts";
import { checkedFunction } from "./batches.ts";

/**
 * Position of an item: the epoch and its index in the source, both counted from 0, regardless of the order of the
 * epoch.
 */
export interface ItemPlace {
  readonly epoch: number;
  readonly item: number;
}

/** Functions applied in turn to each item before it enters a batch. */
export interface ItemTransforms {
  readonly functions: readonly ((item: unknown, place: ItemPlace) => unknown)[];
  /** Number of functions in the list that are augmentations. */
  readonly depth: number;
}

export const noSteps: ItemTransforms = { functions: [], depth: 0 };

/** Appends a function to the item functions. */
export function withMap(
  steps: ItemTransforms,
  f: (item: never, place: ItemPlace) => unknown,
): ItemTransforms {
  const step = checkedFunction("map", f) as (item: unknown, place: ItemPlace) => unknown;
  return { ...steps, functions: [...steps.functions, step] };
}

/** Appends an augmentation to the item functions. It receives a random key. */
export function withAugment(
  { functions, depth }: ItemTransforms,
  f: (item: never, key: KeyWords, place: ItemPlace) => unknown,
  options: AugmentOptions | undefined,
): ItemTransforms {
  const root = augmentKeys(options, depth);
  const augment = checkedFunction("augment", f) as (
    item: unknown,
    key: KeyWords,
    place: ItemPlace,
  ) => unknown;
  const step = (item: unknown, place: ItemPlace): unknown =>
    augment(item, keyOf(root, place.epoch, place.item), place);
  return { functions: [...functions, step], depth: depth + 1 };
}
