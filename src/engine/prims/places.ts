import { DownhillError, showType } from "../errors/index.ts";
import type { ArrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";

/**
 * Normalises an index along an axis of length n: negative indices count from the end, and indices out of range are
 * clamped.
 */
export function clampedPlace(place: Expr, n: number): Expr {
  if (place.type === "u32") return k.convert("i32", k.min(place, k.constant("u32", n - 1)));
  const fromEnd = k.select(k.lt(place, k.i32(0)), k.add(place, k.i32(n)), place);
  return k.min(k.max(fromEnd, k.i32(0)), k.i32(n - 1));
}

export function requireIndices(name: string, indices: ArrayType): void {
  if (indices.dtype !== "int32" && indices.dtype !== "uint32") {
    throw new DownhillError(
      "dtype",
      `${name}: indices are ${showType(indices)}, not integers. Convert them with astype("int32").`,
    );
  }
}
