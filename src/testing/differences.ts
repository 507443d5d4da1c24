import type { Tensor } from "../engine/ir/tensor.ts";
import { fromFlat } from "../engine/prims/lift.ts";
import { castNumber } from "../engine/prims/linear.ts";
import { numbersOf } from "./compare.ts";

/** A function of a flat list of tensors. */
export type ListFunction = (xs: readonly Tensor[]) => readonly Tensor[];

/**
 * Computes the derivative of every element of every result of `f` with respect to one element of one argument. It uses
 * central differences with the steps h and h/2, whose errors in h² cancel (Richardson): `(4 D(h/2) − D(h)) / 3`.
 */
export function differenceQuotient(
  f: ListFunction,
  xs: readonly Tensor[],
  argument: number,
  element: number,
  step: number,
): number[][] {
  const x = xs[argument]!;
  const numbers = numbersOf(x);
  const at = (value: number): number[][] => {
    const moved = numbers.with(element, value);
    return f(xs.with(argument, fromFlat(x.type, moved))).map(numbersOf);
  };
  const central = (h: number): number[][] => {
    // the numbers that the type can represent; in float32 their distance is not exactly 2h
    const above = castNumber(x.dtype, numbers[element]! + h);
    const below = castNumber(x.dtype, numbers[element]! - h);
    const low = at(below);
    return at(above).map((out, k) => out.map((value, i) => (value - low[k]![i]!) / (above - below)));
  };
  const h = step * Math.max(1, Math.abs(numbers[element]!));
  const coarse = central(h);
  return central(h / 2).map((out, k) => out.map((fine, i) => (4 * fine - coarse[k]![i]!) / 3));
}
