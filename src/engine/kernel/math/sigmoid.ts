import { abs, add, f64, i32, lt, max, mul, neg, procedure, select, min } from "../build.ts";
import type { Procedure } from "../scalar.ts";
import { fastTwoSum, quotientOfPairs, twoSum } from "./double-double.ts";
import { expOfReduced, powerOfTwo, reduceByLn2, scale } from "./exp.ts";
import { log1pOfFraction } from "./log.ts";

/** 1 / (1 + e^−x), accurate in both tails. Error: at most 0.63 ulp, 0.75 for subnormal results (measured). */
export const sigmoid64: Procedure = /* @__PURE__ */ procedure("sigmoid", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", neg(min(abs(x!), f64(746))));
  const reduced = reduceByLn2(block, size);
  const e = expOfReduced(block, reduced); // e^−|x| = 2^k · e
  const power = block.let("power", powerOfTwo(max(reduced.k, i32(-1000))));
  const sum = fastTwoSum(block, "sum", f64(1), mul(power, e.high));
  const below = fastTwoSum(block, "below", sum.high, add(sum.low, mul(power, e.low)));
  // e^x / (1 + e^x) for x < 0
  const isLeft = block.let("isLeft", lt(x!, f64(0)));
  const above = {
    high: block.let("above", select(isLeft, e.high, f64(1))),
    low: block.let("aboveLow", select(isLeft, e.low, f64(0))),
  };
  const quotient = quotientOfPairs(block, "quotient", above, below);
  return scale(block, add(quotient.high, quotient.low), select(isLeft, reduced.k, i32(0)));
});

/** ln(1 + e^x), accurate in both tails. Error: at most 0.63 ulp, 0.75 for subnormal results (measured). */
export const softplus64: Procedure = /* @__PURE__ */ procedure("softplus", [["x", "f64"]], (block, [x]) => {
  // max(x, 0) + ln(1 + e^−|x|)
  const size = block.let("size", neg(min(abs(x!), f64(746))));
  const reduced = reduceByLn2(block, size);
  const raw = expOfReduced(block, reduced);
  const e = fastTwoSum(block, "power", raw.high, raw.low);
  const high = block.let("e", scale(block, e.high, reduced.k));
  // for very negative x, e is the result, and its correction is negligible
  const lowPower = powerOfTwo(max(reduced.k, i32(-1000)));
  const low = block.let("eLow", select(lt(reduced.k, i32(-1000)), f64(0), mul(e.low, lowPower)));
  const log = log1pOfFraction(block, { high, low });
  const total = twoSum(block, "result", max(x!, f64(0)), block.let("logHigh", log.high));
  // from 37 on the result is x, infinity included
  return select(lt(x!, f64(64)), add(total.high, add(total.low, log.low)), x!);
});
