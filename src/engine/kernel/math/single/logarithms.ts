import {
  abs,
  add,
  and,
  convert,
  div,
  eq,
  i32,
  le,
  lt,
  mul,
  mulAdd,
  procedure,
  select,
  shl,
  shr,
  sub,
} from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { atanhTail32, logTail32 } from "../coefficients.ts";
import { fastTwoDifference, fastTwoSum, twoSum } from "../double-double.ts";
import { bitsOf, f32, fromBits, LN2_HIGH_32, LN2_LOW_32, polynomial32, split32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

const SQRT_HALF_BITS = 0x3f3504f3;

/** x = 2^k · (1 + f) with √½ ≤ 1 + f < √2 and k an integer, for normal x > 0; something finite or NaN for others. */
function decompose32(block: Block, x: Expr): { readonly exponent: Expr; readonly f: Expr } {
  const exponent = block.let("exponent", shr(sub(bitsOf(x), i32(SQRT_HALF_BITS)), i32(23)));
  return { exponent, f: block.let("f", sub(fromBits(sub(bitsOf(x), shl(exponent, i32(23)))), f32(1))) };
}

/** `value` for positive finite x; −∞ at 0, NaN below, and ∞ and NaN stay. */
function withLogSpecials32(x: Expr, value: Expr): Expr {
  const special = select(eq(x, f32(0)), f32(-Infinity), select(lt(x, f32(0)), f32(NaN), x));
  return select(and(lt(f32(0), x), lt(x, f32(Infinity))), value, special);
}

/** ln(1 + x) of float32, accurate near 0 too. Error: at most 1 ulp (measured, as all figures here). */
export const log1p32: Procedure = /* @__PURE__ */ procedure("log1p32", [["x", "f32"]], (block, [x]) => {
  const u = twoSum(block, "u", f32(1), x!);
  const { exponent, f: rounded } = decompose32(block, u.high);
  // where 1 + x needs no scaling f is x itself; elsewhere what 1 + x lost is made up for to first order
  const isNear = block.let("isNear", eq(exponent, i32(0)));
  const f = block.let("exactF", select(isNear, x!, rounded));
  const lost = div(select(isNear, f32(0), u.low), u.high);
  const k = block.let("k", convert("f32", exponent));
  const square = block.let("square", mul(f, f));
  const cubic = block.let("cubic", mul(mul(square, f), polynomial32(logTail32, f)));
  const head = fastTwoSum(block, "head", mul(k, f32(LN2_HIGH_32)), f); // the product is exact
  const rest = add(mulAdd(k, f32(LN2_LOW_32), sub(cubic, mul(f32(0.5), square))), add(head.low, lost));
  const value = block.let("value", add(head.high, rest));
  return select(eq(x!, f32(0)), x!, withLogSpecials32(u.high, value));
});

// 1 / ln 2 and 1 / ln 10 as heads of 12 bits and rests; log₁₀ 2 with 12 bits
const LOG2_E = [1.4423828125, 0.0003122283889634] as const;
const LOG10_E = [0.434326171875, -0.0000316899717482] as const;
const LOG10_2 = [0.301025390625, 0.0000046050389812] as const;

/** log x = k · per2 + ln(1 + f) · perE for the factors of some base. */
function logToBase32(
  name: string,
  per2: readonly [number, number],
  perE: readonly [number, number],
): Procedure {
  return procedure(name, [["x", "f32"]], (block, [x]) => {
    const isTiny = block.let("isTiny", lt(x!, f32(2 ** -126)));
    const scaled = block.let("scaled", select(isTiny, mul(x!, f32(2 ** 23)), x!));
    const { exponent, f } = decompose32(block, scaled);
    const k = block.let("k", convert("f32", sub(exponent, select(isTiny, i32(23), i32(0)))));
    // f − f²/2 as a pair, by an exact head of the square
    const { high: head, low: after } = split32(block, "f", f);
    const most = block.let("most", mul(f32(0.5), mul(head, head)));
    const near = fastTwoDifference(block, "near", f, most);
    const cubic = mul(mul(mul(f, f), f), polynomial32(logTail32, f));
    const nearLow = block.let("nearRest", add(near.low, sub(cubic, mul(mul(f32(0.5), after), add(f, head)))));
    const pieces = split32(block, "sum", near.high);
    const product = block.let("product", mul(pieces.high, f32(perE[0]))); // exact
    const productRest = add(
      mul(add(pieces.low, nearLow), f32(perE[0] + perE[1])),
      mul(pieces.high, f32(perE[1])),
    );
    const total = fastTwoSum(block, "total", mul(k, f32(per2[0])), product);
    const low = add(total.low, add(productRest, mul(k, f32(per2[1]))));
    return withLogSpecials32(x!, block.let("value", add(total.high, low)));
  });
}

/** Logarithm to base 2 of float32; exact for powers of 2. Error: at most 1 ulp. */
export const log232: Procedure = /* @__PURE__ */ logToBase32("log232", [1, 0], LOG2_E);

/** Logarithm to base 10 of float32. Error: at most 1 ulp. */
export const log1032: Procedure = /* @__PURE__ */ logToBase32("log1032", LOG10_2, LOG10_E);

/** Inverse hyperbolic tangent of float32: ±∞ at ±1, NaN beyond. Error: at most 1 ulp. */
export const atanh32: Procedure = /* @__PURE__ */ procedure("atanh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const z = block.let("z", mul(size, size));
  const near = block.let("near", mulAdd(mul(size, z), polynomial32(atanhTail32, z), size));
  // ½ ln q for q = (1 + x) / (1 − x) as a pair
  const above = fastTwoSum(block, "above", f32(1), size);
  const below = block.let("belowLine", sub(f32(1), size)); // exact beyond ½
  const inverse = block.let("inverse", div(f32(1), below));
  const q = block.let("q", mul(above.high, inverse));
  const [a, b] = [split32(block, "ratio", q), split32(block, "below", below)];
  const first = sub(sub(above.high, mul(a.high, b.high)), mul(a.high, b.low));
  const lacking = add(sub(sub(first, mul(a.low, b.high)), mul(a.low, b.low)), above.low);
  const { exponent, f } = decompose32(block, q);
  const k = block.let("k", convert("f32", exponent));
  const square = block.let("square", mul(f, f));
  const cubic = block.let("cubic", mul(mul(square, f), polynomial32(logTail32, f)));
  const head = fastTwoSum(block, "head", mul(k, f32(LN2_HIGH_32)), f);
  const rest = add(mulAdd(k, f32(LN2_LOW_32), sub(cubic, mul(f32(0.5), square))), head.low);
  const far = mul(f32(0.5), add(head.high, add(rest, div(lacking, above.high))));
  const value = select(lt(size, f32(0.5)), near, select(lt(size, f32(1)), far, inverse));
  return copySign32(block.let("value", select(le(size, f32(1)), value, f32(NaN))), x!);
});
