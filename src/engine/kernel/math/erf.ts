import type { Block } from "../build.ts";
import { abs, add, div, f64, le, lt, min, mul, neg, procedure, select, sub } from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { erfcTail, erfTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import {
  fastTwoDifference,
  fastTwoSum,
  polynomial,
  productOfPairs,
  quotientOfPairs,
  split,
  squareOf,
} from "./double-double.ts";
import { expOfReduced, reduceByLn2, scale } from "./exp.ts";
import { withSignOf } from "./hyperbolic.ts";

/** Computes erfc x · eˣ² · (1 + 2x) for 0.8 ≤ x ≤ 28, which is smooth: 5/4 + P(t) with t = (x − 4) / (x + 4). */
export function smoothErfc(block: Block, x: Expr): DoubleDouble {
  const t = block.let("t", div(sub(x, f64(4)), add(x, f64(4))));
  const series = block.let("series", polynomial(block, "series", erfcTail, t));
  return fastTwoSum(block, "smooth", f64(1.25), series);
}

/** Computes erfc x for 0.8 ≤ x ≤ 28; `square` is x². */
export function erfcOfLarge(
  block: Block,
  x: Expr,
  square: DoubleDouble = squareOf(block, "xSquare", x),
): Expr {
  const reduced = reduceByLn2(block, block.let("minusSquare", neg(square.high)));
  const remainder = block.let("remainder", sub(reduced.rLow, square.low));
  const exact = fastTwoSum(block, "exactR", reduced.r, remainder);
  const power = expOfReduced(block, { r: exact.high, rLow: exact.low });
  const smooth = smoothErfc(block, x);
  const above = productOfPairs(block, "above", power, smooth);
  const below = fastTwoSum(block, "below", mul(f64(2), x), f64(1));
  const quotient = quotientOfPairs(block, "quotient", above, below);
  return scale(block, add(quotient.high, quotient.low), reduced.k);
}

/** Computes erf x / x − 1 = B + rest for |x| < 1, with B = (1 − 3x²) / 8, which is the main part and almost exact. */
function erfNearZero(block: Block, x: Expr): DoubleDouble {
  const { high: head, low: rest } = split(block, "x", x);
  const square = block.let("headSquare", mul(head, head)); // exact
  const z = block.let("z", mul(x, x));
  const most = fastTwoDifference(block, "most", f64(0.125), mul(f64(0.375), square));
  const remainder = mul(mul(f64(0.375), rest), add(x, head));
  return { high: most.high, low: add(sub(most.low, remainder), polynomial(block, "tail", erfTail, z)) };
}

/**
 * Error function: 2/√π times the integral of e^(−t²) from 0 to x. Error: at most 0.77 ulp (all error bounds in this
 * file are measured).
 */
export const erf64: Procedure = /* @__PURE__ */ procedure("erf", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const value = block.let("value", size);
  block.if(
    le(size, f64(0.8125)),
    (then) => {
      const { high, low } = erfNearZero(then, size);
      then.set(value, add(size, mul(size, add(high, low))));
    },
    (otherwise) => {
      // from 5.93 on the result rounds to 1
      const clamped = otherwise.let("clamped", min(size, f64(6)));
      otherwise.set(value, sub(f64(1), erfcOfLarge(otherwise, clamped)));
    },
  );
  return withSignOf(x!, value);
});

/** 1 − erf x, accurate in the right tail too. Error: at most 0.85 ulp. */
export const erfc64: Procedure = /* @__PURE__ */ procedure("erfc", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const value = block.let("value", size);
  block.if(
    le(size, f64(0.8125)),
    (then) => {
      const { high, low } = erfNearZero(then, x!);
      const difference = fastTwoSum(then, "difference", f64(1), neg(x!));
      then.set(value, add(difference.high, sub(difference.low, mul(x!, add(high, low)))));
    },
    (otherwise) => {
      // from 27.3 on the result rounds to 0
      const right = otherwise.let(
        "right",
        erfcOfLarge(otherwise, otherwise.let("clamped", min(size, f64(28)))),
      );
      otherwise.set(value, select(lt(x!, f64(0)), sub(f64(2), right), right));
    },
  );
  return value;
});
