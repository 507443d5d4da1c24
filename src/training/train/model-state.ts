import { add, astype, div, isNaN, mul, round, where } from "../../numeric/array/elementwise.ts";
import { zerosLike } from "../../numeric/array/create.ts";
import { sum } from "../../numeric/array/reduce.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { flatten, leafPaths, mapLeaves, matchLeaves, unflatten } from "../../engine/tree/index.ts";

// The state of a model is data that it carries from batch to batch without learning it, such as the statistics of
// batchNorm. Inside a run it is a tree, or `null` if there is none.

/**
 * Returns the state after a batch: the state that the loss returned, which must have the structure, shapes and dtypes
 * of the previous one. In training, a loss of a model with state must return one. In validation it may omit it, which
 * leaves the state unchanged.
 *
 * @throws DownhillError `option` for a state that is missing or unexpected, `tree`, `shape` or `dtype` for another
 *   form.
 */
export function stateAfter(before: unknown, returned: unknown, isTraining: boolean): unknown {
  if (before === null) {
    if (returned === undefined || returned === null) return null;
    throw new DownhillError(
      "option",
      "fit: the loss returns a modelState, but the run has no initial one. Pass it: fit({ …, modelState }).",
    );
  }
  if (returned === undefined) {
    if (!isTraining) return before;
    throw new DownhillError(
      "option",
      "fit: the loss returns no modelState, so the state would never change. Return { loss, modelState } with the new state or the given one.",
    );
  }
  const { leaves, def } = flatten(before, "fit");
  const now = matchLeaves("fit", def, returned, "the modelState that the loss returns");
  leaves.forEach((leaf, i) => {
    const [was, is] = [asTensor(leaf, "fit"), asTensor(now[i], "fit")];
    const isSameShape = was.ndim === is.ndim && was.shape.every((n, axis) => n === is.shape[axis]);
    if (isSameShape && was.dtype === is.dtype) return;
    const repair = isSameShape ? `Write astype(x, "${was.dtype}").` : "It must keep its shape.";
    throw new DownhillError(
      isSameShape ? "dtype" : "shape",
      `fit: ${leafPaths(def, "modelState")[i]!} was ${showType(was.type)}, and the loss returns ${showType(is.type)}. ${repair}`,
    );
  });
  return unflatten(def, now);
}

/**
 * Returns a scalar that is NaN if the state contains NaN, otherwise 0. Infinities are allowed; for example, a running
 * minimum may start at infinity. Returns `undefined` for a state without floating-point numbers.
 */
export function nanOf(state: unknown): Tensor | undefined {
  const floating = flatten(state, "fit").leaves.filter((x) => isFloating((x as Tensor).dtype)) as Tensor[];
  return floating
    .map((x) => sum(where(isNaN(x), Number.NaN, 0)))
    .reduce<Tensor | undefined>((a, b) => (a === undefined ? b : add(a, b)), undefined);
}

/**
 * Multiplies the state after a batch by the number of items in the batch, as floating-point numbers that can be added
 * up over batches.
 */
export function weighState(state: unknown, items: TensorLike): unknown {
  return mapLeaves("fit", (leaf) => mul(floatingOf(leaf as Tensor), items), state);
}

/**
 * Returns the weighted state for zero items, which consists of zeros. (Multiplying by 0 would turn an infinity into
 * NaN.)
 */
export function weighNothing(state: unknown): unknown {
  return mapLeaves("fit", (leaf) => zerosLike(floatingOf(leaf as Tensor)), state);
}

function floatingOf(x: Tensor): Tensor {
  return isFloating(x.dtype) ? x : astype(x, "float64");
}

/**
 * Divides a sum of weighted states by the number of items. Leaves that are integers or booleans in `like` are rounded
 * to this dtype.
 */
export function averageState(total: unknown, like: unknown, items: TensorLike): unknown {
  return mapLeaves(
    "fit",
    (leaf, of) => {
      const [mean, { dtype }] = [div(leaf as Tensor, items), of as Tensor];
      return isFloating(dtype) ? mean : astype(round(mean), dtype);
    },
    total,
    like,
  );
}
