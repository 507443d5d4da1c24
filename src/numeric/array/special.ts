// Special functions. Functions of one operand are accurate to a few ulp, those of several operands to a relative error
// of 1e−13 (docs/accuracy.md).
import { DownhillError } from "../../engine/errors/index.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { asFloating, floatingOperands } from "./promote.ts";
import { nanUnless } from "./nan-unless.ts";

/** Wraps a primitive of one operand as a public function; integers become float64. */
function unary(name: string, op: (x: Tensor) => Tensor): (x: TensorLike) => Tensor {
  return function (x) {
    if (arguments.length > 1) refuseExtra(name, arguments, 1);
    return op(asFloating(x, name));
  };
}

/** Log-gamma function ln |Γ(x)|, the logarithm of (x − 1)!; ∞ at 0, −1, −2, … Derivative: `digamma`. */
export const lgamma: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("lgamma", p.lgamma);

/**
 * Digamma function ψ(x), the derivative of ln |Γ(x)|; −∞ at 0, ∞ at −0 and NaN at −1, −2, … Derivative:
 * `polygamma(1, x)`.
 */
export const digamma: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("digamma", p.digamma);

/**
 * The n-th derivative of `digamma`; `n` is a plain integer from 0 to 170. Derivative: `polygamma(n + 1, x)`.
 *
 * At the poles 0, −1, −2, … it is ∞ for odd n and NaN for even n, except for even n at 0: −∞ at 0 and ∞ at −0.
 *
 * @throws DownhillError `range` for any other n.
 * @example
 * polygamma(1, 1).item(); // 1.64493406684822…
 */
export function polygamma(n: number, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("polygamma", arguments, 2);
  return p.polygamma(n, asFloating(x, "polygamma"));
}

/**
 * Hurwitz zeta function `ζ(s, q) = Σ (q + k)^−s` over k = 0, 1, …, for s > 1 and q > 0; the Riemann zeta function for q
 * = 1. ∞ at s = 1 and at q = 0, NaN below.
 *
 * Derivative in q: `−s ζ(s + 1, q)`; the derivative in s is not available and throws an error.
 *
 * @example
 * zeta(2, 1).item(); // 1.64493406684822…
 */
export function zeta(s: TensorLike, q: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("zeta", arguments, 2);
  return p.zeta(...floatingOperands("zeta", s, q));
}

/**
 * Lower regularised incomplete gamma function `P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)`: the cumulative distribution function
 * of the gamma distribution of shape a and scale 1. For a ≥ 0 and x ≥ 0; NaN outside, and if both are 0 or both
 * infinite.
 *
 * Derivatives of any order exist in both operands, exact to about 1e−12.
 *
 * @example
 * gammainc(0.5, 1).item();                   // 0.842700792949…
 * grad((a) => gammainc(a, 1))(0.5).item();   // -0.38983726…
 */
export function gammainc(a: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("gammainc", arguments, 2);
  return p.gammainc(...floatingOperands("gammainc", a, x));
}

/** Upper regularised incomplete gamma function `1 − P(a, x)`, accurate where it is small; otherwise like `gammainc`. */
export function gammaincc(a: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("gammaincc", arguments, 2);
  return p.gammaincc(...floatingOperands("gammaincc", a, x));
}

/**
 * Inverse of `gammainc` in x: the x with `gammainc(a, x) = y`, the quantile of the gamma distribution of shape a > 0
 * and scale 1. 0 for y = 0 and ∞ for y = 1; NaN outside.
 *
 * Derivatives of any order exist in both operands, by the implicit function theorem: `1 / f` in y and `−∂P/∂a / f` in
 * a, where f is the density at x.
 *
 * @example
 * gammaincinv(2, 0.5).item(); // 1.67834699…
 */
export function gammaincinv(a: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("gammaincinv", arguments, 2);
  return p.gammaincinv(...floatingOperands("gammaincinv", a, y));
}

/**
 * Inverse of `gammaincc` in x, accurate where q is small: ∞ for q = 0 and 0 for q = 1; otherwise like `gammaincinv`.
 */
export function gammainccinv(a: TensorLike, q: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("gammainccinv", arguments, 2);
  return p.gammainccinv(...floatingOperands("gammainccinv", a, q));
}

