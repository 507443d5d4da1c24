import { full, onesLike } from "../../array/create.ts";
import {
  abs,
  add,
  atan,
  div,
  equal,
  expm1,
  less,
  log1p,
  maximum,
  minimum,
  mul,
  neg,
  sign,
  sqrt,
  square,
  sub,
  where,
} from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { broadcastTo, ravel, reshape } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";

/** Loss of a residual: `ρ(r)` instead of `r²`. */
export type RobustLoss = "squares" | "soft-l1" | "huber" | "cauchy" | "arctan" | "tukey" | "tolerant";

/** Names of the losses. */
export const robustLosses: readonly RobustLoss[] = [
  "squares",
  "soft-l1",
  "huber",
  "cauchy",
  "arctan",
  "tukey",
  "tolerant",
];

/**
 * Width of the transition of `tolerant` between flat and linear, relative to s². At r = 0 its slope in z is
 * 1/(1 + e^(1/width)) = 4.5e-5.
 */
const tolerantWidth = 0.1;

/** Factors `√(ρ/r²)` as functions of z = (r/s)². */
const factors: Readonly<Record<Exclude<RobustLoss, "squares">, (z: Tensor) => Tensor>> = {
  // 2(√(1 + z) − 1) = 2z/(√(1 + z) + 1), which avoids cancellation near 0
  "soft-l1": (z) => sqrt(div(2, add(sqrt(add(z, 1)), 1))),
  huber: (z) => {
    const size = sqrt(maximum(z, 1));
    return sqrt(div(sub(2, div(1, size)), size));
  },
  cauchy: (z) => rootOfRatio(z, log1p, 1),
  arctan: (z) => rootOfRatio(z, atan, 1),
  tukey: (z) => {
    const near = minimum(z, 1);
    const far = maximum(z, 1);
    return sqrt(div(add(sub(1, near), div(square(near), 3)), far));
  },
  tolerant: (z) => rootOfRatio(z, softStep, slopeAtZero),
};

/**
 * Transforms residuals to numbers whose squares are `ρ(r)`, with the signs of the residuals, so that a method for sums
 * of squares minimises `Σ ρ(r)`. With z = (r/s)², `ρ/s²` is
 *
 * ```text
 * squares   z
 * soft-l1   2(√(1 + z) − 1)
 * huber     z where z ≤ 1, else 2√z − 1
 * cauchy    ln(1 + z)
 * arctan    arctan(z)
 * tukey     (1 − (1 − z)³)/3 where z ≤ 1, else 1/3
 * tolerant  w ln(1 + e^((z − 1)/w)) − w ln(1 + e^(−1/w)), w = 0.1
 * ```
 *
 * @see Triggs, McLauchlan, Hartley, Fitzgibbon, Bundle adjustment: a modern synthesis, 2000, section 4.3; the first five
 * names are SciPy's. `tukey` and `tolerant` are those of Ceres Solver.
 */
export const robustResiduals: Readonly<Record<RobustLoss, (r: Tensor, scale: TensorLike) => Tensor>> = {
  squares: (r) => r,
  "soft-l1": (r, s) => shrunk("soft-l1", r, s),
  huber: (r, s) => {
    const size = abs(r);
    const far = sqrt(sub(mul(mul(2, s), maximum(size, s)), square(s)));
    return where(less(size, s), r, mul(sign(r), far));
  },
  cauchy: (r, s) => shrunk("cauchy", r, s),
  arctan: (r, s) => shrunk("arctan", r, s),
  // beyond s the residual is constant, so its derivative is exactly 0
  tukey: (r, s) => shrunk("tukey", maximum(minimum(r, s), neg(s)), s),
  tolerant: (r, s) => shrunk("tolerant", r, s),
};

/**
 * Applies a robust loss to the squared norm of each `block` adjacent residuals: all residuals of a block are multiplied
 * by `√(ρ/|r|²)`.
 *
 * @throws DownhillError `shape` if the number of residuals is not a multiple of `block`.
 */
export function robustBlocks(
  operation: string,
  loss: RobustLoss,
  r: Tensor,
  scale: number,
  block: number,
): Tensor {
  const count = r.shape[0]!;
  if (count % block !== 0) {
    throw new DownhillError(
      "shape",
      `${operation}: lossBlock is ${block}, but the number of residuals, ${count}, is not a multiple of it. ` +
        "Return the residuals of one block next to each other, the same number for every block.",
    );
  }
  if (loss === "squares") return r;
  if (block === 1) return robustResiduals[loss](r, scale);
  const blocks = reshape(r, [count / block, block]);
  const z = sum(square(div(blocks, scale)), { axis: 1 });
  const factor = reshape(factors[loss](z), [count / block, 1]);
  return ravel(mul(blocks, broadcastTo(factor, blocks.shape)));
}

function shrunk(loss: Exclude<RobustLoss, "squares">, r: Tensor, s: TensorLike): Tensor {
  return mul(r, factors[loss](square(div(r, s))));
}

/** `√(g(z)/z)` for a g with g(z)/z → `limit` at 0. */
function rootOfRatio(z: Tensor, g: (z: Tensor) => Tensor, limit: number): Tensor {
  const isZero = equal(z, 0);
  const safe = where(isZero, onesLike(z), z);
  return where(isZero, full(z.shape, Math.sqrt(limit), { dtype: z.dtype }), sqrt(div(g(safe), safe)));
}

const slopeAtZero = 1 / (1 + Math.exp(1 / tolerantWidth));

/**
 * `w ln((1 + e^((z − 1)/w))/(1 + e^(−1/w)))`, w = `tolerantWidth`, as `w ln(1 + σ (e^(z/w) − 1))` with σ the slope at 0,
 * which avoids cancellation near 0. Where e^(z/w) would overflow, the term 1 − σ is negligible.
 */
function softStep(z: Tensor): Tensor {
  const most = 40;
  const steps = div(z, tolerantWidth);
  const near = log1p(mul(slopeAtZero, expm1(minimum(steps, most))));
  const last = Math.log1p(slopeAtZero * Math.expm1(most)) - most;
  const far = add(steps, last);
  return mul(tolerantWidth, where(less(steps, most), near, far));
}
