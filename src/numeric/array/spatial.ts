import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** One number for all spatial axes, or one per axis. */
export type PerAxis = number | readonly number[];

/** Zeros around images: none, enough to keep their size, the same number on all sides, or per spatial axis. */
export type Padding =
  "valid" | "same" | number | readonly (number | readonly [before: number, after: number])[];

/** Number of spatial axes of images `[items, channels, …space]`. */
export function spaceRank(operation: string, x: ArrayType): number {
  const rank = x.shape.length - 2;
  if (rank >= 1) return rank;
  throw new DownhillError(
    "shape",
    `${operation}: images must have shape [items, channels, …space], got ${showType(x)}. Insert axes of size 1 with expandDims.`,
  );
}

/** An option as one integer of at least `least` per spatial axis. */
export function perAxis(
  operation: string,
  option: string,
  value: PerAxis,
  rank: number,
  least: number,
): readonly number[] {
  const list: readonly number[] = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  const isList: boolean = Array.isArray(list);
  if (isList && list.length === rank && list.every((n) => isIntegerIn(n, { from: least }))) return list;
  throw new DownhillError(
    "range",
    `${operation}: ${option} must be an integer of ${least} or more, or an array of ${rank} of them, one per spatial axis; got ${JSON.stringify(value)}.`,
  );
}

/**
 * Padding before and after each of the axes of sizes `space`, for windows that cover `reach` elements at distance
 * `stride`.
 */
export function paddingOf(
  operation: string,
  padding: Padding,
  space: readonly number[],
  reach: readonly number[],
  stride: readonly number[],
): (readonly [number, number])[] {
  if (padding === "valid") return space.map(() => [0, 0]);
  if (padding === "same") {
    return space.map((n, a) => {
      const total = Math.max(0, (Math.ceil(n / stride[a]!) - 1) * stride[a]! + reach[a]! - n);
      const before = Math.floor(total / 2);
      return [before, total - before];
    });
  }
  type Entries = readonly (number | readonly [number, number])[];
  const list: Entries = typeof padding === "number" ? space.map(() => padding) : padding;
  const isList: boolean = Array.isArray(list);
  const isSize = (n: unknown): boolean => isIntegerIn(n);
  if (isList && list.length === space.length) {
    const pairs = list.map((entry): readonly [number, number] =>
      typeof entry === "number" ? [entry, entry] : entry,
    );
    if (pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isSize))) return pairs;
  }
  throw new DownhillError(
    "range",
    `${operation}: padding must be "valid", "same", a number of zeros, or for each of ${space.length} axes of space a number or [before, after]; got ${JSON.stringify(padding)}.`,
  );
}
