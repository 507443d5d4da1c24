import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
  constant,
  div,
  i32,
  lt,
  max,
  min,
  mul,
  mulAdd,
  neg,
  procedure,
  select,
  shl,
  sub,
  unary,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { expTail32 } from "../coefficients.ts";
import type { DoubleDouble } from "../double-double.ts";
import { fastTwoSum, lessMultiple } from "../double-double.ts";

export const f32 = (value: number): Expr => constant("f32", value);
export const bitsOf = (x: Expr): Expr => unary("bitsOf", x);
export const fromBits = (x: Expr): Expr => unary("fromBits", x);

/**
 * Rounding constant 1.5 · 2^23: adding it to a small number rounds the number to an integer, which is then in the low
 * bits.
 */
const ROUNDER32 = 12582912;
const ROUNDER32_BITS = 0x4b400000;
const TWO_BITS = 0x40000000;

/** ln 2 in two parts; the first has 9 bits, so that its products with exponents are exact. */
export const LN2_HIGH_32 = 0.693359375;
export const LN2_LOW_32 = -0.0002121944400546906;

/** Evaluates Σ coefficients[i] · zⁱ in float32, by Horner's rule. */
export function polynomial32(coefficients: readonly number[], z: Expr): Expr {
  return coefficients.map(f32).reduceRight((sum, coefficient) => mulAdd(z, sum, coefficient));
}

/** Evaluates a polynomial in float32, given z and z², in two independent chains of even and odd powers. */
export function polynomialInTwo32(coefficients: readonly number[], z: Expr, square: Expr): Expr {
  const row = (parity: number): Expr =>
    polynomial32(
      coefficients.filter((_, i) => i % 2 === parity),
      square,
    );
  return mulAdd(z, row(1), row(0));
}

/**
 * Rounds x · `inverse` to the nearest integer n. Returns n as a float (`count`), and an integer whose low bits are n +
 * `bias` (`bits`).
 */
export function nearestMultiple(
  block: Block,
  x: Expr,
  inverse: number,
  bias = 0,
): { readonly count: Expr; readonly bits: Expr } {
  const rounder = f32(ROUNDER32 + bias);
  const shifted = block.let("shifted", inverse === 1 ? add(x, rounder) : mulAdd(x, f32(inverse), rounder));
  const count = block.let("count", sub(shifted, rounder));
  return { count, bits: bitsOf(shifted) };
}

/** Number that is added to n in `SingleReducedExponent.bits`. The sum is the exponent field of 2^(n − 1). */
const BIAS = 126;

/**
 * Factors of an exponential: e^x = 2^n · (1 + r + tail), with r + tail between −0.3 and 0.42. The low bits of `bits`
 * are n + 126.
 */
interface SingleReducedExponent {
  readonly bits: Expr;
  readonly r: Expr;
  readonly tail: Expr;
}

/**
 * Reduces the argument x + low of an exponential, for |x| < 2^15 and a small correction `low`. `series` may be a longer
 * series than `expTail32`.
 */
export function reducedExp(
  block: Block,
  x: Expr,
  low?: Expr,
  series: readonly number[] = expTail32,
): SingleReducedExponent {
  const { count, bits } = nearestMultiple(block, x, Math.LOG2E, BIAS);
  const rough = block.let("rough", lessMultiple(x, count, LN2_HIGH_32)); // exact
  const r = block.let("r", lessMultiple(low === undefined ? rough : add(rough, low), count, LN2_LOW_32));
  const left = sub(rough, r);
  const rLow = lessMultiple(low === undefined ? left : add(left, low), count, LN2_LOW_32);
  const square = block.let("square", mul(r, r));
  return { bits: block.let("bits", bits), r, tail: mulAdd(square, polynomial32(series, r), rLow) };
}

/**
 * Multiplies by 2^n for −150 ≤ n ≤ 128, with a single rounding for subnormal results: by 2^(m − 1) and by 2^(n − m +
 * 1), where m = max(n, −100).
 */
