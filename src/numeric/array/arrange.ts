import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import type { Shape } from "../../engine/util/shape.ts";
import { broadcastShapes as joinShapes, range, sameShape, sizeOf } from "../../engine/util/shape.ts";
import { alongAxis, checkShape, expandTo, normalizeAxis } from "./promote.ts";
import { concatenate } from "./shape.ts";
import { checkInteger, anyInt32 } from "../../engine/ir/plain-number.ts";
import { largestOf } from "../../engine/util/append.ts";

type NumberOrList = number | readonly number[];
const listOf = (given: NumberOrList): readonly number[] => (typeof given === "number" ? [given] : given);

/**
 * x with some axes moved to other positions; the remaining axes keep their order.
 * @throws DownhillError `range` for axes out of range, repeated axes, or lists of different lengths.
 * @example
 * moveaxis(zeros([2, 3, 4]), 0, -1).shape; // [3, 4, 2]
 */
export function moveaxis(x: TensorLike, from: NumberOrList, to: NumberOrList): Tensor {
  if (arguments.length > 3) refuseExtra("moveaxis", arguments, 3);
  const t = p.asTensor(x, "moveaxis");
  const [source, target] = [from, to].map((axes) =>
    listOf(axes).map((axis) => normalizeAxis("moveaxis", axis, t.type)),
  ) as [number[], number[]];
  const isTwice = [source, target].some((axes) => new Set(axes).size !== axes.length);
  if (source.length !== target.length || isTwice) {
    throw new DownhillError(
      "range",
      `moveaxis: axes [${source.join()}] cannot go to [${target.join()}]: both lists must have the same length and no repeated axis.`,
    );
  }
  const order = range(0, t.ndim).filter((axis) => !source.includes(axis));
  const places = target.map((place, i) => [place, source[i]!] as const).sort(([a], [b]) => a - b);
  for (const [place, axis] of places) order.splice(place, 0, axis);
  return p.permute(t, order);
}

/** x with two axes swapped. */
export function swapaxes(x: TensorLike, first: number, second: number): Tensor {
  if (arguments.length > 3) refuseExtra("swapaxes", arguments, 3);
  const t = p.asTensor(x, "swapaxes");
  const [a, b] = [first, second].map((axis) => normalizeAxis("swapaxes", axis, t.type)) as [number, number];
  return p.permute(t, range(0, t.ndim).map((axis) => (axis === a ? b : axis === b ? a : axis))); // prettier-ignore
}

/** x with its last two axes swapped: the transpose of each matrix. */
export function matrixTranspose(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("matrixTranspose", arguments, 1);
  const t = p.asTensor(x, "matrixTranspose");
  if (t.ndim < 2)
    throw new DownhillError(
      "shape",
      `matrixTranspose: ${showType(t.type)} is not a matrix: it has ${t.ndim} axes.`,
    );
  return p.permute(t, [...range(0, t.ndim - 2), t.ndim - 1, t.ndim - 2]);
}

/** Options of `repeat`. */
export interface RepeatOptions {
  /** Axis to repeat along. Default: all axes flattened into one. */
  readonly axis?: number;
}

/**
 * Repeats each element along an axis `count` times in a row. A list gives one count per element.
 * @throws DownhillError `range` for counts that are not integers ≥ 0, `shape` for a list whose length differs from the
 * axis.
 * @example
 * repeat([1, 2], 2);      // f64[4] [1, 1, 2, 2]
 * repeat([1, 2], [3, 1]); // f64[4] [1, 1, 1, 2]
 */
export function repeat(x: TensorLike, count: NumberOrList, options: RepeatOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("repeat", arguments, 3);
  checkOptions("repeat", options, ["axis"]);
  for (const n of listOf(count)) checkInteger("repeat", "a count", n);
  const [t, axis] = alongAxis("repeat", p.asTensor(x, "repeat"), options.axis);
  const { shape } = t.type;
  if (typeof count === "number") {
    const wide = [...shape.slice(0, axis + 1), count, ...shape.slice(axis + 1)];
    const kept = range(0, wide.length).filter((i) => i !== axis + 1);
    return p.reshape(p.broadcast(t, wide, kept), shape.with(axis, shape[axis]! * count));
  }
  if (count.length !== shape[axis]) {
    throw new DownhillError(
      "shape",
      `repeat: ${count.length} counts for axis ${axis} of ${showType(t.type)}, which has size ${shape[axis]!}.`,
    );
  }
  const places = count.flatMap((n, i) => new Array<number>(n).fill(i));
  return p.take(t, p.fromFlat(arrayType("int32", [places.length]), places), axis);
}

