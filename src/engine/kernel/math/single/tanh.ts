import {
  abs,
  add,
  and,
  div,
  i32,
  lt,
  min,
  mul,
  mulAdd,
  or,
  procedure,
  select,
  shl,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { expTail32, tanhTail32 } from "../coefficients.ts";
import { lessMultiple } from "../double-double.ts";
import { bitsOf, f32, fromBits, LN2_HIGH_32, LN2_LOW_32, nearestMultiple, polynomial32 } from "./exp.ts";

/** `size`, which is nonnegative, with the sign of x. */
export function copySign32(size: Expr, x: Expr): Expr {
  return fromBits(or(bitsOf(size), and(bitsOf(x), i32(-2147483648))));
}

/** Largest float32 below 2. */
const TWO_LESS = 1.9999998807907104;

/** Hyperbolic tangent of float32. Error: at most 1 ulp (measured). */
export const tanh32: Procedure = /* @__PURE__ */ procedure("tanh32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", min(abs(x!), f32(10))); // from 9.02 on the result rounds to 1
  const z = block.let("z", mul(size, size));
  const small = block.let("small", mulAdd(mul(size, z), polynomial32(tanhTail32, z), size));
  // (e^2x − 1) / (e^2x + 1), with e^2x = 2^n · (1 + q)
  const twice = block.let("twice", add(size, size));
  const { count, bits } = nearestMultiple(block, twice, Math.LOG2E, 127);
  const r = block.let("r", lessMultiple(lessMultiple(twice, count, LN2_HIGH_32), count, LN2_LOW_32));
  const q = mulAdd(mul(r, r), polynomial32(expTail32, r), r);
  const power = block.let("power", fromBits(shl(bits, i32(23))));
  const below = block.let("below", add(add(power, f32(1)), mul(power, q)));
  // below − 2, exact if possible; where rounding ties occur, the nearest value of below
  const above = sub(below, f32(TWO_LESS));
  const large = block.let("large", div(above, below));
  return copySign32(block.let("value", select(lt(size, f32(0.75)), small, large)), x!);
});
