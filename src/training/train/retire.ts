import type { TensorStorage } from "../../engine/ir/storage.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { scalarTypeOf } from "../../engine/ir/types.ts";
import { giveAway } from "../../engine/runtime/pool/give-back.ts";
import { isWorthGiving } from "../../engine/runtime/pool/placement.ts";
import { isDebugging } from "../../engine/trace/debug.ts";
import { flatten } from "../../engine/tree/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/**
 * Gives back the memory of what a step has replaced, for the next one to use: so that training alternates between two
 * sets of parameters and state, and the last one is there until the next is known to be good.
 */
export interface Retirement {
  /**
   * Keeps what has been handed out: what is in these trees is never given back.
   */
  readonly keep: (...trees: readonly unknown[]) => void;
  /** Gives back what is in `before`, was not kept, and is not in `after`. */
  readonly retire: (before: readonly unknown[], after: readonly unknown[]) => void;
}

/** Nothing is given back of small tensors, which lie together, nor while debugging, when tensors may share memory. */
export function makeRetirement(): Retirement {
  const kept = new WeakSet<TensorStorage>();
  let isWorthIt: boolean | undefined; // whether there is anything large: sizes do not change from step to step
  return {
    keep(...trees) {
      for (const storage of largeStorages(trees)) kept.add(storage);
    },
    retire(before, after) {
      if (isWorthIt === false || isDebugging()) return;
      const old = largeStorages(before);
      isWorthIt ??= old.length > 0;
      if (!isWorthIt) return;
      const current = new Set(largeStorages(after));
      for (const storage of new Set(old)) if (!current.has(storage) && !kept.has(storage)) giveAway(storage);
    },
  };
}

function largeStorages(trees: readonly unknown[]): TensorStorage[] {
  return trees.flatMap((tree) =>
    flatten(tree, "fit").leaves.flatMap((leaf) => {
      if (!(leaf instanceof Tensor) || typeof leaf.slot !== "object") return [];
      return isWorthGiving(scalarTypeOf(leaf.dtype), sizeOf(leaf.shape)) ? [leaf.slot] : [];
    }),
  );
}
