// Special functions: of one operand within a few units in the last place, of several within 1e−13 relatively (docs/accuracy.md).
import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { asFloating, floatingOperands } from "./promote.ts";

/** A function of one operand; integers become float64. */
function unary(name: string, op: (x: Tensor) => Tensor): (x: TensorLike) => Tensor {
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    return op(asFloating(x, name));
  };
}

/**
 * ln |Γ(x)|, the logarithm of the factorial of x − 1; ∞ at 0, −1, −2, … Derivative: `digamma`.
 */
export const lgamma: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("lgamma", p.lgamma);

/**
 * ψ(x), the derivative of ln |Γ(x)|; −∞ at 0, ∞ at −0 and NaN at −1, −2, … Derivative: `polygamma(1, x)`.
 */
export const digamma: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("digamma", p.digamma);

/**
 * The n-th derivative of `digamma`; `n` is a plain whole number from 0 to 170. Derivative: `polygamma(n + 1, x)`.
 *
 * At 0, −1, −2, … ∞ for odd n and NaN for even ones; for these −∞ at 0 and ∞ at −0.
 *
 * @throws DownhillError `range` for another n.
 * @example
 * polygamma(1, 1).item(); // 1.64493406684822…
 */
export function polygamma(n: number, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("polygamma", arguments, 2);
  return p.polygamma(n, asFloating(x, "polygamma"));
}

/**
 * The zeta function of Hurwitz, `ζ(s, q) = Σ (q + k)^−s` over k = 0, 1, …, for s > 1 and q > 0; that of Riemann for q = 1. ∞ at
 * s = 1 and at q = 0, NaN below.
 *
 * Derivative in q: `−s ζ(s + 1, q)`; there is none in s, and who asks for it gets an error.
 *
 * @example
 * zeta(2, 1).item(); // 1.64493406684822…
 */
export function zeta(s: TensorLike, q: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("zeta", arguments, 2);
  return p.zeta(...floatingOperands("zeta", s, q));
}

/**
 * The lower regularised incomplete gamma function `P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)`: the distribution function of the gamma
 * distribution of shape a and scale 1. For a ≥ 0 and x ≥ 0; NaN outside, and where both are 0 or infinite.
 *
 * It has derivatives of any order in both operands, exact to about 1e−12.
 *
 * @example
 * gammainc(0.5, 1).item();                   // 0.842700792949…
 * grad((a) => gammainc(a, 1))(0.5).item();   // -0.38983726…
 */
export function gammainc(a: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("gammainc", arguments, 2);
  return p.gammainc(...floatingOperands("gammainc", a, x));
}

/** The upper regularised incomplete gamma function `1 − P(a, x)`, accurate where it is small; all else as of `gammainc`. */
export function gammaincc(a: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("gammaincc", arguments, 2);
  return p.gammaincc(...floatingOperands("gammaincc", a, x));
}
