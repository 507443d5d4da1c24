// The polynomials of the transcendental functions: the approximated functions and their intervals.
import { inverseFits } from "./inverse-erfc.mjs";
import * as big from "./load-bigfloat.mjs";

/** @typedef {import("./remez.mjs").Fit} Fit */

/** @param {bigint} x @param {number} n */
const timesPowerOfTwo = (x, n) => (n >= 0 ? x << BigInt(n) : x >> BigInt(-n));

/**
 * Evaluates with extra digits, because the quotients below cancel near 0.
 * @param {(z: bigint, bits: number) => bigint} f
 * @returns {(z: bigint, bits: number) => bigint}
 */
const withMoreBits = (f) => (z, bits) => {
  const more = 200;
  return f(timesPowerOfTwo(z, more), bits + more) >> BigInt(more);
};

/** @param {bigint} z @param {number} bits */
const rootOf = (z, bits) => big.sqrt(z, bits);

/** The positive zero of the digamma function, by the secant method. @param {number} bits */
function zeroOfDigamma(bits) {
  let x = big.exactly(1.4616321449683622, bits);
  let previous = x + (1n << BigInt(bits - 50));
  let valueBefore = big.digamma(previous, bits);
  for (let i = 0; i < 6; i++) {
    const value = big.digamma(x, bits);
    if (value === valueBefore) break;
    const step = big.div(big.mul(value, x - previous, bits), value - valueBefore, bits);
    [previous, valueBefore] = [x, value];
    x -= step;
  }
  return x;
}

/**
 * √x e^−x Iₙ(x) for x ≥ 12, by the power series, or by the asymptotic series for large x.
 * @param {number} n @param {bigint} x @param {number} bits
 */
function scaledBesselI(n, x, bits) {
  const wide = bits + 64;
  const place = x << 64n;
  const root = big.sqrt(place, wide);
  if (big.toNumber(x, bits) > 150) {
    // 1/√2π · Σ (−1)ᵏ (4n² − 1²) (4n² − 3²) … / k! (8x)ᵏ
    let term = big.one(wide);
    let sum = term;
    for (let k = 1n; term !== 0n && k < 250n; k++) {
      const factor = BigInt(4 * n * n) - (2n * k - 1n) ** 2n;
      const next = big.div(-factor * term, 8n * k * place, wide);
      if ((next < 0n ? -next : next) > (term < 0n ? -term : term)) break;
      term = next;
      sum += term;
    }
    return big.div(sum, big.sqrt(2n * big.pi(wide), wide), wide) >> 64n;
  }
  const sum = besselSeries(n, big.mul(place, place, wide) >> 2n, wide);
  const value = n === 0 ? sum : big.mul(sum, place, wide) >> 1n;
  return big.mul(big.mul(value, root, wide), big.exp(-place, wide), wide) >> 64n;
}

/**
 * Iₙ(x) / (x/2)ⁿ for n = 0 and 1, by y = x²/4: Σ yᵏ / k! (k + n)!
 * @param {number} n @param {bigint} y @param {number} bits
 */
function besselSeries(n, y, bits) {
  let term = big.one(bits);
  let sum = term;
  for (let k = 1n; term !== 0n; k++) {
    term = big.mul(term, y, bits) / (k * (k + BigInt(n)));
    sum += term;
  }
  return sum;
}

/** @param {0 | 1} n */
const besselFits = (n) => [
  {
    name: `bessel${n}Near`,
    says: `${n === 0 ? "I₀(x) = 1 + y · P(y)" : "I₁(x) = x/2 · (1 + y · P(y))"}, y = x²/4, for |x| ≤ 12, relatively`,
    target: withMoreBits((y, bits) =>
      big.toNumber(y, bits) === 0
        ? big.one(bits) / BigInt(1 + n)
        : big.div(besselSeries(n, y, bits) - big.one(bits), y, bits),
    ),
    // less than 1 / I₀ would be near 36
    weight: (/** @type {number} */ y) => y / (1 + y * (1 + (y / 4) * (1 + (y / 9) * (1 + y / 16)))),
    from: 0,
    to: 36,
    degree: 19,
  },
  {
    name: `bessel${n}Far`,
    says: `√x e^−x I${n === 0 ? "₀" : "₁"}(x) = P(1/x) for x ≥ 12`,
    target: (/** @type {bigint} */ z, /** @type {number} */ bits) =>
      scaledBesselI(n, big.div(big.one(bits), z, bits), bits),
    weight: () => 2.6,
    from: 1e-6,
    to: 0.0834,
    degree: 19,
  },
];

