import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { AxisSelector, Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import type { AxisIndex, Selection, ResultAxis } from "./places.ts";
import {
  arranged,
  backwards,
  isWhole,
  selectedShape,
  selectPlaces,
  spanOf,
  withoutNew,
  withSpan,
} from "./places.ts";

/**
 * The part of x selected by one index per leading axis, like NumPy's `x[…]`:
 *
 * - a number or an integer scalar: that item; the axis disappears,
 * - `{ start, end, step }`: a range, clamped to the array; a negative step runs backwards; `null`: the whole axis,
 * - `"new"`: a new axis of size 1; `"..."`: all axes that have no other index, whole,
 * - integers (a tensor, a list, an Int32Array): the items at these indices. Several index arrays are broadcast together
 *   and used in parallel; if an index of another kind separates them, their axes come first,
 * - booleans with the sizes of one or more axes: the elements where they are true. The number of these must be known,
 *   so traced masks are refused.
 *
 * Negative indices count from the end. A traced index, inside compiled functions, is truncated to an integer and
 * clamped to the array (`debug` detects it). The derivative accumulates over repeated indices.
 *
 * @throws DownhillError `range` for an index out of bounds, `dtype` for an index that is not an integer, `trace` for a
 * mask of traced values.
 * @example
 * const x = [[1, 2, 3], [4, 5, 6]];
 * at(x, 1, -1).item(); // 6
 * at(x, null, { step: -2 }).tolist(); // [ [ 3, 1 ], [ 6, 4 ] ]
 * at(x, [1, 0], [2, 0]).tolist(); // [ 6, 1 ]
 */
export function at(x: TensorLike, ...places: readonly AxisSelector[]): Tensor {
  const t = p.asTensor(x, "at");
  const [first] = places;
  if (places.length === 1 && typeof first === "number" && t.ndim > 0) return item(t, first);
  return readSelection(t, selectPlaces("at", t, places));
}

function item(x: Tensor, i: number): Tensor {
  const n = x.type.shape[0]!;
  if (!Number.isInteger(i) || i < -n || i >= n)
    throw new DownhillError(
      "range",
      `at: index ${i} is out of range for ${showType(x.type)}, whose first axis has size ${n}.`,
    );
  return p.take(x, p.full(arrayType("int32", []), i), 0);
}

/** Reads the ranges first, then single items, then index arrays; restores the order of the axes last. */
function readSelection(x: Tensor, selection: Selection): Tensor {
  const { axes, slots } = selection;
  let out = readRanges(x, selection);
  let kept = range(0, x.ndim);
  axes.forEach((along, axis) => {
    if (along.kind !== "one") return;
    out = p.take(out, along.places, kept.indexOf(axis));
    kept = kept.filter((a) => a !== axis);
  });
  const rest = kept.map((axis) => {
    const along = axes[axis]!;
    return along.kind === "range" ? { ...along, start: 0, step: 1 } : along; // ranges have been read
  });
  const [from, last] = [rest.findIndex(isMany), rest.findLastIndex(isMany)];
  let order: readonly ResultAxis[] = kept;
  if (from >= 0) {
    const span = spanOf(out, { ...selection, axes: rest }, from, last + 1);
    out = p.take(withSpan(out, span), span.places, from);
    const named = span.slots.map((slot) => (typeof slot === "number" ? kept[slot]! : slot));
    order = [...kept.slice(0, from), ...named, ...kept.slice(last + 1)];
  }
  return p.reshape(arranged(out, selection, order, withoutNew(slots)), selectedShape(selection));
}

const isMany = ({ kind }: AxisIndex): boolean => kind === "many";

/** x cut along each axis to the range of a selection. Axes with another kind of index stay whole. */
function readRanges(x: Tensor, { axes }: Selection): Tensor {
  const { shape } = x.type;
  if (axes.every((along, axis) => along.kind !== "range" || isWhole(along, shape[axis]!))) return x;
  const ranges = axes.map((along, axis) => {
    if (along.kind !== "range") return { start: 0, limit: shape[axis]!, stride: 1 };
    const { start, step, size } = along;
    if (size === 0) return { start: 0, limit: 0, stride: 1 };
    const last = start + (size - 1) * step;
    return { start: Math.min(start, last), limit: Math.max(start, last) + 1, stride: Math.abs(step) };
  });
  const out = p.slice(x, {
    starts: ranges.map(({ start }) => start),
    limits: ranges.map(({ limit }) => limit),
    strides: ranges.map(({ stride }) => stride),
  });
  return p.reverse(out, backwards(axes));
}
