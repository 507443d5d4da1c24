import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  convert,
  div,
  f64,
  floor,
  fromWords,
  highWord,
  i32,
  le,
  lowWord,
  lt,
  mul,
  mulAdd,
  or,
  select,
  shl,
  shr,
  sub,
  tableAt,
} from "../build.ts";
import type { Expr, ConstantTable } from "../scalar.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoSum, lessMultiple, split, twoProduct, twoSum } from "./double-double.ts";
import { powerOfTwo, ROUNDER } from "./exp.ts";

/** x = n · π/2 + high + low, with |high + low| at most slightly above π/4; only n modulo 4 counts. */
export interface ReducedAngle extends DoubleDouble {
  readonly n: Expr;
}

// π/2 in three parts: the products of the first two, of 33 bits each, with n < 2^20 are exact.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;

/**
 * Reduces 0 ≤ x < 2^20. `isHard` is true if the result is not accurate, because x is larger, or too close to a multiple
 * of π/2. Only the low two bits of `n` count.
 */
export function reduceAngle(block: Block, x: Expr): ReducedAngle & { readonly isHard: Expr } {
  const shifted = block.let("shifted", mulAdd(x, f64(0.6366197723675814), f64(ROUNDER)));
  const n = block.let("n", lowWord(shifted));
  const count = block.let("count", sub(shifted, f64(ROUNDER)));
  const first = block.let("first", lessMultiple(x, count, HALF_PI_1)); // exact
  const difference = block.let("difference", lessMultiple(first, count, HALF_PI_2));
  // rounding error of the difference: exact unless it is close to 0 (Dekker)
  const lost = lessMultiple(sub(first, difference), count, HALF_PI_2);
  const third = block.let("third", lessMultiple(lost, count, HALF_PI_3));
  const { high, low } = fastTwoSum(block, "r", difference, third);
  // The first part of the angle is larger than the product of the second one, unless r is below 2^−32 of x.
  const isClose = lt(abs(high), mul(x, f64(2 ** -32)));
  const isHard = block.let("isHard", or(lt(f64(2 ** 20), x), isClose));
  return { n, high, low, isHard };
}

/** Digits of 2/π in base 2²⁴, preceded by four zeros: enough digits to reduce the largest float64. */
const twoOverPi: ConstantTable = {
  name: "twoOverPi",
  type: "f64",
  values: [
    0, 0, 0, 0, 10680707, 7228996, 1387004, 2578385, 16069853, 12639074, 9804092, 4427841, 16666979, 11263675,
    12935607, 2387514, 4345298, 14681673, 3074569, 13734428, 16653803, 1880361, 10960616, 8533493, 3062596,
    8710556, 7349940, 6258241, 3772886, 3769171, 3798172, 8675211, 12450088, 3874808, 9961438, 366607,
    15675153, 9132554, 7151469, 3571407, 2607881, 12013382, 4155038, 6285869, 7677882, 13102053, 15825725,
    473591, 9065106, 15363067, 6271263, 9264392, 5636912, 4652155, 7056368,
  ],
};

const RADIX = 2 ** 24;
const PLACES = 8;

/**
 * Reduces any |x| ≥ 1 (Payne and Hanek): multiplies x by those digits of 2/π that determine the product modulo 4, in
 * exact arithmetic. The result for infinities and NaN is finite.
 */
export function reduceAnyAngle(block: Block, x: Expr): ReducedAngle {
  const size = block.let("size", abs(x));
  const word = block.let("word", and(highWord(size), i32(0x7fffffff))); // a NaN may keep its sign
  // size = (d₀ + d₁ / 2^24 + d₂ / 2^48) · 2^e with 24-bit digits, 2^23 ≤ d₀ < 2^24
  const e = block.let("e", sub(shr(word, i32(20)), i32(1023 + 23)));
  const scaled = block.let("scaled", fromWords(sub(word, shl(e, i32(20))), lowWord(size)));
  const digits: Expr[] = [];
  let left = scaled;
  for (let i = 0; i < 3; i++) {
    const digit = block.let(`digit${i}`, floor(left));
    digits.push(digit);
    if (i < 2) left = block.let(`left${i}`, mul(sub(left, digit), f64(RADIX)));
  }
  // Products with digits of 2/π before this one are multiples of 4.
  const from = block.let("from", sub(div(add(e, i32(46)), i32(24)), i32(1)));
  // digit j of 2/π, j ≥ 1, is at index j + 3
  const piDigits = Array.from({ length: PLACES + 2 }, (_, i) =>
    block.let(`piDigit${i}`, tableAt(twoOverPi, add(from, i32(i + 1)))),
  );
  // Product digits of weight 2^(e − 24 (from + i)): below 2^50 each, then carried upwards.
  const places = Array.from({ length: PLACES }, (_, i) => {
    const terms = digits.map((digit, j) => mul(digit, piDigits[i + 2 - j]!));
    return block.let(`place${i}`, terms.reduce(add));
  });
  for (let i = PLACES - 1; i > 0; i--) {
    const carry = block.let(`carry${i}`, floor(mul(places[i]!, f64(1 / RADIX))));
    block.set(places[i]!, sub(places[i]!, mul(carry, f64(RADIX))));
    block.set(places[i - 1]!, add(places[i - 1]!, carry));
  }
  const unit = block.let("unit", powerOfTwo(sub(e, mul(i32(24), from)))); // 2^−22 … 2
  const top = block.let("top", mul(places[0]!, unit));
  const second = mul(mul(places[1]!, unit), f64(1 / RADIX));
  const modulo4 = sub(top, mul(f64(4), floor(mul(top, f64(0.25)))));
  const turnsAndRest = block.let("turnsAndRest", add(modulo4, second)); // exact: at most 49 bits
  const whole = block.let("whole", floor(turnsAndRest));
  const fraction = block.let("fraction", sub(turnsAndRest, whole));
  const roundsUp = block.let("roundsUp", le(f64(0.5), fraction));
  const turns = block.let("turns", add(convert("i32", whole), select(roundsUp, i32(1), i32(0))));
  const head = block.let("head", select(roundsUp, sub(fraction, f64(1)), fraction));
  const pairOfPlaces = (i: number): Expr =>
    mul(mul(add(places[i]!, mul(places[i + 1]!, f64(1 / RADIX))), unit), f64(RADIX ** -i));
  const middle = twoSum(block, "middle", head, pairOfPlaces(2));
  const tail = add(middle.low, add(pairOfPlaces(4), pairOfPlaces(6)));
  const y = fastTwoSum(block, "y", middle.high, block.let("tail", tail));
  // times π/2
  const halfPi = block.let("halfPi", f64(1.5707963267948966));
  const product = twoProduct(
    block,
    "product",
    y.high,
    halfPi,
    split(block, "y", y.high),
    split(block, "halfPi", halfPi),
  );
  const low = add(product.low, add(mul(y.high, f64(6.123233995736766e-17)), mul(y.low, halfPi)));
  const r = fastTwoSum(block, "r", product.high, block.let("low", low));
  const isNegative = block.let("isNegative", lt(x, f64(0)));
  return {
    n: block.let("n", select(isNegative, sub(i32(0), turns), turns)),
    high: block.let("signedR", select(isNegative, sub(f64(0), r.high), r.high)),
    low: block.let("signedRLow", select(isNegative, sub(f64(0), r.low), r.low)),
  };
}
