import type { Block } from "../build.ts";
import {
  add,
  and,
  convert,
  div,
  eq,
  f64,
  fromWords,
  highWord,
  i32,
  lowWord,
  lt,
  mul,
  procedure,
  select,
  shr,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { logTail } from "./coefficients.ts";
import type { Pair } from "./double-double.ts";
import { fastTwoDifference, fastTwoSum, polynomial, split, twoSum } from "./double-double.ts";
import { LN2_HIGH, LN2_LOW } from "./exp.ts";

const SQRT_HALF_WORD = 0x3fe6a09e; // high word of √½
const ONE_WORD = 0x3ff00000;

/** x = 2^k · (1 + f) with √½ ≤ 1 + f < √2, for finite x > 0. */
export function decompose(block: Block, x: Expr): { readonly k: Expr; readonly f: Expr } {
  const isTiny = block.let("isTiny", lt(x, f64(2.2250738585072014e-308)));
  const scaled = block.let("scaled", select(isTiny, mul(x, f64(18014398509481984)), x));
  const word = block.let("word", add(highWord(scaled), i32(ONE_WORD - SQRT_HALF_WORD)));
  const k = block.let("k", sub(shr(word, i32(20)), select(isTiny, i32(1077), i32(1023))));
  const high = add(and(word, i32(0xfffff)), i32(SQRT_HALF_WORD));
  return { k, f: block.let("f", sub(fromWords(high, lowWord(scaled)), f64(1))) };
}

/** ln(1 + f) as a pair, |f| < ½. */
export function logNearOne(block: Block, f: Expr): Pair {
  // With s = f / (2 + f): ln(1 + f) = 2s + … = f − f²/2 + s · (f²/2 + …)
  const s = block.let("s", div(f, add(f64(2), f)));
  const z = block.let("z", mul(s, s));
  const halfSquare = block.let("halfSquare", mul(f64(0.5), mul(f, f)));
  // f²/2 again, this time as an exact head and the rest
  const { high: head, low: rest } = split(block, "f", f);
  const exactPart = block.let("exactPart", mul(f64(0.5), mul(head, head)));
  const remainder = mul(mul(f64(0.5), rest), add(f, head));
  const sum = fastTwoDifference(block, "sum", f, exactPart);
  const tail = mul(s, add(halfSquare, mul(z, polynomial(logTail, z))));
  return { high: sum.high, low: block.let("tail", add(sum.low, sub(tail, remainder))) };
}

/** k · ln 2 + x. */
export function addLn2(block: Block, k: Expr, x: Pair): Pair {
  const count = block.let("count", convert("f64", k));
  const sum = fastTwoSum(block, "total", mul(count, f64(LN2_HIGH)), x.high);
  return { high: sum.high, low: add(sum.low, add(x.low, mul(count, f64(LN2_LOW)))) };
}

/** `value` for positive finite x; −∞ at 0, NaN below, and ∞ and NaN stay. */
function withLogSpecials(x: Expr, value: Expr): Expr {
  const special = select(eq(x, f64(0)), f64(-Infinity), select(lt(x, f64(0)), f64(NaN), x));
  return select(and(lt(f64(0), x), lt(x, f64(Infinity))), value, special);
}

/** Natural logarithm. */
export const log64: Procedure = /* @__PURE__ */ procedure("log", [["x", "f64"]], (block, [x]) => {
  const { k, f } = decompose(block, x!);
  const { high, low } = addLn2(block, k, logNearOne(block, f));
  return withLogSpecials(x!, add(high, low));
});

/** ln(1 + x), accurate near 0 too. */
export const log1p64: Procedure = /* @__PURE__ */ procedure("log1p", [["x", "f64"]], (block, [x]) => {
  const u = twoSum(block, "u", f64(1), x!);
  const { k, f: rounded } = decompose(block, u.high);
  // Where 1 + x needs no scaling, f is x itself; elsewhere what 1 + x lost is made up for to first order.
  const isNear = block.let("isNear", eq(k, i32(0)));
  const f = block.let("exactF", select(isNear, x!, rounded));
  const correction = block.let("correction", select(isNear, f64(0), div(u.low, u.high)));
  const near = logNearOne(block, f);
  const { high, low } = addLn2(block, k, { high: near.high, low: add(near.low, correction) });
  return select(eq(x!, f64(0)), x!, withLogSpecials(u.high, add(high, low)));
});
