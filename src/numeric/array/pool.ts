import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { asFloating, expandTo } from "./promote.ts";
import type { PerAxis } from "./spatial.ts";
import { perAxis, spaceRank } from "./spatial.ts";

/** Options of `maxPool`; what is given per axis has one entry for each axis of space. */
export interface MaxPoolOptions {
  /** Steps between windows. Default: the size of the window. */
  readonly stride?: PerAxis;
  /** Places before and after the image that windows may reach into; at most half the window. Default 0. */
  readonly padding?: PerAxis;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
  /** Whether windows at the end may reach beyond the padding, as long as they begin before it. Default false. */
  readonly ceilMode?: boolean;
}

interface Pool {
  readonly params: p.WindowParams;
  readonly space: readonly number[];
  readonly padding: readonly number[];
}

/** The windows that PyTorch's pooling has for these options. */
function poolOf(operation: string, x: ArrayType, window: PerAxis, options: MaxPoolOptions): Pool {
  const rank = spaceRank(operation, x);
  const sizes = perAxis(operation, "window", window, rank, 1);
  const strides = perAxis(operation, "stride", options.stride ?? window, rank, 1);
  const padding = perAxis(operation, "padding", options.padding ?? 0, rank, 0);
  const dilation = perAxis(operation, "dilation", options.dilation ?? 1, rank, 1);
  const wide = padding.findIndex((n, a) => 2 * n > sizes[a]!);
  if (wide >= 0) {
    throw new DownhillError(
      "range",
      `${operation}: padding ${padding[wide]!} is more than half of the window, ${sizes[wide]!}, along axis ${wide} of space.`,
    );
  }
  const space = x.shape.slice(2);
  const places = space.map((n, a) => {
    const free = n + 2 * padding[a]! - dilation[a]! * (sizes[a]! - 1) - 1;
    if (free < 0) return 0;
    if (options.ceilMode !== true) return Math.floor(free / strides[a]!) + 1;
    const count = Math.ceil(free / strides[a]!) + 1;
    return (count - 1) * strides[a]! >= n + padding[a]! ? count - 1 : count;
  });
  return { params: { window: sizes, strides, dilation, low: padding, sizes: places }, space, padding };
}

/**
 * The largest element of each window over the axes of space of `x`, shape `[items, channels, …space]`; `window` is a
 * size for each of these axes, or one for all. PyTorch's `max_pool1d`, `max_pool2d`, `max_pool3d`.
 *
 * The derivative goes to the first of a tie. A NaN in a window gives NaN.
 *
 * @throws DownhillError `range` for an option, `shape` if x has no axis of space.
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

/** Options of `avgPool`; what is given per axis has one entry for each axis of space. */
export interface AvgPoolOptions extends Omit<MaxPoolOptions, "dilation"> {
  /** Whether the padding counts as zeros of the mean. Default true, as in PyTorch. */
  readonly countIncludePad?: boolean;
  /** Divide by this and not by the number of elements. */
  readonly divisor?: number;
}

/**
 * The mean of each window over the axes of space of `x`, shape `[items, channels, …space]`; `window` is a size for each of
 * these axes, or one for all. PyTorch's `avg_pool1d`, `avg_pool2d`, `avg_pool3d`. Integers become float64.
 *
 * @throws DownhillError `range` for an option, `shape` if x has no axis of space.
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
  // windows at the rim have fewer elements
  const counted = countIncludePad ? space.map((n, a) => n + 2 * padding[a]!) : space;
  const count = p.windowSum(p.full(arrayType(t.dtype, counted), 1), {
    ...params,
    low: countIncludePad ? padding.map(() => 0) : padding,
  });
  return p.div(total, expandTo(count, total.shape));
}
