import {
  abs,
  add,
  convert,
  div,
  eq,
  i32,
  le,
  lt,
  min,
  mul,
  mulAdd,
  procedure,
  select,
  shl,
  shr,
  sqrt,
  sub,
} from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { atanhTail32, log10Tail32, log2Tail32, logTail32 } from "../coefficients.ts";
import type { DoubleDouble } from "../double-double.ts";
import { fastTwoDifference, fastTwoSum, twoSum } from "../double-double.ts";
import { bitsOf, f32, fromBits, LN2_HIGH_32, LN2_LOW_32, polynomial32, split32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

const SQRT_HALF_BITS = 0x3f3504f3;
const TWO_THIRDS_BITS = 0x3f2aaaab;

/**
 * Decomposes x = 2^k · (1 + f) with `least` ≤ 1 + f < 2 · `least` (default √½; given as bits), k an integer, for normal
 * x > 0. The result is finite or NaN for other x.
 */
function decompose32(
  block: Block,
  x: Expr,
  least = SQRT_HALF_BITS,
): { readonly exponent: Expr; readonly f: Expr } {
  const exponent = block.let("exponent", shr(sub(bitsOf(x), i32(least)), i32(23)));
  return { exponent, f: block.let("f", sub(fromBits(sub(bitsOf(x), shl(exponent, i32(23)))), f32(1))) };
}

/** `value` for positive finite x; −∞ at 0, NaN below; ∞ and NaN are returned unchanged. */
function withLogSpecials32(x: Expr, value: Expr): Expr {
  const right = select(lt(x, f32(Infinity)), value, x);
  return select(lt(f32(0), x), right, select(eq(x, f32(0)), f32(-Infinity), f32(NaN)));
}

/**
 * Computes ln(1 + x + low) + kExtra · ln 2 for x ≥ −1; `low` is the rounding error of x, if it has one. −∞ at x = −1, ∞
 * at ∞, NaN below −1.
 */
function log1pOfPair32(block: Block, x: Expr, low?: Expr, kExtra?: Expr): Expr {
  const u = twoSum(block, "u", f32(1), x);
  const { exponent, f: rounded } = decompose32(block, u.high);
  // if 1 + x needs no scaling, f is x itself; otherwise the rounding error of 1 + x is corrected to first order
  const isNear = block.let("isNear", eq(exponent, i32(0)));
  const f = block.let("exactF", select(isNear, x, rounded));
  const lost = select(isNear, low ?? f32(0), low === undefined ? u.low : add(u.low, low));
  const k = block.let("k", convert("f32", kExtra === undefined ? exponent : add(exponent, kExtra)));
  const square = block.let("square", mul(f, f));
  const cubic = block.let("cubic", mul(mul(square, f), polynomial32(logTail32, f)));
  const head = fastTwoSum(block, "head", mul(k, f32(LN2_HIGH_32)), f); // the product is exact
  const tail = add(head.low, div(lost, u.high));
  const rest = add(mulAdd(k, f32(LN2_LOW_32), sub(cubic, mul(f32(0.5), square))), tail);
  return withLogSpecials32(u.high, block.let("log", add(head.high, rest)));
}

/** ln(1 + x) of float32, accurate near 0 too. Error: at most 1 ulp (all error bounds in this file are measured). */
export const log1p32: Procedure = /* @__PURE__ */ procedure("log1p32", [["x", "f32"]], (block, [x]) =>
  select(eq(x!, f32(0)), x!, log1pOfPair32(block, x!)),
);

/** Smallest x for which √(x² ± 1) is rounded to x, in float32. */
const HUGE = 2 ** 13;

/** Computes √x as a pair, for a pair x ≥ 0. */
function sqrtOfPair32(block: Block, x: DoubleDouble): DoubleDouble {
  const high = block.let("root", sqrt(x.high));
  const { high: head, low: after } = split32(block, "root", high);
  const rest = add(sub(sub(x.high, mul(head, head)), mul(after, add(high, head))), x.low);
  return { high, low: block.let("rootLow", select(lt(f32(0), high), div(rest, add(high, high)), f32(0))) };
}

/** Computes x² as a pair, for |x| below 2^63. */
function squareOf32(block: Block, x: Expr): DoubleDouble {
  const { high: head, low: after } = split32(block, "side", x);
  const high = block.let("ofSide", mul(x, x));
  return { high, low: block.let("ofSideLow", add(sub(mul(head, head), high), mul(after, add(x, head)))) };
}

/** Computes ln(1 + w), or ln(2x) if x is huge. */
function logOf32(block: Block, x: Expr, isHuge: Expr, w: DoubleDouble): Expr {
  const high = block.let("w", select(isHuge, sub(x, f32(1)), w.high));
  const low = block.let("wTail", select(isHuge, f32(0), w.low));
  return log1pOfPair32(block, high, low, select(isHuge, i32(1), i32(0)));
}

/** Inverse hyperbolic sine of float32: ln(x + √(x² + 1)). Error: at most 1 ulp. */
export const asinh32: Procedure = /* @__PURE__ */ procedure("asinh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const isHuge = block.let("isHuge", lt(f32(HUGE), size));
  const square = squareOf32(block, block.let("mild", min(size, f32(HUGE))));
  const sum = twoSum(block, "sum", f32(1), square.high);
  const root = sqrtOfPair32(block, { high: sum.high, low: block.let("sumRest", add(sum.low, square.low)) });
  // x + √(x² + 1) − 1, without rounding error
  const w = twoSum(block, "wSum", size, sub(root.high, f32(1)));
  const value = block.let("value", logOf32(block, size, isHuge, { high: w.high, low: add(w.low, root.low) }));
  return select(eq(x!, f32(0)), x!, copySign32(value, x!));
});