/** √2 · erf⁻¹(u) / u for u² = 1 − e^−w, by Newton's method. @param {bigint} w @param {number} bits */
function normalFactor(w, bits) {
  const rest = big.exp(-w, bits);
  const u = big.sqrt(big.one(bits) - rest, bits);
  if (u === 0n) return big.sqrt(big.pi(bits) >> 1n, bits);
  // from the leading term of the tail; erf is concave for x > 0, so that Newton's steps increase after the first
  let x = big.exactly(Math.sqrt(Math.max(0, big.toNumber(w, bits) - 1)) / 1.5, bits);
  const slope = big.div(big.one(bits) << 1n, big.sqrt(big.pi(bits), bits), bits);
  for (let i = 0; i < 60; i++) {
    const step = big.div(
      u - big.erf(x, bits),
      big.mul(slope, big.exp(-big.mul(x, x, bits), bits), bits),
      bits,
    );
    x += step;
    if (step < 1n << BigInt(bits >> 1) && -step < 1n << BigInt(bits >> 1)) break; // the next step is below the last bit
  }
  return big.div(big.mul(big.sqrt(big.one(bits) << 1n, bits), x, bits), u, bits);
}

/** @param {number} w */
const normalFactorNear = (w) => big.toNumber(normalFactor(big.exactly(w, 80), 80), 80);

/**
 * The polynomial P of an odd function f(x) = c · x + x³ · P(x²).
 * @param {(x: bigint, bits: number) => bigint} f
 * @param {bigint} c
 */
const oddTail = (f, c = 1n) =>
  withMoreBits((z, bits) => {
    const x = rootOf(z, bits);
    return big.div(big.div(f(x, bits), x, bits) - c * big.one(bits), z, bits);
  });

/** ln((1 + s) / (1 − s)), which is 2 · atanh s. @param {bigint} s @param {number} bits */
const logOfRatio = (s, bits) => big.log(big.div(big.one(bits) + s, big.one(bits) - s, bits), bits);

/** @typedef {Omit<Fit, "degree"> & { says: string }} Curve a function to fit with the number of terms that it needs */

/** The curve for results in float32. @param {Curve} curve @param {string} note @returns {Curve} */
const inSingle = (curve, note = "in float32") => ({
  ...curve,
  says: `${curve.says}, ${note}`,
  single: true,
});

/** @satisfies {Record<string, Curve>} */
const curves = {
  sinh: {
    says: "sinh r = r + r³ · P(r²) for |r| ≤ ½ ln 2",
    target: oddTail(big.sinh),
    weight: (/** @type {number} */ z) => z,
    from: 1e-9,
    to: 0.1202,
  },
  exp: {
    says: "eʳ = 1 + r + r² · P(r) for |r| ≤ ½ ln 2",
    target: withMoreBits((r, bits) => {
      const rest = big.exp(r, bits) - big.one(bits) - r;
      return big.toNumber(r, bits) === 0 ? big.one(bits) >> 1n : big.div(rest, big.mul(r, r, bits), bits);
    }),
    weight: (/** @type {number} */ r) => r * r,
    from: -0.3468,
    to: 0.3468,
  },
  tanh: {
    says: "tanh x = x + x³ · P(x²) for |x| ≤ 0.75, relatively",
    target: oddTail(big.tanh),
    weight: (/** @type {number} */ z) => (z * Math.sqrt(z)) / Math.tanh(Math.sqrt(z)),
    from: 1e-9,
    to: 0.5625,
  },
  log: {
    says: "ln((1 + s) / (1 − s)) = 2s + s³ · P(s²) for |s| ≤ 3 − 2√2",
    target: oddTail(logOfRatio, 2n),
    weight: (/** @type {number} */ z) => z,
    from: 1e-9,
    to: 0.02944,
  },
  sin: {
    says: "sin r = r + r³ · P(r²) for |r| ≤ π/4",
    target: oddTail(big.sin),
    weight: (/** @type {number} */ z) => z,
    from: 1e-9,
    to: 0.617,
  },
  cos: {
    says: "cos r = 1 − r²/2 + r⁴ · P(r²) for |r| ≤ π/4",
    target: withMoreBits((z, bits) => {
      const rest = big.cos(rootOf(z, bits), bits) - big.one(bits) + (z >> 1n);
      return big.div(rest, big.mul(z, z, bits), bits);
    }),
    weight: (/** @type {number} */ z) => z * z,
    from: 1e-9,
    to: 0.617,
  },
  atan: {
    says: "atan t = t + t³ · P(t²) for |t| ≤ tan(π/8)",
    target: oddTail(big.atan),
    weight: (/** @type {number} */ z) => z,
    from: 1e-9,
    to: 0.1716,
  },
  asin: {
    says: "asin x = x + x³ · P(x²) for |x| ≤ ½",
    target: oddTail(big.asin),
    weight: (/** @type {number} */ z) => z,
    from: 1e-9,
    to: 0.25,
  },
  cbrt: {
    says: "∛m = P(m) for √½ ≤ m ≤ √2, relatively",
    target: (/** @type {bigint} */ m, /** @type {number} */ bits) => big.exp(big.log(m, bits) / 3n, bits),
    weight: (/** @type {number} */ m) => Math.cbrt(1 / m),
    from: 0.706,
    to: 1.4143,
  },
};

