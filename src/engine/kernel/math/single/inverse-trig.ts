import {
  abs,
  add,
  and,
  call,
  convert,
  div,
  eq,
  i32,
  le,
  lt,
  max,
  min,
  mul,
  mulAdd,
  ne,
  neg,
  procedure,
  select,
  sqrt,
  sub,
  xor,
} from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { asinTail32, atanTail32 } from "../coefficients.ts";
import { fastTwoSum } from "../double-double.ts";
import { atan264 } from "../inverse-trig.ts";
import { bitsOf, f32, fromBits, polynomial32, polynomialInTwo32, quotientPair32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

const HALF_PI = 1.5707963705062866;
const HALF_PI_LOW = -4.371139000186241e-8;
/** Rounding error of π/2 in float32, relative to π/2. It is the same for π/4 and π. */
const LOW_PART: number = HALF_PI_LOW / HALF_PI;
/** 3π/4; its rounding error is assumed to have the same relative size, which is a quarter of an ulp too large. */
const BACK_DIAGONAL = 2.356194496154785;

/** The sign bit of a float32, 2^31, if a condition holds; else 0. */
const signIf = (condition: Expr): Expr => select(condition, i32(SIGN), i32(0));
const withSign = (x: Expr, sign: Expr): Expr => fromBits(xor(bitsOf(x), sign));
const SIGN = -2147483648;

/**
 * Smallest tangent, up to 1, for which angles are computed as differences to the diagonal. For angles of ½ or more, an
 * ulp is large compared with the rounding error of the sum by which `angleFrom` divides.
 */
const MIDDLE = 0.55;

/** Arc tangent of float32, in radians. Error: at most 0.9 ulp (all error bounds in this file are measured). */
export const atan32: Procedure = /* @__PURE__ */ procedure("atan32", [["x", "f32"]], (block, [x]) => {
  // beyond 2^60 the result is π/2
  const size = block.let("size", min(abs(x!), f32(2 ** 60)));
  // beyond the diagonal, the complement to π/2
  const isSteep = block.let("isSteep", lt(f32(1), size));
  const [less, more] = [block.let("less", min(size, f32(1))), block.let("more", max(size, f32(1)))];
  const axis = select(isSteep, f32(HALF_PI), f32(0));
  return copySign32(
    angleFrom(block, { less, more, sign: signIf(isSteep), axis, diagonal: f32(HALF_PI / 2) }),
    x!,
  );
});

/**
 * Computes axis + atan(less / more) for 0 ≤ less ≤ more, or axis − atan(less / more) if `sign` is the sign bit; near
 * the diagonal between two axes, starting from the diagonal. Axes are 0, π/2 or π.
 */
function angleFrom(
  block: Block,
  { less, more, sign, axis, diagonal }: Record<"less" | "more" | "sign" | "axis" | "diagonal", Expr>,
): Expr {
  // the tangent of the angle relative to the diagonal: (less − more) / (more + less)
  const isMiddle = block.let("isMiddle", lt(mul(f32(MIDDLE), more), less));
  const above = sub(less, select(isMiddle, more, f32(0))); // exact
  const below = add(more, select(isMiddle, less, f32(0)));
  const ratio = quotientPair32(
    block,
    "ratio",
    { high: block.let("above", withSign(above, sign)) },
    { high: block.let("below", below) },
  );
  const base = block.let("base", select(isMiddle, diagonal, axis));
  const t = block.let("t", add(ratio.high, ratio.low));
  const z = block.let("z", mul(t, t));
  const sum = fastTwoSum(block, "sum", base, ratio.high);
  const low = add(sum.low, mulAdd(base, f32(LOW_PART), ratio.low));
  return block.let("value", add(sum.high, mulAdd(mul(t, z), polynomial32(atanTail32, z), low)));
}

/** Angle of the point (x, y) of float32, from −π to π; the signs of zeros count. Error: at most 1 ulp. */
export const atan232: Procedure = /* @__PURE__ */ procedure(
  "atan232",
  [
    ["y", "f32"],
    ["x", "f32"],
  ],
  (block, [y, x]) => {
    const [height, width] = [block.let("height", abs(y!)), block.let("width", abs(x!))];
    const isSteep = block.let("isSteep", lt(width, height));
    const larger = block.let("larger", select(isSteep, height, width));
    const smaller = select(isSteep, width, height);
    // prevents overflow, and keeps the remainder of the quotient from underflowing
    const size = (by: number): Expr => f32(2 ** by);
    const isSmall = select(lt(larger, size(40)), size(60), size(-28));
    const factor = block.let("factor", select(lt(larger, size(-40)), size(126), isSmall));
    const more = block.let("more", max(mul(larger, factor), size(-30))); // if both are 0, the quotient is 0
    const less = block.let("less", mul(smaller, factor));
    // axes at 0 and π, or at π/2, and the diagonals between them
    const isLeft = block.let("isLeft", lt(bitsOf(x!), i32(0)));
    const axis = select(isSteep, f32(HALF_PI), select(isLeft, f32(2 * HALF_PI), f32(0)));
    const diagonal = select(isLeft, f32(BACK_DIAGONAL), f32(HALF_PI / 2));
    const sign = signIf(ne(isSteep, isLeft));
    const angle = angleFrom(block, { less, more, sign, axis, diagonal });
    const result = block.let("result", copySign32(angle, y!));
    block.ifRare(eq(larger, f32(Infinity)), (then) =>
      then.set(result, convert("f32", call(atan264, convert("f64", y!), convert("f64", x!)))),
    );
    return result;
  },
);

/** Rounding constant 1.5 · 2^11: adding it to a number from 0 to 1 rounds the number to a multiple of 2^−12. */
const ROUNDER_12 = 3072;

/**
 * For 0 ≤ size ≤ 1: asin size itself if size is at most ½. Otherwise its complement to π/2, which is twice the arc sine
 * of the root of (1 − size) / 2. Beyond ½ the high part is a multiple of 2^−12.
 */
function arc(block: Block, size: Expr): { readonly isNear: Expr; readonly high: Expr; readonly low: Expr } {
  const isNear = block.let("isNear", le(size, f32(0.5)));
  const rest = block.let("rest", sub(f32(1), size)); // exact beyond ½
  const four = block.let("four", add(rest, rest));
  const root = block.let("root", sqrt(four));
  const head = block.let("head", sub(add(root, f32(ROUNDER_12)), f32(ROUNDER_12)));
  // root² − head² = (root − head) (root + head)
  const rootLow = div(mulAdd(neg(head), head, four), max(add(root, head), f32(2 ** -60)));
  const t = block.let("t", select(isNear, size, root));
  const z = block.let("z", select(isNear, mul(size, size), mul(f32(0.5), rest)));
  const series = polynomialInTwo32(asinTail32, z, block.let("zSquare", mul(z, z)));
  const low = mulAdd(mul(t, z), series, select(isNear, f32(0), rootLow));
  return { isNear, high: block.let("high", select(isNear, size, head)), low: block.let("low", low) };
}

/** Arc sine of float32, in radians; NaN outside of [−1, 1]. Error: at most 1 ulp. */
export const asin32: Procedure = /* @__PURE__ */ procedure("asin32", [["x", "f32"]], (block, [x]) => {
  const { isNear, high, low } = arc(block, block.let("size", abs(x!)));
  const far = sub(sub(f32(HALF_PI), high), sub(low, f32(HALF_PI_LOW))); // the first difference is exact
  return copySign32(block.let("value", select(isNear, add(high, low), far)), x!);
});

/** Arc cosine of float32, in radians; NaN outside of [−1, 1]. Error: at most 0.8 ulp. */
export const acos32: Procedure = /* @__PURE__ */ procedure("acos32", [["x", "f32"]], (block, [x]) => {
  const { isNear, high, low } = arc(block, block.let("size", abs(x!)));
  // π/2 − x; or for x < −½, π minus the complement; or the complement itself
  const beyond = select(lt(x!, f32(0)), f32(2 * HALF_PI), f32(0));
  const base = block.let("base", select(isNear, f32(HALF_PI), beyond));
  const sign = block.let("sign", xor(signIf(isNear), and(bitsOf(x!), i32(SIGN))));
  const sum = fastTwoSum(block, "sum", base, block.let("signed", withSign(high, sign)));
  const rest = mulAdd(base, f32(LOW_PART), withSign(low, sign));
  return add(sum.high, add(sum.low, rest));
});
