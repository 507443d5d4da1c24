import {
  abs,
  add,
  and,
  div,
  eq,
  i32,
  le,
  lt,
  max,
  min,
  mul,
  mulAdd,
  or,
  procedure,
  select,
  sqrt,
  sub,
  xor,
} from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { asinTail32, atanTail32 } from "../coefficients.ts";
import type { Pair } from "../double-double.ts";
import { fastTwoSum } from "../double-double.ts";
import { bitsOf, f32, fromBits, polynomial32, polynomialInTwo32, split32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

const HALF_PI = 1.5707963705062866;
const HALF_PI_LOW = -4.371139000186241e-8;
/** What π/4, π/2 and π have beyond float32, as a part of it. */
const LOW_PART: number = HALF_PI_LOW / HALF_PI;
// 3π/4
const BACK_DIAGONAL = 2.356194496154785;
const BACK_DIAGONAL_LOW = -5.962440319251527e-9;

/** 2^31, the sign of a float32, where a condition holds; else 0. */
const signIf = (condition: Expr): Expr => select(condition, i32(SIGN), i32(0));
const withSign = (x: Expr, sign: Expr): Expr => fromBits(xor(bitsOf(x), sign));
const SIGN = -2147483648;

/** Arc tangent of float32, in radians. Error: at most 0.8 ulp (measured, as all figures here). */
export const atan32: Procedure = /* @__PURE__ */ procedure("atan32", [["x", "f32"]], (block, [x]) => {
  // beyond 2^60 the result is π/2
  const size = block.let("size", min(abs(x!), f32(2 ** 60)));
  const angle = angleOf(block, block.let("less", min(size, f32(1))), block.let("more", max(size, f32(1))));
  // beyond the diagonal what it lacks to π/2
  const isSteep = block.let("isSteep", lt(f32(1), size));
  const sign = block.let("sign", signIf(isSteep));
  const axis = select(isSteep, f32(HALF_PI), f32(0));
  const base = block.let("base", select(angle.isMiddle, f32(HALF_PI / 2), axis));
  const sum = fastTwoSum(block, "sum", base, block.let("signed", withSign(angle.high, sign)));
  const low = add(mul(base, f32(LOW_PART)), withSign(angle.low, sign));
  return copySign32(block.let("value", add(sum.high, add(sum.low, low))), x!);
});

/** The angle whose tangent is less / more, at most 1: from the axis, or near the diagonal from that. */
function angleOf(block: Block, less: Expr, more: Expr): Pair & { readonly isMiddle: Expr } {
  // the tangent of what an angle is off the diagonal: (less − more) / (more + less)
  const isMiddle = block.let("isMiddle", lt(mul(f32(0.5), more), less));
  const above = block.let("above", sub(less, select(isMiddle, more, f32(0)))); // exact
  const below = fastTwoSum(block, "below", more, block.let("added", select(isMiddle, less, f32(0))));
  const inverse = block.let("inverse", div(f32(1), below.high));
  const t = block.let("ratio", mul(above, inverse));
  const [a, b] = [split32(block, "ratio", t), split32(block, "below", below.high)];
  const first = sub(sub(above, mul(a.high, b.high)), mul(a.high, b.low));
  const lacking = sub(sub(first, mul(a.low, b.high)), mul(a.low, b.low));
  const lost = mul(sub(lacking, mul(t, below.low)), inverse);
  const z = block.let("z", mul(t, t));
  const tail = block.let("tail", mulAdd(mul(t, z), polynomial32(atanTail32, z), lost));
  return { high: t, low: tail, isMiddle };
}

/**
 * The angle of the point (x, y) of float32, from −π to π; the signs of zeros count. Error: at most 1 ulp.
 */
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
    const smaller = block.let("smaller", select(isSteep, width, height));
    // of infinities only their signs count; where both are 0 the angle is that of (±1, 0)
    const isInfinite = block.let("isInfinite", eq(larger, f32(Infinity)));
    const isOne = block.let("isOne", or(isInfinite, eq(larger, f32(0))));
    // so that nothing overflows, and that what the quotient lacks to be exact does not vanish
    const size = (by: number): Expr => f32(2 ** by);
    const factor = block.let(
      "factor",
      select(lt(larger, size(-40)), size(126), select(lt(larger, size(40)), size(60), size(-28))),
    );
    const more = block.let("more", select(isOne, f32(1), mul(larger, factor)));
    const small = block.let("small", mul(smaller, factor));
    const less = block.let(
      "less",
      select(isInfinite, select(eq(smaller, f32(Infinity)), f32(1), mul(smaller, f32(0))), small),
    );
    const angle = angleOf(block, less, more);
    // that to the nearer axis: it, π − it, or π/2 ∓ it
    const isLeft = block.let("isLeft", lt(bitsOf(x!), i32(0)));
    const sign = block.let("sign", xor(signIf(isSteep), and(bitsOf(x!), i32(SIGN))));
    const diagonal = block.let("diagonal", select(isLeft, f32(BACK_DIAGONAL), f32(HALF_PI / 2)));
    const axis = block.let("axis", select(isSteep, f32(HALF_PI), select(isLeft, f32(2 * HALF_PI), f32(0))));
    const base = block.let("base", select(angle.isMiddle, diagonal, axis));
    const baseLow = select(eq(base, f32(BACK_DIAGONAL)), f32(BACK_DIAGONAL_LOW), mul(base, f32(LOW_PART)));
    const sum = fastTwoSum(block, "sum", base, block.let("signed", withSign(angle.high, sign)));
    const low = add(baseLow, withSign(angle.low, sign));
    return copySign32(block.let("value", add(sum.high, add(sum.low, low))), y!);
  },
);

