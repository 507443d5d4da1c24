/**
 * A real number with any number of bits, for measuring the errors of float64 functions. A `Fixed` is a BigInt that
 * counts units of 2^−bits. Every function takes and returns numbers of equal `bits`, and its absolute error is a few
 * units. `bitsFor` (in ulp-error.ts) chooses `bits` so that the relative error is small too.
 */
export type Fixed = bigint;

const GUARD = 32;

/** The integer m and the exponent e with x = m · 2^e, |m| < 2^53. Finite x only. */
function decompose(x: number): { m: bigint; e: number } {
  const words = new BigUint64Array(new Float64Array([x]).buffer);
  const bits = words[0]!;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const m = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { m: bits >> 63n === 1n ? -m : m, e: Math.max(biased, 1) - 1075 };
}

/** x in units of 2^−bits; digits below that are truncated. */
export function exactly(x: number, bits: number): Fixed {
  const { m, e } = decompose(x);
  return shift(m, e + bits);
}

/** x · 2^n, rounded down. */
function shift(x: bigint, n: number): bigint {
  return n >= 0 ? x << BigInt(n) : x >> BigInt(-n);
}

/** The exponent of x: 2^exponent <= |x| < 2^(exponent + 1); −1075 for 0. */
export function exponentOf(x: number): number {
  const { m, e } = decompose(x);
  return m === 0n ? -1075 : bitLength(m) - 1 + e;
}

/** Number of bits of |x|. */
export function bitLength(x: bigint): number {
  const hex = (x < 0n ? -x : x).toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(parseInt(hex[0]!, 16)));
}

/** The nearest float64 to x (ties to even), subnormal ones included. */
export function toNumber(x: Fixed, bits: number): number {
  const magnitude = x < 0n ? -x : x;
  if (magnitude === 0n) return 0;
  // `Number` of a BigInt rounds to nearest even; a subnormal has fewer bits, so cut there first with a sticky bit.
  const drop = Math.max(bitLength(magnitude) - 64, bits - 1074 - 2, 0);
  const kept = magnitude >> BigInt(drop);
  const sticky = kept << BigInt(drop) === magnitude ? kept << 1n : (kept << 1n) | 1n;
  const e = drop - bits - 1;
  const units = Math.max(bitLength(sticky) - 53, -1074 - e);
  let rounded = sticky;
  if (units > 0) {
    const unit = 1n << BigInt(units);
    const rest = sticky & (unit - 1n);
    rounded = sticky - rest;
    const half = unit >> 1n;
    if (rest > half || (rest === half && ((rounded >> BigInt(units)) & 1n) === 1n)) rounded += unit;
  }
  const value = scaleByPowerOfTwo(Number(rounded), e);
  return x < 0n ? -value : value;
}

function scaleByPowerOfTwo(x: number, n: number): number {
  let y = x;
  let left = n;
  while (left > 1000) {
    y *= 2 ** 1000;
    left -= 1000;
  }
  while (left < -1000) {
    y *= 2 ** -1000;
    left += 1000;
  }
  return y * 2 ** left;
}

export const one = (bits: number): Fixed => 1n << BigInt(bits);
export const mul = (x: Fixed, y: Fixed, bits: number): Fixed => (x * y) >> BigInt(bits);
export const div = (x: Fixed, y: Fixed, bits: number): Fixed => (x << BigInt(bits)) / y;

/** Floor of the square root of an integer. */
function integerSqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

export const sqrt = (x: Fixed, bits: number): Fixed => integerSqrt(x << BigInt(bits));

/** A constant that is computed once with more bits than requested, and truncated afterwards. */
function cached(compute: (bits: number) => Fixed): (bits: number) => Fixed {
  let known = 0n;
  let knownBits = -1;
  return (bits) => {
    if (bits > knownBits) {
      knownBits = bits + 512;
      known = compute(knownBits);
    }
    return known >> BigInt(knownBits - bits);
  };
}

/** Σ sign^i · 1/((2i+1) · q^(2i+1)): atan(1/q) with sign −1, atanh(1/q) with sign +1. */
function inverseSeries(q: bigint, sign: bigint, bits: number): Fixed {
  let power = one(bits + GUARD) / q;
  let sum = power;
  for (let i = 3n; power !== 0n; i += 2n) {
    power = (sign * power) / (q * q);
    sum += power / i;
  }
  return sum >> BigInt(GUARD);
}

/** π = 16 atan(1/5) − 4 atan(1/239) (Machin). */
export const pi: (bits: number) => Fixed = cached(
  (bits) => 16n * inverseSeries(5n, -1n, bits) - 4n * inverseSeries(239n, -1n, bits),
);

/** ln 2 = 18 atanh(1/26) − 2 atanh(1/4801) + 8 atanh(1/8749). */
export const ln2: (bits: number) => Fixed = cached(
  (bits) =>
    18n * inverseSeries(26n, 1n, bits) -
    2n * inverseSeries(4801n, 1n, bits) +
    8n * inverseSeries(8749n, 1n, bits),
);

/** Quotient rounded to the nearest integer, for y > 0. */
function nearestQuotient(x: bigint, y: bigint): bigint {
  const twice = 2n * x + y;
  const q = twice / (2n * y);
  return twice < 0n && q * 2n * y !== twice ? q - 1n : q;
}

export function exp(x: Fixed, bits: number): Fixed {
  const b = bits + GUARD;
  const wide = b + Math.max(bitLength(x) - bits, 0);
  const wideX = x << BigInt(wide - bits);
  const k = nearestQuotient(wideX, ln2(wide));
  const r = (wideX - k * ln2(wide)) >> BigInt(wide - b);
  // exp(r) = exp(r / 2^halvings)^(2^halvings)
  const halvings = 8;
  const small = r >> BigInt(halvings);
  let term = one(b);
  let sum = term;
  for (let i = 1n; term !== 0n; i++) {
    term = mul(term, small, b) / i;
    sum += term;
  }
  for (let i = 0; i < halvings; i++) sum = mul(sum, sum, b);
  return shift(sum, Number(k) - GUARD);
}

