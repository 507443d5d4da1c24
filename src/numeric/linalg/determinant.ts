import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/linear-algebra.ts";
import { atOnce } from "../../engine/runtime/at-once.ts";
import { none, readSquare } from "./operands.ts";

/**
 * Determinants of square matrices `[…, n, n]`, one number per matrix.
 *
 * Derivative: `Σ Cᵢⱼ dAᵢⱼ` with the cofactors C, which also exist for singular matrices. For these, derivatives up to
 * third order are right for any rank, and derivatives of any order if the rank is at least n − 3.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * det([[1, 2], [3, 4]]);                // -2
 * grad(det)([[1, 2], [2, 4]]).tolist(); // [[4, -2], [-2, 1]]
 */
export function det(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("det", arguments, 1);
  return detAtOnce([readSquare("det", a)], none)[0]!;
}

const detAtOnce = /* @__PURE__ */ atOnce("det", ([a]) => [p.det(a!)]);

/**
 * Sign of the determinant of square matrices `[…, n, n]`, and the logarithm of its absolute value, as `[sign, logdet]`.
 * Unlike the determinant, these do not overflow. For singular matrices they are 0 and −∞.
 *
 * Derivative of logdet: `tr(A⁻¹ dA)`, NaN for singular matrices; the derivative of the sign is 0.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * const [sign, logdet] = slogdet([[1, 2], [3, 4]]);
 * sign;   // -1
 * logdet; // 0.693147180560
 */
export function slogdet(a: TensorLike): [sign: Tensor, logdet: Tensor] {
  if (arguments.length > 1) refuseExtra("slogdet", arguments, 1);
  const [sign, logdet] = slogdetAtOnce([readSquare("slogdet", a)], none);
  return [sign!, logdet!];
}

const slogdetAtOnce = /* @__PURE__ */ atOnce("slogdet", ([a]) => p.slogdet(a!));
