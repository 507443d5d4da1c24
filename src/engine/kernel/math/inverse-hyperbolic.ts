import type { Block } from "../build.ts";
import {
  abs,
  add,
  convert,
  div,
  eq,
  f64,
  highWord,
  i32,
  lt,
  mul,
  neg,
  procedure,
  select,
  shr,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { logTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoSum, polynomial, quotientOfPairs, sqrtOfPair, squareOf, twoSum } from "./double-double.ts";
import { LN2_HIGH, LN2_LOW, powerOfTwo } from "./exp.ts";
import { withSignOf } from "./hyperbolic.ts";
import { log1pOfPair, withLogSpecials } from "./log.ts";

/** Smallest x for which √(x² ± 1) is rounded to x. */
const HUGE = 2 ** 28;

/** Computes ln(1 + w), or ln(2x) if x is huge. */
function logOf(block: Block, x: Expr, isHuge: Expr, w: DoubleDouble): Expr {
  const high = block.let("w", select(isHuge, sub(x, f64(1)), w.high));
  const low = block.let("wTail", select(isHuge, f64(0), w.low));
  const log = log1pOfPair(block, { high, low }, select(isHuge, i32(1), i32(0)));
  return withLogSpecials(log.u, add(log.high, log.low));
}

/** Inverse hyperbolic sine: ln(x + √(x² + 1)). Error: at most 0.65 ulp (all error bounds in this file are measured). */
export const asinh64: Procedure = /* @__PURE__ */ procedure("asinh", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const isHuge = block.let("isHuge", lt(f64(HUGE), size));
  const square = squareOf(block, "square", size);
  const sum = twoSum(block, "sum", f64(1), square.high);
  const root = sqrtOfPair(block, "root", {
    high: sum.high,
    low: block.let("sumRest", add(sum.low, square.low)),
  });
  // x + √(x² + 1) − 1, without rounding error
  const w = twoSum(block, "wSum", size, sub(root.high, f64(1)));
  return withSignOf(
    x!,
    block.let("value", logOf(block, size, isHuge, { high: w.high, low: add(w.low, root.low) })),
  );
});

/** Inverse hyperbolic cosine: ln(x + √(x² − 1)); NaN for x < 1. Error: at most 0.64 ulp. */
export const acosh64: Procedure = /* @__PURE__ */ procedure("acosh", [["x", "f64"]], (block, [x]) => {
  const isHuge = block.let("isHuge", lt(f64(HUGE), x!));
  const t = block.let("t", sub(x!, f64(1))); // exact where it matters: below 2^53
  // x² − 1 = t² + 2t
  const square = squareOf(block, "square", t);
  const sum = twoSum(block, "sum", mul(f64(2), t), square.high);
  const root = sqrtOfPair(block, "root", {
    high: sum.high,
    low: block.let("sumRest", add(sum.low, square.low)),
  });
  const w = twoSum(block, "wSum", t, root.high);
  const value = logOf(block, x!, isHuge, { high: w.high, low: add(w.low, root.low) });
  return select(lt(f64(1), x!), value, select(eq(x!, f64(1)), f64(0), f64(NaN)));
});

/**
 * Inverse hyperbolic tangent: ½ ln((1 + x) / (1 − x)); infinite at ±1, NaN beyond. Error: at most 0.54 ulp.
 *
 * With (1 + x) / (1 − x) = 2^k · m: atanh x = ½ k ln 2 + atanh s, s = (1 + x − 2^k (1 − x)) / (1 + x + 2^k (1 − x)).
 */
export const atanh64: Procedure = /* @__PURE__ */ procedure("atanh", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const ratio = block.let("ratio", div(add(f64(1), size), sub(f64(1), size)));
  const word = block.let("word", add(highWord(ratio), i32(0x3ff00000 - 0x3fe6a09e)));
  const k = block.let("k", sub(shr(word, i32(20)), i32(1023)));
  const power = block.let("powerOf2", powerOfTwo(k));
  const scaled = block.let("scaled", mul(power, size));
  const sum = twoSum(block, "sum", scaled, size);
  const difference = twoSum(block, "difference", size, neg(scaled));
  // The high parts may cancel, so the remainder must be renormalised.
  const top = twoSum(block, "top", sub(f64(1), power), sum.high);
  const above = twoSum(block, "above", top.high, block.let("topRest", add(top.low, sum.low)));
  const bottom = twoSum(block, "bottom", add(f64(1), power), difference.high);
  const below = twoSum(block, "below", bottom.high, block.let("bottomRest", add(bottom.low, difference.low)));
  const s = quotientOfPairs(block, "s", above, below);
  const z = block.let("z", mul(s.high, s.high));
  const series = mul(mul(f64(0.5), mul(s.high, z)), polynomial(block, "series", logTail, z));
  const halfCount = block.let("halfCount", mul(f64(0.5), convert("f64", k)));
  const total = fastTwoSum(block, "total", mul(halfCount, f64(LN2_HIGH)), s.high);
  const low = add(total.low, add(add(s.low, series), mul(halfCount, f64(LN2_LOW))));
  const value = select(
    lt(size, f64(1)),
    add(total.high, low),
    select(eq(size, f64(1)), f64(Infinity), f64(NaN)),
  );
  return withSignOf(x!, block.let("value", value));
});
