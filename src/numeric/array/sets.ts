import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { logicalNot } from "./elementwise.ts";
import { at } from "./at.ts";
import { isin } from "./compare.ts";
import { unique } from "./search.ts";
import { concatenate, ravel } from "./shape.ts";

// How many elements there are depends on their values: all of these compute at once, and not in compiled functions.

/** The elements that are in both, each once and in ascending order. Not in compiled functions. */
export function intersect1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("intersect1d", arguments, 2);
  const found = unique(x);
  return at(found, isin(found, y));
}

/** The elements that are in either, each once and in ascending order. Not in compiled functions. */
export function union1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("union1d", arguments, 2);
  return unique(concatenate([ravel(x), ravel(y)]));
}

/** The elements of x that are not in y, each once and in ascending order. Not in compiled functions. */
export function setdiff1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("setdiff1d", arguments, 2);
  const found = unique(x);
  return at(found, logicalNot(isin(found, y)));
}

/** The elements that are in exactly one, each once and in ascending order. Not in compiled functions. */
export function setxor1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("setxor1d", arguments, 2);
  return union1d(setdiff1d(x, y), setdiff1d(y, x));
}
