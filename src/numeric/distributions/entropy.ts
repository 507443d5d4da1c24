// Expectations of logarithms of factorials, which entropies of counts have: they have no closed form, but are the integral of one smooth function.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { linspace } from "../array/create.ts";
import { add, div, exp, expm1, mul, neg } from "../array/elementwise.ts";
import { sum } from "../array/reduce.ts";
import { expandDims } from "../array/shape.ts";

/** Distance of the nodes in u = log t. The integrand is analytic for |Im u| < π/2, so that their sum is off by exp(−π² / 0.25) of it, 1e-17. */
const step = 0.25;
/** First and last node: t = e⁻⁶² counts for nothing where means are below 1e9, and at t = e¹⁴ all has decayed where a is above 1e-4. */
const [first, last] = [-62, 14];

/**
 * The expectation of `log Γ(k + a) − log Γ(a)` over counts k, from Malmstén's integral of log Γ, by the trapezium rule in log t:
 *
 * `∫₀^∞ (E k · e⁻ᵗ − e⁻ᵃᵗ (1 − E e⁻ᵏᵗ) / (1 − e⁻ᵗ)) dt / t`
 *
 * `mean` is E k and `logTransform` gives log E e⁻ᵏᵗ, of s = 1 − e⁻ᵗ along a last axis that the parameters do not have. All are float64, and
 * the result is off by some 1e-16 · E k · log E k.
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
