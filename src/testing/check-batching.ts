import { DownhillError, showType } from "../engine/errors/index.ts";
import type { Tensor } from "../engine/ir/tensor.ts";
import { isFloating, withShape } from "../engine/ir/types.ts";
import { fromFlat } from "../engine/prims/lift.ts";
import { vmap } from "../engine/transforms/index.ts";
import { sizeOf } from "../engine/util/shape.ts";
import { errorBetween, numbersOf, showPlace } from "./compare.ts";
import type { ListFunction } from "./differences.ts";

/** Number of items per batch. */
const batchSize = 3;

/**
 * Checks that `vmap` of a function gives the same results as the function applied item by item. The batch is first in
 * one operand at a time, for the first `alone` operands, and then in all operands. Returns the number of compared
 * numbers and their largest difference, relative to max(1, |number|).
 *
 * @throws DownhillError `check`
 */
export function checkBatching(
  where: string,
  f: ListFunction,
  xs: readonly Tensor[],
  alone: number = xs.length,
): { readonly comparisons: number; readonly worst: number } {
  let comparisons = 0;
  let worst = 0;
  for (const mask of masks(xs.length, alone)) {
    const items = Array.from({ length: batchSize }, (_, b) =>
      xs.map((x, i) => (mask[i] === true ? vary(x, b) : x)),
    );
    const stacked = xs.map((x, i) => (mask[i] === true ? stackItems(items.map((item) => item[i]!)) : x));
    const inAxes = mask.map((m) => (m ? 0 : null));
    const outs = vmap((...ys: Tensor[]) => f(ys) as Tensor[], { inAxes })(...stacked);
    const oneByOne = items.map((item) => f(item));
    outs.forEach((out, k) => {
      const type = oneByOne[0]![k]!.type;
      const expectedType = withShape(type, [batchSize, ...type.shape]);
      const operands = mask.flatMap((m, i) => (m ? [i] : [])).join(" and ");
      const what = `${where}, over a batch in operand ${operands}`;
      if (showType(out.type) !== showType(expectedType)) {
        throw new DownhillError(
          "check",
          `${what}: result ${k} is ${showType(out.type)}, expected ${showType(expectedType)}.`,
        );
      }
      const tolerance = { float64: 1e-12, float32: 1e-5, int32: 0, uint32: 0, bool: 0 }[out.dtype];
      const expected = oneByOne.flatMap((results) => numbersOf(results[k]!));
      numbersOf(out).forEach((value, n) => {
        comparisons++;
        const error = errorBetween(expected[n]!, value);
        worst = Math.max(worst, error);
        if (error > tolerance) {
          const place = showPlace(out.shape, n);
          throw new DownhillError(
            "check",
            `${what}: result ${k}${place} of ${showType(out.type)} is ${value}, but ${expected[n]!} item by item.`,
          );
        }
      });
    });
  }
  return { comparisons, worst };
}

/**
 * Returns lists of `n` booleans, true for the operands that get a batch: each of the first `first` operands alone, then
 * all operands together if there are several.
 */
function masks(n: number, first: number): boolean[][] {
  const alone = Array.from({ length: first }, (_, i) => Array.from({ length: n }, (_, j) => i === j));
  return n > 1 ? [...alone, new Array<boolean>(n).fill(true)] : alone;
}

/**
 * Returns item `b` of a batch derived from the sample `x`. Item 0 equals the sample; the others are close to it, so
 * that they stay in the domain of the function.
 */
function vary(x: Tensor, b: number): Tensor {
  const numbers = numbersOf(x);
  const n = numbers.length;
  return fromFlat(
    x.type,
    numbers.map((value, i) => {
      if (x.dtype === "bool") return b % 2 === 0 ? value : 1 - value;
      if (!isFloating(x.dtype)) return numbers[(i + b) % n]! + (n === 1 ? b : 0);
      return value * (1 - b / 64);
    }),
  );
}

function stackItems(items: readonly Tensor[]): Tensor {
  const { type } = items[0]!;
  const all = new Float64Array(items.length * sizeOf(type.shape));
  items.forEach((item, b) => all.set(numbersOf(item), b * sizeOf(type.shape)));
  return fromFlat(withShape(type, [items.length, ...type.shape]), all);
}
