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
  lt,
  mul,
  procedure,
  select,
  shl,
  shr,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { logTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoDifference, fastTwoSum, polynomial, split, twoSum } from "./double-double.ts";
import { LN2_HIGH, LN2_LOW } from "./exp.ts";

const SQRT_HALF_WORD = 0x3fe6a09e; // high word of √½
const ONE_WORD = 0x3ff00000;

/** Decomposes x = 2^k · (1 + f) with √½ ≤ 1 + f < √2, for finite x > 0; the result is finite or NaN for other x. */
export function decompose(block: Block, x: Expr): { readonly k: Expr; readonly f: Expr } {
  const isTiny = block.let("isTiny", lt(x, f64(2 ** -1000)));
  const scaled = block.let("scaled", select(isTiny, mul(x, f64(2 ** 54)), x));
  const biased = block.let("biased", shr(add(highWord(scaled), i32(ONE_WORD - SQRT_HALF_WORD)), i32(20)));
  const k = block.let("exponentOfX", sub(biased, select(isTiny, i32(1023 + 54), i32(1023))));
  // a product with 2^(2 − k) and with ¼, since 2^−k itself may be subnormal
  const power = fromWords(shl(sub(i32(2048), biased), i32(20)), i32(0));
  return { k, f: block.let("f", sub(mul(mul(scaled, f64(0.25)), power), f64(1))) };
}

/** Computes ln(1 + f) as a pair, |f| < ½; `low`, if given, is a small correction to be added to f. */
function logNearOne(block: Block, f: Expr, low?: Expr): DoubleDouble {
  // With s = f / (2 + f): ln(1 + f) = 2s + … = f − f²/2 + s · (f²/2 + …)
  const s = block.let("s", div(f, add(f64(2), f)));
  const z = block.let("z", mul(s, s));
  const halfSquare = block.let("halfSquare", mul(f64(0.5), mul(f, f)));
  // f²/2 again, this time as an exact head and the rest
  const { high: head, low: afterHead } = split(block, "f", f);
  const exactPart = block.let("exactPart", mul(f64(0.5), mul(head, head)));
  const remainder = mul(mul(f64(0.5), afterHead), add(f, head));
  const logHead = fastTwoDifference(block, "logHead", f, exactPart);
  const tail = mul(s, add(halfSquare, mul(z, polynomial(block, "log", logTail, z))));
  const rest = add(logHead.low, sub(tail, remainder));
  if (low === undefined) return { high: logHead.high, low: block.let("logRest", rest) };
  // low / (1 + f), which is low · (1 − s) / (1 + s), to one part in 500
  const slope = sub(add(f64(1), add(z, z)), mul(add(s, s), add(f64(1), z)));
  return { high: logHead.high, low: block.let("logRest", add(rest, mul(low, slope))) };
}

/** Computes ln(1 + x) as a pair, for a pair 0 ≤ x ≤ 1. */
export function log1pOfFraction(block: Block, x: DoubleDouble): DoubleDouble {
  // beyond √2, 1 + x is 2 · (1 + f)
  const isUpper = block.let("isUpper", lt(f64(Math.SQRT2 - 1), x.high));
  const below = block.let("belowOne", sub(x.high, f64(1)));
  const lost = sub(x.high, add(below, f64(1)));
  const f = block.let("f", select(isUpper, mul(f64(0.5), below), x.high));
  const low = block.let("fLow", select(isUpper, mul(f64(0.5), add(lost, x.low)), x.low));
  const near = logNearOne(block, f, low);
  const sum = fastTwoSum(block, "total", select(isUpper, f64(LN2_HIGH), f64(0)), near.high);
  return { high: sum.high, low: add(sum.low, add(near.low, select(isUpper, f64(LN2_LOW), f64(0)))) };
}

/** Computes k · ln 2 + x as a pair, for a pair x. */
function addLn2(block: Block, k: Expr, x: DoubleDouble): DoubleDouble {
  const count = block.let("exponentCount", convert("f64", k));
  const sum = fastTwoSum(block, "total", mul(count, f64(LN2_HIGH)), x.high);
  return { high: sum.high, low: add(sum.low, add(x.low, mul(count, f64(LN2_LOW)))) };
}

