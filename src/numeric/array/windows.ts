import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType, sameType, withShape } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range, sizeOf } from "../../engine/util/shape.ts";
import { add, maximum } from "./elementwise.ts";
import { pad } from "./pad.ts";
import type { Padding, PerAxis } from "./spatial.ts";
import { paddingOf, perAxis, spaceRank } from "./spatial.ts";

/** Options of `unfold` and `fold`; options per axis have one entry per spatial axis. */
export interface UnfoldOptions {
  /** Step between neighbouring windows, in elements. Default 1. */
  readonly stride?: PerAxis;
  /** Number of zeros before and after the image along each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
}

/** Windows along one axis: element w of window i is at position `i · stride + w · dilation`. */
interface AxisWindows {
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  /** Number of windows. */
  readonly count: number;
}

/** Positions of all elements of the windows along an axis, int32 of shape `[window, count]`. */
function positionsOf({ window, stride, dilation, count }: AxisWindows): Tensor {
  const positions = range(0, window).flatMap((w) => range(0, count).map((i) => i * stride + w * dilation));
  return p.fromFlat(arrayType("int32", [window, count]), positions);
}

/**
 * Replaces the last axes of x, one for each `AxisWindows`, by their windows. The axes of the elements within a window
 * come first, then the axes of the windows.
 */
function windowsOf(x: Tensor, axes: readonly AxisWindows[]): Tensor {
  const lead = x.ndim - axes.length;
  const taken = axes.reduceRight((t, own, a) => p.take(t, positionsOf(own), lead + a), x);
  const pairs = (offset: number): number[] => axes.map((_, a) => lead + 2 * a + offset);
  return p.permute(taken, [...range(0, lead), ...pairs(0), ...pairs(1)]);
}

/** Windows of images for the options of `unfold`, and the padding along each axis. */
function unfoldPlan(
  operation: string,
  space: readonly number[],
  window: PerAxis,
  options: UnfoldOptions,
): { readonly axes: readonly AxisWindows[]; readonly padding: readonly number[] } {
  checkOptions(operation, options, ["stride", "padding", "dilation"]);
  const rank = space.length;
  const windows = perAxis(operation, "window", window, rank, 1);
  const strides = perAxis(operation, "stride", options.stride ?? 1, rank, 1);
  const padding = perAxis(operation, "padding", options.padding ?? 0, rank, 0);
  const dilations = perAxis(operation, "dilation", options.dilation ?? 1, rank, 1);
  const axes = space.map((n, a): AxisWindows => {
    const [stride, dilation] = [strides[a]!, dilations[a]!];
    const free = n + 2 * padding[a]! - dilation * (windows[a]! - 1) - 1;
    if (free >= 0) return { window: windows[a]!, stride, dilation, count: Math.floor(free / stride) + 1 };
    throw new DownhillError(
      "shape",
      `${operation}: a window of ${windows[a]!} elements at distance ${dilation} does not fit into ${n} elements with padding ${padding[a]!}, along axis ${a} of space.`,
    );
  });
  return { axes, padding };
}

const countsOf = (axes: readonly AxisWindows[]): readonly number[] => axes.map(({ count }) => count);
const elementsOf = (axes: readonly AxisWindows[]): readonly number[] => axes.map(({ window }) => window);

/**
 * The elements of each window over the spatial axes of `x`, shape `[items, channels, …space]`, as columns. Result:
 * `[items, channels · elements, windows]`, channels first, elements and windows in row-major order. `window` is one size
 * per spatial axis, or one for all. PyTorch's `unfold`, for any number of spatial axes; a convolution is the product of
 * its weight with these columns.
 *
 * The derivative adds overlapping windows, like `fold`.
 *
 * @throws DownhillError `shape` if a window is larger than the padded image, `range` for an option.
 * @example
 * unfold([[[1, 2, 3, 4]]], 2).tolist();                // [[[1, 2, 3], [2, 3, 4]]]
 * unfold([[[1, 2, 3, 4]]], 2, { stride: 2 }).tolist(); // [[[1, 3], [2, 4]]]
 */
export function unfold(x: TensorLike, window: PerAxis, options: UnfoldOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("unfold", arguments, 3);
  const t = p.asTensor(x, "unfold");
  spaceRank("unfold", t.type);
  const [items, channels, ...space] = t.shape;
  const { axes, padding } = unfoldPlan("unfold", space, window, options);
  const low = [0, 0, ...padding];
  const padded = padding.every((n) => n === 0) ? t : p.pad(t, { low, high: low, interior: low.map(() => 0) });
  const columns = windowsOf(padded, axes);
  return p.reshape(columns, [items!, channels! * sizeOf(elementsOf(axes)), sizeOf(countsOf(axes))]);
}

/**
 * Images of the spatial sizes `sizes` from the columns of their windows: elements at one position are added. The inverse
 * of `unfold` if no windows overlap, and its transpose in any case. Result: `[items, channels, …sizes]`. PyTorch's
 * `fold`, for any number of spatial axes.
 *
 * @throws DownhillError `shape` if x has no columns of these windows, `range` for an option.
 * @example
 * fold([[[1, 2, 3], [2, 3, 4]]], [4], 2).tolist(); // [[[1, 4, 6, 4]]]
 */
export function fold(
  x: TensorLike,
  sizes: readonly number[],
  window: PerAxis,
  options: UnfoldOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("fold", arguments, 4);
  const t = p.asTensor(x, "fold");
  const space = perAxis("fold", "sizes", sizes, Array.isArray(sizes) ? sizes.length : 1, 1);
  const { axes, padding } = unfoldPlan("fold", space, window, options);
  const [elements, counts] = [elementsOf(axes), countsOf(axes)];
  const [items, rows, columns] = t.shape;
  if (t.ndim !== 3 || rows! % sizeOf(elements) !== 0 || columns !== sizeOf(counts)) {
    throw new DownhillError(
      "shape",
      `fold: the columns are ${showType(t.type)}; images of ${showShape(space)} have ${sizeOf(counts)} windows of ${sizeOf(elements)} elements, so that x must have shape [items, channels · ${sizeOf(elements)}, ${sizeOf(counts)}].`,
    );
  }
  const rank = space.length;
  const apart = p.reshape(t, [items!, rows! / sizeOf(elements), ...elements, ...counts]);
  const pairs = range(0, rank).flatMap((a) => [2 + a, 2 + rank + a]);
  const start = p.permute(apart.dtype === "bool" ? p.convert(apart, "int32") : apart, [0, 1, ...pairs]);
  return space.reduce((image, n, a) => {
    const axis = 2 + a;
    const wide = n + 2 * padding[a]!;
    const rest = image.shape.slice(axis + 2);
    const into = p.zeros(withShape(image.type, [...image.shape.slice(0, axis), wide, ...rest]));
    const added = p.scatterAdd(into, positionsOf(axes[a]!), image, axis);
    return padding[a] === 0 ? added : p.part(added, axis, padding[a]!, padding[a]! + n);
  }, start);
}

/**
 * Moves channels to space: images `[items, channels · f₁ · f₂ …, …space]` become `[items, channels, …]`, with each spatial
 * axis f times as long. `factor` is one factor f for all spatial axes, or one per axis. PyTorch's `pixel_shuffle`, for any
 * number of spatial axes.
 *
 * @throws DownhillError `shape` if the channels cannot be divided by the factors, `range` for a factor.
 * @see Shi et al., Real-time single image and video super-resolution, CVPR 2016.
 * @example
 * pixelShuffle([[[1, 2], [3, 4]]], 2).tolist(); // [[[1, 3, 2, 4]]]
 */
export function pixelShuffle(x: TensorLike, factor: PerAxis): Tensor {
  if (arguments.length > 2) refuseExtra("pixelShuffle", arguments, 2);
  const t = p.asTensor(x, "pixelShuffle");
  const rank = spaceRank("pixelShuffle", t.type);
  const factors = perAxis("pixelShuffle", "factor", factor, rank, 1);
  const [items, channels, ...space] = t.shape;
  if (channels! % sizeOf(factors) !== 0) {
    throw new DownhillError(
      "shape",
      `pixelShuffle: the ${channels!} channels of ${showType(t.type)} cannot be divided by ${sizeOf(factors)}, the product of the factors.`,
    );
  }
  const count = channels! / sizeOf(factors);
  const apart = p.reshape(t, [items!, count, ...factors, ...space]);
  const pairs = range(0, rank).flatMap((a) => [2 + rank + a, 2 + a]);
  return p.reshape(p.permute(apart, [0, 1, ...pairs]), [
    items!,
    count,
    ...space.map((n, a) => n * factors[a]!),
  ]);
}

/**
 * Moves space to channels, the inverse of `pixelShuffle`: each spatial axis becomes `factor` times shorter. PyTorch's
 * `pixel_unshuffle`.
 *
 * @throws DownhillError `shape` if a spatial axis cannot be divided by its factor, `range` for a factor.
 * @example
 * pixelUnshuffle([[[1, 3, 2, 4]]], 2).tolist(); // [[[1, 2], [3, 4]]]
 */
export function pixelUnshuffle(x: TensorLike, factor: PerAxis): Tensor {
  if (arguments.length > 2) refuseExtra("pixelUnshuffle", arguments, 2);
  const t = p.asTensor(x, "pixelUnshuffle");
  const rank = spaceRank("pixelUnshuffle", t.type);
  const factors = perAxis("pixelUnshuffle", "factor", factor, rank, 1);
  const [items, channels, ...space] = t.shape;
  const odd = space.findIndex((n, a) => n % factors[a]! !== 0);
  if (odd >= 0) {
    throw new DownhillError(
      "shape",
      `pixelUnshuffle: axis ${odd} of space of ${showType(t.type)} cannot be divided by ${factors[odd]!}.`,
    );
  }
  const counts = space.map((n, a) => n / factors[a]!);
  const apart = p.reshape(t, [items!, channels!, ...counts.flatMap((n, a) => [n, factors[a]!])]);
  const every = (offset: number): number[] => range(0, rank).map((a) => 2 + 2 * a + offset);
  return p.reshape(p.permute(apart, [0, 1, ...every(1), ...every(0)]), [
    items!,
    channels! * sizeOf(factors),
    ...counts,
  ]);
}

/** An associative function of two tensors, element by element, such as `add`. */
export type WindowReducer = (x: Tensor, y: Tensor) => Tensor;

/** Options of `reduceWindow`; options per axis have one entry per axis of x. */
export interface ReduceWindowOptions {
  /** Step between neighbouring windows, in elements. Default 1. */
  readonly stride?: PerAxis;
  /** Number of positions around x that windows may cover; they have the value `init`. Default `"valid"`. */
  readonly padding?: Padding;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
}

/**
 * Reduces each window over all axes of x with an associative function of two tensors, such as `add`, `mul`, `maximum` or
 * `minimum`. `init` is its neutral element, the value of positions outside of x. `window` has one size per axis, or is one
 * size for all. JAX's `lax.reduce_window`.
 *
 * `op` is called with tensors of many elements and works on each pair of them; neighbouring elements are combined first.
 * `add` with 0 and `maximum` with −∞ use the loops of `avgPool` and `maxPool`: at a tie of `maximum` the derivative flows
 * to the first element.
 *
 * @throws DownhillError `range` for an option, `shape` if op does not return one result per pair.
 * @example
 * reduceWindow([1, 2, 3, 4], 0, add, 2).tolist();                              // [3, 5, 7]
 * reduceWindow([1, 2, 3, 4], 1, mul, 2, { stride: 2 }).tolist();               // [2, 12]
 * reduceWindow([4, 1, 3], Infinity, minimum, 3, { padding: "same" }).tolist(); // [1, 1, 1]
 */
export function reduceWindow(
  x: TensorLike,
  init: number,
  op: WindowReducer,
  window: PerAxis,
  options: ReduceWindowOptions = {},
): Tensor {
  if (arguments.length > 5) refuseExtra("reduceWindow", arguments, 5);
  checkOptions("reduceWindow", options, ["stride", "padding", "dilation"]);
  const given = p.asTensor(x, "reduceWindow");
  const t = given.dtype === "bool" ? p.convert(given, "int32") : given;
  const windows = perAxis("reduceWindow", "window", window, t.ndim, 1);
  const strides = perAxis("reduceWindow", "stride", options.stride ?? 1, t.ndim, 1);
  const dilation = perAxis("reduceWindow", "dilation", options.dilation ?? 1, t.ndim, 1);
  const reach = windows.map((n, a) => (n - 1) * dilation[a]! + 1);
  const padding = paddingOf("reduceWindow", options.padding ?? "valid", t.shape, reach, strides);
  const axes = t.shape.map((n, a): AxisWindows => {
    const free = n + padding[a]![0] + padding[a]![1] - reach[a]!;
    const count = free < 0 ? 0 : Math.floor(free / strides[a]!) + 1;
    return { window: windows[a]!, stride: strides[a]!, dilation: dilation[a]!, count };
  });
  const low = padding.map(([before]) => before);
  const params = { window: windows, strides, dilation, low, sizes: countsOf(axes) };
  if (op === add && init === 0) return p.windowSum(t, params);
  if (op === maximum && init === -Infinity && haveElements(axes, t.shape, low))
    return p.windowMax(t, params)[0];
  const padded = padding.every(([before, after]) => before === 0 && after === 0)
    ? t
    : pad(t, padding, { value: init });
  const rows = p.reshape(windowsOf(padded, axes), [sizeOf(windows), ...countsOf(axes)]);
  return p.reshape(combineRows(rows, op), countsOf(axes));
}

/** True if each window has an element that is not padding. */
function haveElements(
  axes: readonly AxisWindows[],
  space: readonly number[],
  low: readonly number[],
): boolean {
  return axes.every(({ window, stride, dilation, count }, a) =>
    range(0, count).every((i) =>
      range(0, window).some((w) => {
        const position = i * stride + w * dilation - low[a]!;
        return position >= 0 && position < space[a]!;
      }),
    ),
  );
}

/** Combines the rows of x in pairs of neighbours until one row is left. */
function combineRows(x: Tensor, op: WindowReducer): Tensor {
  const n = x.type.shape[0]!;
  if (n === 1) return x;
  const rest = x.shape.slice(1);
  const every = (start: number): Tensor =>
    p.slice(x, {
      starts: [start, ...rest.map(() => 0)],
      limits: [n - (n % 2), ...rest],
      strides: [2, ...rest.map(() => 1)],
    });
  const pairs = [every(0), every(1)] as const;
  const combined = p.asTensor(op(...pairs), "reduceWindow");
  if (!sameType(combined.type, pairs[0].type)) {
    throw new DownhillError(
      "shape",
      `reduceWindow: op returned ${showType(combined.type)} for two tensors ${showType(pairs[0].type)}; it must return one number of the same dtype per pair.`,
    );
  }
  return combineRows(n % 2 === 0 ? combined : p.concatenate([combined, p.part(x, 0, n - 1, n)], 0), op);
}