/** Inverse of `erf`: ±∞ at ±1, NaN beyond. Derivative `√π/2 · exp(erfinv² y)`. */
export const erfinv: (y: TensorLike) => Tensor = /* @__PURE__ */ unary("erfinv", p.erfinv);

/** Inverse of `erfc`, also accurate near 0: ∞ at 0, −∞ at 2, NaN outside. Derivative `−√π/2 · exp(erfcinv² q)`. */
export const erfcinv: (q: TensorLike) => Tensor = /* @__PURE__ */ unary("erfcinv", p.erfcinv);

/**
 * Cumulative distribution function of the standard normal distribution, `½ erfc(−x/√2)`, accurate in both tails.
 * Derivative: the density `exp(−x²/2) / √2π`.
 */
export const ndtr: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("ndtr", p.ndtr);

/**
 * Inverse of `ndtr`, the quantile function of the standard normal distribution: −∞ at 0, ∞ at 1, NaN outside.
 * Derivative `√2π · exp(ndtri² p / 2)`.
 */
export const ndtri: (p: TensorLike) => Tensor = /* @__PURE__ */ unary("ndtri", p.ndtri);

/**
 * Logarithm of `ndtr`, accurate in both tails: `logNdtr(-1e3)` is −500007.8, where `ndtr` is 0. Derivative: the density
 * divided by `ndtr`, approximately −x for x far below 0.
 */
export const logNdtr: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("logNdtr", p.logNdtr);

/**
 * Beta function `B(a, b) = Γ(a) Γ(b) / Γ(a + b)` for a, b > 0: ∞ at 0, 0 at ∞, NaN below 0. Derivative in a:
 * `B (ψ(a) − ψ(a + b))`.
 */
export function beta(a: TensorLike, b: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("beta", arguments, 2);
  return p.beta(...floatingOperands("beta", a, b));
}

/** Logarithm of `beta`, accurate where B is tiny and where a and b differ widely in size. */
export function betaln(a: TensorLike, b: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("betaln", arguments, 2);
  return p.betaln(...floatingOperands("betaln", a, b));
}

/**
 * Regularised incomplete beta function `I(a, b, x) = ∫₀ˣ tᵃ⁻¹ (1 − t)ᵇ⁻¹ dt / B(a, b)`: the cumulative distribution
 * function of the beta distribution with shapes a and b. For a, b ≥ 0 and 0 ≤ x ≤ 1; NaN outside, and if both shapes
 * are 0 or both infinite.
 *
 * Derivatives of any order exist in all three operands, exact to about 1e−12.
 *
 * @example
 * betainc(2, 3, 0.5).item(); // 0.6875
 */
export function betainc(a: TensorLike, b: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 3) refuseExtra("betainc", arguments, 3);
  return p.betainc(...floatingOperands("betainc", a, b, x));
}

/**
 * Inverse of `betainc` in x: the x with `betainc(a, b, x) = y`, the quantile of the beta distribution of shapes a, b >
 * 0. NaN outside 0 ≤ y ≤ 1.
 *
 * Derivatives of any order exist in all three operands, by the implicit function theorem, as for `gammaincinv`.
 *
 * @example
 * betaincinv(2, 3, 0.5).item(); // 0.38572756…
 */
export function betaincinv(a: TensorLike, b: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 3) refuseExtra("betaincinv", arguments, 3);
  return p.betaincinv(...floatingOperands("betaincinv", a, b, y));
}

/** Largest dimension that `multigammaln` accepts; it adds one term per dimension. */
const mostDimensions = 10_000;

/**
 * Logarithm of the multivariate gamma function of dimension d, `d (d − 1) / 4 · ln π + Σ lgamma(a − j/2)` over j = 0 …
 * d − 1, for a > (d − 1) / 2; NaN for other a. `d` is a plain integer from 1 to 10,000.
 * @throws DownhillError `range` for any other d.
 */
export function multigammaln(a: TensorLike, d: number): Tensor {
  if (arguments.length > 2) refuseExtra("multigammaln", arguments, 2);
  checkInteger("multigammaln", "the dimension", d, { from: 1, to: mostDimensions });
  const t = asFloating(a, "multigammaln");
  const number = (value: number): Tensor => p.full(t.type, value);
  const isInside = p.less(number((d - 1) / 2), t);
  const inside = p.where(isInside, t, number(d));
  let sum = number((d * (d - 1) * Math.log(Math.PI)) / 4);
  for (let j = 0; j < d; j++) sum = p.add(sum, p.lgamma(p.sub(inside, number(j / 2))));
  return nanUnless(isInside, sum, [t]);
}

