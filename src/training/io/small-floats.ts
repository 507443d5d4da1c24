/** A binary floating format of few bits: a sign, the exponent, the fraction. */
interface SmallFloat {
  readonly fractionBits: number;
  /** The exponent of the smallest normal number, and of all subnormal ones. */
  readonly smallest: number;
  /** The bits of infinity. */
  readonly infinity: number;
  readonly sign: number;
}

const binary16: SmallFloat = { fractionBits: 10, smallest: -14, infinity: 0x7c00, sign: 0x8000 };
const bfloat16: SmallFloat = { fractionBits: 7, smallest: -126, infinity: 0x7f80, sign: 0x8000 };

/**
 * The bits of the nearest number of a format, of two equally near ones that with an even fraction. What rounds beyond the
 * largest number is infinite; NaN stays NaN, and zeros keep their signs.
 *
 * Float64 is rounded at once: by way of float32 some numbers would be rounded twice.
 *
 * @see IEEE 754-2019, 4.3.1, roundTiesToEven.
 */
function nearest(x: number, { fractionBits, smallest, infinity, sign }: SmallFloat): number {
  const signed = x < 0 || Object.is(x, -0) ? sign : 0;
  const size = Math.abs(x);
  if (Number.isNaN(x)) return signed | infinity | (1 << (fractionBits - 1));
  if (size === Infinity) return signed | infinity;
  const exponent = Math.max(exponentOf(size), smallest);
  const steps = size * 2 ** (fractionBits - exponent); // exact: the factor is a power of two
  const below = Math.floor(steps);
  const rest = steps - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // a normal number has its leading bit among the steps, and so the exponent's field is one more; a carry goes into it
  return signed | Math.min(infinity, (exponent - smallest) * 2 ** fractionBits + rounded);
}

/** The largest e with 2^e ≤ size; −∞ for 0. */
function exponentOf(size: number): number {
  const near = Math.floor(Math.log2(size)); // one off where the logarithm rounds to or from a whole number
  if (2 ** near > size) return near - 1;
  return 2 ** (near + 1) <= size ? near + 1 : near;
}

/** The float16 (IEEE 754 binary16) nearest to a number, as 16 bits. */
export function halfBits(x: number): number {
  return nearest(x, binary16);
}

/** The bfloat16 (the upper half of a float32) nearest to a number, as 16 bits. */
export function bfloatBits(x: number): number {
  return nearest(x, bfloat16);
}

/** The number that 16 bits stand for: a sign, 5 bits of exponent, 10 of fraction (IEEE 754 binary16). */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The number that 8 bits stand for as E5M2: the upper half of a float16. */
export function floatE5M2(bits: number): number {
  return half(bits << 8);
}

/**
 * The number that 8 bits stand for as E4M3: a sign, 4 bits of exponent, 3 of fraction, no infinities, and NaN only where all
 * bits but the sign are set.
 *
 * @see Micikevicius et al., FP8 formats for deep learning, 2022, table 1.
 */
export function floatE4M3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >>> 3) & 0xf;
  const fraction = bits & 7;
  if (exponent === 0xf && fraction === 7) return Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -9 : sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}

/** The power of two that 8 bits stand for as E8M0, a scale: no sign, no zero. @see OCP Microscaling formats 1.0, 5.4.1. */
export function floatE8M0(bits: number): number {
  return bits === 0xff ? Number.NaN : 2 ** (bits - 127);
}
