import { knownNumber, readElements } from "../engine/ir/elements.ts";
import type { Tensor } from "../engine/ir/tensor.ts";
import type { ArrayType } from "../engine/ir/types.ts";
import { fromFlat } from "../engine/prims/lift.ts";
import { normalNow } from "../numeric/random/at-once.ts";
import { key } from "../numeric/random/index.ts";
import type { Shape } from "../engine/util/shape.ts";
import { sizeOf, stridesOf } from "../engine/util/shape.ts";

/** The elements of a tensor in row-major order. */
export function numbersOf(x: Tensor): number[] {
  const number = knownNumber(x); // as it is, though it be none of its dtype
  return number === undefined ? Array.from(readElements(x, "numbersOf")) : [number];
}

/** How far two numbers are apart, relative to the larger of them and 1; 0 for two NaN, ∞ where only one is finite. */
export function errorBetween(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  return Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
}

/** Whether two numbers have the same bits; all NaN count as one. */
export function sameBits(a: number, b: number): boolean {
  return Object.is(a, b);
}

export function showNumber(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

/** The index of an element as messages show it: ` [1,2]`; nothing for a scalar. */
export function showPlace(shape: Shape, flat: number): string {
  if (shape.length === 0) return "";
  return ` [${stridesOf(shape)
    .map((stride, axis) => Math.floor(flat / stride) % shape[axis]!)
    .join()}]`;
}

/** Normally distributed numbers of this type, the same for the same seed. */
export function normalLike(type: ArrayType, seed: number): Tensor {
  return fromFlat(type, normalNow(key(seed), sizeOf(type.shape)));
}

/** Σ x · y over all elements of lists of tensors, in float64. */
export function innerProduct(xs: readonly Tensor[], ys: readonly Tensor[]): number {
  let sum = 0;
  xs.forEach((x, i) => {
    const other = numbersOf(ys[i]!);
    numbersOf(x).forEach((value, j) => (sum += value * other[j]!));
  });
  return sum;
}
