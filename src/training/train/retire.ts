import type { TensorStorage } from "../../engine/ir/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { scalarTypeOf } from "../../engine/ir/types.ts";
import { deviceStorageOf, giveAway, isWorthGiving } from "../../engine/runtime/index.ts";
import { isDebugging } from "../../engine/trace/index.ts";
import { flatten } from "../../engine/tree/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/**
 * Frees the memory of the parameters and state that a step has replaced, so that the next step can reuse it. Training
 * then alternates between two sets, and the old one stays until the new one is known to be finite.
 */
export interface Retirement {
  /** Marks the tensors of these trees as handed out; their memory is never freed. */
  readonly keep: (...trees: readonly unknown[]) => void;
  /** Frees the memory of tensors in `before` that are neither marked as kept nor in `after`. */
  readonly retire: (before: readonly unknown[], after: readonly unknown[]) => void;
}

/**
 * Creates the `Retirement` of a run. It frees no small tensors, which share one buffer, and nothing while debugging,
 * when tensors may share memory.
 */
export function makeRetirement(): Retirement {
  const kept = new WeakSet<TensorStorage>();
  let isWorthIt: boolean | undefined; // whether any tensor is large; sizes do not change between steps
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

/**
 * Creates the `Retirement` of a run on a device. It frees everything there, also copies of tensors that were handed out:
 * these are on the processor.
 */
export function makeDeviceRetirement(): Retirement {
  const owned = new Set<TensorStorage>();
  return {
    keep() {},
    retire(before, after) {
      if (isDebugging()) return;
      const current = new Set(deviceStorages(after));
      for (const storage of [...deviceStorages(before), ...current]) owned.add(storage);
      for (const storage of owned) {
        if (current.has(storage)) continue;
        owned.delete(storage);
        giveAway(storage);
      }
    },
  };
}

function deviceStorages(trees: readonly unknown[]): TensorStorage[] {
  return trees.flatMap((tree) =>
    flatten(tree, "fit").leaves.flatMap((leaf) =>
      leaf instanceof Tensor ? (deviceStorageOf(leaf) ?? []) : [],
    ),
  );
}

function largeStorages(trees: readonly unknown[]): TensorStorage[] {
  return trees.flatMap((tree) =>
    flatten(tree, "fit").leaves.flatMap((leaf) => {
      if (!(leaf instanceof Tensor) || typeof leaf.slot !== "object") return [];
      return isWorthGiving(scalarTypeOf(leaf.dtype), sizeOf(leaf.shape)) ? [leaf.slot] : [];
    }),
  );
}