/** Computes ln x as a pair, for a pair x > 0 whose high part is finite. */
export function logOfPair(
  block: Block,
  { high, low }: { readonly high: Expr; readonly low?: Expr },
): DoubleDouble {
  const { k, f } = decompose(block, high);
  const near = logNearOne(block, f);
  const rest = low === undefined ? near.low : add(near.low, div(low, high));
  return addLn2(block, k, { high: near.high, low: rest });
}

/** `value` for positive finite x; −∞ at 0, NaN below; ∞ and NaN are returned unchanged. */
export function withLogSpecials(x: Expr, value: Expr): Expr {
  const special = select(eq(x, f64(0)), f64(-Infinity), select(lt(x, f64(0)), f64(NaN), x));
  return select(and(lt(f64(0), x), lt(x, f64(Infinity))), value, special);
}

/** Natural logarithm. Error: at most 0.6 ulp (all error bounds in this file are measured). */
export const log64: Procedure = /* @__PURE__ */ procedure("log", [["x", "f64"]], (block, [x]) => {
  const { high, low } = logOfPair(block, { high: x! });
  return withLogSpecials(x!, add(high, low));
});

/**
 * Computes ln(1 + x) + kExtra · ln 2 as a pair, for a finite pair x > −1. `u` is 1 + x, rounded, from which callers
 * select the values at −1 and ∞ (`withLogSpecials`).
 */
export function log1pOfPair(
  block: Block,
  x: { readonly high: Expr; readonly low?: Expr },
  kExtra?: Expr,
): DoubleDouble & { readonly u: Expr } {
  const u = twoSum(block, "u", f64(1), x.high);
  const { k, f: rounded } = decompose(block, u.high);
  // If 1 + x needs no scaling, f is x itself; otherwise the rounding error of 1 + x is corrected to first order.
  const isNear = block.let("isNear", eq(k, i32(0)));
  const f = block.let("exactF", select(isNear, x.high, rounded));
  const lost = select(isNear, x.low ?? f64(0), x.low ? add(u.low, x.low) : u.low);
  const correction = block.let("lost", div(lost, u.high));
  const near = logNearOne(block, f);
  const exponent = kExtra === undefined ? k : add(k, kExtra);
  return { u: u.high, ...addLn2(block, exponent, { high: near.high, low: add(near.low, correction) }) };
}

/** ln(1 + x), accurate near 0 too. Error: at most 0.61 ulp. */
export const log1p64: Procedure = /* @__PURE__ */ procedure("log1p", [["x", "f64"]], (block, [x]) => {
  const { high, low, u } = log1pOfPair(block, { high: x! });
  return select(eq(x!, f64(0)), x!, withLogSpecials(u, add(high, low)));
});

// 1 / ln 2 and 1 / ln 10 as heads of 26 bits and rests; log₁₀ 2 with 32 bits
const LOG2_E = [1.4426950514316559, -1.0542692476429138e-8] as const;
const LOG10_E = [0.4342944845557213, -2.6524694553078553e-9] as const;
const LOG10_2 = [0.3010299956658855, -1.9043128467164274e-12] as const;

/**
 * Defines a logarithm by log x = k · per2 + ln(1 + f) · perE, where `per2` and `perE` are the logarithms of 2 and e to
 * the base, in two parts.
 */
function logToBase(
  name: string,
  per2: readonly [number, number],
  perE: readonly [number, number],
): Procedure {
  return procedure(name, [["x", "f64"]], (block, [x]) => {
    const { k, f } = decompose(block, x!);
    const near = logNearOne(block, f);
    const { high: head, low: rest } = split(block, "near", near.high);
    const product = block.let("product", mul(head, f64(perE[0]))); // exact
    const productRest = block.let(
      "productRest",
      add(mul(add(rest, near.low), f64(perE[0] + perE[1])), mul(head, f64(perE[1]))),
    );
    const count = block.let("exponentCount", convert("f64", k));
    const total = fastTwoSum(block, "total", mul(count, f64(per2[0])), product);
    const low = add(total.low, add(productRest, mul(count, f64(per2[1]))));
    return withLogSpecials(x!, add(total.high, low));
  });
}

/** Logarithm to base 2; exact for powers of 2. Error: at most 0.75 ulp. */
export const log264: Procedure = /* @__PURE__ */ logToBase("log2", [1, 0], LOG2_E);

/** Logarithm to base 10; exact for powers of 10. Error: at most 0.67 ulp. */
export const log1064: Procedure = /* @__PURE__ */ logToBase("log10", LOG10_2, LOG10_E);
