import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import { asPartOf, expandTo } from "./promote.ts";
import { checkInteger, anyInt32 } from "../../engine/ir/plain-number.ts";

/**
 * Source of the padding: a constant (`constant`), the nearest element (`edge`), the array mirrored at its edge
 * (`reflect` without repeating the edge, `symmetric` with it), or the opposite end of the array (`wrap`).
 */
export type PadMode = "constant" | "edge" | "reflect" | "symmetric" | "wrap";
const modes: readonly PadMode[] = ["constant", "edge", "reflect", "symmetric", "wrap"];

/** Numbers of elements added before and after: one number or pair for all axes, or one pair per axis. */
export type PadWidths = number | readonly [before: number, after: number] | readonly (readonly [before: number, after: number])[]; // prettier-ignore

/** Options of `pad`. */
export interface PadOptions {
  /** Source of the padding. Default `"constant"`. */
  readonly mode?: PadMode;
  /** Constant for mode `"constant"`. Default 0. */
  readonly value?: TensorLike;
}

/**
 * x with elements added before and after it along each axis: one `[before, after]` per axis, one for all axes, or one
 * number. A negative width removes elements. The padding is 0 by default.
 * @throws DownhillError `shape` for widths that do not fit, `range` for an array that is too short to be mirrored.
 * @example
 * pad([1, 2, 3], [[1, 2]]);                        // f64[6] [0, 1, 2, 3, 0, 0]
 * pad([1, 2, 3], 2, { mode: "reflect" });          // f64[7] [3, 2, 1, 2, 3, 2, 1]
 * pad([1, 2, 3], [0, 1], { value: 9 });            // f64[4] [1, 2, 3, 9]
 */
export function pad(x: TensorLike, widths: PadWidths, options: PadOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("pad", arguments, 3);
  checkOptions("pad", options, ["mode", "value"]);
  const { mode = "constant", value } = options;
  checkChoice("pad", "mode", mode, modes);
  const t = p.asTensor(x, "pad");
  const pairs = widthsOf(widths, t);
  if (mode !== "constant") {
    if (value !== undefined)
      throw new DownhillError("option", `pad: mode ${JSON.stringify(mode)} does not take a value.`);
    return pairs.reduce((y, [before, after], axis) => around(y, axis, before, after, mode), t);
  }
  const low = pairs.map(([before]) => before);
  const high = pairs.map(([, after]) => after);
  const interior = low.map(() => 0);
  if (value === undefined) return withinEdges(p.pad, t, low, high, interior);
  const outside = asPartOf("pad", t, value);
  if (outside.ndim > 0)
    throw new DownhillError("shape", `pad: the value is ${showType(outside.type)}; it must be a number.`);
  const inside = p.full(arrayType("bool", t.type.shape), 1);
  const [isInside, out] = [inside, t].map((y) => withinEdges(p.pad, y, low, high, interior)) as [Tensor, Tensor]; // prettier-ignore
  return p.where(isInside, out, expandTo(outside, out.type.shape));
}

/** Pads by positive widths and cuts off by negative ones. */
function withinEdges(
  op: typeof p.pad,
  x: Tensor,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
): Tensor {
  const positive = (widths: readonly number[]): number[] => widths.map((n) => Math.max(0, n));
  const wide = op(x, { low: positive(low), high: positive(high), interior: [...interior] });
  return low.reduce((y, before, axis) => {
    const [from, to] = [Math.max(0, -before), wide.type.shape[axis]! + Math.min(0, high[axis]!)];
    return from === 0 && to === wide.type.shape[axis] ? y : p.part(y, axis, from, Math.max(from, to));
  }, wide);
}

function widthsOf(widths: PadWidths, x: Tensor): (readonly [number, number])[] {
  const entries: readonly unknown[] = Array.isArray(widths) ? widths : [];
  const isPair = entries.length === 2 && entries.every((n) => typeof n === "number");
  const pairs =
    typeof widths === "number"
      ? x.type.shape.map(() => [widths, widths])
      : isPair
        ? x.type.shape.map(() => entries)
        : entries;
  const fits = pairs.length === x.ndim && pairs.every((pair) => Array.isArray(pair) && pair.length === 2);
  if (!fits || (typeof widths !== "number" && !Array.isArray(widths))) {
    throw new DownhillError(
      "shape",
      `pad: the widths do not fit ${showType(x.type)}: give one [before, after] per axis, as in [[1, 2], [0, 0]], one pair for all axes, or a number.`,
    );
  }
  for (const n of pairs.flat()) checkInteger("pad", "a width", n, anyInt32);
  return pairs as (readonly [number, number])[];
}

/**
 * Returns x extended by `before` and `after` elements along an axis. These are copies of its own elements, which `mode`
 * selects.
 *
 * @throws DownhillError `range` if the axis has no elements to copy.
 */
function around(
  x: Tensor,
  axis: number,
  before: number,
  after: number,
  mode: Exclude<PadMode, "constant">,
): Tensor {
  if (before === 0 && after === 0) return x;
  const n = x.type.shape[axis]!;
  const places = range(-before, n + after);
  if (n === 0 && places.length > 0)
    throw new DownhillError("range", `pad: axis ${axis} of ${showType(x.type)} has no elements to pad with.`);
  const i = p.fromFlat(arrayType("int32", [places.length]), places.map((place) => insideOf(n, place, mode))); // prettier-ignore
  return p.take(x, i, axis);
}

/** Returns the index, 0 … n − 1, of the element that `mode` shows at a given index, which may be outside. */
function insideOf(n: number, place: number, mode: Exclude<PadMode, "constant">): number {
  switch (mode) {
    case "edge":
      return Math.min(n - 1, Math.max(0, place));
    case "wrap":
      return modulo(place, n);
    case "symmetric": {
      const turn = modulo(place, 2 * n);
      return turn < n ? turn : 2 * n - 1 - turn;
    }
    case "reflect": {
      const turn = modulo(place, Math.max(1, 2 * n - 2));
      return turn < n ? turn : 2 * n - 2 - turn;
    }
  }
}

function modulo(place: number, n: number): number {
  return ((place % n) + n) % n;
}