/** @type {readonly (Fit & { name: string, says: string })[]} */
export const fits = [
  { name: "sinhTail", ...curves.sinh, degree: 4 },
  {
    name: "coshTail",
    says: "cosh r = 1 + r²/2 + r⁴ · P(r²) for |r| ≤ ½ ln 2",
    target: withMoreBits((z, bits) => {
      const rest = big.cosh(rootOf(z, bits), bits) - big.one(bits) - (z >> 1n);
      return big.div(rest, big.mul(z, z, bits), bits);
    }),
    weight: (z) => z * z,
    from: 1e-9,
    to: 0.1202,
    degree: 4,
  },
  { name: "expTail", ...curves.exp, degree: 10 },
  { name: "tanhTail", ...curves.tanh, degree: 12 },
  { name: "logTail", ...curves.log, degree: 6 },
  {
    name: "longLogTail",
    says: "ln((1 + s) / (1 − s)) = ⅔ s · (3 + s² + s⁴ · P(s²)) for |s| ≤ 3 − 2√2",
    target: withMoreBits((z, bits) => {
      const s = rootOf(z, bits);
      const threeHalves = (3n * big.div(logOfRatio(s, bits), s, bits)) >> 1n;
      return big.div(threeHalves - 3n * big.one(bits) - z, big.mul(z, z, bits), bits);
    }),
    weight: (z) => (z * z) / 3,
    from: 1e-9,
    to: 0.02944,
    degree: 6,
  },
  { name: "sinTail", ...curves.sin, degree: 5 },
  { name: "cosTail", ...curves.cos, degree: 5 },
  { name: "atanTail", ...curves.atan, degree: 10 },
  { name: "asinTail", ...curves.asin, degree: 12 },
  { name: "cbrtStart", ...curves.cbrt, degree: 9 },
  {
    name: "erfTail",
    says: "erf x = x + x · ((1 − 3x²) / 8 + P(x²)) for |x| ≤ 0.82",
    target: withMoreBits((z, bits) => {
      const x = rootOf(z, bits);
      const most = (9n * big.one(bits) - 3n * z) >> 3n;
      return big.div(big.erf(x, bits), x, bits) - most;
    }),
    weight: (z) => 1 / (1 - 0.16 * z),
    from: 1e-9,
    to: 0.6725,
    degree: 11,
  },
  {
    name: "erfcTail",
    says: "eˣ² erfc x · (1 + 2x) = 5/4 + P((x − 4) / (x + 4)) for 0.8 ≤ x ≤ 28",
    target: (t, bits) => {
      // erfc 28 has 1130 zeros after the point
      const more = 1300;
      const one = big.one(bits + more);
      const wide = timesPowerOfTwo(t, more);
      const x = big.div(4n * (one + wide), one - wide, bits + more);
      const erfc = one - big.erf(x, bits + more);
      const scaled = big.mul(erfc, big.exp(big.mul(x, x, bits + more), bits + more), bits + more);
      return (big.mul(scaled, one + 2n * x, bits + more) - 5n * (one >> 2n)) >> BigInt(more);
    },
    weight: () => 0.8,
    from: -0.6667,
    to: 0.75,
    degree: 20,
  },
  ...inverseFits,
  {
    name: "logGammaMiddle",
    says: "ln Γ(2 + h) = h · (7/16 + h/4 + P(h)) for −¼ ≤ h ≤ ¾",
    target: withMoreBits((h, bits) => {
      const value = big.logGamma(2n * big.one(bits) + h, bits);
      return big.div(value, h, bits) - ((7n * big.one(bits)) >> 4n) - (h >> 2n);
    }),
    weight: () => 2.4,
    from: -0.2501,
    to: 0.7501,
    degree: 17,
  },
  {
    name: "logGammaTail",
    says: "ln Γ(x) = (x − ½) ln x − x + ½ ln 2π + P(x⁻²) / x for x ≥ 8",
    target: withMoreBits((z, bits) => {
      const x = big.div(big.one(bits), rootOf(z, bits), bits);
      const half = big.one(bits) >> 1n;
      const main = big.mul(x - half, big.log(x, bits), bits) - x + (big.log(2n * big.pi(bits), bits) >> 1n);
      return big.mul(big.logGamma(x, bits) - main, x, bits);
    }),
    weight: (z) => Math.sqrt(z) / 8,
    from: 1e-6,
    to: 1 / 64,
    degree: 5,
  },
  {
    name: "digammaMiddle",
    says: "ψ(3/2 + t) = (3/2 + t − x₀) · (1 + P(t)) for |t| ≤ ½, x₀ = 1.4616… the zero",
    target: withMoreBits((t, bits) => {
      const y = ((3n * big.one(bits)) >> 1n) + t;
      return big.div(big.digamma(y, bits), y - zeroOfDigamma(bits), bits) - big.one(bits);
    }),
    weight: () => 1,
    from: -0.5,
    to: 0.5,
    degree: 22,
  },
  {
    name: "digammaTail",
    says: "ψ(x) = ln x − 1 / 2x − x⁻² · P(x⁻²) for x ≥ 8",
    target: withMoreBits((z, bits) => {
      const x = big.div(big.one(bits), rootOf(z, bits), bits);
      const main = big.log(x, bits) - (rootOf(z, bits) >> 1n);
      return big.div(main - big.digamma(x, bits), z, bits);
    }),
    weight: (z) => z / 2,
    from: 1e-6,
    to: 1 / 64,
    degree: 5,
  },
  ...besselFits(0),
  ...besselFits(1),
  { name: "expTail32", ...inSingle(curves.exp), degree: 4 },
  { name: "longExpTail32", ...inSingle(curves.exp), degree: 5 },
  {
    name: "exp2Tail32",
    says: "2ᵗ = 1 + t ln 2 + t² · P(t) for |t| ≤ ½, relatively, in float32",
    target: withMoreBits((t, bits) => {
      const ln2 = big.log(2n * big.one(bits), bits);
      const square = big.mul(t, t, bits);
      if (big.toNumber(square, bits) === 0) return big.mul(ln2, ln2, bits) >> 1n;
      const exponent = big.mul(t, ln2, bits);
      return big.div(big.exp(exponent, bits) - big.one(bits) - exponent, square, bits);
    }),
    weight: (t) => (t * t) / 2 ** t,
    from: -0.5,
    to: 0.5,
    degree: 4,
    single: true,
  },
  {
    name: "logTail32",
    says: "ln(1 + f) = f − f²/2 + f³ · P(f) for √½ ≤ 1 + f ≤ √2, relatively, in float32",
    target: withMoreBits((f, bits) => {
      const square = big.mul(f, f, bits);
      if (big.toNumber(f, bits) === 0) return big.one(bits) / 3n;
      return big.div(big.log(big.one(bits) + f, bits) - f + (square >> 1n), big.mul(square, f, bits), bits);
    }),
    weight: (f) => (f === 0 ? 0 : Math.abs((f * f * f) / Math.log1p(f))),
    from: -0.2929,
    to: 0.4143,
    degree: 8,
    single: true,
  },
  ...[
    { base: 2, name: "log2Tail32", says: "log₂(1 + f) = f / ln 2 − f²/2", square: 0.5 },
    { base: 10, name: "log10Tail32", says: "log₁₀(1 + f) = f / ln 10 − f²/4", square: 0.25 },
  ].map(({ base, name, says, square }) => ({
    name,
    says: `${says} + f² · P(f) for |f| ≤ ⅓, relatively, in float32`,
    target: withMoreBits((f, bits) => {
      const perE = big.div(big.one(bits), big.log(BigInt(base) * big.one(bits), bits), bits);
      const taken = big.exactly(square, bits);
      if (big.toNumber(f, bits) === 0) return taken - (perE >> 1n);
      const curve = big.div(big.log(big.one(bits) + f, bits) - f, big.mul(f, f, bits), bits);
      return big.mul(curve, perE, bits) + taken;
    }),
    weight: (/** @type {number} */ f) => (f === 0 ? 0 : Math.log(base) * Math.abs((f * f) / Math.log1p(f))),
    from: -0.3334,
    to: 0.3334,
    degree: 9,
    single: true,
  })),
  {
    name: "log1pTail32",
    says: "ln(1 + x) = x − ⅜ x² − x² · P(x − ½) for 0 ≤ x ≤ 1, relatively, in float32",
    target: withMoreBits((t, bits) => {
      const x = t + (big.one(bits) >> 1n);
      const most = (3n * big.one(bits)) >> 3n;
      if (big.toNumber(x, bits) === 0) return big.one(bits) >> 3n;
      return big.div(x - big.log(big.one(bits) + x, bits), big.mul(x, x, bits), bits) - most;
    }),
    weight: (t) => (t === -0.5 ? 0 : (t + 0.5) ** 2 / Math.log1p(t + 0.5)),
    from: -0.5,
    to: 0.5,
    degree: 8,
    single: true,
  },
  { name: "sinTail32", ...inSingle(curves.sin), degree: 2 },
  { name: "cosTail32", ...inSingle(curves.cos), degree: 2 },
  { name: "tanhTail32", ...inSingle(curves.tanh), degree: 5 },
  {
    name: "sinhTail32",
    says: "sinh x = x + x³ · P(x²) for |x| ≤ ln 2, relatively, in float32",
    target: oddTail(big.sinh),
    weight: (z) => z,
    from: 1e-9,
    to: 0.49,
    degree: 2,
    single: true,
  },
  {
    name: "coshTail32",
    says: "cosh r = 1 + r² · P(r²) for |r| ≤ ln 2, in float32",
    target: withMoreBits((z, bits) => big.div(big.cosh(rootOf(z, bits), bits) - big.one(bits), z, bits)),
    weight: (z) => z,
    from: 1e-9,
    to: 0.49,
    degree: 3,
    single: true,
  },
  {
    name: "atanTail32",
    says: "atan t = t + t³ · P(t²) for |t| ≤ 0.55, relatively, in float32",
    target: oddTail(big.atan),
    weight: (z) => z,
    from: 1e-9,
    to: 0.3026,
    degree: 5,
    single: true,
  },
  { name: "asinTail32", ...inSingle(curves.asin, "relatively, in float32"), degree: 5 },
  {
    name: "atanhTail32",
    says: "atanh x = x + x³ · P(x²) for |x| ≤ ½, relatively, in float32",
    target: oddTail((x, bits) => logOfRatio(x, bits) >> 1n),
    weight: (z) => z,
    from: 1e-9,
    to: 0.25,
    degree: 6,
    single: true,
  },
  {
    name: "cbrtTail32",
    says: "∛(1 + c) = 1 + c · P(c) for −0.1 ≤ c ≤ 0.11, in float32",
    target: withMoreBits((c, bits) => {
      const one = big.one(bits);
      return big.toNumber(c, bits) === 0
        ? one / 3n
        : big.div(big.exp(big.log(one + c, bits) / 3n, bits) - one, c, bits);
    }),
    weight: (c) => Math.abs(c),
    from: -0.1,
    to: 0.11,
    degree: 4,
    single: true,
  },
  { name: "shortLogTail", ...curves.log, says: `${curves.log.says}, for results in float32`, degree: 3 },
  {
    name: "shortExpTail",
    says: "2ᵗ = 1 + t · P(t) for |t| ≤ ½, for results in float32",
    target: withMoreBits((t, bits) => {
      const ln2 = big.log(2n * big.one(bits), bits);
      if (big.toNumber(t, bits) === 0) return ln2;
      return big.div(big.exp(big.mul(t, ln2, bits), bits) - big.one(bits), t, bits);
    }),
    weight: (t) => Math.abs(t),
    from: -0.5001,
    to: 0.5001,
    degree: 7,
  },
  {
    name: "erfTail32",
    says: "erf x = x + x · P(x²) for |x| ≤ 0.7, in float32",
    target: withMoreBits((z, bits) => {
      const x = rootOf(z, bits);
      return big.div(big.erf(x, bits), x, bits) - big.one(bits);
    }),
    weight: () => 1,
    from: 1e-9,
    to: 0.4761,
    degree: 5,
    single: true,
  },
  {
    name: "erfcTail32",
    says: "eˣ² erfc x · (3/4 + 3x/2) = 1 + P(1 − 9/2 / (1 + 2x)) for 0.68 ≤ x ≤ 9.2, in float32",
    target: (t, bits) => {
      // erfc 9.2 has 38 zeros after the point
      const more = 200;
      const one = big.one(bits + more);
      const below = big.div(9n * one, (one - timesPowerOfTwo(t, more)) << 1n, bits + more);
      const x = (below - one) >> 1n;
      const erfc = one - big.erf(x, bits + more);
      const scaled = big.mul(erfc, big.exp(big.mul(x, x, bits + more), bits + more), bits + more);
      return (3n * (big.mul(scaled, below, bits + more) >> 2n) - one) >> BigInt(more);
    },
    weight: () => 1.1,
    from: -0.908,
    to: 0.77,
    degree: 12,
    single: true,
  },
  {
    name: "normalRatio32",
    says: "e^(a²/2) Φ(−a) · (1 + 3a/10) = P(1 / (1 + 3a/10) − 0.6) for 0 ≤ a ≤ 14.5, relatively, in float32",
    target: (t, bits) => {
      // Φ(−14.5) has 47 zeros after the point
      const more = 250;
      const one = big.one(bits + more);
      const u = timesPowerOfTwo(t, more) + big.exactly(0.6, bits + more);
      const a = (10n * (big.div(one, u, bits + more) - one)) / 3n;
      const x = big.div(a, big.sqrt(2n * one, bits + more), bits + more);
      const tail = (one - big.erf(x, bits + more)) >> 1n;
      const scaled = big.mul(tail, big.exp(big.mul(x, x, bits + more), bits + more), bits + more);
      return big.div(scaled, u, bits + more) >> BigInt(more);
    },
    weight: (t) => 1 / (0.32 + 0.44 * t),
    from: 1 / 5.35 - 0.6,
    to: 0.4,
    degree: 9,
    single: true,
  },
  {
    name: "normalLog32",
    says: "ln(1 + f) = f · P(f) for √½ ≤ 1 + f ≤ √2, in float32",
    target: withMoreBits((f, bits) =>
      big.toNumber(f, bits) === 0 ? big.one(bits) : big.div(big.log(big.one(bits) + f, bits), f, bits),
    ),
    weight: (f) => Math.abs(f),
    from: -0.2929,
    to: 0.4143,
    degree: 7,
    single: true,
  },
  {
    name: "normalCentre32",
    says: "√2 erf⁻¹ u = u · P(w − 2.5), w = −ln(1 − u²), for 0 ≤ w ≤ 5, relatively, in float32",
    target: (t, bits) => normalFactor(t + big.exactly(2.5, bits), bits),
    weight: (t) => 1 / normalFactorNear(t + 2.5),
    from: -2.5,
    to: 2.5,
    degree: 9,
    single: true,
  },
  {
    name: "normalTail32",
    says: "√2 erf⁻¹ u = u · P(√w − 3.25), w = −ln(1 − u²), for 5 ≤ w ≤ 16, relatively, in float32",
    target: (t, bits) => {
      const root = t + big.exactly(3.25, bits);
      return normalFactor(big.mul(root, root, bits), bits);
    },
    weight: (t) => 1 / normalFactorNear((t + 3.25) ** 2),
    from: Math.sqrt(4.99) - 3.25,
    to: 4.01 - 3.25,
    degree: 9,
    single: true,
  },
];
