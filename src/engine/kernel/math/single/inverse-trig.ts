import {
  abs,
  add,
  and,
  div,
  eq,
  i32,
  le,
  lt,
  min,
  mul,
  neg,
  not,
  or,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { asinTail32, atanTail32 } from "../coefficients.ts";
import type { Pair } from "../double-double.ts";
import { fastTwoSum, twoSum } from "../double-double.ts";
import { bitsOf, f32, polynomial32, polynomialInTwo32, split32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

const HALF_PI = 1.5707963705062866;
const HALF_PI_LOW = -4.371139000186241e-8;

// atan ½
const MIDDLE = 0.46364760398864746;
const MIDDLE_LOW = 5.0121587194269e-9;

/** Arc tangent of float32, in radians. Error: at most 1 ulp (measured, as all figures here). */
export const atan32: Procedure = /* @__PURE__ */ procedure("atan32", [["x", "f32"]], (block, [x]) => {
  // beyond 2^60 the result is π/2
  const size = block.let("size", min(abs(x!), f32(2 ** 60)));
  const isSteep = block.let("isSteep", lt(f32(1), size));
  // of the angle to the nearer axis, whose tangent is less / more; near the diagonal less the angle with tangent ½
  const less = block.let("less", select(isSteep, f32(1), size));
  const more = block.let("more", select(isSteep, size, f32(1)));
  const isMiddle = block.let("isMiddle", lt(mul(f32(0.5), more), less));
  const above = block.let("above", select(isMiddle, sub(add(less, less), more), less));
  const below = twoSum(block, "below", more, select(isMiddle, add(more, less), f32(0)));
  const t = tangentOf(block, above, below);
  const z = block.let("z", mul(t.high, t.high));
  const tail = block.let("tail", add(mul(mul(t.high, z), polynomial32(atanTail32, z)), t.low));
  const middle = select(isMiddle, f32(MIDDLE), f32(0));
  const base = block.let("base", select(isSteep, sub(f32(HALF_PI), middle), middle));
  const middleLow = select(isMiddle, f32(MIDDLE_LOW), f32(0));
  const signed = (value: Expr): Expr => select(isSteep, neg(value), value);
  const baseLow = add(select(isSteep, f32(HALF_PI_LOW), f32(0)), signed(middleLow));
  const sum = fastTwoSum(block, "sum", base, block.let("signed", signed(t.high)));
  return copySign32(block.let("value", add(sum.high, add(sum.low, add(baseLow, signed(tail))))), x!);
});

const PI_LOW = 2 * HALF_PI_LOW;

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
    // the angle to the nearer axis, near the diagonal less the angle with tangent ½
    const isMiddle = block.let("isMiddle", lt(mul(f32(0.5), more), less));
    const above = block.let("above", select(isMiddle, sub(add(less, less), more), less));
    const below = fastTwoSum(block, "below", select(isMiddle, add(more, more), more), select(isMiddle, less, f32(0))); // prettier-ignore
    const t = tangentOf(block, above, below);
    const z = block.let("z", mul(t.high, t.high));
    const tail = block.let("tail", add(mul(mul(t.high, z), polynomial32(atanTail32, z)), t.low));
    // ½ ± that angle, π − it, or it: what is added is a multiple of π/2
    const isLeft = block.let("isLeft", lt(bitsOf(x!), i32(0)));
    const isBack = block.let("isBack", or(and(isSteep, not(isLeft)), and(isLeft, not(isSteep))));
    const signed = (value: Expr): Expr => select(isBack, neg(value), value);
    const quarters = block.let(
      "quarters",
      select(isSteep, f32(HALF_PI), select(isLeft, f32(2 * HALF_PI), f32(0))),
    );
    const quartersLow = select(isSteep, f32(HALF_PI_LOW), select(isLeft, f32(PI_LOW), f32(0)));
    const base = twoSum(
      block,
      "base",
      quarters,
      block.let("middle", signed(select(isMiddle, f32(MIDDLE), f32(0)))),
    );
    const middleLow = signed(select(isMiddle, f32(MIDDLE_LOW), f32(0)));
    const sum = twoSum(block, "sum", base.high, block.let("signed", signed(t.high)));
    const low = add(add(base.low, add(quartersLow, middleLow)), signed(tail));
    return copySign32(block.let("value", add(sum.high, add(sum.low, low))), y!);
  },
);

/** above / below as a pair. */
function tangentOf(block: Block, above: Expr, below: Pair): Pair {
  const inverse = block.let("inverse", div(f32(1), below.high));
  const ratio = block.let("ratio", mul(above, inverse));
  const [a, b] = [split32(block, "ratio", ratio), split32(block, "below", below.high)];
  const first = sub(sub(above, mul(a.high, b.high)), mul(a.high, b.low));
  const lacking = sub(sub(first, mul(a.low, b.high)), mul(a.low, b.low));
  return { high: ratio, low: block.let("ratioLow", mul(sub(lacking, mul(ratio, below.low)), inverse)) };
}

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

/** Arc cosine of float32, in radians; NaN outside of [−1, 1]. Error: at most 1 ulp. */
export const acos32: Procedure = /* @__PURE__ */ procedure("acos32", [["x", "f32"]], (block, [x]) => {
  const { isNear, high, low } = arc(block, block.let("size", abs(x!)));
  const isLeft = block.let("isLeft", lt(x!, f32(0)));
  // π/2 − x, or π − 2t left of −½, or 2t
  const base = block.let("base", select(isNear, f32(HALF_PI), f32(2 * HALF_PI)));
  const baseLow = select(isNear, f32(HALF_PI_LOW), f32(2 * HALF_PI_LOW));
  const t = block.let("angle", select(isNear, high, add(high, high)));
  const tLow = block.let("angleLow", select(isNear, low, add(low, low)));
  const signed = block.let("signed", select(isNear, select(isLeft, neg(t), t), t));
  const signedLow = select(isNear, select(isLeft, neg(tLow), tLow), tLow);
  const less = block.let("less", sub(base, signed));
  const lost = sub(sub(base, less), signed);
  const from = add(less, add(lost, sub(baseLow, signedLow)));
  const isDirect = select(isNear, eq(x!, x!), isLeft);
  return select(isDirect, from, add(t, tLow));
});
