import { abs, add, div, i32, lt, max, min, mul, mulAdd, procedure, select, shl, sub } from "../../build.ts";
import type { Block } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { exp2Tail32, longExpTail32, sinhTail32 } from "../coefficients.ts";
import type { Pair } from "../double-double.ts";
import { fastTwoDifference, fastTwoSum, twoSum } from "../double-double.ts";
import { f32, fromBits, nearestMultiple, polynomial32, powerOfTwo32, reducedExp } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

/** Added to n in `bits`: the exponent field of 2^(n − 1). */
const BIAS = 126;

/** 2^x of float32; exact for integers. Error: at most 0.9 ulp (measured, as all figures here). */
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
  const isVast = lt(f32(44), clamped); // there 2^−n is nothing beside 1
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

/** Half of e^size as a pair, and half of its inverse, for 0 ≤ size ≤ 90. */
function halves(block: Block, size: Expr): { readonly grown: Pair; readonly shrunk: Expr } {
  const { bits, r, tail } = reducedExp(block, size);
  const power = fastTwoSum(block, "one", f32(1), block.let("q", add(r, tail)));
  // 2^(n − 3), which is always a normal number, and 4
  const eighth = block.let("power", fromBits(shl(sub(bits, i32(2)), i32(23))));
  const scaled = (x: Expr): Expr => mul(mul(x, eighth), f32(4));
  const high = block.let("grown", scaled(power.high));
  const low = block.let("grownLow", scaled(power.low));
  return { grown: { high, low }, shrunk: block.let("shrunk", div(f32(0.25), high)) };
}

/** Hyperbolic sine of float32. Error: at most 1 ulp. */
export const sinh32: Procedure = /* @__PURE__ */ procedure("sinh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", min(abs(x!), f32(90))); // from 89.42 on the result is infinite
  const z = block.let("z", mul(size, size));
  const near = block.let("near", mulAdd(mul(size, z), polynomial32(sinhTail32, z), size));
  const { grown, shrunk } = halves(block, size);
  const difference = fastTwoDifference(block, "difference", grown.high, shrunk);
  const finite = add(difference.high, add(difference.low, grown.low));
  const far = select(lt(grown.high, f32(Infinity)), finite, grown.high);
  return copySign32(block.let("value", select(lt(size, f32(1)), near, far)), x!);
});

/** Hyperbolic cosine of float32. Error: at most 1 ulp. */
export const cosh32: Procedure = /* @__PURE__ */ procedure("cosh32", [["x", "f32"]], (block, [x]) => {
  const { grown, shrunk } = halves(block, block.let("size", min(abs(x!), f32(90))));
  const sum = fastTwoSum(block, "sum", grown.high, shrunk);
  return select(lt(grown.high, f32(Infinity)), add(sum.high, add(sum.low, grown.low)), grown.high);
});
