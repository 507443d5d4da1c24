import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { BooleanLike, Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes, range, sameShape, sizeOf } from "../../engine/util/shape.ts";
import { matchFloating, matchOperands } from "./promote.ts";

/** Tolerances within which numbers count as equal: `|x − y| ≤ atol + rtol · |y|`. */
export interface ClosenessOptions {
  /** Tolerance relative to |y|. Default 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance. Default 1e-8. */
  readonly atol?: number;
  /** True if NaN equals NaN. Default false. */
  readonly equalNaN?: boolean;
}

function closeness(operation: string, x: TensorLike, y: TensorLike, options: ClosenessOptions): Tensor {
  checkOptions(operation, options, ["rtol", "atol", "equalNaN"]);
  checkFlags(operation, options, ["equalNaN"]);
  const { rtol = 1e-5, atol = 1e-8, equalNaN = false } = options;
  const [a, b] = matchFloating(operation, x, y);
  const reach = p.add(p.full(b.type, atol), p.scale(p.abs(b), rtol));
  // the tolerance of an infinite y is infinite, but it equals only itself
  const isFinite = p.less(p.abs(b), p.full(b.type, Infinity));
  const isNear = p.both(p.lessEqual(p.abs(p.sub(a, b)), reach), isFinite);
  const isSame = p.either(isNear, p.equal(a, b));
  return equalNaN ? p.either(isSame, p.both(p.notEqual(a, a), p.notEqual(b, b))) : isSame;
}

/** True if every element of a bool array is true, as a scalar. */
function every(holds: Tensor): Tensor {
  const exception = p.sum(p.equal(holds, p.zeros(holds.type)), range(0, holds.ndim));
  return p.equal(exception, p.zeros(exception.type));
}

/** True where elements are equal within a tolerance, as bool. Use it with `where`, not in `if`. */
export function isclose(x: TensorLike, y: TensorLike, options: ClosenessOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("isclose", arguments, 3);
  return closeness("isclose", x, y, options);
}

/**
 * True if all elements are equal within a tolerance, as a bool scalar. Outside of transforms:
 * `allclose(x, y).item() === 1`.
 *
 * @example
 * allclose([1, 2], [1, 2 + 1e-9]).item(); // 1
 */
export function allclose(x: TensorLike, y: TensorLike, options: ClosenessOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("allclose", arguments, 3);
  return every(closeness("allclose", x, y, options));
}

/** True if two arrays have the same shape and equal elements, as a bool scalar. */
export function arrayEqual(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("arrayEqual", arguments, 2);
  const [a, b] = [p.asTensor(x, "arrayEqual"), p.asTensor(y, "arrayEqual")];
  if (!sameShape(a.type.shape, b.type.shape)) return p.asTensor(false, "arrayEqual");
  return every(p.equal(...matchOperands("arrayEqual", a, b)));
}

/** True if two arrays broadcast to one shape and then have equal elements, as a bool scalar. */
export function arrayEquiv(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("arrayEquiv", arguments, 2);
  const [a, b] = [p.asTensor(x, "arrayEquiv"), p.asTensor(y, "arrayEquiv")];
  if (broadcastShapes(a.type.shape, b.type.shape) === undefined) return p.asTensor(false, "arrayEquiv");
  return every(p.equal(...matchOperands("arrayEquiv", a, b)));
}

/** True for each element of x that occurs in `values`, as bool of the shape of x. */
export function isin(x: TensorLike, values: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("isin", arguments, 2);
  const [t, among] = [p.asTensor(x, "isin"), p.asTensor(values, "isin")];
  const { shape } = t.type;
  const n = sizeOf(among.type.shape);
  const [a, b] = matchOperands("isin", p.reshape(t, [...shape, 1]), p.reshape(among, [n]));
  return p.sum(p.equal(a, b), [shape.length]);
}
