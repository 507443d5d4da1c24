import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import type { MaxPoolOptions } from "./pool-windows.ts";
import { poolOf } from "./pool-windows.ts";
import { asFloating, expandTo } from "./promote.ts";
import type { PerAxis } from "./spatial.ts";

export type { MaxPoolOptions };

/**
 * The largest element of each window over the spatial axes of `x`, shape `[items, channels, …space]`. `window` is one
 * size per spatial axis, or one for all. PyTorch's `max_pool1d`, `max_pool2d`, `max_pool3d`.
 *
 * At a tie the derivative flows to the first element. A NaN in a window gives NaN.
 *
 * @throws DownhillError `range` for an option, `shape` if x has no spatial axis.
 * @example
 * maxPool([[[3, 1, 4, 1, 5, 9]]], 2).tolist();                           // [[[3, 4, 9]]]
 * grad((x) => maxPool(x, 2).sum())([[[3, 1, 4, 1, 5, 9]]]).tolist();     // [[[1, 0, 1, 0, 0, 1]]]
 */
export function maxPool(x: TensorLike, window: PerAxis, options: MaxPoolOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("maxPool", arguments, 3);
  checkOptions("maxPool", options, ["stride", "padding", "dilation", "ceilMode"]);
  checkFlags("maxPool", options, ["ceilMode"]);
  const t = p.asTensor(x, "maxPool");
  return p.windowMax(t, poolOf("maxPool", t.type, window, options).params)[0];
}

/** Options of `avgPool`; options per axis have one entry per spatial axis. */
export interface AvgPoolOptions extends Omit<MaxPoolOptions, "dilation"> {
  /** True if padding counts as zeros in the mean. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean;
  /** Divisor used instead of the number of elements. */
  readonly divisor?: number;
}

/**
 * The mean of each window over the spatial axes of `x`, shape `[items, channels, …space]`. `window` is one size per
 * spatial axis, or one for all. PyTorch's `avg_pool1d`, `avg_pool2d`, `avg_pool3d`. Integers become float64.
 *
 * @throws DownhillError `range` for an option, `shape` if x has no spatial axis.
 * @example
 * avgPool([[[1, 3, 5, 7]]], 2).tolist();                                             // [[[2, 6]]]
 * avgPool([[[1, 3, 5]]], 3, { stride: 1, padding: 1, countIncludePad: false }).tolist(); // [[[2, 3, 4]]]
 */
export function avgPool(x: TensorLike, window: PerAxis, options: AvgPoolOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("avgPool", arguments, 3);
  checkOptions("avgPool", options, ["stride", "padding", "ceilMode", "countIncludePad", "divisor"]);
  checkFlags("avgPool", options, ["ceilMode", "countIncludePad"]);
  const { countIncludePad = true, divisor, ...rest } = options;
  const t = asFloating(x, "avgPool");
  const { params, space, padding } = poolOf("avgPool", t.type, window, rest);
  const total = p.windowSum(t, params);
  if (divisor !== undefined) {
    if (!(Number.isFinite(divisor) && divisor !== 0))
      throw new DownhillError(
        "range",
        `avgPool: divisor must be a number other than 0, got ${String(divisor)}.`,
      );
    return p.div(total, p.full(total.type, divisor));
  }
  const isWhole = padding.every((n) => n === 0) && rest.ceilMode !== true;
  if (isWhole) return p.div(total, p.full(total.type, sizeOf(params.window)));
  // windows at the border have fewer elements
  const counted = countIncludePad ? space.map((n, a) => n + 2 * padding[a]!) : space;
  const count = p.windowSum(p.full(arrayType(t.dtype, counted), 1), {
    ...params,
    low: countIncludePad ? padding.map(() => 0) : padding,
  });
  return p.div(total, expandTo(count, total.shape));
}
