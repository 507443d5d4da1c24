import type { Block } from "../build.ts";
import {
  add,
  f64,
  fromWords,
  i32,
  lowWord,
  max,
  min,
  mul,
  mulAdd,
  procedure,
  select,
  shl,
  shr,
  sub,
  eq,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { coshTail, expTail, sinhTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import {
  fastTwoDifference,
  fastTwoSum,
  lessMultiple,
  polynomial,
  polynomialInTwo,
  split,
  twoSum,
} from "./double-double.ts";

/**
 * Rounding constant 1.5 · 2^52: adding it to a small number rounds the number to an integer, whose bits are then in the
 * low word.
 */
export const ROUNDER = 6755399441055744;

/** ln 2 in two parts; the first has 32 bits, so that its products with exponents are exact. */
export const LN2_HIGH = 0.6931471803691238;
export const LN2_LOW = 1.9082149292705877e-10;

/** x = k · ln 2 + r + rLow with |r| ≤ ½ ln 2, for |x| < 2^20; `count` is k as a float. */
interface ReducedExponent {
  readonly k: Expr;
  readonly count: Expr;
  readonly r: Expr;
  readonly rLow: Expr;
}

export function reduceByLn2(block: Block, x: Expr): ReducedExponent {
  const shifted = block.let("shifted", mulAdd(x, f64(1.4426950408889634), f64(ROUNDER)));
  const k = block.let("k", lowWord(shifted));
  const count = block.let("count", sub(shifted, f64(ROUNDER)));
  const rest = block.let("rest", lessMultiple(x, count, LN2_HIGH)); // exact
  const r = block.let("r", lessMultiple(rest, count, LN2_LOW));
  return { k, count, r, rLow: block.let("rLow", lessMultiple(sub(rest, r), count, LN2_LOW)) };
}

/**
 * Computes `even` = cosh x − 1 and `odd` = sinh x − x for x = r + rLow, with 60 bits after the binary point.
 * `halfSquareRest` replaces r²/2 in `even`, for a caller that adds most of r²/2 itself.
 */
export function hyperbolicTails(
  block: Block,
  r: Expr,
  rLow: Expr,
  halfSquareRest?: Expr,
): { readonly even: Expr; readonly odd: Expr } {
  const square = block.let("square", mul(r, r));
  const quartic = mul(mul(square, square), polynomial(block, "even", coshTail, square));
  const halfSquare = halfSquareRest ?? mul(f64(0.5), square);
  const even = block.let("even", add(halfSquare, add(quartic, mul(r, rLow))));
  const odd = block.let("odd", mul(mul(r, square), polynomial(block, "odd", sinhTail, square)));
  return { even, odd };
}

/** 2^k as a float64, −1022 ≤ k ≤ 1023. */
export function powerOfTwo(k: Expr): Expr {
  return fromWords(shl(add(k, i32(1023)), i32(20)), i32(0));
}

/** x · 2^k for |k| ≤ 2044, rounded once if the result is subnormal. */
export function scale(block: Block, x: Expr, k: Expr): Expr {
  const half = block.let("half", shr(k, i32(1)));
  return mul(mul(x, powerOfTwo(half)), powerOfTwo(sub(k, half)));
}

/** Computes e^(r + rLow) as a pair. */
export function expOfReduced(block: Block, { r, rLow }: Pick<ReducedExponent, "r" | "rLow">): DoubleDouble {
  const square = block.let("square", mul(r, r));
  const head = fastTwoSum(block, "expHead", f64(1), r);
  const tail = mulAdd(square, polynomialInTwo(expTail, r, square), mulAdd(r, rLow, rLow));
  return { high: head.high, low: block.let("expTail", add(head.low, tail)) };
}

/** Clamps x to [`low`, `high`]; NaN stays NaN. */
export function clamp(block: Block, x: Expr, low: number, high: number): Expr {
  return block.let("clamped", max(f64(low), min(f64(high), x)));
}

/** e^x. Error: at most 0.6 ulp, 0.75 for subnormal results (all error bounds in this file are measured). */
export const exp64: Procedure = /* @__PURE__ */ procedure("exp", [["x", "f64"]], (block, [x]) => {
  const reduced = reduceByLn2(block, clamp(block, x!, -746, 710));
  const { high, low } = expOfReduced(block, reduced);
  return scale(block, add(high, low), reduced.k);
});

/** e^x − 1, accurate near 0 too. Error: at most 0.71 ulp. */
export const expm164: Procedure = /* @__PURE__ */ procedure("expm1", [["x", "f64"]], (block, [x]) => {
  const { k, r, rLow } = reduceByLn2(block, clamp(block, x!, -40, 710));
  // r²/2 as an exact head and the rest
  const { high: head, low: rest } = split(block, "r", r);
  const headSquare = block.let("headSquare", mul(f64(0.5), mul(head, head)));
  const { even, odd } = hyperbolicTails(block, r, rLow, mul(mul(f64(0.5), rest), add(r, head)));
  // 2^k · (1 + r + r²/2 + …) − 1 = 2^k · ((1 − 2^−k) + r + r²/2 + …)
  const shrunk = block.let("shrunk", powerOfTwo(sub(i32(0), min(k, i32(1000)))));
  const offset = fastTwoDifference(block, "offset", f64(1), shrunk); // for k < 0 its low part is 0 anyway
  const linear = twoSum(block, "linear", offset.high, r);
  const sum = fastTwoSum(block, "sum", linear.high, headSquare);
  const tail = add(add(offset.low, add(linear.low, sum.low)), add(add(odd, rLow), even));
  const scaled = scale(block, add(sum.high, tail), k);
  return select(eq(x!, f64(0)), x!, scaled);
});

const LN2 = 0.6931471805599453;
const LN2_HEAD = 0.6931471824645996; // its first 26 bits, rounded
const LN2_REST = -1.904654299957768e-9;

/** Computes 2^(x + xLow) for |x| < 1100; `xLow` may be omitted if it is 0. */
export function expBase2(block: Block, x: Expr, xLow?: Expr): Expr {
  const shifted = block.let("shifted", add(x, f64(ROUNDER)));
  const n = block.let("n", lowWord(shifted));
  const t = block.let("t", sub(x, sub(shifted, f64(ROUNDER)))); // exact
  const { high: tHead, low: tRest } = split(block, "t", t);
  const head = block.let("rHead", mul(tHead, f64(LN2_HEAD))); // exact
  const rest = xLow === undefined ? tRest : add(tRest, xLow);
  const r = fastTwoSum(
    block,
    "r",
    head,
    block.let("rRest", add(mul(rest, f64(LN2)), mul(tHead, f64(LN2_REST)))),
  );
  const power = expOfReduced(block, { r: r.high, rLow: r.low });
  return scale(block, add(power.high, power.low), n);
}

/** 2^x; exact for integers. Error: at most 0.63 ulp, 0.75 for subnormal results. */
export const exp264: Procedure = /* @__PURE__ */ procedure("exp2", [["x", "f64"]], (block, [x]) =>
  expBase2(block, clamp(block, x!, -1077, 1025)),
);
