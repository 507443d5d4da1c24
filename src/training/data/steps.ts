import type { KeyWords } from "../../numeric/random/index.ts";
import { type AugmentOptions, augmentKeys, keyOf } from "./augment-keys.ts";
import { checkedFunction } from "./batches.ts";

/** Which item it is: the epoch and its number in the source, both from 0, whatever the order of the epoch. */
export interface ItemPlace {
  readonly epoch: number;
  readonly item: number;
}

/** What becomes of each item on its way into a batch, one function after another. */
export interface ItemTransforms {
  readonly functions: readonly ((item: unknown, place: ItemPlace) => unknown)[];
  /** How many of the functions are augmentations. */
  readonly depth: number;
}

export const noSteps: ItemTransforms = { functions: [], depth: 0 };

/** The steps and one more. */
export function withMap(
  steps: ItemTransforms,
  f: (item: never, place: ItemPlace) => unknown,
): ItemTransforms {
  const step = checkedFunction("map", f) as (item: unknown, place: ItemPlace) => unknown;
  return { ...steps, functions: [...steps.functions, step] };
}

/** The steps and one more, at random. */
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
