/**
 * The t with `P(|T| ≤ t) = level` for Student's T with an integer number of degrees of freedom: the half-width of a
 * confidence interval in standard errors. NaN without degrees of freedom.
 *
 * @see Abramowitz, Stegun, Handbook of mathematical functions, 26.7.3 and 26.7.4, solved by bisection.
 */
export function studentQuantile(level: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom >= 1)) return Number.NaN;
  let [low, high] = [0, Math.PI / 2]; // of θ = arctan(t/√ν)
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (probabilityWithin(middle, degreesOfFreedom) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(degreesOfFreedom) * Math.tan((low + high) / 2);
}

/** `P(|T| ≤ √ν tan θ)`, a finite sum for integer ν. */
function probabilityWithin(theta: number, n: number): number {
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const isOdd = n % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = n === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= n - 2 && term > 1e-17 * sum; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
}