/**
 * x repeated as a whole along its last axes, `counts[i]` times along axis i; a single number applies to the last axis.
 *
 * @example
 * tile([1, 2], 2);                // f64[4] [1, 2, 1, 2]
 * tile([1, 2], [2, 1]).tolist();  // [[1, 2], [1, 2]]
 */
export function tile(x: TensorLike, counts: NumberOrList): Tensor {
  if (arguments.length > 2) refuseExtra("tile", arguments, 2);
  const given = listOf(counts);
  for (const n of given) checkInteger("tile", "a count", n);
  const t = p.asTensor(x, "tile");
  const rank = Math.max(t.ndim, given.length);
  const shape = [...new Array<number>(rank - t.ndim).fill(1), ...t.type.shape];
  const times = [...new Array<number>(rank - given.length).fill(1), ...given];
  const wide = shape.flatMap((n, i) => [times[i]!, n]);
  const kept = range(0, rank).map((i) => 2 * i + 1);
  return p.reshape(p.broadcast(p.reshape(t, shape), wide, kept), shape.map((n, i) => n * times[i]!)); // prettier-ignore
}

/** Options of `roll`. */
export interface RollOptions {
  /** Axis, or one axis per shift. Default: all axes flattened into one. */
  readonly axis?: NumberOrList;
}

/**
 * x with its elements shifted cyclically along axes: elements shifted past the end re-enter at the beginning.
 *
 * @example
 * roll([1, 2, 3, 4], 1); // f64[4] [4, 1, 2, 3]
 */
export function roll(x: TensorLike, shift: NumberOrList, options: RollOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("roll", arguments, 3);
  checkOptions("roll", options, ["axis"]);
  const t = p.asTensor(x, "roll");
  const shifts = listOf(shift);
  for (const by of shifts) checkInteger("roll", "a shift", by, anyInt32);
  if (options.axis === undefined) {
    const [flat] = alongAxis("roll", t, undefined);
    return p.reshape(shifts.reduce((y, by) => rolled(y, by, 0), flat), t.type.shape); // prettier-ignore
  }
  const axes = listOf(options.axis).map((axis) => normalizeAxis("roll", axis, t.type));
  const n = Math.max(shifts.length, axes.length);
  if ([shifts, axes].some((list) => list.length !== n && list.length !== 1)) {
    throw new DownhillError("range", `roll: ${shifts.length} shifts for ${axes.length} axes.`);
  }
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i]!;
  return range(0, n).reduce((y, i) => rolled(y, at(shifts, i), at(axes, i)), t);
}

function rolled(x: Tensor, by: number, axis: number): Tensor {
  const n = x.type.shape[axis]!;
  if (n === 0 || by % n === 0) return x;
  const seam = ((-by % n) + n) % n;
  return p.concatenate([p.part(x, axis, seam, n), p.part(x, axis, 0, seam)], axis);
}

/** Options of the functions that split an array. */
export interface SplitOptions {
  /** Axis to split along. Default the first. */
  readonly axis?: number;
}

/**
 * Splits x along an axis: into the given number of equal parts, or before each index of a list.
 * @throws DownhillError `shape` if the axis cannot be divided into equal parts (see `arraySplit`).
 * @example
 * split([1, 2, 3, 4], 2).map(String);      // ["[1, 2]", "[3, 4]"]
 * split([1, 2, 3, 4], [1, 3]).map(String); // ["[1]", "[2, 3]", "[4]"]
 */
