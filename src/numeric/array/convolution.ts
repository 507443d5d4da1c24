import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import { promoteTypes } from "./promote.ts";
import type { Padding, PerAxis } from "./spatial.ts";
import { paddingOf, perAxis, spaceRank } from "./spatial.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

export type { Padding };

/** Options of `conv`; options per axis have one entry per spatial axis. */
export interface ConvOptions {
  /** Step between neighbouring windows, in elements. Default 1. */
  readonly stride?: PerAxis;
  /**
   * `"valid"` (default): windows stay within the image. `"same"`: the result has size ⌈size / stride⌉ along each axis;
   * an odd zero is added at the end. A number, or per axis a number or `[before, after]`: the number of zeros.
   */
  readonly padding?: Padding;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
  /** Number of groups of channels, each with its own windows and outputs. Default 1. */
  readonly groups?: number;
}

function operands(operation: string, x: TensorLike, weight: TensorLike): readonly [Tensor, Tensor, number] {
  const [a, b] = [p.asTensor(x, operation), p.asTensor(weight, operation)];
  const rank = spaceRank(operation, a.type);
  if (b.ndim !== a.ndim) {
    throw new DownhillError(
      "shape",
      `${operation}: images ${showType(a.type)} and weight ${showType(b.type)} must have the same number of axes.`,
    );
  }
  const { dtype, weak } = promoteTypes(a.type, b.type);
  return [p.convert(a, dtype, weak), p.convert(b, dtype, weak), rank];
}

function checkGroups(
  operation: string,
  groups: number,
  channels: number,
  weight: Tensor,
  axis: number,
): void {
  checkInteger(operation, "groups", groups, { from: 1 });
  const expected = axis === 1 ? weight.shape[1]! * groups : weight.shape[0]!;
  if (expected !== channels) {
    throw new DownhillError(
      "shape",
      `${operation}: the images have ${channels} channels, but weight ${showType(weight.type)} with ${groups} group${groups === 1 ? "" : "s"} takes ${expected}.`,
    );
  }
  if (weight.shape[0]! % groups !== 0) {
    throw new DownhillError(
      "shape",
      `${operation}: axis 0 of weight ${showType(weight.type)} cannot be divided into ${groups} groups.`,
    );
  }
}

/**
 * Convolution of images `x`, shape `[items, channels, …space]`, with `weight`, shape
 * `[outputs, channels / groups, …window]` (PyTorch's NCHW and OIHW), over any number of spatial axes: a line, a plane,
 * a volume. As usual in neural networks, the windows are not flipped:
 *
 * `y[n, o, s] = Σ_{i, k} weight[o, i, k] · x[n, i, s · stride + k · dilation − padding]`
 *
 * Result: `[items, outputs, …space]`, where each spatial axis has size
 * `⌊(size + padding − dilation · (window − 1) − 1) / stride⌋ + 1`, padding being the total of both sides. Both
 * derivatives are convolutions again. Sums run over channels, then over the window.
 *
 * @throws DownhillError `shape` if channels, weight and groups do not fit together, `range` for an option.
 * @example
 * const image = [[[1, 2, 3, 4, 5]]];
 * conv(image, [[[1, 0, -1]]]).tolist();                      // [[[-2, -2, -2]]]
 * conv(image, [[[1, 1, 1]]], { padding: "same" }).tolist();  // [[[3, 6, 9, 12, 9]]]
 * conv(image, [[[1, 1]]], { stride: 2 }).tolist();           // [[[3, 7]]]
 */
export function conv(x: TensorLike, weight: TensorLike, options: ConvOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("conv", arguments, 3);
  checkOptions("conv", options, ["stride", "padding", "dilation", "groups"]);
  const [images, windows, rank] = operands("conv", x, weight);
  const { stride = 1, padding = "valid", dilation = 1, groups = 1 } = options;
  checkGroups("conv", groups, images.shape[1]!, windows, 1);
  const strides = perAxis("conv", "stride", stride, rank, 1);
  const rhsDilation = perAxis("conv", "dilation", dilation, rank, 1);
  const reach = windows.shape.slice(2).map((n, a) => (n - 1) * rhsDilation[a]! + 1);
  return p.convolve(images, windows, {
    strides,
    padding: paddingOf("conv", padding, images.shape.slice(2), reach, strides),
    lhsDilation: strides.map(() => 1),
    rhsDilation,
    groups,
  });
}

/** Options of `convTranspose`, the same as PyTorch's. */
export interface ConvTransposeOptions {
  /** Step between neighbouring windows in the result, in elements. Default 1. */
  readonly stride?: PerAxis;
  /** Number of elements removed from the result on all sides. Default 0. */
  readonly padding?: PerAxis;
  /** Number of elements added to the result at the end of each axis. Default 0. */
  readonly outputPadding?: PerAxis;
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: PerAxis;
  /** Number of groups of channels. Default 1. */
  readonly groups?: number;
}

/**
 * Transpose of `conv` with respect to its images: each element of `x`, shape `[items, channels, …space]`, adds a
 * multiple of a window to the result. `weight` has shape `[channels, outputs / groups, …window]`; along each spatial
 * axis the result has size `(size − 1) · stride − 2 · padding + dilation · (window − 1) + outputPadding + 1`.
 *
 * @throws DownhillError `shape` if channels, weight and groups do not fit together, `range` for an option.
 * @example
 * convTranspose([[[1, 2]]], [[[1, 10]]], { stride: 2 }).tolist(); // [[[1, 10, 2, 20]]]
 */
export function convTranspose(x: TensorLike, weight: TensorLike, options: ConvTransposeOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("convTranspose", arguments, 3);
  checkOptions("convTranspose", options, ["stride", "padding", "outputPadding", "dilation", "groups"]);
  const [images, windows, rank] = operands("convTranspose", x, weight);
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
  checkGroups("convTranspose", groups, images.shape[1]!, windows, 0);
  const each = (option: string, value: PerAxis, least: number): readonly number[] =>
    perAxis("convTranspose", option, value, rank, least);
  const strides = each("stride", stride, 1);
  const cut = each("padding", padding, 0);
  const more = each("outputPadding", outputPadding, 0);
  const rhsDilation = each("dilation", dilation, 1);
  const [channels, outputs, ...window] = windows.shape;
  // within each group inputs and outputs swap roles, and the windows are flipped
  const apart = p.reshape(windows, [groups, channels! / groups, outputs!, ...window]);
  const swapped = p.reshape(p.moveAxis(apart, 1, 2), [groups * outputs!, channels! / groups, ...window]);
  const reach = window.map((n, a) => (n - 1) * rhsDilation[a]!);
  return p.convolve(images, p.reverse(swapped, range(2, 2 + rank)), {
    strides: strides.map(() => 1),
    padding: reach.map((r, a) => [r - cut[a]!, r - cut[a]! + more[a]!] as const),
    lhsDilation: strides,
    rhsDilation,
    groups,
  });
}
