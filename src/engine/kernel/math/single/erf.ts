import type { Block } from "../../build.ts";
import { abs, add, div, le, lt, min, mul, mulAdd, neg, procedure, select, sub } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { erfcTail32, erfTail32, longExpTail32 } from "../coefficients.ts";
import { fastTwoSum } from "../double-double.ts";
import {
  f32,
  polynomial32,
  polynomialInTwo32,
  powerOfTwo32,
  quotient32,
  reducedExp,
  split32,
} from "./exp.ts";
import { copySign32 } from "./tanh.ts";

/** Largest |x| for which the series of erf is used; above it, the series of erfc. */
const LIMIT = 0.6875;

/** erf x / x − 1 for |x| ≤ 0.6875, between −0.03 and 0.13. */
function erfNearZero(block: Block, x: Expr): Expr {
  const z = block.let("z", mul(x, x));
  return block.let("relative", polynomial32(erfTail32, z));
}

/** Computes erfc x for 0.68 ≤ x ≤ 10.2: erfc x · eˣ² · (3 + 6x) / 4 is smooth, 1 + P(t) with t = 1 − 9/2 / (1 + 2x). */
function erfcOfLarge(block: Block, x: Expr): Expr {
  // e^−x² = 2^n · power, from the exact square
  const { high: head, low: rest } = split32(block, "x", x);
  const square = block.let("xSquare", mul(x, x));
  const squareLow = block.let("xSquareLow", add(sub(mul(head, head), square), mul(rest, add(x, head))));
  const minusSquare = block.let("minusSquare", neg(square));
  const { bits, r, tail } = reducedExp(block, minusSquare, neg(squareLow), longExpTail32);
  const power = fastTwoSum(block, "power", f32(1), r);
  const powerLow = block.let("powerTail", add(power.low, tail));
  // (3 + 6x) / 4
  const half = mul(f32(0.5), x);
  const most = fastTwoSum(block, "most", x, half);
  const sum = fastTwoSum(block, "sum", most.high, f32(0.75));
  const below = { high: sum.high, low: block.let("sumTail", add(sum.low, most.low)) };
  const inverse = block.let("inverse", div(f32(1), below.high));
  const t = block.let("t", sub(f32(1), mul(f32(3.375), inverse)));
  const smooth = block.let("smooth", polynomialInTwo32(erfcTail32, t, block.let("tSquare", mul(t, t))));
  const above = fastTwoSum(
    block,
    "above",
    power.high,
    block.let("aboveTail", mulAdd(smooth, add(power.high, powerLow), powerLow)),
  );
  const scaled = powerOfTwo32(block, bits);
  return scaled(quotient32(block, "ratio", above, below, inverse));
}

/** Error function of float32: 2/√π times the integral of e^(−t²) from 0 to x. Error: at most 0.9 ulp (measured). */
export const erf32: Procedure = /* @__PURE__ */ procedure("erf32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", min(abs(x!), f32(4))); // from 3.92 on the result rounds to 1
  const near = block.let("near", mulAdd(size, erfNearZero(block, size), size));
  const far = block.let("far", sub(f32(1), erfcOfLarge(block, size)));
  return copySign32(block.let("value", select(le(size, f32(LIMIT)), near, far)), x!);
});

/** 1 − erf x of float32, accurate in the right tail too. Error: at most 1 ulp (measured). */
export const erfc32: Procedure = /* @__PURE__ */ procedure("erfc32", [["x", "f32"]], (block, [x]) => {
  const relative = erfNearZero(block, x!);
  const difference = fastTwoSum(block, "difference", f32(1), neg(x!));
  const near = add(difference.high, sub(difference.low, mul(x!, relative)));
  const size = block.let("size", min(abs(x!), f32(10.125))); // from 10.06 on the result rounds to 0
  const right = block.let("right", erfcOfLarge(block, size));
  const far = block.let("far", select(lt(x!, f32(0)), sub(f32(2), right), right));
  return select(le(size, f32(LIMIT)), near, far);
});
