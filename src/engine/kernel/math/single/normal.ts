import { abs, add, div, i32, lt, max, min, mul, mulAdd, procedure, select, shl, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { exp2Tail32, normalRatio32 } from "../coefficients.ts";
import { f32, fromBits, nearestMultiple, polynomial32, polynomialInTwo32 } from "./exp.ts";

/**
 * e^(−x²/2) of float32. Error: at most 1.1 ulp (measured), plus the errors of rounding x² and x²/2 · log₂ e, each x²/2
 * · 2^-24 relative to the result; 0 from |x| = 13.25 on, where it is below 2^-126.
 */
export const gaussian32: Procedure = /* @__PURE__ */ procedure("gaussian32", [["x", "f32"]], (block, [x]) => {
  const square = mul(x!, x!);
  const exponent = block.let("exponent", max(f32(-127), mul(square, f32(-0.5 * Math.LOG2E))));
  const { count, bits } = nearestMultiple(block, exponent, 1, 127);
  const t = block.let("t", sub(exponent, count)); // exact
  const power = mulAdd(t, polynomial32([Math.LN2, ...exp2Tail32], t), f32(1)); // 2^t
  return mul(power, fromBits(shl(bits, i32(23)))); // the exponent field of the smallest exponent, −127, is 0, and so is the product
});

/**
 * Φ(x), the integral of the standard normal density from −∞ to x, of float32, given e = exp(−x²/2). Relative error: at
 * most 5e-7 in addition to that of e (measured).
 */
export const normalByExp32: Procedure = /* @__PURE__ */ procedure(
  "normalByExp32",
  [
    ["x", "f32"],
    ["e", "f32"],
  ],
  (block, [x, e]) => {
    const size = min(abs(x!), f32(14.5)); // beyond, e is 0
    const u = block.let("u", div(f32(1), add(f32(1), mul(f32(0.3), size))));
    const t = block.let("t", sub(u, f32(0.6)));
    const ratio = mul(u, polynomialInTwo32(normalRatio32, t, block.let("square", mul(t, t))));
    const tail = block.let("tail", mul(e!, ratio));
    return select(lt(x!, f32(0)), tail, sub(f32(1), tail));
  },
);
