import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import type { BooleanLike, AxisSelector, TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes, range, sameShape, sizeOf } from "../../engine/util/shape.ts";
import { multiplyOneByOne } from "./multiply-at.ts";
import type { AxisIndex, Selection, ResultAxis } from "./places.ts";
import {
  arranged,
  backwards,
  checkMask,
  isWhole,
  selectedShape,
  selectPlaces,
  spanOf,
  withoutNew,
  withSpan,
} from "./places.ts";
import { asPartOf, expandTo } from "./promote.ts";

/** An indexed update: how old elements and new values are combined, and how the results are written. */
interface IndexedUpdate {
  combine(old: Tensor, update: Tensor): Tensor;
  /** Updates the block that begins at `starts`. */
  block(x: Tensor, update: Tensor, starts: Tensor): Tensor;
  /** Applies updates at indices along an axis; `isUnique` is true if no index repeats. */
  scatter(x: Tensor, places: Tensor, updates: Tensor, axis: number, isUnique: boolean): Tensor;
}

/**
 * An update that reads the old elements, combines and writes back if no index repeats; for repeated indices it uses
 * `repeated`.
 */
function byReading(combine: IndexedUpdate["combine"], repeated: typeof p.scatterAdd): IndexedUpdate {
  return {
    combine,
    block(x, update, starts) {
      const old = p.dynamicSlice(x, starts, update.type.shape);
      return p.dynamicUpdate(x, combine(old, update), starts);
    },
    scatter(x, places, updates, axis, isUnique) {
      if (!isUnique) return repeated(x, places, updates, axis);
      return p.scatterSet(x, places, combine(p.take(x, places, axis), updates), axis, true);
    },
  };
}

const setting: IndexedUpdate = {
  combine: (_, update) => update,
  block: p.dynamicUpdate,
  scatter: p.scatterSet,
};
const adding: IndexedUpdate = {
  combine: p.add,
  block: p.dynamicAdd,
  scatter: (x, places, updates, axis) => p.scatterAdd(x, places, updates, axis),
};
const multiplying: IndexedUpdate = /* @__PURE__ */ byReading(p.mul, multiplyOneByOne);
const leasts: IndexedUpdate = /* @__PURE__ */ byReading(p.minimum, p.scatterMin);
const greatests: IndexedUpdate = /* @__PURE__ */ byReading(p.maximum, p.scatterMax);

/**
 * x with the elements at the given indices replaced by `values`. Indices have the forms that `at` accepts. Values have
 * the shape of the elements that `at` reads, or broadcast to it. At a repeated index the last value counts and gets the
 * derivative. Indices out of bounds are treated as in `at`.
 *
 * A mask of traced values is allowed as the only index if the values do not depend on the number of selected elements.
 *
 * @throws DownhillError as `at`; `shape` for values that do not fit, `dtype` for floats if x has integers.
 * @example
 * setAt([1, 2, 3, 4], 0, { start: 1, end: 3 }).tolist(); // [ 1, 0, 0, 4 ]
 * setAt([[1, 2], [3, 4]], 9, 1, 0).tolist(); // [ [ 1, 2 ], [ 9, 4 ] ]
 */
export function setAt(x: TensorLike, values: BooleanLike, ...places: readonly AxisSelector[]): Tensor {
  return write("setAt", setting, x, values, places);
}

/**
 * x with `values` added at the given indices; values at a repeated index accumulate. Indices and values as in `setAt`.
 *
 * @throws DownhillError as `setAt`; `dtype` for booleans.
 * @example
 * addAt([0, 0, 0], [1, 2, 4], [2, 0, 2]).tolist(); // [ 2, 0, 5 ]
 */
export function addAt(x: TensorLike, values: BooleanLike, ...places: readonly AxisSelector[]): Tensor {
  return write("addAt", adding, x, values, places);
}

/**
 * x multiplied by `values` at the given indices; an element at a repeated index is multiplied by all of its values.
 * Indices and values as in `setAt`. With index arrays it loops over the selected items.
 *
 * @throws DownhillError as `addAt`.
 * @example
 * mulAt([1, 2, 3], [10, 10, 2], [0, 2, 2]).tolist(); // [ 10, 2, 60 ]
 */
export function mulAt(x: TensorLike, values: BooleanLike, ...places: readonly AxisSelector[]): Tensor {
  return write("mulAt", multiplying, x, values, places);
}

/**
 * x with each element at the given indices replaced by the minimum of the element and the values for its index; NaN if
 * any of them is NaN. Indices and values as in `setAt`. The derivative flows to the smallest number and is shared at
 * ties, as for `min`.
 *
 * @throws DownhillError as `addAt`.
 * @example
 * minAt([5, 5, 5], [4, 3, 7], [0, 0, 2]).tolist(); // [ 3, 5, 5 ]
 */
export function minAt(x: TensorLike, values: BooleanLike, ...places: readonly AxisSelector[]): Tensor {
  return write("minAt", leasts, x, values, places);
}

