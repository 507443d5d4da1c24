import type { Fixed } from "./bigfloat.ts";
import { bitLength, exactly, exponentOf, toNumber } from "./bigfloat.ts";

/**
 * Error of `got` as an approximation of the real number `exact`, in ulps of the result. An ulp is the gap between the
 * float64 numbers around the exact value.
 */
export function ulpError(got: number, exact: Fixed, bits: number): number {
  if (!Number.isFinite(got)) {
    // Right only where the exact value rounds to infinity.
    const limit = (1n << 1024n) - (1n << 970n);
    const magnitude = exact < 0n ? -exact : exact;
    return !Number.isNaN(got) && magnitude >= limit << BigInt(bits) && got > 0 === exact > 0n ? 0 : Infinity;
  }
  const exponent = Math.max(exact === 0n ? -1022 : bitLength(exact) - 1 - bits, -1022);
  const difference = exactly(got, bits + 64) - (exact << 64n);
  return Math.abs(toNumber(difference, bits + 64 + exponent - 52));
}

/** Enough bits for 100 good ones in the result, whatever the sizes of arguments and result. */
export function bitsFor(numbers: readonly number[]): number {
  return 160 + Math.max(0, ...numbers.filter(Number.isFinite).map((x) => -exponentOf(x)));
}

/** A real function at any number of bits. */
export type Reference = (bits: number, ...x: readonly Fixed[]) => Fixed;

/** The error of `got` as the value of `reference` at the float64 arguments `x`, in ulps. */
export function errorAt(reference: Reference, got: number, ...x: readonly number[]): number {
  const bits = bitsFor([...x, got]);
  return ulpError(got, reference(bits, ...x.map((value) => exactly(value, bits))), bits);
}
