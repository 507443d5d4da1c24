import { abs, add, and, div, eq, i32, lt, mul, procedure, select, shl, shr, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { cbrtStart32 } from "../coefficients.ts";
import { bitsOf, f32, fromBits, polynomial32 } from "./exp.ts";
import { copySign32 } from "./tanh.ts";

const SQRT_HALF_BITS = 0x3f3504f3;

/** Cube root of float32. Error: at most 0.6 ulp (measured). */
export const cbrt32: Procedure = /* @__PURE__ */ procedure("cbrt32", [["x", "f32"]], (block, [x]) => {
  // |x| = 2^k · m with √½ ≤ m < √2; subnormal numbers are scaled first, by a cube
  const size = block.let("size", abs(x!));
  const isTiny = block.let("isTiny", lt(size, f32(2 ** -126)));
  const scaled = block.let("scaled", select(isTiny, mul(size, f32(2 ** 24)), size));
  const k = block.let("k", shr(sub(bitsOf(scaled), i32(SQRT_HALF_BITS)), i32(23)));
  const m = block.let("m", fromBits(sub(bitsOf(scaled), shl(k, i32(23)))));
  // k = 3 q + rest: a third by a product with 2^16 / 3, from positive numbers so that it rounds down
  const q = block.let("q", sub(shr(mul(add(k, i32(300)), i32(21846)), i32(16)), i32(100)));
  const rest = block.let("rest", sub(k, mul(i32(3), q)));
  const isZero = block.let("isZero", eq(rest, i32(0)));
  const isOne = block.let("isOne", eq(rest, i32(1)));
  const grown = block.let("grown", mul(m, select(isZero, f32(1), select(isOne, f32(2), f32(4)))));
  const rootOfPower = select(isZero, f32(1), select(isOne, f32(1.2599210739135742), f32(1.587401032447815)));
  const start = mul(rootOfPower, polynomial32(cbrtStart32, m));
  // a start of 8 bits has an exact cube; ∛m = t (1 + e)^⅓ with e = (m − t³) / t³ below 2^−6
  const t = block.let("t", fromBits(and(add(bitsOf(start), i32(0x8000)), i32(-65536))));
  const cube = block.let("cube", mul(mul(t, t), t));
  const third = block.let("third", div(sub(grown, cube), mul(f32(3), cube)));
  // (1 + e)^⅓ − 1 = c − c² + 5/3 c³ − 10/3 c⁴ for c = e / 3
  const growth = mul(third, polynomial32([1, -1, 5 / 3, -10 / 3].map(Math.fround), third));
  const root = add(t, mul(t, growth));
  const down = select(isTiny, i32(127 - 8), i32(127));
  const value = block.let("value", mul(root, fromBits(shl(add(q, down), i32(23)))));
  const isOrdinary = and(lt(f32(0), size), lt(size, f32(Infinity)));
  return select(isOrdinary, copySign32(value, x!), x!);
});
