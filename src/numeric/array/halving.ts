import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType, isFloating } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { matchOperands } from "./promote.ts";

/**
 * Index at which each value would be inserted into a sorted vector, as int32: before equal elements for side `left`,
 * after them for `right`. NaN counts as the largest number.
 */
export function search(
  operation: string,
  sorted: TensorLike,
  values: TensorLike,
  side: "left" | "right",
): Tensor {
  const vector = p.asTensor(sorted, operation);
  if (vector.ndim !== 1) {
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(vector.type)} must be a vector in ascending order.`,
    );
  }
  const n = vector.type.shape[0]!;
  const wanted = p.asTensor(values, operation);
  const { shape } = wanted.type;
  const type = arrayType("int32", shape);
  let place = p.zeros(type);
  if (n === 0) return place;
  for (let step = 2 ** Math.floor(Math.log2(n)); step >= 1; step /= 2) {
    const next = p.add(place, p.full(type, step));
    const within = p.minimum(p.sub(next, p.full(type, 1)), p.full(type, n - 1));
    const [there, value] = matchOperands(operation, p.take(vector, within, 0), wanted);
    const isPassed = side === "left" ? isBefore(there, value) : p.equal(isBefore(value, there), no(shape));
    place = p.where(p.both(p.lessEqual(next, p.full(type, n)), isPassed), next, place);
  }
  return place;
}

const no = (shape: readonly number[]): Tensor => p.zeros(arrayType("bool", shape));

/** x < y, where NaN counts as larger than all numbers. */
function isBefore(x: Tensor, y: Tensor): Tensor {
  const isLess = p.less(x, y);
  return isFloating(x.dtype) ? p.either(isLess, p.both(p.equal(x, x), p.notEqual(y, y))) : isLess;
}
