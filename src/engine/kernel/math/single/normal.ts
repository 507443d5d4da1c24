import { abs, add, div, lt, min, mul, procedure, select, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { normalRatio32 } from "../coefficients.ts";
import { f32, polynomialInTwo32 } from "./exp.ts";

/**
 * Φ(x), the integral of the standard normal density from −∞ to x, of float32, where e = exp(−x²/2) is known. Error: at most a
 * part of 5e-7 beside that of e (measured).
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
