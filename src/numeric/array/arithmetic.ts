import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { BooleanLike, Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { asFloating, matchFloating, matchOperands } from "./promote.ts";
import { nanUnless } from "./nan-unless.ts";

const zeroOf = (x: Tensor): Tensor => p.zeros(x.type);
const oneOf = (x: Tensor): Tensor => p.full(x.type, 1);
const isNegative = (x: Tensor): Tensor => p.less(x, zeroOf(x));
const not = (x: Tensor): Tensor => p.equal(x, zeroOf(x));
const isInfinite = (x: Tensor): Tensor => p.equal(p.abs(x), p.full(x.type, Infinity));
const isNumber = (x: Tensor): Tensor => p.equal(x, x);

/** The remainder with the sign of y. */
function modulo(x: Tensor, y: Tensor): Tensor {
  const rest = p.rem(x, y);
  return p.where(hasOtherSign(rest, y), p.add(rest, y), rest);
}

/** Whether a remainder is not 0 and its sign is not that of y. */
function hasOtherSign(rest: Tensor, y: Tensor): Tensor {
  return p.both(p.notEqual(rest, zeroOf(rest)), p.differ(isNegative(rest), isNegative(y)));
}

/**
 * The remainder of x / y with the sign of y, as Python's `%`; NaN for y = 0. With the sign of x it is `rem` or `fmod`.
 *
 * Derivative: 1 in x and `−⌊x / y⌋` in y.
 *
 * @example
 * mod([-1, 5], 3).tolist(); // [2, 2]
 */
export function mod(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("mod", arguments, 2);
  return modulo(...matchOperands("mod", x, y));
}

/** `mod` by its other name. */
export function remainder(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("remainder", arguments, 2);
  return modulo(...matchOperands("remainder", x, y));
}

/** The remainder of x / y with the sign of x, as C's `fmod` and JavaScript's `%`: `rem` by NumPy's name. */
export function fmod(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fmod", arguments, 2);
  return p.rem(...matchOperands("fmod", x, y));
}

/** ⌊x / y⌋ of integers: the truncated quotient, less 1 if a remainder of the other sign is left. Wraps for −2³¹ by −1. */
function floorOfIntegers(x: Tensor, y: Tensor): Tensor {
  const quotient = p.div(x, y);
  return p.where(hasOtherSign(p.rem(x, y), y), p.sub(quotient, oneOf(x)), quotient);
}

/**
 * ⌊x / y⌋ of floats: exact up to 2⁵³ (2²⁴ in float32), and beyond it the rounded quotient, which is an integer.
 *
 * The truncated quotient is computed in a high and a low part, so that rounding x − rem(x, y) cannot change an integer. Both
 * differences shrink x, so none overflows; `coarse` is x itself where `wide` overflows or y is infinite.
 */
function floorOfFloats(x: Tensor, y: Tensor): Tensor {
  const [digits, half] = x.dtype === "float64" ? [53, 26] : [24, 12];
  const wide = p.scale(y, 2 ** half);
  const [coarse, rest] = [p.rem(x, wide), p.rem(x, y)];
  const high = p.round(p.div(p.sub(x, coarse), wide));
  const low = p.round(p.div(p.sub(coarse, rest), y));
  const truncated = p.add(p.scale(high, 2 ** half), low);
  const floored = p.where(hasOtherSign(rest, y), p.sub(truncated, oneOf(x)), truncated);
  const ratio = p.div(x, y);
  const isLarge = p.lessEqual(p.full(x.type, 2 ** digits), p.abs(ratio));
  // the remainder is NaN for y = 0 and for an infinite x
  const isRounded = p.either(not(y), p.both(isLarge, isNumber(rest)));
  return p.where(isRounded, ratio, floored);
}

function wholeQuotient(x: Tensor, y: Tensor): Tensor {
  return isFloating(x.type.dtype) ? floorOfFloats(x, y) : floorOfIntegers(x, y);
}

/**
 * ⌊x / y⌋, for integers too: −7 by 2 is −4. Derivative 0.
 *
 * Exact for integers, and for floats up to 2⁵³ (float32: 2²⁴); beyond it within 1 ulp. Integers by 0 give 0, floats ±∞ or NaN.
 */
export function floorDivide(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("floorDivide", arguments, 2);
  const [a, b] = matchOperands("floorDivide", x, y);
  return wholeQuotient(p.stopGradient(a), p.stopGradient(b));
}

/** `[floorDivide(x, y), mod(x, y)]`. */
export function divmod(x: TensorLike, y: TensorLike): [quotient: Tensor, remainder: Tensor] {
  if (arguments.length > 2) refuseExtra("divmod", arguments, 2);
  const [a, b] = matchOperands("divmod", x, y);
  return [wholeQuotient(p.stopGradient(a), p.stopGradient(b)), modulo(a, b)];
}

/** x as `[fraction, whole]`, both with the sign of x. */
export function modf(x: TensorLike): [fraction: Tensor, whole: Tensor] {
  if (arguments.length > 1) refuseExtra("modf", arguments, 1);
  const t = asFloating(x, "modf");
  const whole = p.truncate(t);
  return [p.where(isInfinite(t), zeroOf(t), p.sub(t, whole)), whole];
}

/** x to the power y in float64, or float32 where both are. */
export function floatPower(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("floatPower", arguments, 2);
  return p.pow(...matchFloating("floatPower", x, y));
}

/** 1 / √x. Derivative `−x^(−3/2) / 2`. */
export function rsqrt(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("rsqrt", arguments, 1);
  const t = asFloating(x, "rsqrt");
  return p.div(oneOf(t), p.sqrt(t));
}

/**
 * √(x² + y²) without overflow; ∞ where either is infinite.
 *
 * Derivative: `x / √(x² + y²)` in x; at the origin 0, as that of `norm`.
 */
export function hypot(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("hypot", arguments, 2);
  const [a, b] = matchFloating("hypot", x, y);
  const larger = p.stopGradient(p.maximum(p.abs(a), p.abs(b)));
  const isOut = p.either(not(larger), isInfinite(larger));
  const scale = p.where(isOut, oneOf(a), larger);
  const [u, v] = [p.div(a, scale), p.div(b, scale)];
  const squares = p.add(p.mul(u, u), p.mul(v, v));
  const isZero = not(squares);
  const length = p.mul(scale, p.sqrt(p.where(isZero, oneOf(a), squares)));
  const isInfinity = p.either(isInfinite(a), isInfinite(b)); // beside a NaN too
  return p.where(isInfinity, p.full(a.type, Infinity), p.where(isZero, zeroOf(a), length));
}

/** Whether the sign bit is set: of −0 too. */
function hasSign(x: Tensor): Tensor {
  if (!isFloating(x.type.dtype)) return isNegative(x);
  return p.either(isNegative(x), p.both(not(x), isNegative(p.div(oneOf(x), x))));
}

/** Whether x is negative or −0, as bool. Not for `if`: use `where`. */
export function signbit(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("signbit", arguments, 1);
  return hasSign(p.asTensor(x, "signbit"));
}

/** |x| with the sign of y, of −0 too. Derivative ±1 in x (0 at x = 0, as that of `abs`), 0 in y. */
export function copysign(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("copysign", arguments, 2);
  const [a, b] = matchFloating("copysign", x, y);
  const size = p.abs(a);
  return p.where(hasSign(b), p.neg(size), size);
}

/** 0 for x below 0, 1 above, and `atZero` for x = 0; NaN for NaN. */
export function heaviside(x: TensorLike, atZero: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("heaviside", arguments, 2);
  const [a, h] = matchFloating("heaviside", x, atZero);
  const step = p.where(isNegative(a), zeroOf(a), oneOf(a));
  return p.where(not(a), h, nanUnless(isNumber(a), step, [a]));
}

/** Options of `nanToNum`. */
export interface NanToNumOptions {
  /** What stands for NaN. Default 0. */
  readonly nan?: number;
  /** What stands for ∞. Default the greatest number of the dtype. */
  readonly posinf?: number;
  /** What stands for −∞. Default the least number of the dtype. */
  readonly neginf?: number;
}

/** x with numbers for NaN and ±∞; the derivative there is 0. Integers stay. */
export function nanToNum(x: TensorLike, options: NanToNumOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("nanToNum", arguments, 2);
  checkOptions("nanToNum", options, ["nan", "posinf", "neginf"]);
  const t = p.asTensor(x, "nanToNum");
  if (!isFloating(t.type.dtype)) return t;
  const greatest = t.dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  const { nan = 0, posinf = greatest, neginf = -greatest } = options;
  const at = (value: number): Tensor => p.full(t.type, value);
  const above = p.where(p.equal(t, at(Infinity)), at(posinf), t);
  const below = p.where(p.equal(t, at(-Infinity)), at(neginf), above);
  return p.where(isNumber(t), below, at(nan));
}

/**
 * sin(πx) / (πx), and 1 at 0.
 *
 * Near 0 it is the series of this in (πx)², which keeps the digits of derivatives there.
 */
export function sinc(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("sinc", arguments, 1);
  const t = asFloating(x, "sinc");
  const angle = p.scale(t, Math.PI);
  const isNear = p.less(p.abs(angle), oneOf(t));
  const near = p.where(isNear, angle, zeroOf(t));
  const far = p.where(isNear, oneOf(t), angle);
  const square = p.mul(near, near);
  let series = p.full(t.type, sincSeries.at(-1)!);
  for (const term of sincSeries.slice(0, -1).reverse())
    series = p.add(p.full(t.type, term), p.mul(series, square));
  const isDefined = not(p.indicator(isInfinite(t), t.type));
  return p.where(isNear, series, nanUnless(isDefined, p.div(p.sin(far), far), [t]));
}

/** (−1)^k / (2k + 1)!: for |πx| below 1 the next one is 1e-25 of the first, and 1e-17 of what a tenth derivative begins with. */
const sincSeries: readonly number[] = [
  1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800, -1 / 1307674368e3,
  1 / 355687428096e3, -1 / 121645100408832e3, 1 / 51090942171709440e3, -1 / 25852016738884978212864,
]; // prettier-ignore

/** The logarithm of eˣ + eʸ by the larger of the two; the difference of infinities is NaN. */
function logOfSum(x: Tensor, y: Tensor, grow: (difference: Tensor) => Tensor): Tensor {
  const isLess = p.less(x, y);
  const [high, low] = [p.where(isLess, y, x), p.where(isLess, x, y)];
  const isSame = p.both(p.equal(high, low), isInfinite(high));
  const gap = p.where(isSame, zeroOf(x), p.sub(low, high));
  return p.where(isSame, p.maximum(x, y), p.add(high, grow(gap)));
}

/**
 * log(eˣ + eʸ) without overflow. Two equal infinities give that infinity, and half of the derivative each.
 *
 * Derivative: `1 / (1 + e^(y − x))` in x.
 */
export function logaddexp(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("logaddexp", arguments, 2);
  return logOfSum(...matchFloating("logaddexp", x, y), p.softplus);
}

/** log₂(2ˣ + 2ʸ) without overflow, as `logaddexp`. */
export function logaddexp2(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("logaddexp2", arguments, 2);
  const grow = (gap: Tensor): Tensor => p.scale(p.softplus(p.scale(gap, Math.LN2)), 1 / Math.LN2);
  return logOfSum(...matchFloating("logaddexp2", x, y), grow);
}

/**
 * x · log y, and 0 where x = 0 whatever y is, unless NaN.
 *
 * Derivative: `log y` in x and `x / y` in y; where x = 0 and log y is not finite, 0.
 */
export function xlogy(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("xlogy", arguments, 2);
  const [a, b] = matchFloating("xlogy", x, y);
  const isPositive = p.both(p.less(zeroOf(b), b), p.less(b, p.full(b.type, Infinity)));
  const isFlat = p.both(not(a), p.both(isNumber(b), not(isPositive)));
  const product = p.mul(a, p.log(p.where(isFlat, oneOf(b), b)));
  return p.where(isFlat, zeroOf(a), product);
}

/** Degrees as radians. */
export function deg2rad(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("deg2rad", arguments, 1);
  return p.scale(asFloating(x, "deg2rad"), Math.PI / 180);
}

/** Radians as degrees. */
export function rad2deg(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("rad2deg", arguments, 1);
  return p.scale(asFloating(x, "rad2deg"), 180 / Math.PI);
}

/** `deg2rad` by its other name. */
export function radians(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("radians", arguments, 1);
  return deg2rad(x);
}

/** `rad2deg` by its other name. */
export function degrees(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("degrees", arguments, 1);
  return rad2deg(x);
}

/** The larger of x and y, and where one is NaN the other. At a tie each has half the derivative. */
export function fmax(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fmax", arguments, 2);
  return numberOf(...matchOperands("fmax", x, y), p.maximum);
}

/** The smaller of x and y, and where one is NaN the other. At a tie each has half the derivative. */
export function fmin(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fmin", arguments, 2);
  return numberOf(...matchOperands("fmin", x, y), p.minimum);
}

function numberOf(x: Tensor, y: Tensor, op: (x: Tensor, y: Tensor) => Tensor): Tensor {
  return p.where(isNumber(x), p.where(isNumber(y), op(x, y), x), y);
}

/** 2ⁿ for integers n, which may be out of the range of one power, times x. */
function timesPower(x: Tensor, n: Tensor): Tensor {
  const half = p.floor(p.scale(n, 0.5));
  return p.mul(p.mul(x, p.exp2(half)), p.exp2(p.sub(n, half)));
}

/** x · 2ⁿ. */
export function ldexp(x: TensorLike, n: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("ldexp", arguments, 2);
  return timesPower(...matchFloating("ldexp", x, n));
}

/** x as `[mantissa, exponent]` with `x = mantissa · 2^exponent` and the mantissa from ½ to 1, in size; the exponent as int32. */
export function frexp(x: TensorLike): [mantissa: Tensor, exponent: Tensor] {
  if (arguments.length > 1) refuseExtra("frexp", arguments, 1);
  const t = asFloating(x, "frexp");
  const size = p.stopGradient(p.abs(t));
  const isPlain = p.both(p.less(zeroOf(t), size), p.less(size, p.full(t.type, Infinity)));
  const guess = p.floor(p.log2(p.where(isPlain, size, oneOf(t))));
  // the logarithm may be rounded up to the next whole number, or lie on one
  const scaled = p.abs(timesPower(p.where(isPlain, size, oneOf(t)), p.neg(guess)));
  const isAbove = p.lessEqual(oneOf(t), scaled);
  const exponent = p.where(isPlain, p.add(guess, p.indicator(isAbove, t.type)), zeroOf(t));
  return [timesPower(t, p.neg(exponent)), p.convert(exponent, "int32")];
}

/**
 * The next number of the dtype after x in the direction of y; y where both are equal. Includes subnormal numbers: after 0 comes
 * 2⁻¹⁰⁷⁴ (float32: 2⁻¹⁴⁹). Derivative 1 in x; where both are equal, 1 in y.
 *
 * @example
 * nextafter(0, 1).item(); // 5e-324
 */
export function nextafter(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("nextafter", arguments, 2);
  const [a, b] = matchFloating("nextafter", x, y);
  const at = (value: number): Tensor => p.full(a.type, value);
  const isDouble = a.dtype === "float64";
  const [digits, least, greatest] = isDouble
    ? [53, 2 ** -1074, Number.MAX_VALUE]
    : [24, 2 ** -149, (2 - 2 ** -23) * 2 ** 127];
  const isBelow = isNegative(a);
  const size = p.where(isBelow, p.neg(a), a);
  const isGrowing = p.differ(p.less(a, p.stopGradient(b)), isBelow);
  const [mantissa, exponent] = frexp(p.stopGradient(size));
  // towards 0 the numbers below a power of 2 lie half as far apart
  const isInwards = p.both(p.equal(mantissa, at(0.5)), not(p.indicator(isGrowing, a.type)));
  const below = p.where(isInwards, at(digits + 1), at(digits));
  const ofExponent = p.exp2(p.sub(p.convert(exponent, a.dtype), below));
  const step = p.where(not(size), at(least), p.maximum(ofExponent, at(least)));
  const finite = p.add(size, p.where(isGrowing, step, p.neg(step)));
  const moved = p.where(isInfinite(size), at(greatest), finite);
  const next = p.where(isBelow, p.neg(moved), moved); // −0 below 0
  return p.where(p.equal(a, b), b, nanUnless(p.both(isNumber(a), isNumber(b)), next, [a, b]));
}

/** Whether x is ∞ or −∞, as bool. Not for `if`: use `where`. */
export function isInf(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isInf", arguments, 1);
  return isInfinite(asFloating(x, "isInf"));
}

/** Whether x is ∞, as bool. Not for `if`: use `where`. */
export function isPosInf(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isPosInf", arguments, 1);
  const t = asFloating(x, "isPosInf");
  return p.equal(t, p.full(t.type, Infinity));
}

/** Whether x is −∞, as bool. Not for `if`: use `where`. */
export function isNegInf(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isNegInf", arguments, 1);
  const t = asFloating(x, "isNegInf");
  return p.equal(t, p.full(t.type, -Infinity));
}

/** Whether exactly one of the two is true (not 0), as bool. Not for `if`: use `where`. */
export function logicalXor(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("logicalXor", arguments, 2);
  const asBool = (z: BooleanLike): Tensor => p.convert(p.asTensor(z, "logicalXor"), "bool");
  return p.differ(...matchOperands("logicalXor", asBool(x), asBool(y)));
}
