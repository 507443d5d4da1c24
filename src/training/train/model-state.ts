import { add, astype, div, isNaN, mul, round, where } from "../../numeric/array/elementwise.ts";
import { zerosLike } from "../../numeric/array/create.ts";
import { sum } from "../../numeric/array/reduce.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { flatten, leafPaths, mapLeaves, matchLeaves, unflatten } from "../../engine/tree/index.ts";

// The state of a model is what it carries from batch to batch without learning it, as the statistics of batchNorm. Inside a
// run it is a tree, or `null` where there is none.

/**
 * The state after a batch: what the loss returned, of the structure, the shapes and the dtypes that it had. In training a
 * loss must return one where there is one; in validation it may leave it as it is.
 *
 * @throws DownhillError `option` for one that is missing or that nobody asked for, `tree`, `shape` or `dtype` for another form.
 */
export function stateAfter(before: unknown, returned: unknown, isTraining: boolean): unknown {
  if (before === null) {
    if (returned === undefined || returned === null) return null;
    throw new DownhillError(
      "option",
      "fit: the loss returns a modelState, but the run has none to begin with. Give the first: fit({ …, modelState }).",
    );
  }
  if (returned === undefined) {
    if (!isTraining) return before;
    throw new DownhillError(
      "option",
      "fit: the loss returns no modelState, so that it would stay as it began. Return { loss, modelState }: as the model leaves it, or as it was given.",
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

/** A scalar that is NaN if a number of a state is, else 0. What is infinite may be meant so: a lowest value so far, say. */
export function nanOf(state: unknown): Tensor | undefined {
  const floating = flatten(state, "fit").leaves.filter((x) => isFloating((x as Tensor).dtype)) as Tensor[];
  return floating
    .map((x) => sum(where(isNaN(x), Number.NaN, 0)))
    .reduce<Tensor | undefined>((a, b) => (a === undefined ? b : add(a, b)), undefined);
}

/** A state by the weight of the items that led to it, as floating numbers that can be added up. */
export function weighState(state: unknown, items: TensorLike): unknown {
  return mapLeaves("fit", (leaf) => mul(floatingOf(leaf as Tensor), items), state);
}

/** The same of no items: numbers that are infinite would be none times 0. */
export function weighNothing(state: unknown): unknown {
  return mapLeaves("fit", (leaf) => zerosLike(floatingOf(leaf as Tensor)), state);
}

function floatingOf(x: Tensor): Tensor {
  return isFloating(x.dtype) ? x : astype(x, "float64");
}

/** The mean over items of states that were weighed and added up; integers and booleans are rounded. */
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
