// Expectations of logarithms of factorials, for entropies of counts. They have no closed form, but are the integral of
// one smooth function.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { linspace } from "../array/create.ts";
import { add, div, exp, expm1, mul, neg } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";

/**
 * Distance of the nodes in u = log t. The integrand is analytic for |Im u| < π/2, so the relative error of the sum is
 * exp(−π² / 0.25) = 1e-17.
 */
const step = 0.25;
/**
 * First and last node: below t = e⁻⁶² the integrand is negligible for means below 1e9, and above t = e¹⁴ for a above
 * 1e-4.
 */
const [first, last] = [-62, 14];

/**
 * The expectation of `log Γ(k + a) − log Γ(a)` over counts k, from Malmstén's integral of log Γ, by the trapezoidal
 * rule in log t:
 *
 * `∫₀^∞ (E k · e⁻ᵗ − e⁻ᵃᵗ (1 − E e⁻ᵏᵗ) / (1 − e⁻ᵗ)) dt / t`
 *
 * `mean` is E k, and `logTransform` returns log E e⁻ᵏᵗ for s = 1 − e⁻ᵗ, which has an additional last axis. All are
 * float64; the error of the result is about 1e-16 · E k · log E k.
 */
export function expectedLogRising(
  a: Tensor | number,
  mean: Tensor,
  logTransform: (s: Tensor) => Tensor,
): Tensor {
  const t = exp(linspace(first, last, Math.round((last - first) / step) + 1));
  const s = neg(expm1(neg(t)));
  const decay = typeof a === "number" ? exp(mul(t, -a)) : exp(neg(mul(expandDims(a, -1), t)));
  const falling = mul(decay, div(expm1(logTransform(s)), s));
  return mul(sum(add(mul(expandDims(mean, -1), exp(neg(t))), falling), { axis: -1 }), step);
}
