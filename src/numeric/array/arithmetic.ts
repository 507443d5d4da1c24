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

/** Remainder of x / y with the sign of y. */
function modulo(x: Tensor, y: Tensor): Tensor {
  const rest = p.rem(x, y);
  return p.where(hasOtherSign(rest, y), p.add(rest, y), rest);
}

/** True where a remainder is not 0 and its sign differs from that of y. */
function hasOtherSign(rest: Tensor, y: Tensor): Tensor {
  return p.both(p.notEqual(rest, zeroOf(rest)), p.differ(isNegative(rest), isNegative(y)));
}

/**
 * Remainder of x / y with the sign of y, like Python's `%`; NaN for y = 0. For the sign of x use `rem` or `fmod`.
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

/** Alias of `mod`. */
export function remainder(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("remainder", arguments, 2);
  return modulo(...matchOperands("remainder", x, y));
}

/** Remainder of x / y with the sign of x, like C's `fmod` and JavaScript's `%`. Alias of `rem` under NumPy's name. */
export function fmod(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fmod", arguments, 2);
  return p.rem(...matchOperands("fmod", x, y));
}

/** ⌊x / y⌋ of integers: the truncated quotient, minus 1 if the remainder has the other sign. Wraps for −2³¹ / −1. */
function floorOfIntegers(x: Tensor, y: Tensor): Tensor {
  const quotient = p.div(x, y);
  return p.where(hasOtherSign(p.rem(x, y), y), p.sub(quotient, oneOf(x)), quotient);
}

/**
 * ⌊x / y⌋ of floats: exact up to 2⁵³ (2²⁴ in float32); beyond, the rounded quotient, which is an integer.
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
 * ⌊x / y⌋ of floats and integers: −7 by 2 is −4. Derivative 0.
 *
 * Exact for integers, and for floats up to 2⁵³ (float32: 2²⁴); larger quotients are within 1 ulp. Division by 0 gives 0
 * for integers, ±∞ or NaN for floats.
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

/** Splits x into `[fraction, whole]`, both with the sign of x. */
export function modf(x: TensorLike): [fraction: Tensor, whole: Tensor] {
  if (arguments.length > 1) refuseExtra("modf", arguments, 1);
  const t = asFloating(x, "modf");
  const whole = p.truncate(t);
  return [p.where(isInfinite(t), zeroOf(t), p.sub(t, whole)), whole];
}

/** x to the power y in floating point: float32 if both operands are float32, else float64. */
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
  const isInfinity = p.either(isInfinite(a), isInfinite(b)); // also if the other operand is NaN
  return p.where(isInfinity, p.full(a.type, Infinity), p.where(isZero, zeroOf(a), length));
}

/** True where the sign bit is set, including −0. */
function hasSign(x: Tensor): Tensor {
  if (!isFloating(x.type.dtype)) return isNegative(x);
  return p.either(isNegative(x), p.both(not(x), isNegative(p.div(oneOf(x), x))));
}

/** True where x is negative or −0, as bool. Use it with `where`, not in `if`. */
export function signbit(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("signbit", arguments, 1);
  return hasSign(p.asTensor(x, "signbit"));
}

/** |x| with the sign of y, including that of −0. Derivative ±1 in x (0 at x = 0, as for `abs`), 0 in y. */
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
  /** Replacement for NaN. Default 0. */
  readonly nan?: number;
  /** Replacement for ∞. Default the largest finite number of the dtype. */
  readonly posinf?: number;
  /** Replacement for −∞. Default the most negative finite number of the dtype. */
  readonly neginf?: number;
}

/**
 * x with NaN and ±∞ replaced by finite numbers; the derivative of replaced elements is 0. Integers are returned
 * unchanged.
 */
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
 * Near 0 it uses the power series in (πx)², so that derivatives keep their digits.
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

/**
 * Coefficients (−1)^k / (2k + 1)!. For |πx| < 1 the first omitted term is 1e-25 of the first one, and 1e-17 of the
 * leading term of a tenth derivative.
 */
const sincSeries: readonly number[] = [
  1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800, -1 / 1307674368e3,
  1 / 355687428096e3, -1 / 121645100408832e3, 1 / 51090942171709440e3, -1 / 25852016738884978212864,
]; // prettier-ignore

/**
 * `larger + grow(difference)`: log(eˣ + eʸ) or its base-2 version, computed from the larger operand and the difference
 * of the two. Equal infinities are treated separately, because their difference is NaN.
 */
function logOfSum(x: Tensor, y: Tensor, grow: (difference: Tensor) => Tensor): Tensor {
  const isLess = p.less(x, y);
  const [high, low] = [p.where(isLess, y, x), p.where(isLess, x, y)];
  const isSame = p.both(p.equal(high, low), isInfinite(high));
  const gap = p.where(isSame, zeroOf(x), p.sub(low, high));
  return p.where(isSame, p.maximum(x, y), p.add(high, grow(gap)));
}

/**
 * log(eˣ + eʸ) without overflow. Two equal infinities give that infinity and share the derivative equally.
 *
 * Derivative: `1 / (1 + e^(y − x))` in x.
 */
export function logaddexp(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("logaddexp", arguments, 2);
  return logOfSum(...matchFloating("logaddexp", x, y), p.softplus);
}

/** log₂(2ˣ + 2ʸ) without overflow; see `logaddexp`. */
export function logaddexp2(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("logaddexp2", arguments, 2);
  const grow = (gap: Tensor): Tensor => p.scale(p.softplus(p.scale(gap, Math.LN2)), 1 / Math.LN2);
  return logOfSum(...matchFloating("logaddexp2", x, y), grow);
}