export function expm1(x: Fixed, bits: number): Fixed {
  return exp(x, bits) - one(bits);
}

/** Natural logarithm of x > 0. */
export function log(x: Fixed, bits: number): Fixed {
  const k = bitLength(x) - 1 - bits;
  const b = bits + GUARD;
  const m = shift(x, GUARD - k);
  let y = exactly(Math.log(toNumber(m, b)), b);
  // Halley: y += 2 (m − e^y) / (m + e^y) triples the number of good bits.
  for (let good = 40; good < b; good *= 3) {
    const e = exp(y, b);
    y += div(2n * (m - e), m + e, b);
  }
  return (y + BigInt(k) * ln2(b)) >> BigInt(GUARD);
}

export function log1p(x: Fixed, bits: number): Fixed {
  return log(one(bits) + x, bits);
}

export function sinCos(x: Fixed, bits: number): { sin: Fixed; cos: Fixed } {
  const b = bits + GUARD;
  // The number of extra digits of π equals the number of digits of x before the point.
  const wide = b + Math.max(bitLength(x) - bits, 0);
  const wideX = x << BigInt(wide - bits);
  const n = nearestQuotient(wideX, pi(wide) >> 1n);
  const r = (wideX - n * (pi(wide) >> 1n)) >> BigInt(wide - b);
  const square = mul(r, r, b);
  // term_i = (−1)^i r^(2i) / (2i)!, so cos r = Σ term_i and sin r = r Σ term_i / (2i + 1).
  let term = one(b);
  let cosine = term;
  let sineOverR = term;
  for (let i = 2n; term !== 0n; i += 2n) {
    term = mul(term, -square, b) / ((i - 1n) * i);
    cosine += term;
    sineOverR += term / (i + 1n);
  }
  const s = mul(sineOverR, r, b) >> BigInt(GUARD);
  const c = cosine >> BigInt(GUARD);
  switch (((n % 4n) + 4n) % 4n) {
    case 0n:
      return { sin: s, cos: c };
    case 1n:
      return { sin: c, cos: -s };
    case 2n:
      return { sin: -s, cos: -c };
    default:
      return { sin: -c, cos: s };
  }
}

export const sin = (x: Fixed, bits: number): Fixed => sinCos(x, bits).sin;
export const cos = (x: Fixed, bits: number): Fixed => sinCos(x, bits).cos;
export function tan(x: Fixed, bits: number): Fixed {
  // Near a pole the quotient loses the digits that the result gains.
  const extra = 80;
  const { sin: sine, cos: cosine } = sinCos(x << BigInt(extra), bits + extra);
  return div(sine, cosine, bits);
}

export function atan(x: Fixed, bits: number): Fixed {
  const b = bits + GUARD;
  if (x < 0n) return -atan(-x, bits);
  if (x > one(bits)) return (pi(bits) >> 1n) - atan(div(one(bits), x, bits), bits);
  const wide = x << BigInt(GUARD);
  let y = exactly(Math.atan(toNumber(wide, b)), b);
  // atan x = y + atan((x cos y − sin y) / (cos y + x sin y)), and atan t = t − t³/3 + O(t⁵).
  for (let good = 40; good < b; good *= 5) {
    const { sin: sine, cos: cosine } = sinCos(y, b);
    const t = div(mul(wide, cosine, b) - sine, cosine + mul(wide, sine, b), b);
    y += t - mul(mul(t, t, b), t, b) / 3n;
  }
  return y >> BigInt(GUARD);
}

/** asin x = atan(x / √(1 − x²)). */
export function asin(x: Fixed, bits: number): Fixed {
  const cosine = sqrt(one(bits + bits) - x * x, 2 * bits) >> BigInt(bits);
  return cosine === 0n ? (x < 0n ? -1n : 1n) * (pi(bits) >> 1n) : atan(div(x, cosine, bits), bits);
}

/** acos x = 2 atan(√((1 − x) / (1 + x))). */
export function acos(x: Fixed, bits: number): Fixed {
  if (x === -one(bits)) return pi(bits);
  return 2n * atan(sqrt(div(one(bits) - x, one(bits) + x, bits), bits), bits);
}

export function sinh(x: Fixed, bits: number): Fixed {
  return (exp(x, bits) - exp(-x, bits)) >> 1n;
}
export function cosh(x: Fixed, bits: number): Fixed {
  return (exp(x, bits) + exp(-x, bits)) >> 1n;
}
export function tanh(x: Fixed, bits: number): Fixed {
  const e = exp(2n * x, bits);
  return div(e - one(bits), e + one(bits), bits);
}

/** erf x = 2/√π · e^(−x²) · Σ 2^i x^(2i+1) / (1 · 3 · 5 … (2i+1)): no term changes sign. */
export function erf(x: Fixed, bits: number): Fixed {
  // The sum grows as e^(x²) and takes its absolute error from the factor.
  const extra = GUARD + Math.ceil(1.5 * toNumber(x, bits) ** 2);
  const b = bits + extra;
  const wide = x << BigInt(extra);
  const square = mul(wide, wide, b);
  let term = wide;
  let sum = term;
  for (let i = 3n; term !== 0n && term !== -1n; i += 2n) {
    term = (2n * mul(term, square, b)) / i;
    sum += term;
  }
  const scale = div(2n * exp(-square, b), sqrt(pi(b), b), b);
  return mul(sum, scale, b) >> BigInt(extra);
}