export function split(x: TensorLike, parts: NumberOrList, options: SplitOptions = {}): Tensor[] {
  if (arguments.length > 3) refuseExtra("split", arguments, 3);
  checkOptions("split", options, ["axis"]);
  return cut("split", x, parts, options.axis ?? 0, true);
}

/** Like `split`, but sizes may differ: if the axis does not divide evenly, the first parts are one longer. */
export function arraySplit(x: TensorLike, parts: NumberOrList, options: SplitOptions = {}): Tensor[] {
  if (arguments.length > 3) refuseExtra("arraySplit", arguments, 3);
  checkOptions("arraySplit", options, ["axis"]);
  return cut("arraySplit", x, parts, options.axis ?? 0, false);
}

/** `split` along the second axis; along the only axis for vectors. */
export function hsplit(x: TensorLike, parts: NumberOrList): Tensor[] {
  if (arguments.length > 2) refuseExtra("hsplit", arguments, 2);
  return cut("hsplit", x, parts, p.asTensor(x, "hsplit").ndim === 1 ? 0 : 1, true);
}

/** `split` along the first axis. */
export function vsplit(x: TensorLike, parts: NumberOrList): Tensor[] {
  if (arguments.length > 2) refuseExtra("vsplit", arguments, 2);
  return cut("vsplit", x, parts, 0, true);
}

/** `split` along the third axis. */
export function dsplit(x: TensorLike, parts: NumberOrList): Tensor[] {
  if (arguments.length > 2) refuseExtra("dsplit", arguments, 2);
  return cut("dsplit", x, parts, 2, true);
}

function cut(operation: string, x: TensorLike, parts: NumberOrList, axis: number, evenly: boolean): Tensor[] {
  const t = p.asTensor(x, operation);
  const along = normalizeAxis(operation, axis, t.type);
  const n = t.type.shape[along]!;
  const place = (at: number): number => Math.min(n, Math.max(0, at < 0 ? at + n : at));
  let places: readonly number[];
  if (typeof parts === "number") {
    checkInteger(operation, "the number of parts", parts, { from: 1 });
    if (evenly && n % parts !== 0) {
      throw new DownhillError(
        "shape",
        `${operation}: axis ${along} of ${showType(t.type)} cannot be cut into ${parts} equal parts. arraySplit allows parts of different sizes.`,
      );
    }
    const [size, longer] = [Math.floor(n / parts), n % parts];
    places = range(1, parts).map((i) => i * size + Math.min(i, longer));
  } else {
    for (const at of parts) checkInteger(operation, "an index", at, anyInt32);
    places = parts.map(place);
  }
  const bounds = [0, ...places, n];
  const sizes = bounds.slice(1).map((to, i) => to - bounds[i]!);
  if (sizes.every((size) => size >= 0)) return p.split(t, along, sizes);
  return sizes.map((size, i) => p.part(t, along, bounds[i]!, bounds[i]! + Math.max(0, size))); // indices may also decrease
}

/** The items of x along an axis (default the first), without that axis. */
export function unstack(x: TensorLike, options: SplitOptions = {}): Tensor[] {
  if (arguments.length > 2) refuseExtra("unstack", arguments, 2);
  checkOptions("unstack", options, ["axis"]);
  const t = p.asTensor(x, "unstack");
  const axis = normalizeAxis("unstack", options.axis ?? 0, t.type);
  const { shape } = t.type;
  const items = p.split(t, axis, new Array<number>(shape[axis]!).fill(1));
  return items.map((item) => p.reshape(item, shape.toSpliced(axis, 1)));
}

function withAxes(x: Tensor, least: number): Tensor {
  const { shape } = x.type;
  if (shape.length >= least) return x;
  if (least < 3) return p.reshape(x, [...new Array<number>(least - shape.length).fill(1), ...shape]);
  return p.reshape(
    x,
    shape.length === 0 ? [1, 1, 1] : shape.length === 1 ? [1, shape[0]!, 1] : [...shape, 1],
  );
}

/** x with at least one axis: a scalar becomes a vector of length 1. */
export function atleast1d(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("atleast1d", arguments, 1);
  return withAxes(p.asTensor(x, "atleast1d"), 1);
}