/** Inverse hyperbolic cosine of float32: ln(x + √(x² − 1)); NaN for x < 1. Error: at most 1 ulp. */
export const acosh32: Procedure = /* @__PURE__ */ procedure("acosh32", [["x", "f32"]], (block, [x]) => {
  const isHuge = block.let("isHuge", lt(f32(HUGE), x!));
  const t = block.let("t", sub(min(x!, f32(HUGE)), f32(1))); // exact
  // x² − 1 = t² + 2t
  const square = squareOf32(block, t);
  const sum = twoSum(block, "sum", add(t, t), square.high);
  const root = sqrtOfPair32(block, { high: sum.high, low: block.let("sumRest", add(sum.low, square.low)) });
  const w = twoSum(block, "wSum", t, root.high);
  const value = logOf32(block, x!, isHuge, { high: w.high, low: add(w.low, root.low) });
  return select(lt(f32(1), x!), value, select(eq(x!, f32(1)), f32(0), f32(NaN)));
});

/** log₁₀ 2 in two parts; the first has 12 bits, so that its products with exponents are exact. */
const LOG10_2 = [0.301025390625, 0.0000046050389812] as const;

interface LogBaseConstants {
  /** Logarithm of 2 in two parts. Products of the first part with exponents are exact. */
  readonly per2: readonly [number, number];
  /** Logarithm of e. */
  readonly perE: number;
  /**
   * Approximate logarithm of e, 3 times a power of two. f is a multiple of 2^−24 below ⅓, so 3f has at most 24 bits,
   * and the product is exact.
   */
  readonly factor: number;
  /** Power of two that is approximately half of `factor`. */
  readonly square: number;
  readonly tail: readonly number[];
}

/**
 * Defines a logarithm by log x = k · per2 + factor · f − square · f² + (perE − factor) · f + f² · P(f). The first three
 * terms have no rounding error.
 */
function logToBase32(name: string, { per2, perE, factor, square, tail }: LogBaseConstants): Procedure {
  return procedure(name, [["x", "f32"]], (block, [x]) => {
    const isTiny = block.let("isTiny", lt(x!, f32(2 ** -126)));
    const scaled = block.let("scaled", select(isTiny, mul(x!, f32(2 ** 23)), x!));
    const { exponent, f } = decompose32(block, scaled, TWO_THIRDS_BITS);
    const k = block.let("k", convert("f32", sub(exponent, select(isTiny, i32(23), i32(0)))));
    const whole = per2[0] === 1 ? k : mul(k, f32(per2[0]));
    const head = fastTwoSum(block, "head", block.let("whole", whole), block.let("most", mul(f, f32(factor))));
    // f² = h² + (f − h) (f + h) for h of 12 bits
    const { high: h, low: after } = split32(block, "f", f);
    const bend = block.let("bend", mul(mul(h, f32(square)), h));
    const near = fastTwoDifference(block, "near", head.high, bend);
    const ends = add(head.low, mulAdd(mul(after, f32(-square)), add(f, h), near.low));
    const low = per2[1] === 0 ? ends : mulAdd(k, f32(per2[1]), ends);
    const rest = mulAdd(mul(f, f), polynomial32(tail, f), mulAdd(f, f32(perE - factor), low));
    return withLogSpecials32(x!, block.let("value", add(near.high, rest)));
  });
}

/** Logarithm to base 2 of float32; exact for powers of 2. Error: at most 1 ulp. */
export const log232: Procedure = /* @__PURE__ */ logToBase32("log232", {
  per2: [1, 0],
  perE: Math.LOG2E,
  factor: 1.5,
  square: 0.5,
  tail: log2Tail32,
});

/** Logarithm to base 10 of float32. Error: at most 1 ulp. */
export const log1032: Procedure = /* @__PURE__ */ logToBase32("log1032", {
  per2: LOG10_2,
  perE: Math.LOG10E,
  factor: 0.375,
  square: 0.25,
  tail: log10Tail32,
});

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
