import { abs, add, and, i32, lt, max, mul, mulAdd, neg, procedure, select, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { log1pTail32 } from "../coefficients.ts";
import { fastTwoDifference, fastTwoSum, twoSum } from "../double-double.ts";
import { bitsOf, f32, fromBits, polynomialInTwo32, powerOfTwo32, reducedExp } from "./exp.ts";

/** ln(1 + e^x) of float32, accurate in both tails. Error: at most 0.95 ulp. */
export const softplus32: Procedure = /* @__PURE__ */ procedure("softplus32", [["x", "f32"]], (block, [x]) => {
  // max(x, 0) + ln(1 + e^−|x|)
  const { bits, r, tail: expTail } = reducedExp(block, block.let("size", max(f32(-104), neg(abs(x!)))));
  const scaled = powerOfTwo32(block, bits);
  const one = fastTwoSum(block, "one", f32(1), block.let("q", add(r, expTail)));
  const e = block.let("e", scaled(one.high));
  const eLow = block.let("eLow", scaled(one.low));
  // ln(1 + e) = e − ⅜ e² − e² · P; a head of e² with 22 bits is exact, and so is 3 times it
  const head = block.let("head", fromBits(and(bitsOf(e), i32(-8192))));
  const most = block.let("most", mul(f32(0.375), mul(head, head)));
  const mostRest = mul(mul(f32(0.375), sub(e, head)), add(e, head));
  const t = block.let("t", sub(e, f32(0.5)));
  const tail = mul(mul(e, e), polynomialInTwo32(log1pTail32, t, block.let("squareOfT", mul(t, t))));
  // eLow / (1 + e), approximately
  const low = mulAdd(mul(f32(-0.5), e), eLow, eLow);
  const total = twoSum(block, "total", block.let("above", max(f32(0), x!)), e);
  const less = fastTwoDifference(block, "less", total.high, most);
  const small = sub(add(add(less.low, total.low), low), add(mostRest, tail));
  // from 17 on the result is x, infinity included
  return select(lt(x!, f32(64)), add(less.high, small), x!);
});
