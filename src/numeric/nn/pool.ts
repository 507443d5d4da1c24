import { tensor } from "../array/create.ts";
import { takeAlongAxis } from "../array/gather.ts";
import type { MaxPoolOptions } from "../array/pool-windows.ts";
import { poolOf } from "../array/pool-windows.ts";
import { avgPool, maxPool } from "../array/pool.ts";
import { asFloating } from "../array/promote.ts";
import { argmax, mean } from "../array/reduce.ts";
import { reshape, take } from "../array/shape.ts";
import type { PerAxis } from "../array/spatial.ts";
import { spaceRank } from "../array/spatial.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { windowMax } from "../../engine/prims/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";
import { largestOf } from "../../engine/util/append.ts";

/**
 * Number of results along the spatial axes: one number for all axes, or one per axis; `null` keeps the size of the
 * axis.
 */
export type AdaptiveSizes = number | readonly (number | null)[];

/**
 * The mean of windows that cover the spatial axes of `x`, shape `[items, channels, …space]`, with `sizes` results.
 * Window i of m along an axis of size n covers the indices ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉ − 1, as in PyTorch's
 * `adaptive_avg_pool`. Neighbouring windows overlap if m does not divide n. Integers become float64.
 *
 * @throws DownhillError `range` for sizes that are not integers of 1 or more, `shape` if x has no spatial axis, or an
 * empty one.
 * @example
 * adaptiveAvgPool([[[1, 2, 3, 4, 5]]], 2).tolist(); // [[[2, 4]]]
 * adaptiveAvgPool([[[1, 2, 3, 4, 5]]], 1).tolist(); // [[[3]]]
 */
export function adaptiveAvgPool(x: TensorLike, sizes: AdaptiveSizes): Tensor {
  if (arguments.length > 2) refuseExtra("adaptiveAvgPool", arguments, 2);
  const t = asFloating(x, "adaptiveAvgPool");
  const counts = countsOf("adaptiveAvgPool", t, sizes);
  const whole = wholeWindow(t, counts);
  if (whole !== undefined) return avgPool(t, whole);
  const { places, isWithin } = coveringWindows(t.shape.slice(2), counts);
  const parts = take(flatSpace(t), places, { axis: 2 });
  return reshape(mean(parts, { axis: -1, where: isWithin }), [...t.shape.slice(0, 2), ...counts]);
}

/**
 * The largest element of the windows of `adaptiveAvgPool`, with `sizes` results along the spatial axes of `x`, shape
 * `[items, channels, …space]`. PyTorch's `adaptive_max_pool`. At a tie the derivative flows to the first element. A NaN
 * in a window gives NaN.
 *
 * @throws DownhillError as `adaptiveAvgPool`.
 * @example
 * adaptiveMaxPool([[[1, 5, 3, 4, 2]]], 2).tolist(); // [[[5, 4]]]
 */
export function adaptiveMaxPool(x: TensorLike, sizes: AdaptiveSizes): Tensor {
  if (arguments.length > 2) refuseExtra("adaptiveMaxPool", arguments, 2);
  const t = asTensor(x, "adaptiveMaxPool");
  const counts = countsOf("adaptiveMaxPool", t, sizes);
  const whole = wholeWindow(t, counts);
  if (whole !== undefined) return maxPool(t, whole);
  const { places } = coveringWindows(t.shape.slice(2), counts);
  const parts = take(flatSpace(t), places, { axis: 2 });
  const largest = takeAlongAxis(parts, argmax(parts, { axis: -1, keepdims: true }), { axis: -1 });
  return reshape(largest, [...t.shape.slice(0, 2), ...counts]);
}

/**
 * `maxPool(x, window, options)` and the index of each of its values: the row-major index in the channel's image
 * (int32), the first at a tie. PyTorch's `max_pool` with `return_indices`.
 *
 * @throws DownhillError as `maxPool`.
 * @example
 * const [values, places] = maxPoolWithPlaces([[[3, 1, 4, 1, 5, 9]]], 2);
 * values.tolist(); // [[[3, 4, 9]]]
 * places.tolist(); // [[[0, 2, 5]]]
 */