/**
 * x with each element at the given indices replaced by the maximum of the element and the values for its index; NaN
 * and derivatives as for `minAt`.
 *
 * @throws DownhillError as `addAt`.
 * @example
 * maxAt([0, 0, 0], [4, 3, -7], [0, 0, 2]).tolist(); // [ 4, 0, 0 ]
 */
export function maxAt(x: TensorLike, values: BooleanLike, ...places: readonly AxisSelector[]): Tensor {
  return write("maxAt", greatests, x, values, places);
}

function write(
  operation: string,
  writer: IndexedUpdate,
  x: TensorLike,
  values: BooleanLike,
  places: readonly AxisSelector[],
): Tensor {
  const t = p.asTensor(x, operation);
  if (writer !== setting) p.requireNumbers(operation, t.type);
  const given = asPartOf(operation, t, values);
  const masked = writeMasked(operation, writer, t, given, places);
  if (masked !== undefined) return masked;
  const selection = selectPlaces(operation, t, places);
  const shape = selectedShape(selection);
  const fitted = broadcastShapes(given.type.shape, shape);
  if (fitted === undefined || !sameShape(fitted, shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: values are ${showType(given.type)}; these indices of ${showType(t.type)} select shape ${showShape(shape)}, and values must have that shape or broadcast to it.`,
    );
  }
  return writeSelection(writer, t, expandTo(given, shape), selection);
}

/**
 * Applies an update by `where`. Possible if a mask is the only index (apart from whole axes) and all selected elements
 * get equal values; then the number of selected elements does not matter. Otherwise returns undefined.
 */
function writeMasked(
  operation: string,
  { combine }: IndexedUpdate,
  x: Tensor,
  values: Tensor,
  places: readonly AxisSelector[],
): Tensor | undefined {
  const isMask = (place: AxisSelector): place is Tensor =>
    place instanceof Tensor && place.dtype === "bool" && place.ndim > 0;
  const at = places.findIndex(isMask);
  const others = places.filter((_, i) => i !== at);
  const [before, after] = [others.slice(0, at), others.slice(at)];
  if (
    at < 0 ||
    !before.every((place) => place === null) ||
    !after.every((place) => place === null || place === "...")
  )
    return undefined;
  const mask = places[at] as Tensor;
  const behind = x.type.shape.slice(at + mask.ndim);
  checkMask(operation, mask, x, at);
  if (after.length > behind.length + 1 || values.ndim > behind.length) return undefined;
  const fitted = broadcastShapes(values.type.shape, behind);
  if (fitted === undefined || !sameShape(fitted, behind)) return undefined;
  const chosen = p.broadcast(mask, x.type.shape, range(at, at + mask.ndim));
  return p.where(chosen, combine(x, expandTo(values, x.type.shape)), x);
}

/** Writes values that have the shape of the selection. */
function writeSelection(writer: IndexedUpdate, x: Tensor, values: Tensor, selection: Selection): Tensor {
  const { axes, slots } = selection;
  const { shape } = x.type;
  const isWholeAxis = axes.map((along, axis) => isWhole(along, shape[axis]!));
  const [from, to] = [isWholeAxis.indexOf(false), isWholeAxis.lastIndexOf(false) + 1];
  const old = withoutNew(slots);
  const kept = p.reshape(values, selectedShape({ ...selection, slots: old }));
  if (sizeOf(values.type.shape) === 0) return x;
  if (from < 0) return writer.combine(x, kept);
  if (axes.every(isInBlock)) {
    const sizes = axes.map((along) => (along.kind === "range" ? along.size : 1));
    const forwards = p.reverse(p.reshape(kept, sizes), backwards(axes));
    return writer.block(x, forwards, startsOf(x, axes));
  }
  const span = spanOf(x, selection, from, to);
  const whole = (first: number, last: number): ResultAxis[] => range(first, last);
  const order = [...whole(0, from), ...span.slots, ...whole(to, x.ndim)];
  const isUnique = axes.every(({ kind }) => kind !== "many") || sizeOf(selection.block) <= 1;
  const out = writer.scatter(
    withSpan(x, span),
    span.places,
    arranged(kept, selection, old, order),
    from,
    isUnique,
  );
  return p.reshape(out, shape);
}

/** True if the indices along an axis are contiguous. */
function isInBlock(along: AxisIndex): boolean {
  return along.kind === "one" || (along.kind === "range" && Math.abs(along.step) === 1);
}

/** Start, along each axis, of the block that the indices select, as an int32 vector. */
function startsOf(x: Tensor, axes: readonly AxisIndex[]): Tensor {
  const one = arrayType("int32", [1]);
  const starts = axes.map((along, axis) => {
    if (along.kind !== "range") return p.reshape(p.placeWithin(along.places, x.type.shape[axis]!), [1]);
    return p.full(one, along.step > 0 ? along.start : along.start - along.size + 1);
  });
  return p.concatenate(starts, 0);
}