/**
 * x · log y; 0 where x = 0, for every y except NaN.
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

/** Converts degrees to radians. */
export function deg2rad(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("deg2rad", arguments, 1);
  return p.scale(asFloating(x, "deg2rad"), Math.PI / 180);
}

/** Converts radians to degrees. */
export function rad2deg(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("rad2deg", arguments, 1);
  return p.scale(asFloating(x, "rad2deg"), 180 / Math.PI);
}

/** Alias of `deg2rad`. */
export function radians(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("radians", arguments, 1);
  return deg2rad(x);
}

/** Alias of `rad2deg`. */
export function degrees(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("degrees", arguments, 1);
  return rad2deg(x);
}

/** The larger of x and y, ignoring NaN: if one operand is NaN, the other one. At a tie each has half the derivative. */
export function fmax(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fmax", arguments, 2);
  return numberOf(...matchOperands("fmax", x, y), p.maximum);
}

/**
 * The smaller of x and y, ignoring NaN: if one operand is NaN, the other one. At a tie each has half the derivative.
 */
export function fmin(x: TensorLike, y: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("fmin", arguments, 2);
  return numberOf(...matchOperands("fmin", x, y), p.minimum);
}

function numberOf(x: Tensor, y: Tensor, op: (x: Tensor, y: Tensor) => Tensor): Tensor {
  return p.where(isNumber(x), p.where(isNumber(y), op(x, y), x), y);
}

/** x · 2ⁿ for integers n. Multiplies by two powers, because 2ⁿ itself may overflow or underflow. */
function timesPower(x: Tensor, n: Tensor): Tensor {
  const half = p.floor(p.scale(n, 0.5));
  return p.mul(p.mul(x, p.exp2(half)), p.exp2(p.sub(n, half)));
}

/** x · 2ⁿ. */
export function ldexp(x: TensorLike, n: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("ldexp", arguments, 2);
  return timesPower(...matchFloating("ldexp", x, n));
}

/**
 * Splits x into `[mantissa, exponent]` with `x = mantissa · 2^exponent` and ½ ≤ |mantissa| < 1; the exponent is int32.
 * For 0, ±∞ and NaN the mantissa is x and the exponent 0.
 */
export function frexp(x: TensorLike): [mantissa: Tensor, exponent: Tensor] {
  if (arguments.length > 1) refuseExtra("frexp", arguments, 1);
  const t = asFloating(x, "frexp");
  const size = p.stopGradient(p.abs(t));
  const isPlain = p.both(p.less(zeroOf(t), size), p.less(size, p.full(t.type, Infinity)));
  const guess = p.floor(p.log2(p.where(isPlain, size, oneOf(t))));
  // the logarithm may be an integer, or be rounded up to one
  const scaled = p.abs(timesPower(p.where(isPlain, size, oneOf(t)), p.neg(guess)));
  const isAbove = p.lessEqual(oneOf(t), scaled);
  const exponent = p.where(isPlain, p.add(guess, p.indicator(isAbove, t.type)), zeroOf(t));
  return [timesPower(t, p.neg(exponent)), p.convert(exponent, "int32")];
}

/**
 * The next representable number of the dtype after x towards y; y where both are equal. Includes subnormal numbers:
 * after 0 comes 2⁻¹⁰⁷⁴ (float32: 2⁻¹⁴⁹). Derivative 1 in x; where both are equal, 1 in y.
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
  // towards 0 the numbers below a power of 2 have half the spacing
  const isInwards = p.both(p.equal(mantissa, at(0.5)), not(p.indicator(isGrowing, a.type)));
  const below = p.where(isInwards, at(digits + 1), at(digits));
  const ofExponent = p.exp2(p.sub(p.convert(exponent, a.dtype), below));
  const step = p.where(not(size), at(least), p.maximum(ofExponent, at(least)));
  const finite = p.add(size, p.where(isGrowing, step, p.neg(step)));
  const moved = p.where(isInfinite(size), at(greatest), finite);
  const next = p.where(isBelow, p.neg(moved), moved); // −0 below 0
  return p.where(p.equal(a, b), b, nanUnless(p.both(isNumber(a), isNumber(b)), next, [a, b]));
}

/** True where x is ∞ or −∞, as bool. Use it with `where`, not in `if`. */
export function isInf(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isInf", arguments, 1);
  return isInfinite(asFloating(x, "isInf"));
}

/** True where x is ∞, as bool. Use it with `where`, not in `if`. */
export function isPosInf(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isPosInf", arguments, 1);
  const t = asFloating(x, "isPosInf");
  return p.equal(t, p.full(t.type, Infinity));
}

/** True where x is −∞, as bool. Use it with `where`, not in `if`. */
export function isNegInf(x: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("isNegInf", arguments, 1);
  const t = asFloating(x, "isNegInf");
  return p.equal(t, p.full(t.type, -Infinity));
}

/** True where exactly one operand is true (not 0), as bool. Use it with `where`, not in `if`. */
export function logicalXor(x: BooleanLike, y: BooleanLike): Tensor {
  if (arguments.length > 2) refuseExtra("logicalXor", arguments, 2);
  const asBool = (z: BooleanLike): Tensor => p.convert(p.asTensor(z, "logicalXor"), "bool");
  return p.differ(...matchOperands("logicalXor", asBool(x), asBool(y)));
}
