import { DownhillError, showShape, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { isAtHand, numberOf, readElements } from "../../engine/ir/elements.ts";
import { plainHint, showPlain } from "../../engine/ir/plain-number.ts";
import type { AxisSelector, AxisSlice, TensorLike } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import type { Shape } from "../../engine/util/shape.ts";
import { broadcastShapes, range, sameShape, sizeOf, stridesOf } from "../../engine/util/shape.ts";
import { checkShape, expandTo, placesAlong } from "./promote.ts";

/** `size` indices along an axis, from `start` in steps of `step`. */
interface RangeIndex {
  readonly kind: "range";
  readonly start: number;
  readonly step: number;
  readonly size: number;
}
/** A single index, which removes its axis. */
interface ScalarIndex {
  readonly kind: "one";
  readonly places: Tensor; // integers []
}
/** An index array, broadcast with and used in parallel to the index arrays of other axes. */
interface BroadcastIndex {
  readonly kind: "many";
  readonly places: Tensor; // integers
}
export type AxisIndex = RangeIndex | ScalarIndex | BroadcastIndex;

/**
 * An axis of the result: a new one (`new`), the axes of the broadcast index arrays (`block`), or the axis of x with
 * this number, cut to a range.
 */
export type ResultAxis = "new" | "block" | number;

/** The parts of an array that its indices select. */
export interface Selection {
  /** One index per axis of the array. */
  readonly axes: readonly AxisIndex[];
  /** The axes of the result, in order. */
  readonly slots: readonly ResultAxis[];
  /** The shape that the index arrays broadcast to; [] if there are none. */
  readonly block: Shape;
}

/** A parsed index; `rank` is the number of axes that it covers. */
type IndexItem =
  | { readonly kind: "new" | "rest"; readonly rank: 0 }
  | { readonly kind: "range"; readonly rank: 1; readonly range: AxisSlice }
  | { readonly kind: "integers"; readonly rank: 1; readonly given: TensorLike }
  | { readonly kind: "mask"; readonly rank: number; readonly mask: Tensor };

/**
 * Parses indices like NumPy: consecutive indices apply to consecutive axes, and `"..."`, like a missing end, stands for
 * all remaining axes. If an index of another kind separates index arrays, the axes of the arrays come first in the
 * result.
 *
 * @throws DownhillError `range` for too many indices or one out of bounds, `dtype` for a value that is not an index,
 * `shape` for arrays that do not broadcast or a mask that does not fit, `trace` for a mask with traced values.
 */
export function selectPlaces(operation: string, x: Tensor, places: readonly AxisSelector[]): Selection {
  const items = places.map((place) => readPlace(operation, place));
  const rank = checkedRank(operation, x, items);
  const axes: AxisIndex[] = [];
  const slots: ResultAxis[] = [];
  let [groups, isInGroup, blockAt] = [0, false, 0];
  const whole = (count: number): void => {
    for (let i = 0; i < count; i++) {
      slots.push(axes.length);
      axes.push({ kind: "range", start: 0, step: 1, size: x.type.shape[axes.length]! });
    }
  };
  for (const item of items) {
    const isInteger = item.kind === "integers" || item.kind === "mask";
    if (isInteger && !isInGroup) {
      groups++;
      blockAt = slots.length;
    }
    isInGroup = isInteger;
    switch (item.kind) {
      case "new":
        slots.push("new");
        break;
      case "rest":
        whole(x.ndim - rank);
        break;
      case "range":
        slots.push(axes.length);
        axes.push(placesOfRange(operation, item.range, x, axes.length));
        break;
      case "integers": {
        const along = placesAlong(operation, item.given, x, axes.length);
        axes.push({ kind: along.ndim === 0 ? "one" : "many", places: along });
        break;
      }
      case "mask":
        for (const along of placesOfMask(operation, item.mask, x, axes.length))
          axes.push({ kind: "many", places: along });
        break;
    }
  }
  whole(x.ndim - axes.length);
  const arrays = axes.flatMap((along) => (along.kind === "many" ? [along.places] : []));
  if (arrays.length > 0) slots.splice(groups > 1 ? 0 : blockAt, 0, "block");
  return { axes, slots, block: blockOf(operation, arrays) };
}

/**
 * Returns the number of axes that the indices cover.
 *
 * @throws DownhillError `range` if x has fewer axes, or if `"..."` occurs twice.
 */
function checkedRank(operation: string, x: Tensor, items: readonly IndexItem[]): number {
  const rank = items.reduce((n, item) => n + item.rank, 0);
  if (rank > x.ndim) {
    throw new DownhillError(
      "range",
      `${operation}: indices for ${rank} ${rank === 1 ? "axis" : "axes"}, and ${showType(x.type)} has ${x.ndim}.`,
    );
  }
  if (items.filter(({ kind }) => kind === "rest").length > 1)
    throw new DownhillError("range", `${operation}: "..." occurs twice, so that it is ambiguous.`);
  return rank;
}

const kinds =
  'an integer, a range { start, end, step }, null for a whole axis, "new", "...", integers or a mask';

function readPlace(operation: string, place: AxisSelector): IndexItem {
  const given: unknown = place; // callers without types pass anything
  if (given === "new") return { kind: "new", rank: 0 };
  if (given === "...") return { kind: "rest", rank: 0 };
  if (given === null) return { kind: "range", rank: 1, range: {} };
  if (typeof given === "number") return { kind: "integers", rank: 1, given };
  if (given instanceof Tensor || Array.isArray(given) || ArrayBuffer.isView(given)) {
    const t = p.asTensor(given, operation);
    // a plain list is passed on unconverted, because its numbers are known
    if (t.dtype !== "bool" || t.ndim === 0) return { kind: "integers", rank: 1, given: given as TensorLike };
    return { kind: "mask", rank: t.ndim, mask: t };
  }
  if (typeof given === "object") {
    checkOptions(operation, given, ["start", "end", "step"]);
    return { kind: "range", rank: 1, range: given };
  }
  const text = typeof given === "string" ? JSON.stringify(given) : showPlain(given);
  const repair = typeof given === "boolean" ? " To choose by a condition write where(condition, x, 0)." : "";
  throw new DownhillError("dtype", `${operation}: ${text} is not an index. Give ${kinds}.${repair}`);
}

/**
 * The indices that a range selects along an axis of x, like Python's slices: bounds are clamped, and negative ones
 * count from the end.
 */
function placesOfRange(operation: string, given: AxisSlice, x: Tensor, axis: number): RangeIndex {
  const n = x.type.shape[axis]!;
  const { start, end, step = 1 } = given;
  const bounds = [start, end, step].filter((bound) => bound !== undefined);
  if (!bounds.every(Number.isInteger) || step === 0) {
    throw new DownhillError(
      "range",
      `${operation}: range ${showRange(given)} of axis ${axis} needs integers and a step other than 0.` +
        plainHint("Bounds", bounds),
    );
  }
  const [least, most] = step > 0 ? [0, n] : [-1, n - 1];
  const bound = (i: number): number => Math.min(most, Math.max(least, i < 0 ? i + n : i));
  const from = start === undefined ? (step > 0 ? least : most) : bound(start);
  const to = end === undefined ? (step > 0 ? most : least) : bound(end);
  return { kind: "range", start: from, step, size: Math.max(0, Math.ceil((to - from) / step)) };
}

function showRange(given: AxisSlice): string {
  return `{ ${Object.entries(given)
    .map(([name, bound]) => `${name}: ${showPlain(bound)}`)
    .join(", ")} }`;
}

/** The indices along each axis at which a mask is true, in row-major order. */
function placesOfMask(operation: string, mask: Tensor, x: Tensor, axis: number): Tensor[] {
  checkMask(operation, mask, x, axis);
  if (!isAtHand(mask)) {
    throw new DownhillError(
      "trace",
      `${operation}: the values of the mask ${showType(mask.type)} are not known while the function is traced, and they determine the number of ` +
        "elements. Write where(mask, x, 0), which keeps all elements, or at(x, ...nonzero(mask, { size })), which takes a fixed number.",
    );
  }
  const shape = mask.type.shape;
  return placesOfTrue(readElements(mask, operation), shape).map((along) =>
    p.fromArray(arrayType("int32", [along.length]), along),
  );
}

export function checkMask(operation: string, mask: Tensor, x: Tensor, axis: number): void {
  const covered = x.type.shape.slice(axis, axis + mask.ndim);
  if (sameShape(covered, mask.type.shape)) return;
  throw new DownhillError(
    "shape",
    `${operation}: the mask ${showType(mask.type)} must have the sizes of the axes of ${showType(x.type)} that it covers: ${showShape(covered)}, from axis ${axis} on.`,
  );
}

/** For each axis, the indices of the elements of a row-major array that are not 0. */
export function placesOfTrue(elements: ArrayLike<number>, shape: Shape): Int32Array<ArrayBuffer>[] {
  const flat: number[] = [];
  for (let i = 0; i < elements.length; i++) if (elements[i] !== 0) flat.push(i);
  return stridesOf(shape).map((stride, axis) =>
    Int32Array.from(flat, (i) => Math.floor(i / stride) % shape[axis]!),
  );
}

/**
 * Returns the length of a result that depends on values: `size` if given, else the count, which must be known.
 *
 * @throws DownhillError `trace` if it is not known, because the function is being traced.
 */
export function foundLength(operation: string, size: number | undefined, count: () => Tensor): number {
  if (size !== undefined) {
    checkShape(operation, [size]);
    return size;
  }
  const found = count();
  if (isAtHand(found)) return numberOf(found, operation);
  throw new DownhillError(
    "trace",
    `${operation}: the length of the result depends on values, which are not known while the function is traced. Give the length, as in { size: 10 }.`,
  );
}

function blockOf(operation: string, arrays: readonly Tensor[]): Shape {
  const block = broadcastShapes(...arrays.map((t) => t.type.shape));
  if (block !== undefined) return block;
  throw new DownhillError(
    "shape",
    `${operation}: indices ${arrays.map((t) => showType(t.type)).join(" and ")} do not broadcast to one shape. To combine each of some rows with all of ` +
      "some columns, give the first an extra axis, as in at(x, [[0], [2]], [1, 3]).",
  );
}

export function isWhole(along: AxisIndex, n: number): boolean {
  return along.kind === "range" && along.start === 0 && along.step === 1 && along.size === n;
}

/** The numbers of the axes of the array whose range has a negative step. */
export function backwards(axes: readonly AxisIndex[]): number[] {
  return axes.flatMap((along, axis) => (along.kind === "range" && along.step < 0 ? [axis] : []));
}

/** Returns the axes of a result without the new ones. */
export function withoutNew(slots: readonly ResultAxis[]): ResultAxis[] {
  return slots.filter((slot) => slot !== "new");
}

/**
 * Returns the sizes of the axes of the result that one entry of `Selection.slots` stands for: one size for a new axis
 * or a range. The index arrays have the sizes of their common shape.
 */
function sizesOf({ axes, block }: Selection, slot: ResultAxis): Shape {
  if (slot === "new") return [1];
  if (slot === "block") return block;
  const along = axes[slot]!;
  return along.kind === "range" ? [along.size] : [];
}

/** Returns the shape of the result of a selection. */
export function selectedShape(selection: Selection): number[] {
  return selection.slots.flatMap((slot) => sizesOf(selection, slot));
}

/** An array whose axes are in the order of the slots `from`, permuted to the order of the slots `to`. */
export function arranged(
  x: Tensor,
  selection: Selection,
  from: readonly ResultAxis[],
  to: readonly ResultAxis[],
): Tensor {
  const first = new Map<ResultAxis, number>();
  let count = 0;
  for (const slot of from) {
    first.set(slot, count);
    count += sizesOf(selection, slot).length;
  }
  const order = to.flatMap((slot) => sizesOf(selection, slot).map((_, i) => first.get(slot)! + i));
  return order.every((axis, i) => axis === i) ? x : p.permute(x, order);
}

/** Adjacent axes of an array treated as one, with the indices along it. */
export interface AxisSpan {
  /** The first of the axes, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Indices along the merged axis, in the shape of the slots of the axes. */
  readonly places: Tensor;
  readonly slots: readonly ResultAxis[];
}

/** The axes `from` to `to` (exclusive) merged into one, with row-major indices along it. */
export function spanOf(x: Tensor, selection: Selection, from: number, to: number): AxisSpan {
  const { axes, block } = selection;
  const covered = range(from, to);
  const ranges = covered.filter((axis) => axes[axis]!.kind === "range");
  const isBlock = covered.some((axis) => axes[axis]!.kind === "many");
  const slots = [...(isBlock ? (["block"] as const) : []), ...ranges];
  const lead = isBlock ? block.length : 0;
  const shape = slots.flatMap((slot) => sizesOf(selection, slot));
  const type = arrayType("int32", shape);
  const sizes = x.type.shape.slice(from, to);
  const strides = stridesOf(sizes);
  const terms = covered.map((axis, i) => {
    const along = axes[axis]!;
    const stride = strides[i]!;
    if (along.kind === "range") {
      const numbers = p.scale(p.iota("int32", shape, lead + ranges.indexOf(axis)), along.step * stride);
      return p.add(numbers, p.full(type, along.start * stride));
    }
    if (covered.length === 1) return along.places; // unchanged: the primitive that uses them counts from the end and clamps
    const places = p.scale(p.placeWithin(along.places, sizes[i]!), stride);
    return p.broadcast(expandTo(places, isBlock ? block : []), shape, range(0, lead));
  });
  return { from, to, places: terms.reduce(p.add), slots };
}

/** x with the axes of a span merged into one, which is axis `from`. */
export function withSpan(x: Tensor, { from, to }: AxisSpan): Tensor {
  const { shape } = x.type;
  return p.reshape(x, [...shape.slice(0, from), sizeOf(shape.slice(from, to)), ...shape.slice(to)]);
}
