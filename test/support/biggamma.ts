import type { Fixed } from "./bigfloat.ts";
import { div, log, mul, one, pi, sin, sinCos } from "./bigfloat.ts";

const bernoulliNumbers: { readonly above: bigint; readonly below: bigint }[] = [];

/** B₂, B₄, …, the first `count` of them, from Σ binomial(n + 1, j) Bⱼ = 0. */
function bernoulli(count: number): readonly { readonly above: bigint; readonly below: bigint }[] {
  while (bernoulliNumbers.length < count) {
    const n = BigInt(2 * (bernoulliNumbers.length + 1));
    // Σ over j < n: B₀ = 1, B₁ = −½, then the even ones
    let above = 2n - (n + 1n);
    let below = 2n;
    let binomial = ((n + 1n) * n) / 2n;
    bernoulliNumbers.forEach((known, i) => {
      above = above * known.below + binomial * known.above * below;
      below *= known.below;
      const j = BigInt(2 * (i + 1));
      binomial = (binomial * (n + 1n - j) * (n - j)) / ((j + 1n) * (j + 2n));
    });
    above = -above;
    below *= n + 1n;
    const divisor = greatestCommonDivisor(above < 0n ? -above : above, below);
    bernoulliNumbers.push({ above: above / divisor, below: below / divisor });
  }
  return bernoulliNumbers;
}

function greatestCommonDivisor(x: bigint, y: bigint): bigint {
  return y === 0n ? x : greatestCommonDivisor(y, x % y);
}

/** From about this number on, Stirling's series is accurate to `bits`. */
const farEnough = (bits: number): bigint => BigInt(Math.ceil(bits * 0.2) + 4);

/** ln |Γ(x)|. */
export function logGamma(x: Fixed, bits: number): Fixed {
  if (x < 0n) {
    // Γ(x) Γ(1 − x) = π / sin πx
    const sine = sin(mul(pi(bits), x, bits), bits);
    return log(div(pi(bits), sine < 0n ? -sine : sine, bits), bits) - logGamma(one(bits) - x, bits);
  }
  let product = one(bits);
  let y = x;
  while (y < farEnough(bits) << BigInt(bits)) {
    product = mul(product, y, bits);
    y += one(bits);
  }
  // ln Γ(y) = (y − ½) ln y − y + ½ ln 2π + Σ B₂ₖ / (2k (2k − 1) y^(2k−1))
  let sum = mul(y - (one(bits) >> 1n), log(y, bits), bits) - y + (log(2n * pi(bits), bits) >> 1n);
  const square = mul(y, y, bits);
  let power = y;
  for (let k = 1; ; k++) {
    const { above, below } = bernoulli(k)[k - 1]!;
    const term = div(above << BigInt(bits), power, bits) / (below * BigInt(2 * k) * BigInt(2 * k - 1));
    if (term === 0n) break;
    sum += term;
    power = mul(power, square, bits);
  }
  return sum - log(product, bits);
}

/** The derivative of ln Γ. */
export function digamma(x: Fixed, bits: number): Fixed {
  if (x < 0n) {
    const { sin: sine, cos } = sinCos(mul(pi(bits), x, bits), bits);
    return digamma(one(bits) - x, bits) - mul(pi(bits), div(cos, sine, bits), bits);
  }
  let below = 0n;
  let y = x;
  while (y < farEnough(bits) << BigInt(bits)) {
    below += div(one(bits), y, bits);
    y += one(bits);
  }
  // ψ(y) = ln y − 1 / 2y − Σ B₂ₖ / (2k y^2k)
  let sum = log(y, bits) - (div(one(bits), y, bits) >> 1n);
  const square = mul(y, y, bits);
  let power = square;
  for (let k = 1; ; k++) {
    const { above, below: divisor } = bernoulli(k)[k - 1]!;
    const term = div(above << BigInt(bits), power, bits) / (divisor * BigInt(2 * k));
    if (term === 0n) break;
    sum -= term;
    power = mul(power, square, bits);
  }
  return sum - below;
}
