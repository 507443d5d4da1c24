import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  call,
  div,
  eq,
  f64,
  highWord,
  i32,
  le,
  lt,
  max,
  min,
  mul,
  neg,
  not,
  or,
  procedure,
  select,
  sqrt,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { asinTail, atanTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoSum, polynomial, quotientOfPairs, split, twoSum } from "./double-double.ts";
import { withSignOf } from "./hyperbolic.ts";

const HALF_PI = [1.5707963267948966, 6.123233995736766e-17] as const;
const PI = [3.141592653589793, 1.2246467991473532e-16] as const;

/** `select` between two constant pairs. */
function selectPair(condition: Expr, x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  return { high: select(condition, x.high, y.high), low: select(condition, x.low, y.low) };
}
const pairOf = ([high, low]: readonly [number, number]): DoubleDouble => ({ high: f64(high), low: f64(low) });
const zero: DoubleDouble = /* @__PURE__ */ pairOf([0, 0]);

const FLAT = 0.41421356237309503; // tan(π/8)

/**
 * Computes atan(y / x), or π − atan(y / x) if `isBeyond`; y, x ≥ 0, not both 0, both below 2^900. The angle is rotated
 * by 0, π/4 or π/2 to within π/8: with c = x + y and s = y − x, atan(y / x) = π/4 + atan(s / c).
 */
function angleOf(block: Block, y: Expr, x: Expr, isBeyond?: Expr): Expr {
  const isFlat = block.let("isFlat", le(y, mul(x, f64(FLAT))));
  const isSteep = block.let("isSteep", lt(mul(x, f64(2.414213562373095)), y)); // tan(3π/8)
  const difference = twoSum(block, "difference", y, neg(x));
  const sum = twoSum(block, "sum", y, x);
  const exact = (value: Expr): DoubleDouble => ({ high: value, low: f64(0) });
  const above = selectPair(isFlat, exact(y), selectPair(isSteep, exact(neg(x)), difference));
  const below = selectPair(isFlat, exact(x), selectPair(isSteep, exact(y), sum));
  const quotient = quotientOfPairs(
    block,
    "t",
    { high: block.let("above", above.high), low: block.let("aboveLow", above.low) },
    { high: block.let("below", below.high), low: block.let("belowLow", below.low) },
  );
  const t = quotient.high;
  const square = block.let("square", mul(t, t));
  const series = mul(mul(t, square), polynomial(block, "series", atanTail, square));
  const rest = block.let("rest", add(series, mul(quotient.low, sub(f64(1), square))));
  const base = selectPair(
    isFlat,
    zero,
    selectPair(isSteep, pairOf(HALF_PI), pairOf([HALF_PI[0] / 2, HALF_PI[1] / 2])),
  );
  if (isBeyond === undefined) {
    const total = fastTwoSum(block, "angle", block.let("base", base.high), t);
    return add(total.high, add(total.low, add(base.low, rest)));
  }
  const mirrored = selectPair(
    isFlat,
    pairOf(PI),
    selectPair(isSteep, pairOf(HALF_PI), pairOf([2.356194490192345, 9.184850993605148e-17])),
  );
  const from = selectPair(isBeyond, mirrored, base);
  const total = fastTwoSum(block, "angle", block.let("base", from.high), select(isBeyond, neg(t), t));
  return add(total.high, add(total.low, add(from.low, select(isBeyond, neg(rest), rest))));
}

/** Procedure for atan x, for any x ≥ 0. */
const anyAtan64: Procedure = /* @__PURE__ */ procedure("anyAtan", [["x", "f64"]], (block, [x]) =>
  // from 2^54 on the result is the float64 nearest to π/2
  angleOf(block, block.let("size", min(x!, f64(2 ** 60))), f64(1)),
);

/** Arc tangent, from −π/2 to π/2. Error: at most 0.65 ulp (all error bounds in this file are measured). */
export const atan64: Procedure = /* @__PURE__ */ procedure("atan", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const value = block.let("value", size);
  block.shortcut(
    le(size, f64(FLAT)), // no rotation, and no quotient
    (flat) => {
      const square = flat.let("flatSquare", mul(size, size));
      flat.set(value, add(size, mul(mul(size, square), polynomial(flat, "flat", atanTail, square))));
    },
    (any) => any.set(value, call(anyAtan64, size)),
  );
  return withSignOf(x!, value);
});

/**
 * Angle of the point (x, y) for any y ≥ 0. An infinite coordinate counts as infinitely larger than a finite one, and as
 * equal to an infinite one.
 */