export function maxPoolWithPlaces(
  x: TensorLike,
  window: PerAxis,
  options: MaxPoolOptions = {},
): [values: Tensor, places: Tensor] {
  if (arguments.length > 3) refuseExtra("maxPoolWithPlaces", arguments, 3);
  checkOptions("maxPoolWithPlaces", options, ["stride", "padding", "dilation", "ceilMode"]);
  checkFlags("maxPoolWithPlaces", options, ["ceilMode"]);
  const t = asTensor(x, "maxPoolWithPlaces");
  const [values, places] = windowMax(t, poolOf("maxPoolWithPlaces", t.type, window, options).params);
  return [values, places];
}

/** The number of windows along each spatial axis; `null` in `sizes` means the size of the axis. */
function countsOf(operation: string, x: Tensor, sizes: AdaptiveSizes): readonly number[] {
  const rank = spaceRank(operation, x.type);
  const space = x.shape.slice(2);
  if (space.includes(0)) {
    throw new DownhillError(
      "shape",
      `${operation}: x is ${showType(x.type)}, which has an empty spatial axis; windows need at least one element.`,
    );
  }
  const list: unknown = typeof sizes === "number" ? new Array<number>(rank).fill(sizes) : sizes;
  const counts =
    Array.isArray(list) && list.length === rank ? list.map((m: unknown, a) => m ?? space[a]!) : [];
  const isSize = (m: unknown): m is number => isIntegerIn(m, { from: 1 });
  if (counts.length === rank && counts.every(isSize)) return counts;
  throw new DownhillError(
    "range",
    `${operation}: sizes must be an integer of 1 or more, or an array of ${rank} of them or null, one per spatial axis; got ${JSON.stringify(sizes)}.`,
  );
}

/**
 * The window size of an equivalent pool with adjacent windows of equal size; undefined if windows overlap, so that no
 * such pool exists.
 */
function wholeWindow(x: Tensor, counts: readonly number[]): readonly number[] | undefined {
  const space = x.shape.slice(2);
  const divides = space.every((n, a) => Number.isInteger(n / counts[a]!));
  return divides ? space.map((n, a) => n / counts[a]!) : undefined;
}

/** x with all spatial axes merged into one. */
function flatSpace(x: Tensor): Tensor {
  return reshape(x, [...x.shape.slice(0, 2), sizeOf(x.shape.slice(2))]);
}

interface CoveringWindows {
  /**
   * Indices of the elements of each window in the merged spatial axis, shape `[windows, elements]`. Rows of windows
   * smaller than the largest repeat an index.
   */
  readonly places: Tensor;
  /** False for each index that only fills up the row of a smaller window. */
  readonly isWithin: Tensor;
}

/** The windows of adaptive pools, in row-major order. */
function coveringWindows(space: readonly number[], counts: readonly number[]): CoveringWindows {
  interface Along {
    readonly place: number;
    readonly isWithin: boolean;
  }
  let windows: readonly (readonly Along[])[] = [[{ place: 0, isWithin: true }]];
  space.forEach((n, a) => {
    const m = counts[a]!;
    const bounds = range(0, m).map((i) => [Math.floor((i * n) / m), Math.ceil(((i + 1) * n) / m)] as const);
    const longest = largestOf(
      -Infinity,
      bounds.map(([start, end]) => end - start),
    );
    windows = windows.flatMap((outer) =>
      bounds.map(([start, end]) =>
        outer.flatMap((at) =>
          range(start, start + longest).map((place) => ({
            place: at.place * n + Math.min(place, end - 1),
            isWithin: at.isWithin && place < end,
          })),
        ),
      ),
    );
  });
  return {
    places: tensor(
      windows.map((window) => window.map(({ place }) => place)),
      { dtype: "int32" },
    ),
    isWithin: tensor(windows.map((window) => window.map(({ isWithin }) => isWithin))),
  };
}
