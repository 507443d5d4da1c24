import { abs, add, and, i32, lt, max, min, mul, mulAdd, procedure, select, shl, sub } from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { coshTail32, exp2Tail32, longExpTail32, sinhTail32 } from "../coefficients.ts";
import type { DoubleDouble } from "../double-double.ts";
import { fastTwoDifference, fastTwoSum, lessMultiple, twoSum } from "../double-double.ts";
import {
  bitsOf,
  f32,
  fromBits,
  LN2_HIGH_32,
  LN2_LOW_32,
  nearestMultiple,
  polynomial32,
  powerOfTwo32,
  reducedExp,
} from "./exp.ts";
import { copySign32 } from "./tanh.ts";

/** Number that is added to n in `bits`. The sum is the exponent field of 2^(n − 1). */
const BIAS = 126;

/** 2^x of float32; exact for integers. Error: at most 0.9 ulp (all error bounds in this file are measured). */
export const exp232: Procedure = /* @__PURE__ */ procedure("exp232", [["x", "f32"]], (block, [x]) => {
  const clamped = block.let("clamped", max(f32(-151), min(f32(129), x!)));
  const { count, bits } = nearestMultiple(block, clamped, 1, BIAS);
  const t = block.let("t", sub(clamped, count)); // exact
  const one = fastTwoSum(block, "one", f32(1), block.let("r", mul(t, f32(Math.LN2))));
  const rest = mulAdd(mul(t, t), polynomial32(exp2Tail32, t), one.low);
  const scaled = powerOfTwo32(block, block.let("bits", bits));
  return scaled(add(one.high, rest));
});

/** e^x − 1 of float32, accurate near 0 too. Error: at most 1 ulp. */
export const expm132: Procedure = /* @__PURE__ */ procedure("expm132", [["x", "f32"]], (block, [x]) => {
  const clamped = block.let("clamped", max(f32(-20), min(f32(89), x!)));
  const { bits, r, tail } = reducedExp(block, clamped, undefined, longExpTail32);
  // 2^n (1 + r + …) − 1 = 2^n ((1 − 2^−n) + r + …); 2^−n has the exponent field 253 − (n + 126)
  const shrunk = block.let("shrunk", fromBits(shl(sub(i32(2 * BIAS + 1), bits), i32(23))));
  const isVast = lt(f32(44), clamped); // there 2^−n is negligible compared with 1
  const offset = fastTwoDifference(
    block,
    "offset",
    f32(1),
    block.let("part", select(isVast, f32(0), shrunk)),
  );
  const linear = twoSum(block, "linear", offset.high, r);
  const scaled = powerOfTwo32(block, bits);
  const value = scaled(add(linear.high, add(add(offset.low, linear.low), tail)));
  return select(lt(abs(x!), f32(2 ** -25)), x!, value);
});

/** Smallest argument for which n is 128, the exponent of the largest power of two. */
const MOST = 88.9;

/**
 * Factors of hyperbolic functions: 2^(n − 1), 2^(−n − 1) and their difference; sinh r, with a head of 16 bits, and cosh
 * r − 1.
 */
interface HyperbolicTerms {
  readonly grown: Expr;
  readonly shrunk: Expr;
  readonly difference: DoubleDouble;
  readonly sine: DoubleDouble;
  readonly cosineTail: Expr;
}

/**
 * Reduces size ≥ 0 to n ln 2 + r, and computes the factors of its hyperbolic functions. The interval of r is centred at
 * `middle` > 0, so that negative r are small and results stay below the power of two.
 */
function hyperbolic(block: Block, size: Expr, middle: number): HyperbolicTerms {
  const below = block.let("below", min(f32(MOST), sub(size, f32(middle))));
  const { count, bits } = nearestMultiple(block, below, Math.LOG2E, BIAS);
  const rough = block.let("rough", lessMultiple(size, count, LN2_HIGH_32)); // exact
  const r = block.let("r", lessMultiple(rough, count, LN2_LOW_32));
  const head = block.let("head", fromBits(and(bitsOf(r), i32(-256))));
  const rLow = lessMultiple(sub(rough, head), count, LN2_LOW_32);
  // 2^(−n − 1) has the exponent field 252 − (n + 126); below 0 it is negligible compared with the other power
  const field = block.let("field", shl(bits, i32(23)));
  const grown = block.let("grown", fromBits(field));
  const shrunk = block.let("shrunk", fromBits(max(sub(i32(2 * BIAS * 2 ** 23), field), i32(0))));
  const z = block.let("z", mul(r, r));
  const sineLow = block.let("sineLow", mulAdd(mul(r, z), polynomial32(sinhTail32, z), rLow));
  return {
    grown,
    shrunk,
    difference: fastTwoDifference(block, "difference", grown, shrunk),
    sine: { high: head, low: sineLow },
    cosineTail: block.let("cosineTail", mul(z, polynomial32(coshTail32, z))),
  };
}

/** Hyperbolic sine of float32. Error: at most 1 ulp. */
export const sinh32: Procedure = /* @__PURE__ */ procedure("sinh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", min(abs(x!), f32(90))); // from 89.42 on the result is infinite
  // n is 0 up to 0.49, where nothing cancels
  const { grown, shrunk, difference, sine, cosineTail } = hyperbolic(block, size, 0.15);
  const sum = block.let("sum", add(grown, shrunk));
  // of 8 bits, so that its product with the head is exact
  const most = block.let("most", fromBits(and(bitsOf(sum), i32(-65536))));
  const low = mulAdd(sub(shrunk, sub(most, grown)), sine.high, difference.low);
  const tail = mulAdd(sum, sine.low, mulAdd(difference.high, cosineTail, low));
  return copySign32(block.let("value", add(difference.high, mulAdd(most, sine.high, tail))), x!);
});

/** Hyperbolic cosine of float32. Error: at most 1 ulp. */
export const cosh32: Procedure = /* @__PURE__ */ procedure("cosh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", min(abs(x!), f32(90))); // from 89.42 on the result is infinite
  const { grown, shrunk, difference, sine, cosineTail } = hyperbolic(block, size, 0.1);
  const sum = fastTwoSum(block, "sum", grown, shrunk);
  const most = block.let("most", fromBits(and(bitsOf(difference.high), i32(-65536))));
  const low = mulAdd(sub(sub(grown, most), shrunk), sine.high, sum.low);
  const tail = mulAdd(difference.high, sine.low, mulAdd(sum.high, cosineTail, low));
  return add(sum.high, mulAdd(most, sine.high, tail));
});
