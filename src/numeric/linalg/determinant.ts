import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/linear-algebra.ts";
import { atOnce } from "../../engine/runtime/at-once.ts";
import { none, readSquare } from "./operands.ts";

/**
 * The determinant of square matrices `[…, n, n]`: one number for each.
 *
 * Derivative: `Σ Cᵢⱼ dAᵢⱼ` with the cofactors C, which exist for singular matrices too. There, derivatives up to third order are right
 * for any rank, and those of any order where at most three ranks are missing.
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
 * The sign of the determinant of square matrices `[…, n, n]`, and the logarithm of its size, as `[sign, logdet]`: what overflows as a
 * number does not as these two. Of singular matrices they are 0 and −∞.
 *
 * Derivative of logdet: `tr(A⁻¹ dA)`, NaN for singular matrices; the sign has none.
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
