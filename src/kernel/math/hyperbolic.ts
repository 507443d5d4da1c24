import type { Block } from "../build.ts";
import { abs, add, eq, f64, i32, lt, min, mul, neg, procedure, select, sub } from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import type { Pair } from "./double-double.ts";
import { fastTwoDifference, fastTwoSum, quotientOfPairs } from "./double-double.ts";
import { hyperbolicTails, powerOfTwo, reduceByLn2, scale } from "./exp.ts";

/**
 * sinh x = 2^(k−1) · sine and cosh x = 2^(k−1) · cosine, for 0 ≤ x < 2^20.
 *
 * With x = k ln 2 + r and q = 4^−k: sine = e^r − q e^−r and cosine = e^r + q e^−r; for both, e^±r = 1 ± r + even ± odd.
 */
function sinhCosh(block: Block, x: Expr): { readonly k: Expr; readonly sine: Pair; readonly cosine: Pair } {
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

/** `value` with the sign of x; x itself if that is 0. */
export function withSignOf(x: Expr, value: Expr): Expr {
  return select(eq(x, f64(0)), x, select(lt(x, f64(0)), neg(value), value));
}

/** Hyperbolic sine. Error: at most 0.71 ulp (measured, as all figures here). */
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

/** Hyperbolic tangent. Error: at most 0.71 ulp. */
export const tanh64: Procedure = /* @__PURE__ */ procedure("tanh", [["x", "f64"]], (block, [x]) => {
  // from 19.1 on the result rounds to 1
  const size = block.let("size", min(abs(x!), f64(22)));
  const { sine, cosine } = sinhCosh(block, size);
  const above = fastTwoSum(block, "above", sine.high, block.let("sineTail", sine.low));
  const below = fastTwoSum(block, "below", cosine.high, block.let("cosineTail", cosine.low));
  const quotient = quotientOfPairs(block, "quotient", above, below);
  // the square of a tiny x is lost to rounding, its products to underflow
  const value = block.let("value", select(lt(size, f64(2 ** -28)), size, add(quotient.high, quotient.low)));
  return withSignOf(x!, value);
});
