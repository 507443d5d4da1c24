import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { ArrayType } from "../../engine/ir/types.ts";
import { isIntegerIn } from "../../engine/ir/plain-number.ts";

/** One number for all spatial axes, or one per axis. */
export type PerAxis = number | readonly number[];

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
