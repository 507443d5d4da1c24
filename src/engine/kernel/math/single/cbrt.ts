import { abs, add, and, div, i32, lt, mul, mulAdd, procedure, select, shr, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { cbrtTail32 } from "../coefficients.ts";
import { bitsOf, f32, fromBits, polynomial32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

/**
 * Constant to be added to a third of the upper half of a float32's bits, which yields the bits of an approximate cube
 * root.
 */
const START_BITS = 709990898;
/** The constant 2^16 / 3, rounded up. */
const THIRD = 21846;

/** Cube root of float32. Error: at most 0.6 ulp (measured). */
export const cbrt32: Procedure = /* @__PURE__ */ procedure("cbrt32", [["x", "f32"]], (block, [x]) => {
  // subnormal numbers are scaled first, by a cube
  const size = block.let("size", abs(x!));
  const isTiny = block.let("isTiny", lt(size, f32(2 ** -126)));
  const scaled = block.let("scaled", select(isTiny, mul(size, f32(2 ** 24)), size));
  // a start t of 8 bits has an exact cube; ∛x = t (1 + c)^⅓ with c = (x − t³) / t³ between −0.1 and 0.11
  const third = add(mul(shr(bitsOf(scaled), i32(16)), i32(THIRD)), i32(START_BITS));
  const t = block.let("t", fromBits(and(third, i32(-65536))));
  const cube = block.let("cube", mul(mul(t, t), t));
  const c = block.let("c", div(sub(scaled, cube), cube));
  const root = mulAdd(t, mul(c, polynomial32(cbrtTail32, c)), t);
  const value = block.let("value", mul(root, select(isTiny, f32(2 ** -8), f32(1))));
  const isOrdinary = and(lt(f32(0), size), lt(size, f32(Infinity)));
  return select(isOrdinary, copySign32(value, x!), x!);
});