/** x with at least two axes: a vector becomes a matrix of one row. */
export function atleast2d(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("atleast2d", arguments, 1);
  return withAxes(p.asTensor(x, "atleast2d"), 2);
}

/**
 * x with at least three axes, like NumPy: a vector of length n gets shape `[1, n, 1]`, a matrix gets a last axis of
 * size 1.
 */
export function atleast3d(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("atleast3d", arguments, 1);
  return withAxes(p.asTensor(x, "atleast3d"), 3);
}

/** The tensors of a list of arrays, or the items of one array along its first axis. */
function itemsOf(operation: string, xs: readonly TensorLike[] | Tensor): readonly Tensor[] {
  if (xs instanceof Tensor) return unstack(xs);
  if (!Array.isArray(xs))
    throw new DownhillError(
      "shape",
      `${operation}: the arrays must be one list, as in ${operation}([x, y]).`,
    );
  return (xs as readonly TensorLike[]).map((x) => p.asTensor(x, operation));
}

/** Concatenates arrays along their second axis; vectors and scalars along their only axis. */
export function hstack(xs: readonly TensorLike[] | Tensor): Tensor {
  if (arguments.length > 1) refuseExtra("hstack", arguments, 1);
  const wide = itemsOf("hstack", xs).map((x) => withAxes(x, 1));
  return concatenate(wide, { axis: wide[0]?.ndim === 1 ? 0 : 1 });
}

/** Concatenates arrays along their first axis; vectors count as rows. */
export function vstack(xs: readonly TensorLike[] | Tensor): Tensor {
  if (arguments.length > 1) refuseExtra("vstack", arguments, 1);
  return concatenate(itemsOf("vstack", xs).map((x) => withAxes(x, 2)));
}

/** Concatenates arrays along their third axis; vectors and matrices get one. */
export function dstack(xs: readonly TensorLike[] | Tensor): Tensor {
  if (arguments.length > 1) refuseExtra("dstack", arguments, 1);
  return concatenate(itemsOf("dstack", xs).map((x) => withAxes(x, 3)), { axis: 2 }); // prettier-ignore
}

/** Concatenates vectors as columns, and matrices side by side, into one matrix. */
export function columnStack(xs: readonly TensorLike[] | Tensor): Tensor {
  if (arguments.length > 1) refuseExtra("columnStack", arguments, 1);
  const columns = itemsOf("columnStack", xs).map((x) =>
    x.ndim < 2 ? p.reshape(x, [sizeOf(x.type.shape), 1]) : x,
  );
  return concatenate(columns, { axis: 1 });
}

/** An array, or a nested list of arrays, as `block` takes it. */
export type Blocks = TensorLike | readonly Blocks[];

/**
 * Assembles an array from nested lists of blocks: the innermost lists are joined along the last axis, the next level
 * along the last axis but one, and so on. Blocks with too few axes get leading axes of size 1.
 *
 * @example
 * block([[eye(1), zeros([1, 2])], [ones([1, 3])]]).tolist(); // [[1, 0, 0], [1, 1, 1]]
 */
export function block(blocks: Blocks): Tensor {
  if (arguments.length > 1) refuseExtra("block", arguments, 1);
  const isList = (given: Blocks): given is readonly Blocks[] => Array.isArray(given);
  const depthOf = (given: Blocks): number => (isList(given) ? 1 + largestOf(0, given.map(depthOf)) : 0);
  const leaves = (given: Blocks): Tensor[] =>
    isList(given) ? given.flatMap(leaves) : [p.asTensor(given, "block")];
  const depth = depthOf(blocks);
  const rank = largestOf(
    depth,
    leaves(blocks).map((x) => x.ndim),
  );
  const join = (given: Blocks, level: number): Tensor => {
    if (!isList(given)) {
      const t = p.asTensor(given, "block");
      return p.reshape(t, [...new Array<number>(rank - t.ndim).fill(1), ...t.type.shape]);
    }
    return concatenate(given.map((part) => join(part, level + 1)), { axis: rank - depth + level }); // prettier-ignore
  };
  return join(blocks, 0);
}

