import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import { plainHint, showPlain } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { normalizeAxis } from "./promote.ts";

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Axis to sort along. Default the last. */
  readonly axis?: number;
  /** True to sort from the largest to the smallest. Default false. */
  readonly descending?: boolean;
}

/**
 * Indices that sort x along an axis in ascending order, as int32. The sort is stable; NaN counts as the largest.
 * @throws DownhillError `range` for an axis out of range.
 * @example
 * argsort([3, 1, 2]); // i32[3] [1, 2, 0]
 */
export function argsort(x: TensorLike, options: SortOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("argsort", arguments, 2);
  checkOptions("argsort", options, ["axis", "descending"]);
  checkFlags("argsort", options, ["descending"]);
  const t = p.asTensor(x, "argsort");
  const axis = normalizeAxis("argsort", options.axis ?? -1, t.type);
  return p.argsort(t, axis, options.descending === true);
}

/**
 * x sorted along an axis in ascending order. The sort is stable; NaN counts as the largest. The derivative flows to the
 * original position of each element.
 * @throws DownhillError `range` for an axis out of range.
 * @example
 * sort([3, 1, 2]);                                                        // f64[3] [1, 2, 3]
 * sort([3, 1, 2], { descending: true });                                  // f64[3] [3, 2, 1]
 * grad((x) => sort(x).mul([1, 10, 100]).sum())([3, 1, 2]).tolist();       // [100, 1, 10]
 */
export function sort(x: TensorLike, options: SortOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("sort", arguments, 2);
  checkOptions("sort", options, ["axis", "descending"]);
  checkFlags("sort", options, ["descending"]);
  const t = p.asTensor(x, "sort");
  const axis = normalizeAxis("sort", options.axis ?? -1, t.type);
  return p.takeAlong(t, p.argsort(t, axis, options.descending === true), axis);
}

/** Options of `topK`. */
export interface TopKOptions {
  /** Axis to search along. Default the last. */
  readonly axis?: number;
  /** True for the smallest elements, in ascending order, instead of the largest. Default false. */
  readonly smallest?: boolean;
}

/**
 * The `k` largest elements along an axis, in descending order, and their indices (int32). Equal elements keep their
 * order; NaN counts as the largest.
 *
 * @throws DownhillError `range` if there are fewer than k elements.
 * @example
 * const [values, places] = topK([3, 1, 4, 1, 5], 2);
 * values; // f64[2] [5, 4]
 * places; // i32[2] [4, 2]
 */
export function topK(x: TensorLike, k: number, options: TopKOptions = {}): [values: Tensor, places: Tensor] {
  if (arguments.length > 3) refuseExtra("topK", arguments, 3);
  checkOptions("topK", options, ["axis", "smallest"]);
  checkFlags("topK", options, ["smallest"]);
  const t = p.asTensor(x, "topK");
  const axis = normalizeAxis("topK", options.axis ?? -1, t.type);
  if (!Number.isInteger(k) || k < 0 || k > t.shape[axis]!) {
    throw new DownhillError(
      "range",
      `topK: k must be an integer from 0 to ${t.shape[axis]!}, the size of axis ${axis} of ${showType(t.type)}; got ${showPlain(k)}.` +
        plainHint("Sizes", [k]),
    );
  }
  const places = p.argsort(t, axis, options.smallest !== true, k);
  return [p.takeAlong(t, places, axis), places];
}