/** Log-odds `log(x / (1 − x))`, the inverse of `expit`: −∞ at 0, ∞ at 1, NaN outside. Derivative `1 / (x (1 − x))`. */
export const logit: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("logit", p.logit);

/** `1 / (1 + e^−x)`. Alias of `sigmoid`. */
export const expit: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("expit", p.sigmoid);

/** `x · log1p(y)`; 0 where x = 0, unless y is NaN. Derivatives: `log1p(y)` in x and `x / (1 + y)` in y. */
export function xlog1py(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("xlog1py", arguments, 2);
  const [a, b] = floatingOperands("xlog1py", x, y);
  return nanUnless(p.equal(b, b), p.strongMul(a, p.log1p(b)), [a, b]);
}

/** `−x log x`, a term of an entropy: 0 at 0, −∞ below. Derivative `−1 − log x`. */
export const entr: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("entr", p.entr);

/**
 * `x log(x / y)`, a term of a relative entropy, for x, y > 0: 0 at x = 0, ∞ elsewhere. Derivatives: `1 + log(x / y)` in x and
 * `−x / y` in y.
 */
export function relEntr(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("relEntr", arguments, 2);
  return p.relEntr(...floatingOperands("relEntr", x, y));
}

/**
 * `x log(x / y) − x + y`, a non-negative term of a Kullback–Leibler divergence, for x, y > 0: y at x = 0, ∞ elsewhere.
 * It is accurate where x and y are close to each other. Derivatives: `log(x / y)` in x and `1 − x / y` in y.
 *
 * This is SciPy's elementwise `kl_div`; the loss between two probability distributions is in `downhill/nn`.
 */
export function klDiv(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("klDiv", arguments, 2);
  return p.klDiv(...floatingOperands("klDiv", x, y));
}

/** The modified Bessel function of the first kind of order 0, I₀(x). Derivative: `i1`. */
export const i0: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("i0", p.i0);

/** `e^−|x| · i0(x)`, which does not overflow. At its kink at 0 the derivative is 0. */
export const i0e: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("i0e", p.i0e);

/** The modified Bessel function of the first kind of order 1, I₁(x). Derivative `i0(x) − i1(x) / x`, ½ at 0. */
export const i1: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("i1", p.i1);

/** `e^−|x| · i1(x)`, which does not overflow. Its derivative has a kink at 0. */
export const i1e: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("i1e", p.i1e);

/**
 * Scaled complementary error function `exp(x²) · erfc(x)`, about `1 / (x √π)` for large x, where `erfc` underflows; ∞
 * far below 0. Derivative: `2 x erfcx(x) − 2/√π`, computed without cancellation.
 */
export const erfcx: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("erfcx", p.erfcx);

/**
 * Dawson's integral `e^−x² ∫₀ˣ e^t² dt`, odd, about `1 / (2x)` for large x. Derivative: `1 − 2 x dawsn(x)`, computed
 * without cancellation.
 */
export const dawsn: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("dawsn", p.dawsn);

/**
 * Exponential integral Ei(x), the principal value of `∫ eᵗ / t dt` from −∞ to x; −∞ at 0. `E₁(x) = −expi(−x)`.
 * Derivative: `eˣ / x`.
 *
 * @example
 * expi(1).item(); // 1.89511781635593…
 */
export const expi: (x: TensorLike) => Tensor = /* @__PURE__ */ unary("expi", p.expi);

/**
 * Spence's function `∫ log t / (1 − t) dt` from 1 to z ≥ 0, which is the dilogarithm of 1 − z, with SciPy's convention:
 * π²/6 at 0, 0 at 1, NaN below 0. Derivative: `log z / (1 − z)`.
 *
 * @example
 * spence(0).item(); // 1.64493406684822…
 */
export const spence: (z: TensorLike) => Tensor = /* @__PURE__ */ unary("spence", p.spence);