export function powerOfTwo32(block: Block, bits: Expr): (x: Expr) => Expr {
  const atLeast = block.let("atLeast", max(bits, i32(ROUNDER32_BITS + BIAS - 100)));
  const first = block.let("first", fromBits(shl(atLeast, i32(23))));
  const second = block.let("second", fromBits(add(shl(sub(bits, atLeast), i32(23)), i32(TWO_BITS))));
  return (x) => mul(mul(x, first), second);
}

/** Splits x into a sum of two numbers of 12 bits each. Products of such numbers are exact. */
export function split32(block: Block, name: string, x: Expr): DoubleDouble {
  const high = block.let(`${name}Head`, fromBits(and(bitsOf(x), i32(-4096))));
  return { high, low: block.let(`${name}Rest`, sub(x, high)) };
}

/**
 * Computes above / below as a head of 12 bits and a remainder, to about 35 bits, given 1 / below, rounded. Declares
 * names that begin with `name`.
 */
export function quotientPair32(
  block: Block,
  name: string,
  above: Partial<DoubleDouble> & Pick<DoubleDouble, "high">,
  below: Partial<DoubleDouble> & Pick<DoubleDouble, "high">,
  inverse: Expr = block.let(`${name}Inverse`, div(f32(1), below.high)),
): DoubleDouble {
  const high = block.let(name, fromBits(and(bitsOf(mul(above.high, inverse)), i32(-4096))));
  const minus = block.let(`${name}Minus`, neg(high));
  // above − high · below, by exact products of halves
  const pieces = split32(block, `${name}Below`, below.high);
  const rest = mulAdd(minus, pieces.low, mulAdd(minus, pieces.high, above.high));
  const lows = below.low === undefined ? above.low : mulAdd(minus, below.low, above.low ?? f32(0));
  return { high, low: block.let(`${name}Low`, mul(lows === undefined ? rest : add(rest, lows), inverse)) };
}

/**
 * Computes above / below, almost correctly rounded, given 1 / below, rounded. Declares names that begin with `name`.
 */
export function quotient32(
  block: Block,
  name: string,
  above: DoubleDouble,
  below: DoubleDouble,
  inverse?: Expr,
): Expr {
  const { high, low } = quotientPair32(block, name, above, below, inverse);
  return add(high, low);
}

/** e^x of float32. Error: at most 0.9 ulp (all error bounds in this file are measured). */
export const exp32: Procedure = /* @__PURE__ */ procedure("exp32", [["x", "f32"]], (block, [x]) => {
  // where e^x is 0: computing it through subnormal numbers would cost as much as everything else
  const isNothing = block.let("isNothing", lt(x!, f32(-104)));
  const clamped = block.let("clamped", select(isNothing, f32(0), min(f32(89), x!)));
  const { bits, r, tail } = reducedExp(block, clamped);
  const scaled = powerOfTwo32(block, bits);
  return select(isNothing, f32(0), scaled(add(f32(1), add(r, tail))));
});

/** 1 / (1 + e^−x) of float32, accurate in both tails. Error: at most 1 ulp. */
export const sigmoid32: Procedure = /* @__PURE__ */ procedure("sigmoid32", [["x", "f32"]], (block, [x]) => {
  const { bits, r, tail } = reducedExp(block, block.let("size", neg(min(abs(x!), f32(104)))));
  const scaled = powerOfTwo32(block, bits);
  const q = block.let("q", add(r, tail));
  const one = fastTwoSum(block, "one", f32(1), q); // e^−|x| = 2^n · one
  const high = block.let("e", scaled(one.high));
  const low = block.let("eLow", scaled(one.low));
  const sum = fastTwoSum(block, "sum", f32(1), high);
  const below = { high: sum.high, low: block.let("rest", add(sum.low, low)) };
  const isLeft = block.let("isLeft", lt(x!, f32(0)));
  const above = {
    high: block.let("above", select(isLeft, high, f32(1))),
    low: block.let("aboveLow", select(isLeft, low, f32(0))),
  };
  return quotient32(block, "ratio", above, below);
});
