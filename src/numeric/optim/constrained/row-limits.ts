import { astype } from "../../array/elementwise.ts";
import { expandTo } from "../../array/promote.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { broadcastShapes, sameShape, type Shape, sizeOf } from "../../../engine/util/shape.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { Constraint } from "./constraint.ts";
import { nameOf } from "./row-functions.ts";

/**
 * Limits of all rows. The rows are the elements of the values of all constraints, in order.
 *
 * @throws DownhillError `shape` for a limit that does not broadcast, `range` for limits that are NaN or cross.
 */
export function readRowLimits(
  operation: string,
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
): BoxBounds {
  const low = constraints.map((c, k) => limitOf(operation, nameOf(constraints, k), c.low, shapes[k]!));
  const high = constraints.map((c, k) => limitOf(operation, nameOf(constraints, k), c.high, shapes[k]!));
  low.forEach((lows, k) => {
    const wrong = lows.findIndex((value, i) => !(value <= high[k]![i]!) || value === Infinity || high[k]![i] === -Infinity); // prettier-ignore
    if (wrong < 0) return;
    const where = elementName(nameOf(constraints, k), shapes[k]!, wrong);
    throw new DownhillError(
      "range",
      `${operation}: the limits of ${where} allow no value: low is ${lows[wrong]} and high is ${high[k]![wrong]}.`,
    );
  });
  return { low: join(low), high: join(high) };
}

function limitOf(operation: string, name: string, limit: TensorLike, shape: Shape): Float64Array {
  const given = asTensor(limit, operation);
  const fits = broadcastShapes(given.shape, shape);
  if (fits === undefined || !sameShape(fits, shape))
    throw new DownhillError(
      "shape",
      `${operation}: a limit of ${name} is ${showType(given.type)}, but its values are ${showType(arrayType("float64", shape))}. ` +
        "Give one number, or numbers of a shape that broadcasts to it.",
    );
  const numbers = Float64Array.from(expandTo(astype(given, "float64"), shape).data());
  if (!numbers.some(Number.isNaN)) return numbers;
  throw new DownhillError("range", `${operation}: a limit of ${name} is NaN.`);
}

/** Name of one element of the values of a constraint, such as `budget[2]`. */
export function elementName(name: string, shape: Shape, index: number): string {
  return (
    name +
    shape.map((_, axis) => `[${Math.floor(index / sizeOf(shape.slice(axis + 1))) % shape[axis]!}]`).join("")
  );
}

function join(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Name of a row in messages: the constraint and the index of the element. */
export function rowName(constraints: readonly Constraint[], shapes: readonly Shape[], row: number): string {
  let rest = row;
  for (const [k, shape] of shapes.entries()) {
    const size = sizeOf(shape);
    if (rest < size) return elementName(nameOf(constraints, k), shape, rest);
    rest -= size;
  }
  return `row ${row}`;
}
