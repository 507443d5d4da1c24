/** A binary floating-point format of few bits: sign, exponent, fraction. */
interface SmallFloat {
  readonly fractionBits: number;
  /** Exponent of the smallest normal number and of all subnormal ones. */
  readonly smallest: number;
  /** Bit pattern of infinity. */
  readonly infinity: number;
  readonly sign: number;
}

const binary16: SmallFloat = { fractionBits: 10, smallest: -14, infinity: 0x7c00, sign: 0x8000 };
const bfloat16: SmallFloat = { fractionBits: 7, smallest: -126, infinity: 0x7f80, sign: 0x8000 };

/**
 * Returns the bits of the nearest number of a format, ties to even. Numbers that round beyond the largest become
 * infinite; NaN stays NaN, and zeros keep their signs.
 *
 * Float64 is rounded directly, because rounding through float32 would round some numbers twice.
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
  // The leading bit of a normal number is part of the steps and increments the exponent field by one; a carry
  // propagates into that field.
  return signed | Math.min(infinity, (exponent - smallest) * 2 ** fractionBits + rounded);
}

/** Returns the largest e with 2^e ≤ size; −∞ for 0. */
function exponentOf(size: number): number {
  const near = Math.floor(Math.log2(size)); // may be off by one if the logarithm rounds to or from an integer
  if (2 ** near > size) return near - 1;
  return 2 ** (near + 1) <= size ? near + 1 : near;
}

/** Returns the nearest float16 (IEEE 754 binary16) of a number as 16 bits. */
export function halfBits(x: number): number {
  return nearest(x, binary16);
}

/** Returns the nearest bfloat16 (the upper half of a float32) of a number as 16 bits. */
export function bfloatBits(x: number): number {
  return nearest(x, bfloat16);
}

/** Decodes a float16 (IEEE 754 binary16): sign, 5 bits of exponent, 10 of fraction. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Decodes an E5M2 number of 8 bits: the upper half of a float16. */
export function floatE5M2(bits: number): number {
  return half(bits << 8);
}

/**
 * Decodes an E4M3 number of 8 bits: sign, 4 bits of exponent, 3 of fraction. There are no infinities, and NaN has all
 * bits but the sign set.
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

/** Decodes an E8M0 scale of 8 bits: a power of two without sign or zero. @see OCP Microscaling formats 1.0, 5.4.1. */
export function floatE8M0(bits: number): number {
  return bits === 0xff ? Number.NaN : 2 ** (bits - 127);
}
