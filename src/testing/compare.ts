import { knownNumber, readElements } from "../engine/ir/elements.ts";
import type { Tensor } from "../engine/ir/tensor.ts";
import type { ArrayType } from "../engine/ir/types.ts";
import { fromFlat } from "../engine/prims/lift.ts";
import { normalNow } from "../numeric/random/at-once.ts";
import { key } from "../numeric/random/index.ts";
import type { Shape } from "../engine/util/shape.ts";
import { sizeOf, stridesOf } from "../engine/util/shape.ts";

/** Returns the elements of a tensor in row-major order. */
export function numbersOf(x: Tensor): number[] {
  const number = knownNumber(x); // unconverted, even if it is not a number of its dtype
  return number === undefined ? Array.from(readElements(x, "numbersOf")) : [number];
}

/**
 * Returns the difference of two numbers, relative to the largest of 1, |a| and |b|. It is 0 for equal numbers and two
 * NaN, otherwise ∞ if one of them is not finite.
 */
export function errorBetween(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  return Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
}

/** True if two numbers have equal bits; all NaN count as equal. */
export function sameBits(a: number, b: number): boolean {
  return Object.is(a, b);
}

export function showNumber(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

/** Formats the index of an element for messages, as in ` [1,2]`; empty for a scalar. */
export function showPlace(shape: Shape, flat: number): string {
  if (shape.length === 0) return "";
  return ` [${stridesOf(shape)
    .map((stride, axis) => Math.floor(flat / stride) % shape[axis]!)
    .join()}]`;
}

/** Creates a tensor of this type with normally distributed numbers, which depend only on the seed. */
export function normalLike(type: ArrayType, seed: number): Tensor {
  return fromFlat(type, normalNow(key(seed), sizeOf(type.shape)));
}

/** Computes Σ x · y over all elements of lists of tensors, in float64. */
export function innerProduct(xs: readonly Tensor[], ys: readonly Tensor[]): number {
  let sum = 0;
  xs.forEach((x, i) => {
    const other = numbersOf(ys[i]!);
    numbersOf(x).forEach((value, j) => (sum += value * other[j]!));
  });
  return sum;
}