/**
 * Complete elliptic integral of the first kind `K(m) = ∫ (1 − m sin² θ)^−½ dθ` over [0, π/2], of the parameter m = k² ≤
 * 1 (SciPy's convention): ∞ at 1, NaN above. Derivative: `(E / (1 − m) − K) / (2m)`, π/8 at 0.
 *
 * @example
 * ellipk(0.5).item(); // 1.85407467730137…
 */
export const ellipk: (m: TensorLike) => Tensor = /* @__PURE__ */ unary("ellipk", p.ellipk);

/**
 * Complete elliptic integral of the second kind `E(m) = ∫ (1 − m sin² θ)^½ dθ` over [0, π/2], of the parameter m = k² ≤
 * 1: 1 at 1, NaN above. Derivative: `(E − K) / (2m)`, −π/8 at 0.
 */
export const ellipe: (m: TensorLike) => Tensor = /* @__PURE__ */ unary("ellipe", p.ellipe);

/**
 * Lambert's function W, the inverse of `w eʷ`, for real x. Branch 0 is W ≥ −1, for x ≥ −1/e; branch −1 is W ≤ −1, for
 * −1/e ≤ x < 0 (−∞ at 0). NaN outside, where SciPy returns complex numbers.
 *
 * Derivative: `e^−W / (1 + W)`, accurate near the branch point −1/e too, where it is infinite.
 *
 * @throws DownhillError `range` for another branch.
 * @example
 * lambertw(1).item();        // 0.567143290409783…
 * lambertw(-0.2, -1).item(); // -2.5426413577735…
 */
export function lambertw(x: TensorLike, branch: 0 | -1 = 0): Tensor {
  if (arguments.length > 2) refuseExtra("lambertw", arguments, 2);
  if (branch !== 0 && branch !== -1)
    throw new DownhillError(
      "range",
      `lambertw: the branch must be 0 or −1, the two with real values; got ${String(branch)}.`,
    );
  return p.lambertw(asFloating(x, "lambertw"), branch);
}

/**
 * Transformation of Box and Cox, `(x^λ − 1) / λ` for x > 0, which is `log x` at λ = 0 and accurate near it. Derivatives
 * of any order exist in both operands, also at λ = 0.
 *
 * At x = 0 it is −1/λ for λ > 0 and −∞ otherwise; NaN below.
 */
export function boxcox(x: TensorLike, lambda: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("boxcox", arguments, 2);
  return p.boxcox(...floatingOperands("boxcox", x, lambda));
}

/**
 * Bessel function of the first kind `Jᵥ(x)` of real order v, |v| ≤ 10⁴, for x ≥ 0; for integer orders also for x < 0. NaN
 * elsewhere.
 *
 * Derivative in x: `(Jᵥ₋₁ − Jᵥ₊₁) / 2`; the derivative in the order is not available and throws an error.
 *
 * @example
 * jv(0, 1).item(); // 0.765197686557966…
 */
export function jv(v: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("jv", arguments, 2);
  return p.jv(...floatingOperands("jv", v, x));
}

/**
 * Bessel function of the second kind `Yᵥ(x)` of real order v, |v| ≤ 10⁴, for x > 0: −∞ at 0 for v ≥ 0, NaN below.
 *
 * Derivative in x: `(Yᵥ₋₁ − Yᵥ₊₁) / 2`; the derivative in the order throws an error.
 */
export function yv(v: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("yv", arguments, 2);
  return p.yv(...floatingOperands("yv", v, x));
}

/**
 * Modified Bessel function of the first kind `Iᵥ(x)` of real order v, |v| ≤ 10⁴, for x ≥ 0; for integer orders also for x <
 * 0. NaN elsewhere.
 *
 * Derivative in x: `(Iᵥ₋₁ + Iᵥ₊₁) / 2`; the derivative in the order throws an error.
 */
export function iv(v: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("iv", arguments, 2);
  return p.iv(...floatingOperands("iv", v, x));
}

/**
 * Modified Bessel function of the second kind `Kᵥ(x)` of real order v, |v| ≤ 10⁴, for x > 0: ∞ at 0, NaN below.
 *
 * Derivative in x: `−(Kᵥ₋₁ + Kᵥ₊₁) / 2`; the derivative in the order throws an error.
 *
 * @example
 * kv(0.5, 2).item(); // 0.11993777196806…
 */
export function kv(v: TensorLike, x: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("kv", arguments, 2);
  return p.kv(...floatingOperands("kv", v, x));
}
