import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  div,
  eq,
  f64,
  fromWords,
  highWord,
  i32,
  lowWord,
  lt,
  min,
  mul,
  mulAdd,
  neg,
  or,
  procedure,
  select,
  shl,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { expTail, tanhTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoDifference, fastTwoSum, lessMultiple, polynomialInTwo } from "./double-double.ts";
import { hyperbolicTails, LN2_HIGH, LN2_LOW, powerOfTwo, reduceByLn2, ROUNDER, scale } from "./exp.ts";

/**
 * Computes sinh x = 2^(k−1) · sine and cosh x = 2^(k−1) · cosine, for 0 ≤ x < 2^20.
 *
 * With x = k ln 2 + r and q = 4^−k: sine = e^r − q e^−r and cosine = e^r + q e^−r; for both, e^±r = 1 ± r + even ± odd.
 */
function sinhCosh(
  block: Block,
  x: Expr,
): { readonly k: Expr; readonly sine: DoubleDouble; readonly cosine: DoubleDouble } {
  const { k, r, rLow } = reduceByLn2(block, x);
  const { even, odd } = hyperbolicTails(block, r, rLow);
  const q = block.let("q", powerOfTwo(mul(i32(-2), min(k, i32(500)))));
  const oddTail = block.let("oddTail", add(odd, rLow));
  const up = fastTwoSum(block, "up", f64(1), r);
  const down = fastTwoDifference(block, "down", f64(1), r);
  const downHigh = block.let("scaledDown", mul(q, down.high));
  const downLow = block.let("scaledDownLow", mul(q, down.low));
  const sineHead = fastTwoDifference(block, "sine", up.high, downHigh);
  const cosineHead = fastTwoSum(block, "cosine", up.high, downHigh);
  const less = block.let("less", sub(f64(1), q));
  const more = block.let("more", add(f64(1), q));
  const sineTail = add(mul(less, even), mul(more, oddTail));
  const cosineTail = add(mul(more, even), mul(less, oddTail));
  return {
    k,
    sine: { high: sineHead.high, low: add(add(sineHead.low, sub(up.low, downLow)), sineTail) },
    cosine: { high: cosineHead.high, low: add(add(cosineHead.low, add(up.low, downLow)), cosineTail) },
  };
}

/** `size`, which is nonnegative, with the sign of x. */
function copySign(block: Block, size: Expr, x: Expr): Expr {
  const value = block.let("unsigned", size);
  const sign = and(highWord(x), i32(SIGN));
  return fromWords(or(highWord(value), sign), lowWord(value));
}

/** `value` with the sign of x; x itself if that is 0. */
export function withSignOf(x: Expr, value: Expr): Expr {
  return select(eq(x, f64(0)), x, select(lt(x, f64(0)), neg(value), value));
}

/** Sign bit of the high word. */
export const SIGN = -2147483648;

/** Largest float64 below 2. */
const TWO_LESS = 2 - 2 ** -52;

/** Hyperbolic sine. Error: at most 0.71 ulp (all error bounds in this file are measured). */
export const sinh64: Procedure = /* @__PURE__ */ procedure("sinh", [["x", "f64"]], (block, [x]) => {
  const { k, sine } = sinhCosh(block, block.let("size", min(abs(x!), f64(711))));
  const exponent = block.let("exponent", sub(k, i32(1)));
  const value = block.let("value", scale(block, add(sine.high, sine.low), exponent));
  return withSignOf(x!, value);
});

/** Hyperbolic cosine. Error: at most 0.63 ulp. */
export const cosh64: Procedure = /* @__PURE__ */ procedure("cosh", [["x", "f64"]], (block, [x]) => {
  const { k, cosine } = sinhCosh(block, block.let("size", min(abs(x!), f64(711))));
  const exponent = block.let("exponent", sub(k, i32(1)));
  return scale(block, add(cosine.high, cosine.low), exponent);
});

/** Hyperbolic tangent. Error: at most 1 ulp. */
export const tanh64: Procedure = /* @__PURE__ */ procedure("tanh", [["x", "f64"]], (block, [x]) => {
  // from 19.1 on the result rounds to 1
  const size = block.let("size", min(abs(x!), f64(22)));
  const z = block.let("z", mul(size, size));
  const series = polynomialInTwo(tanhTail, z, block.let("zSquare", mul(z, z)));
  const small = block.let("small", mulAdd(mul(size, z), series, size));
  // (e^2x − 1) / (e^2x + 1), with e^2x = 2^k · (1 + q)
  const twice = block.let("twice", add(size, size));
  const shifted = block.let("shifted", mulAdd(twice, f64(Math.LOG2E), f64(ROUNDER + 1023)));
  const count = block.let("count", sub(shifted, f64(ROUNDER + 1023)));
  const r = block.let("r", lessMultiple(lessMultiple(twice, count, LN2_HIGH), count, LN2_LOW));
  const square = block.let("square", mul(r, r));
  const q = mulAdd(square, polynomialInTwo(expTail, r, square), r);
  const power = block.let("power", fromWords(shl(lowWord(shifted), i32(20)), i32(0)));
  const below = block.let("below", add(add(power, f64(1)), mul(power, q)));
  // below − 2, exact if possible; where rounding ties occur, the nearest value of below
  const large = block.let("large", div(sub(below, f64(TWO_LESS)), below));
  return copySign(block, select(lt(size, f64(0.75)), small, large), x!);
});