/** Options of `append`, `remove` and `insert`. */
export interface AlongOptions {
  /** Axis to work along. Default: all axes flattened into one. */
  readonly axis?: number;
}

/** x followed by values along an axis. */
export function append(x: TensorLike, values: TensorLike, options: AlongOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("append", arguments, 3);
  checkOptions("append", options, ["axis"]);
  const [t, axis] = alongAxis("append", p.asTensor(x, "append"), options.axis);
  const [more] = alongAxis("append", p.asTensor(values, "append"), options.axis);
  return concatenate([t, more], { axis });
}

function placesOf(operation: string, places: NumberOrList, n: number, last: number): number[] {
  return listOf(places).map((place) => {
    checkInteger(operation, "an index", place, anyInt32);
    if (place < -n || place > last)
      throw new DownhillError(
        "range",
        `${operation}: index ${place} is out of range for an axis of size ${n}.`,
      );
    return place < 0 ? place + n : place;
  });
}

/** x without the items at the given indices along an axis: NumPy's `delete`, which is a reserved word in JavaScript. */
export function remove(x: TensorLike, places: NumberOrList, options: AlongOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("remove", arguments, 3);
  checkOptions("remove", options, ["axis"]);
  const [t, axis] = alongAxis("remove", p.asTensor(x, "remove"), options.axis);
  const n = t.type.shape[axis]!;
  const left = new Set(placesOf("remove", places, n, n - 1));
  const kept = range(0, n).filter((i) => !left.has(i));
  return p.take(t, p.fromFlat(arrayType("int32", [kept.length]), kept), axis);
}

/** x with values inserted before the given indices along an axis: one value per index, or one value for all of them. */
export function insert(
  x: TensorLike,
  places: NumberOrList,
  values: TensorLike,
  options: AlongOptions = {},
): Tensor {
  if (arguments.length > 4) refuseExtra("insert", arguments, 4);
  checkOptions("insert", options, ["axis"]);
  const [t, axis] = alongAxis("insert", p.asTensor(x, "insert"), options.axis);
  const n = t.type.shape[axis]!;
  const before = placesOf("insert", places, n, n);
  const given = p.asTensor(values, "insert");
  const shape = t.type.shape.with(axis, before.length);
  // a single inserted row lacks the axis
  const row = typeof places === "number" && given.ndim === t.ndim - 1 && given.ndim > 0;
  const wide = row ? p.reshape(given, given.type.shape.toSpliced(axis, 0, 1)) : given;
  const inserted = expandTo(wide, fitted("insert", wide, shape));
  const order = [
    ...range(0, n).map((i) => [i + 0.5, i] as const),
    ...before.map((at, i) => [at, n + i] as const),
  ];
  const found = order.sort(([a], [b]) => a - b).map(([, i]) => i);
  const both = concatenate([t, inserted], { axis });
  return p.take(both, p.fromFlat(arrayType("int32", [found.length]), found), axis);
}

function fitted(operation: string, x: Tensor, shape: Shape): Shape {
  if (!sameShape(joinShapes(x.type.shape, shape) ?? [], shape))
    throw new DownhillError(
      "shape",
      `${operation}: values are ${showType(x.type)}; they must have shape ${showShape(shape)} or broadcast to it.`,
    );
  return shape;
}

/** Options of `rot90`. */
export interface Rot90Options {
  /** Number of quarter turns from the first of the axes towards the second. Default 1. */
  readonly k?: number;
  /** Plane of the rotation. Default the first two axes. */
  readonly axes?: readonly [number, number];
}

/**
 * x rotated by multiples of 90° in the plane of two axes.
 *
 * @example
 * rot90([[1, 2], [3, 4]]).tolist(); // [[2, 4], [1, 3]]
 */
