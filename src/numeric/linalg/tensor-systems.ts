// Inverses and solutions of systems whose unknowns and equations are arrays.
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { asFloating } from "../array/promote.ts";
import { ravel, reshape } from "../array/shape.ts";
import { inv, solve } from "./solve.ts";

/** Options of `tensorinv`. */
export interface TensorInverseOptions {
  /** Number of first axes that are the equations, 1 or more. Default 2. */
  readonly ind?: number;
}

/**
 * Inverse of an array as a linear map: its first `ind` axes are the results, the others the operands, and both have
 * equally many elements. The result has the operands' axes first, so that `tensordot(tensorinv(a), a, ind)` is
 * the identity.
 *
 * @throws DownhillError `shape` if the sizes differ, `dtype`, `option`; `range` for a singular map.
 * @example
 * tensorinv([[2, 0], [0, 4]], { ind: 1 }).tolist(); // [[0.5, 0], [0, 0.25]]
 */
export function tensorinv(a: TensorLike, options: TensorInverseOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("tensorinv", arguments, 2);
  checkOptions("tensorinv", options, ["ind"]);
  const ind = checkInteger("tensorinv", "ind", options.ind ?? 2, { from: 1 });
  const t = asFloating(a, "tensorinv");
  const [results, operands] = [t.shape.slice(0, ind), t.shape.slice(ind)];
  const size = sizeOf(results);
  if (ind > t.ndim || size !== sizeOf(operands))
    throw new DownhillError(
      "shape",
      `tensorinv: the first ${ind} axes of ${showType(t.type)} and the others must have equally many elements; got ${size} and ${sizeOf(operands)}. Choose the first axes with ind.`,
    );
  return reshape(inv(reshape(t, [size, size])), [...operands, ...results]);
}

/**
 * Solution x of `tensordot(a, x, x.ndim) = b`: the first axes of a have the shape of b, the others that of x, with
 * equally many elements.
 *
 * @throws DownhillError `shape` if the shapes do not match, `dtype`; `range` for a singular map.
 * @example
 * tensorsolve([[2, 0], [0, 4]], [1, 2]).tolist(); // [0.5, 0.5]
 */
export function tensorsolve(a: TensorLike, b: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("tensorsolve", arguments, 2);
  const [t, side] = [asFloating(a, "tensorsolve"), asFloating(b, "tensorsolve")];
  const shape = t.shape.slice(side.ndim);
  const size = sizeOf(side.shape);
  const fits = side.shape.every((n, i) => n === t.shape[i]);
  if (!fits || sizeOf(shape) !== size)
    throw new DownhillError(
      "shape",
      `tensorsolve: the first axes of ${showType(t.type)} must be those of ${showType(side.type)}, and the others must have ${size} elements.`,
    );
  return reshape(solve(reshape(t, [size, size]), ravel(side)), shape);
}
