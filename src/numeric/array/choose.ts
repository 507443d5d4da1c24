import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { BooleanLike, Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { sizeOf, stridesOf } from "../../engine/util/shape.ts";
import { mod, floorDivide } from "./arithmetic.ts";
import { add, mul, where } from "./elementwise.ts";
import { asPlaces, checkShape, normalizeAxis } from "./promote.ts";

function sameNumber(
  operation: string,
  first: readonly unknown[],
  second: readonly unknown[],
  what: string,
): void {
  if (Array.isArray(first) && Array.isArray(second) && first.length === second.length) return;
  throw new DownhillError("shape", `${operation}: needs two lists of equal length, ${what}.`);
}

/**
 * For each element, the choice whose condition is the first to hold there, or else `otherwise`.
 * @throws DownhillError `shape` for lists of different lengths.
 * @example
 * const x = tensor([-2, 1, 5]);
 * select([less(x, 0), less(x, 3)], [0, x.mul(10)], 99); // f64[3] [0, 10, 99]
 */
export function select(
  conditions: readonly BooleanLike[],
  choices: readonly TensorLike[],
  otherwise: TensorLike = 0,
): Tensor {
  if (arguments.length > 3) refuseExtra("select", arguments, 3);
  sameNumber("select", conditions, choices, "the conditions and one choice for each");
  return conditions.reduceRight<Tensor>(
    (rest, condition, i) => where(condition, choices[i]!, rest),
    p.asTensor(otherwise, "select"),
  );
}

/** Value of `piecewise` where a condition holds: a number, or a function of x. */
export type Piece = number | ((x: Tensor) => Tensor);

/**
 * Applies different functions to different elements of x: where several conditions hold, the function of the last one;
 * where none holds, the extra function after them, or 0. All functions are computed for all of x; the derivative is
 * that of the selected one.
 * @throws DownhillError `shape` for fewer functions than conditions, or more than one extra function.
 * @example
 * piecewise([-2, 3], [less([-2, 3], 0)], [(x) => x.neg(), (x) => x.square()]); // f64[2] [2, 9]
 */
export function piecewise(
  x: TensorLike,
  conditions: readonly BooleanLike[],
  pieces: readonly Piece[],
): Tensor {
  if (arguments.length > 3) refuseExtra("piecewise", arguments, 3);
  const t = p.asTensor(x, "piecewise");
  const others = pieces.length === conditions.length + 1 ? pieces.at(-1)! : 0;
  sameNumber(
    "piecewise",
    conditions,
    pieces.slice(0, conditions.length),
    "the conditions and a function for each",
  );
  if (pieces.length > conditions.length + 1)
    throw new DownhillError(
      "shape",
      `piecewise: ${pieces.length} functions for ${conditions.length} conditions.`,
    );
  const valueOf = (piece: Piece): TensorLike => (typeof piece === "function" ? piece(t) : piece);
  return conditions.reduce<Tensor>(
    (rest, condition, i) => where(condition, valueOf(pieces[i]!), rest),
    add(p.zeros(t.type), valueOf(others)),
  );
}

/**
 * Converts one index array per axis to row-major flat indices into an array of this shape.
 * @throws DownhillError `shape` if the number of index arrays differs from the number of axes.
 * @example
 * ravelMultiIndex([[1, 2], [0, 3]], [3, 4]); // i32[2] [4, 11]
 */
export function ravelMultiIndex(places: readonly TensorLike[], shape: readonly number[]): Tensor {
  if (arguments.length > 2) refuseExtra("ravelMultiIndex", arguments, 2);
  checkShape("ravelMultiIndex", shape);
  sameNumber("ravelMultiIndex", places, shape, "the indices along each axis and the sizes of the axes");
  const strides = stridesOf(shape);
  const parts = places.map((place, axis) => mul(asPlaces("ravelMultiIndex", place), strides[axis]!));
  return parts.reduce<Tensor>((sum, part) => add(sum, part), p.zeros(arrayType("int32", [])));
}

/**
 * Converts row-major flat indices into an array of this shape to one index array per axis.
 *
 * @example
 * unravelIndex([4, 11], [3, 4]).map((x) => x.tolist()); // [[1, 2], [0, 3]]
 */
export function unravelIndex(places: TensorLike, shape: readonly number[]): Tensor[] {
  if (arguments.length > 2) refuseExtra("unravelIndex", arguments, 2);
  checkShape("unravelIndex", shape);
  const i = asPlaces("unravelIndex", places);
  const strides = stridesOf(shape);
  return shape.map((n, axis) => mod(floorDivide(i, strides[axis]!), n));
}

/** Indices that sort along the last axis by several keys; the last key is the primary one (as in `numpy.lexsort`). */
export function lexsort(keys: readonly TensorLike[]): Tensor {
  if (arguments.length > 1) refuseExtra("lexsort", arguments, 1);
  if (!Array.isArray(keys) || keys.length === 0)
    throw new DownhillError("shape", "lexsort: needs a list of arrays, as in lexsort([second, first]).");
  const tensors = (keys as readonly TensorLike[]).map((key) => p.asTensor(key, "lexsort"));
  const axis = normalizeAxis("lexsort", -1, tensors[0]!.type);
  const odd = tensors.find((t) => sizeOf(t.type.shape) !== sizeOf(tensors[0]!.type.shape));
  if (odd !== undefined)
    throw new DownhillError("shape", `lexsort: ${showType(odd.type)} and ${showType(tensors[0]!.type)} differ in shape.`); // prettier-ignore
  // sorting is stable, so the least significant key is sorted first
  const [least, ...others] = tensors;
  return others.reduce(
    (order, key) => {
      const inOrder = p.argsort(p.takeAlong(key, order, axis), axis, false);
      return p.takeAlong(order, inOrder, axis);
    },
    p.argsort(least!, axis, false),
  );
}
