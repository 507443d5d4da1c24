import { onesLike } from "../../array/create.ts";
import {
  abs,
  atan,
  div,
  equal,
  less,
  log1p,
  maximum,
  mul,
  sign,
  sqrt,
  square,
  sub,
  where,
  add,
} from "../../array/elementwise.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";

/** Loss of a residual: `ρ(r)` instead of `r²`. */
export type RobustLoss = "squares" | "soft-l1" | "huber" | "cauchy" | "arctan";

/** Names of the losses. */
export const robustLosses: readonly RobustLoss[] = ["squares", "soft-l1", "huber", "cauchy", "arctan"];

/**
 * Transforms residuals to numbers whose squares are `ρ(r)`, with the signs of the residuals, so that a method for sums
 * of squares minimises `Σ ρ(r)`. With z = (r/s)², `ρ/s²` is
 *
 * ```text
 * squares  z
 * soft-l1  2(√(1 + z) − 1)
 * huber    z where z ≤ 1, else 2√z − 1
 * cauchy   ln(1 + z)
 * arctan   arctan(z)
 * ```
 *
 * @see Triggs, McLauchlan, Hartley, Fitzgibbon, Bundle adjustment: a modern synthesis, 2000, section 4.3; the names are SciPy's.
 */
export const robustResiduals: Readonly<Record<RobustLoss, (r: Tensor, scale: TensorLike) => Tensor>> = {
  squares: (r) => r,
  // 2(√(1 + z) − 1) = 2z/(√(1 + z) + 1), which avoids cancellation near 0
  "soft-l1": (r, s) => mul(r, sqrt(div(2, add(sqrt(add(square(div(r, s)), 1)), 1)))),
  huber: (r, s) => {
    const size = abs(r);
    const far = sqrt(sub(mul(mul(2, s), maximum(size, s)), square(s)));
    return where(less(size, s), r, mul(sign(r), far));
  },
  cauchy: (r, s) => shrunk(r, s, log1p),
  arctan: (r, s) => shrunk(r, s, atan),
};

/** `r √(g(z)/z)` for a g with g(z)/z → 1 at 0. */
function shrunk(r: Tensor, s: TensorLike, g: (z: Tensor) => Tensor): Tensor {
  const z = square(div(r, s));
  const isZero = equal(z, 0);
  const safe = where(isZero, onesLike(z), z);
  return mul(r, where(isZero, onesLike(z), sqrt(div(g(safe), safe))));
}
