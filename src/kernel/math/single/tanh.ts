import { abs, add, and, div, i32, lt, min, mul, mulAdd, or, procedure, select, sub } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { tanhTail32 } from "../coefficients.ts";
import { bitsOf, f32, fromBits, polynomial32, powerOfTwo32, reducedExp } from "./exp.ts";

/** `size`, which is not negative, with the sign of x. */
export function copySign32(size: Expr, x: Expr): Expr {
  return fromBits(or(bitsOf(size), and(bitsOf(x), i32(-2147483648))));
}

/** Hyperbolic tangent of float32. Error: at most 1 ulp (measured). */
export const tanh32: Procedure = /* @__PURE__ */ procedure("tanh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", min(abs(x!), f32(10))); // from 9.02 on the result rounds to 1
  const z = block.let("z", mul(size, size));
  const small = block.let("small", mulAdd(mul(size, z), polynomial32(tanhTail32, z), size));
  // 1 − 2 / (e^2x + 1)
  const { n, r, tail } = reducedExp(block, block.let("twice", add(size, size)));
  const power = block.let("power", powerOfTwo32(n));
  const below = block.let("below", add(add(power, f32(1)), mul(power, add(r, tail))));
  const large = block.let("large", sub(f32(1), div(f32(2), below)));
  return copySign32(block.let("value", select(lt(size, f32(0.9)), small, large)), x!);
});
