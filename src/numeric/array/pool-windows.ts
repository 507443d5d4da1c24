import { DownhillError } from "../../engine/errors/index.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import type { WindowParams } from "../../engine/prims/index.ts";
import type { PerAxis } from "./spatial.ts";
import { perAxis, spaceRank } from "./spatial.ts";

/** Options of `maxPool`; options per axis have one entry per spatial axis. */
export interface MaxPoolOptions {
  /** Step between neighbouring windows, in elements. Default: the size of the window. */
  readonly stride?: PerAxis;
  /** Number of elements before and after the image that windows may extend into; at most half the window. Default 0. */
  readonly padding?: PerAxis;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
  /**
   * True if windows at the end may extend beyond the padding, provided that they start before its end. Default false.
   */
  readonly ceilMode?: boolean;
}

/** Windows over the spatial axes, with the sizes of these axes and the padding. */
export interface PoolWindows {
  readonly params: WindowParams;
  readonly space: readonly number[];
  readonly padding: readonly number[];
}

/** The windows for these options, as PyTorch's pooling defines them. */
export function poolOf(
  operation: string,
  x: ArrayType,
  window: PerAxis,
  options: MaxPoolOptions,
): PoolWindows {
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
