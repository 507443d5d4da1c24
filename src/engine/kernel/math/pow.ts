import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  div,
  eq,
  f64,
  floor,
  highWord,
  i32,
  lt,
  max,
  min,
  mul,
  ne,
  neg,
  not,
  or,
  procedure,
  select,
  sub,
  convert,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { longLogTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoSum, polynomial, split } from "./double-double.ts";
import { clamp, expBase2 } from "./exp.ts";
import { decompose } from "./log.ts";

/**
 * log₂ x as a pair whose high part has 26 bits, with a relative error below 2^−64; finite x > 0.
 *
 * With s = f / (2 + f): ln(1 + f) = ⅔ s · (3 + s² + s⁴ P(s²)), in heads of 26 bits so that the products are exact.
 */
function longLog2(block: Block, x: Expr): DoubleDouble {
  const { k, f } = decompose(block, x);
  const divisor = block.let("divisor", add(f64(2), f));
  const inverse = block.let("inverse", div(f64(1), divisor));
  const s = block.let("s", mul(f, inverse));
  const sHead = split(block, "s", s).high;
  const divisorHead = split(block, "divisor", divisor).high;
  const divisorRest = sub(f, sub(divisorHead, f64(2)));
  const sRest = block.let(
    "sTail",
    mul(sub(sub(f, mul(sHead, divisorHead)), mul(sHead, divisorRest)), inverse),
  );
  const square = block.let("sSquare", mul(sHead, sHead)); // exact
  const squareRest = block.let("sSquareRest", mul(sRest, add(sHead, s)));
  const z = block.let("z", add(square, squareRest));
  const tail = block.let(
    "seriesTail",
    add(squareRest, mul(mul(z, z), polynomial(block, "series", longLogTail, z))),
  );
  const series = block.let("series", add(f64(3), add(square, tail)));
  const seriesHead = split(block, "series", series).high;
  const seriesRest = sub(tail, sub(sub(seriesHead, f64(3)), square));
  const head = block.let("head", mul(sHead, seriesHead)); // exact
  const rest = block.let("rest", add(mul(sRest, seriesHead), mul(seriesRest, s)));
  const product = block.let("product", add(head, rest));
  const productHead = split(block, "product", product).high;
  const productRest = sub(rest, sub(productHead, head));
  // times ⅔ / ln 2 = TWO_THIRDS_HEAD (26 bits) + TWO_THIRDS_REST
  const scaled = block.let("scaledProduct", mul(productHead, f64(FACTOR_HEAD))); // exact
  const scaledRest = add(mul(productRest, f64(FACTOR)), mul(productHead, f64(FACTOR_REST)));
  const count = block.let("count", convert("f64", k));
  const total = fastTwoSum(block, "total", count, scaled);
  const totalRest = block.let("totalRest", add(total.low, scaledRest));
  const sum = block.let("log2", add(total.high, totalRest));
  const high = split(block, "log2", sum).high;
  return { high, low: block.let("log2Low", add(sub(total.high, high), totalRest)) };
}

/** The constant ⅔ / ln 2. */
const FACTOR = 0.9617966939259756;
const FACTOR_HEAD = 0.9617967009544373; // its first 26 bits, rounded
const FACTOR_REST = -7.028461650952758e-9;

/** Computes x^y for finite x > 0 and finite y. */
function powOfPositive(block: Block, x: Expr, y: Expr): Expr {
  const log = longLog2(block, x);
  // Beyond 2^66 only x = 1 has a finite result, for any y.
  const exponent = block.let("exponent", max(f64(-(2 ** 66)), min(f64(2 ** 66), y)));
  const { high: yHead, low: yRest } = split(block, "exponent", exponent);
  const head = block.let("powHead", mul(yHead, log.high)); // exact
  const rest = block.let("powRest", add(mul(yRest, log.high), mul(exponent, log.low)));
  const product = fastTwoSum(block, "power", head, rest);
  const isMild = block.let("isMild", lt(abs(product.high), f64(1100)));
  const low = block.let("mildLow", select(isMild, product.low, f64(0)));
  return expBase2(block, clamp(block, product.high, -1100, 1100), low);
}

/**
 * x^y with the special values of IEEE 754: 1 wherever y = 0 or x = 1; NaN for negative x with a non-integer exponent.
 * Exact if the result is a float64. Error: at most 0.6 ulp, 0.75 for subnormal results (measured).
 */
export const pow64: Procedure = /* @__PURE__ */ procedure(
  "pow",
  [
    ["x", "f64"],
    ["y", "f64"],
  ],
  (block, [x, y]) => powOf(block, x!, y!, powOfPositive),
);

/** Adds the special values of IEEE 754 to x^y; `ofPositive` computes it for finite x > 0 and finite y. */
export function powOf(
  block: Block,
  x: Expr,
  y: Expr,
  ofPositive: (block: Block, x: Expr, y: Expr) => Expr,
): Expr {
  const size = block.let("size", abs(x));
  const value = block.let("value", ofPositive(block, size, y));
  const isOrdinary = and(and(lt(f64(0), size), lt(size, f64(Infinity))), lt(abs(y), f64(Infinity)));
  block.if(not(isOrdinary), (then) => {
    const grows = eq(lt(f64(1), size), lt(f64(0), y));
    const limit = select(eq(size, f64(1)), f64(1), select(grows, f64(Infinity), f64(0)));
    const isNumber = and(eq(x, x), eq(y, y));
    then.set(value, select(isNumber, limit, f64(NaN)));
  });
  block.if(lt(highWord(x), i32(0)), (then) => {
    const half = then.let("halfExponent", mul(y, f64(0.5)));
    const isWhole = eq(floor(y), y);
    const isOdd = and(isWhole, ne(floor(half), half));
    const isBroken = and(and(lt(f64(0), size), lt(size, f64(Infinity))), not(isWhole));
    then.set(value, select(isBroken, f64(NaN), select(isOdd, neg(value), value)));
  });
  return select(or(eq(y, f64(0)), eq(x, f64(1))), f64(1), value);
}