const hardAtan264: Procedure = /* @__PURE__ */ procedure(
  "hardAtan2",
  [
    ["y", "f64"],
    ["x", "f64"],
  ],
  (block, [y, x]) => {
    const width = block.let("width", abs(x!));
    const larger = block.let("larger", max(y!, width));
    const isInfinite = block.let("isInfinite", eq(larger, f64(Infinity)));
    const factor = block.let("factor", select(lt(f64(1), larger), f64(2 ** -500), f64(2 ** 500)));
    const scaledOr = (value: Expr): Expr =>
      select(isInfinite, select(eq(value, f64(Infinity)), f64(1), f64(0)), mul(value, factor));
    const scaledY = block.let("scaledY", scaledOr(y!));
    const scaledX = block.let("scaledX", select(eq(larger, f64(0)), f64(1), scaledOr(width)));
    const isBeyond = block.let("isBeyond", lt(highWord(x!), i32(0)));
    const value = block.let("value", angleOf(block, scaledY, scaledX, isBeyond));
    // A tiny quotient is the angle, and is rounded only once, even if scaling would lose its digits.
    const isTiny = and(lt(f64(0), x!), lt(y!, mul(x!, f64(2 ** -60))));
    return select(and(isTiny, not(isInfinite)), div(y!, x!), value);
  },
);

/** Angle of the point (x, y), from −π to π; the signs of zeros count. Error: at most 0.65 ulp. */
export const atan264: Procedure = /* @__PURE__ */ procedure(
  "atan2",
  [
    ["y", "f64"],
    ["x", "f64"],
  ],
  (block, [y, x]) => {
    const height = block.let("height", abs(y!));
    const width = block.let("width", abs(x!));
    const isMild = (size: Expr): Expr => and(lt(f64(2 ** -400), size), lt(size, f64(2 ** 400)));
    const isBeyond = block.let("isBeyond", lt(x!, f64(0)));
    const value = block.let("value", angleOf(block, height, width, isBeyond));
    block.if(not(and(isMild(height), isMild(width))), (then) =>
      then.set(value, call(hardAtan264, height, x!)),
    );
    return select(lt(highWord(y!), i32(0)), neg(value), value);
  },
);

/**
 * Computes asin s for the s from which asin and acos of |x| are derived: |x| itself up to ½, beyond that √((1 − |x|) /
 * 2), whose arc sine is half of acos |x|. The result is s + rest.
 */
function arcSineBase(
  block: Block,
  size: Expr,
): { readonly isSmall: Expr; readonly s: Expr; readonly rest: Expr } {
  const isSmall = block.let("isSmall", le(size, f64(0.5)));
  const half = block.let("half", mul(f64(0.5), sub(f64(1), size)));
  const z = block.let("z", select(isSmall, mul(size, size), half));
  const s = block.let("s", select(isSmall, size, sqrt(half)));
  // the rounding error of the root: (half − s²) / 2s, with s² in exact parts
  const { high: head, low: tail } = split(block, "s", s);
  const lack = sub(sub(half, mul(head, head)), mul(tail, add(s, head)));
  const correction = select(or(isSmall, eq(s, f64(0))), f64(0), div(lack, mul(f64(2), s)));
  const series = mul(mul(s, z), polynomial(block, "series", asinTail, z));
  return { isSmall, s, rest: block.let("rest", add(series, correction)) };
}

/** Arc sine, from −π/2 to π/2; NaN for |x| > 1. Error: at most 0.64 ulp. */
export const asin64: Procedure = /* @__PURE__ */ procedure("asin", [["x", "f64"]], (block, [x]) => {
  const { isSmall, s, rest } = arcSineBase(block, block.let("size", abs(x!)));
  // asin |x| = π/2 − 2 asin s beyond ½
  const turned = fastTwoSum(block, "turned", f64(HALF_PI[0]), mul(f64(-2), s));
  const large = add(turned.high, add(turned.low, sub(f64(HALF_PI[1]), mul(f64(2), rest))));
  return withSignOf(x!, block.let("value", select(isSmall, add(s, rest), large)));
});

/** Arc cosine, from 0 to π; NaN for |x| > 1. Error: at most 0.63 ulp. */
export const acos64: Procedure = /* @__PURE__ */ procedure("acos", [["x", "f64"]], (block, [x]) => {
  const { isSmall, s, rest } = arcSineBase(block, block.let("size", abs(x!)));
  // π/2 − asin x up to ½; beyond it 2 asin s, or π − 2 asin s for negative x
  const isNegative = block.let("isNegative", lt(x!, f64(0)));
  const base = selectPair(isSmall, pairOf(HALF_PI), selectPair(isNegative, pairOf(PI), zero));
  const isMinus = block.let("isMinus", eq(isSmall, not(isNegative)));
  const factor = block.let("factor", mul(select(isSmall, f64(1), f64(2)), select(isMinus, f64(-1), f64(1))));
  const part = block.let("part", mul(factor, s));
  const isAlone = and(not(isSmall), not(isNegative));
  const total = fastTwoSum(block, "angle", select(isAlone, part, base.high), select(isAlone, f64(0), part));
  return add(total.high, add(total.low, add(base.low, mul(factor, rest))));
});
