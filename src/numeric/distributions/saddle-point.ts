// Logarithms of probabilities of many trials, in Loader's form: remainders of Stirling's formula and deviances, which
// are small where the probability is not. With lgamma these would be differences of numbers as large as the count. See
// C. Loader, Fast and accurate computation of binomial probabilities, 2000.
import type { Tensor } from "../../engine/ir/tensor.ts";
import { add, div, less, log, mul, sub, where } from "../array/elementwise.ts";
import { klDiv, lgamma } from "../array/special.ts";

const HALF_LOG_2PI = 0.9189385332046728;

/** Argument from which Stirling's series has float64 accuracy. */
const FAR = 16;

// prettier-ignore
/** Coefficients B₂ₖ / 2k (2k − 1) of 1/x, 1/x³, … in Stirling's series. */
const coefficients: readonly number[] = [
  1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
];

/**
 * ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π) for x > 0: the remainder of Stirling's formula, approximately 1/12x for large
 * x.
 */
function stirlingRest(x: Tensor): Tensor {
  const isNear = less(x, FAR);
  const inverse = div(1, where(isNear, FAR, x));
  const square = mul(inverse, inverse);
  const series = coefficients.reduceRight<Tensor>((sum, c) => add(mul(sum, square), c), mul(0, square));
  const near = where(isNear, x, FAR);
  const main = add(sub(mul(sub(near, 0.5), log(near)), near), HALF_LOG_2PI);
  return where(isNear, sub(lgamma(near), main), mul(inverse, series));
}

/** ln(rateᵏ e^−rate / Γ(k + 1)) for k > 0, not necessarily an integer. */
export function logEvents(k: Tensor, rate: Tensor): Tensor {
  return sub(sub(mul(-0.5, log(k)), HALF_LOG_2PI), add(stirlingRest(k), klDiv(k, rate)));
}

/** ln(Γ(n + 1) / (Γ(k + 1) Γ(n − k + 1)) pᵏ qⁿ⁻ᵏ) for 0 < k < n, not necessarily integers, and p + q = 1. */
export function logTrials(k: Tensor, n: Tensor, p: Tensor, q: Tensor): Tensor {
  const rest = sub(n, k);
  const rests = sub(stirlingRest(n), add(stirlingRest(k), stirlingRest(rest)));
  const deviance = add(klDiv(k, mul(n, p)), klDiv(rest, mul(n, q)));
  const size = sub(mul(0.5, log(div(n, mul(k, rest)))), HALF_LOG_2PI);
  return add(size, sub(rests, deviance));
}
