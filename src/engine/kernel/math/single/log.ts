import {
  add,
  and,
  convert,
  eq,
  i32,
  lt,
  mul,
  mulAdd,
  procedure,
  select,
  shl,
  shr,
  sub,
} from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { logTail32 } from "../coefficients.ts";
import { fastTwoSum } from "../double-double.ts";
import { bitsOf, f32, fromBits, LN2_HIGH_32, LN2_LOW_32, polynomial32 } from "./exp.ts";

const SQRT_HALF_BITS = 0x3f3504f3;

/** Natural logarithm of float32. Error: at most 0.9 ulp (measured). */
export const log32: Procedure = /* @__PURE__ */ procedure("log32", [["x", "f32"]], (block, [x]) => {
  // x = 2^k · (1 + f) with √½ ≤ 1 + f < √2; subnormal numbers are scaled first
  const isTiny = block.let("isTiny", lt(x!, f32(2 ** -126)));
  const scaled = block.let("scaled", select(isTiny, mul(x!, f32(2 ** 23)), x!));
  const bits = block.let("bits", sub(bitsOf(scaled), i32(SQRT_HALF_BITS)));
  const exponent = block.let("exponent", shr(bits, i32(23)));
  const f = block.let("f", sub(fromBits(sub(bitsOf(scaled), shl(exponent, i32(23)))), f32(1)));
  const k = block.let("k", convert("f32", sub(exponent, select(isTiny, i32(23), i32(0)))));
  const square = block.let("square", mul(f, f));
  const cubic = block.let("cubic", mul(mul(square, f), polynomial32(logTail32, f)));
  const head = fastTwoSum(block, "head", mul(k, f32(LN2_HIGH_32)), f); // the product is exact
  const rest = add(mulAdd(k, f32(LN2_LOW_32), sub(cubic, mul(f32(0.5), square))), head.low);
  const value = block.let("value", add(head.high, rest));
  const special = select(eq(x!, f32(0)), f32(-Infinity), select(lt(x!, f32(0)), f32(NaN), x!));
  return select(and(lt(f32(0), x!), lt(x!, f32(Infinity))), value, special);
});
