import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { logicalNot } from "./elementwise.ts";
import { at } from "./at.ts";
import { isin } from "./compare.ts";
import { unique } from "./search.ts";
import { concatenate, ravel } from "./shape.ts";

// The lengths of the results depend on values, so these functions compute immediately and do not work in compiled
// functions.

/** The elements that occur in both x and y, each once, in ascending order. Not available in compiled functions. */
export function intersect1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("intersect1d", arguments, 2);
  const found = unique(x);
  return at(found, isin(found, y));
}

/** The elements that occur in x or y, each once, in ascending order. Not available in compiled functions. */
export function union1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("union1d", arguments, 2);
  return unique(concatenate([ravel(x), ravel(y)]));
}

/** The elements of x that do not occur in y, each once, in ascending order. Not available in compiled functions. */
export function setdiff1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("setdiff1d", arguments, 2);
  const found = unique(x);
  return at(found, logicalNot(isin(found, y)));
}

/**
 * The elements that occur in exactly one of x and y, each once, in ascending order. Not available in compiled
 * functions.
 */
export function setxor1d(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("setxor1d", arguments, 2);
  return union1d(setdiff1d(x, y), setdiff1d(y, x));
}