/** Of 0 ≤ size ≤ 1: x = asin size itself where that is at most π/6, else half of the angle that it lacks to π/2. */
function arc(block: Block, size: Expr): { readonly isNear: Expr; readonly high: Expr; readonly low: Expr } {
  const isNear = block.let("isNear", le(size, f32(0.5)));
  const rest = block.let("rest", mul(f32(0.5), sub(f32(1), size))); // exact beyond ½
  const root = block.let("root", sqrt(rest));
  const { high: head, low: after } = split32(block, "root", root);
  const error = sub(sub(rest, mul(head, head)), mul(after, add(root, head)));
  const rootLow = select(lt(f32(0), root), div(error, add(root, root)), f32(0));
  const t = block.let("t", select(isNear, size, root));
  const z = block.let("z", select(isNear, mul(size, size), rest));
  const series = mul(mul(t, z), polynomialInTwo32(asinTail32, z, block.let("zSquare", mul(z, z))));
  return { isNear, high: t, low: block.let("low", add(series, select(isNear, f32(0), rootLow))) };
}

/** Arc sine of float32, in radians; NaN outside of [−1, 1]. Error: at most 1 ulp. */
export const asin32: Procedure = /* @__PURE__ */ procedure("asin32", [["x", "f32"]], (block, [x]) => {
  const { isNear, high, low } = arc(block, block.let("size", abs(x!)));
  const twice = block.let("twice", add(high, high));
  const less = block.let("less", sub(f32(HALF_PI), twice));
  const lost = sub(sub(f32(HALF_PI), less), twice);
  const far = add(less, add(lost, sub(f32(HALF_PI_LOW), add(low, low))));
  return copySign32(block.let("value", select(isNear, add(high, low), far)), x!);
});

/** Arc cosine of float32, in radians; NaN outside of [−1, 1]. Error: at most 0.8 ulp. */
export const acos32: Procedure = /* @__PURE__ */ procedure("acos32", [["x", "f32"]], (block, [x]) => {
  const { isNear, high, low } = arc(block, block.let("size", abs(x!)));
  // π/2 − x, or π − 2t left of −½, or 2t
  const beyond = block.let("beyond", select(lt(x!, f32(0)), f32(2 * HALF_PI), f32(0)));
  const base = block.let("base", select(isNear, f32(HALF_PI), beyond));
  const sign = block.let("sign", xor(signIf(isNear), and(bitsOf(x!), i32(SIGN))));
  const twice = (part: Expr): Expr => add(part, select(isNear, f32(0), part));
  const angle = block.let("angle", withSign(twice(high), sign));
  const sum = fastTwoSum(block, "sum", base, angle);
  const rest = add(mul(base, f32(LOW_PART)), withSign(twice(low), sign));
  return add(sum.high, add(sum.low, rest));
});