export function rot90(x: TensorLike, options: Rot90Options = {}): Tensor {
  if (arguments.length > 2) refuseExtra("rot90", arguments, 2);
  checkOptions("rot90", options, ["k", "axes"]);
  const { k = 1, axes = [0, 1] } = options;
  checkInteger("rot90", "k", k, anyInt32);
  const t = p.asTensor(x, "rot90");
  const [a, b] = axes.map((axis) => normalizeAxis("rot90", axis, t.type)) as [number, number];
  if (a === b) throw new DownhillError("range", `rot90: axes [${axes.join()}] name the same axis twice.`);
  const exchanged = (y: Tensor): Tensor => swapaxes(y, a, b);
  const turns = ((k % 4) + 4) % 4;
  if (turns === 0) return t;
  if (turns === 2) return p.reverse(t, [a, b].sort((i, j) => i - j)); // prettier-ignore
  return turns === 1 ? exchanged(p.reverse(t, [b])) : p.reverse(exchanged(t), [b]);
}

/** x reversed along its second axis. */
export function fliplr(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("fliplr", arguments, 1);
  const t = p.asTensor(x, "fliplr");
  return p.reverse(t, [normalizeAxis("fliplr", 1, t.type)]);
}

/** x reversed along its first axis. */
export function flipud(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("flipud", arguments, 1);
  const t = p.asTensor(x, "flipud");
  return p.reverse(t, [normalizeAxis("flipud", 0, t.type)]);
}

/**
 * The shape to which arrays of these shapes broadcast.
 * @throws DownhillError `shape` if the shapes are incompatible.
 * @example
 * broadcastShapes([2, 1], [3]); // [2, 3]
 */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  for (const shape of shapes) checkShape("broadcastShapes", shape);
  const joined = joinShapes(...shapes);
  if (joined === undefined)
    throw new DownhillError(
      "shape",
      `broadcastShapes: ${shapes.map(showShape).join(" and ")} cannot be broadcast together.`,
    );
  return [...joined];
}

/** The arrays, broadcast to their common shape. */
export function broadcastArrays(...xs: readonly TensorLike[]): Tensor[] {
  const tensors = xs.map((x) => p.asTensor(x, "broadcastArrays"));
  const joined = joinShapes(...tensors.map((t) => t.type.shape));
  if (joined === undefined) {
    throw new DownhillError(
      "shape",
      `broadcastArrays: ${tensors.map((t) => showType(t.type)).join(" and ")} cannot be broadcast together.`,
    );
  }
  return tensors.map((t) => expandTo(t, joined));
}

/** Options of `meshgrid`. */
export interface MeshgridOptions {
  /** `xy` (default, like NumPy): the first vector varies along the second axis; `ij`: along the first. */
  readonly indexing?: "xy" | "ij";
}

/**
 * The coordinate arrays of a grid: one array per vector, in which the vector varies along its own axis.
 *
 * @example
 * meshgrid([[1, 2], [5]], { indexing: "ij" }).map((x) => x.tolist()); // [[[1], [2]], [[5], [5]]]
 */
export function meshgrid(xs: readonly TensorLike[], options: MeshgridOptions = {}): Tensor[] {
  if (arguments.length > 2) refuseExtra("meshgrid", arguments, 2);
  checkOptions("meshgrid", options, ["indexing"]);
  const vectors = itemsOf("meshgrid", xs).map((x) => withAxes(x, 1));
  const odd = vectors.find((x) => x.ndim !== 1);
  if (odd !== undefined) throw new DownhillError("shape", `meshgrid: ${showType(odd.type)} is not a vector.`);
  const shape = vectors.map((x) => x.shape[0]!);
  const grids = vectors.map((x, i) => p.broadcast(x, shape, [i]));
  if (options.indexing === "ij" || vectors.length < 2) return grids;
  return grids.map((grid) => swapaxes(grid, 0, 1));
}

/** x flattened, then repeated or truncated in row-major order to fill a shape; zeros if x is empty. */
export function resize(x: TensorLike, shape: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("resize", arguments, 2);
  checkShape("resize", shape);
  const [flat] = alongAxis("resize", p.asTensor(x, "resize"), undefined);
  const [n, size] = [flat.type.shape[0]!, sizeOf(shape)];
  if (n === 0) return p.zeros(arrayType(flat.dtype, shape));
  const times = Math.ceil(size / n);
  return p.reshape(p.part(tile(flat, times), 0, 0, size), [...shape]);
}
