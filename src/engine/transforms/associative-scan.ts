import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import { checkFlags, checkOptions } from "../errors/options.ts";
import { showPlain } from "../ir/plain-number.ts";
import type { Tensor } from "../ir/tensor.ts";
import { sameType } from "../ir/types.ts";
import { moveAxis, part, reverse, slice } from "../prims/index-ops.ts";
import { convert } from "../prims/linear.ts";
import { concatenate } from "../prims/pieces.ts";
import { reshape } from "../prims/shape.ts";
import { leafPaths, unflatten } from "../tree/tree.ts";
import type { BooleanLike, Like, OrConstant } from "../tree/types.ts";
import { flattenArguments, matchTensors, requireFunction } from "./arguments.ts";
import { vmap } from "./vmap.ts";

export interface AssociativeScanOptions {
  /** Axis of the items in each tensor of `xs`. Default 0. */
  readonly axis?: number;
  /** Combines from the last item to the first: y_i = f(f(x_n, x_{n−1}), …, x_i). Default false. */
  readonly reverse?: boolean;
}

/** Leaves of a sequence of items. Each leaf contains all items along axis 0. */
type ItemLeaves = readonly Tensor[];

/**
 * Combines all items up to each one with an associative function: `y_0 = x_0`, `y_i = f(y_{i−1}, x_i)`. The items are
 * along an axis of `xs`, a tensor or a tree of tensors, and `f` combines two of them, without that axis. JAX's
 * `lax.associative_scan`, whose function gets many items at once.
 *
 * Applies f to fewer than 2n pairs of items, in 2 log₂ n steps that each compute many pairs by `vmap`. So it is faster
 * than `scan` if f does little per item, and in derivatives. If f is not associative, the result is unspecified.
 *
 * @throws DownhillError `shape` for xs of different lengths, or if f changes the type of an item; `range` for an axis.
 * @example
 * associativeScan((a, b) => a.mul(b), [1, 2, 3, 4]).tolist(); // [1, 2, 6, 24]
 * // y_i = a_i y_{i−1} + b_i
 * const step = (l, r) => ({ a: l.a.mul(r.a), b: l.b.mul(r.a).add(r.b) });
 * associativeScan(step, { a: [0.5, 0.5, 0.5], b: [1, 1, 1] }).b.tolist(); // [1, 1.5, 1.75]
 */
export function associativeScan(
  f: (left: Tensor, right: Tensor) => Tensor,
  xs: BooleanLike,
  options?: AssociativeScanOptions,
): Tensor;
export function associativeScan<X>(
  f: (left: X, right: X) => OrConstant<X>,
  xs: Like<X, boolean>,
  options?: AssociativeScanOptions,
): X;
export function associativeScan(
  f: (left: never, right: never) => unknown,
  xs: unknown,
  options: AssociativeScanOptions = {},
): unknown {
  if (arguments.length > 3) refuseExtra("associativeScan", arguments, 3);
  checkOptions("associativeScan", options, ["axis", "reverse"]);
  checkFlags("associativeScan", options, ["reverse"]);
  requireFunction("associativeScan", f, "associativeScan((left, right) => …, xs)");
  const { leaves, defs } = flattenArguments([xs], "associativeScan", "leaf");
  const axes = leaves.map((x) => axisOf(x, options.axis ?? 0));
  const odd = leaves.findIndex((x, i) => x.shape[axes[i]!] !== leaves[0]!.shape[axes[0]!]);
  if (odd > 0) {
    throw new DownhillError(
      "shape",
      `associativeScan: ${showType(leaves[0]!.type)} and ${showType(leaves[odd]!.type)} have ${leaves[0]!.shape[axes[0]!]} and ${leaves[odd]!.shape[axes[odd]!]} items along the axis.`,
    );
  }
  const def = defs[0]!;
  const each = (left: unknown, right: unknown): unknown => f(left as never, right as never);
  const together: (left: unknown, right: unknown) => unknown = vmap(each);
  const combine = (left: ItemLeaves, right: ItemLeaves): ItemLeaves => {
    const result = together(unflatten(def, left), unflatten(def, right));
    const found = matchTensors("associativeScan", def, result, "the combination of two items");
    return found.map((y, i) => {
      const { type } = left[i]!;
      // a result from plain numbers alone takes the type of the item
      const fitted = y.type.weak && y.dtype !== type.dtype ? convert(y, type.dtype, type.weak) : y;
      if (sameType(fitted.type, type)) return fitted;
      throw new DownhillError(
        "shape",
        `associativeScan: ${leafPaths(def, "the combination")[i] ?? "the combination"} of ${type.shape[0]} pairs is ${showType(y.type)}, but the items are ${showType(type)}; f must return an item of the same type.`,
      );
    });
  };
  if (leaves.length === 0) return xs;
  const start = leaves.map((x, i) => {
    const items = moveAxis(x, axes[i]!, 0);
    return options.reverse === true ? reverse(items, [0]) : items;
  });
  const outs = prefixes(start, combine).map((y, i) =>
    moveAxis(options.reverse === true ? reverse(y, [0]) : y, 0, axes[i]!),
  );
  return unflatten(def, outs);
}

/**
 * Combines pairs of adjacent items and scans the pairs, which yields every second result. The other results combine one
 * of these with the next item.
 */
function prefixes(
  items: ItemLeaves,
  combine: (left: ItemLeaves, right: ItemLeaves) => ItemLeaves,
): ItemLeaves {
  const n = items[0]!.shape[0]!;
  if (n < 2) return items;
  const every = (from: number, to: number): ItemLeaves => items.map((x) => everySecond(x, from, to));
  const odd = prefixes(combine(every(0, n - 1), every(1, n)), combine);
  const count = Math.floor((n - 1) / 2);
  const first = items.map((x) => part(x, 0, 0, 1));
  if (count === 0) return first.map((x, i) => concatenate([x, odd[i]!], 0));
  const even = combine(
    odd.map((x) => part(x, 0, 0, count)),
    every(2, n),
  );
  return items.map((_, i) => interleave(concatenate([first[i]!, even[i]!], 0), odd[i]!));
}

function everySecond(x: Tensor, from: number, to: number): Tensor {
  const rest = x.shape.slice(1);
  return slice(x, {
    starts: [from, ...rest.map(() => 0)],
    limits: [to, ...rest],
    strides: [2, ...rest.map(() => 1)],
  });
}

/** Interleaves the items of x and y, beginning with x, which may have one item more. */
function interleave(x: Tensor, y: Tensor): Tensor {
  const [n, m] = [x.shape[0]!, y.shape[0]!];
  const rest = x.shape.slice(1);
  const pairs = [part(x, 0, 0, m), y].map((items) => reshape(items, [m, 1, ...rest]));
  const together = reshape(concatenate(pairs, 1), [2 * m, ...rest]);
  return n === m ? together : concatenate([together, part(x, 0, m, n)], 0);
}

/** The axis counted from the front. */
function axisOf(x: Tensor, axis: number): number {
  const n = x.shape.length;
  if (Number.isInteger(axis) && axis >= -n && axis < n) return axis < 0 ? axis + n : axis;
  throw new DownhillError(
    "range",
    `associativeScan: axis ${showPlain(axis)} is out of range for ${showType(x.type)}${n === 0 ? ", which has no axis to go along" : ""}.`,
  );
}
