import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
  call,
  convert,
  i32,
  lt,
  mul,
  mulAdd,
  ne,
  procedure,
  select,
  shl,
  shr,
  sub,
  xor,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { cosTail32, sinTail32 } from "../coefficients.ts";
import { cos64, sin64, tan64 } from "../trig.ts";
import { fastTwoSum, lessMultiple } from "../double-double.ts";
import { bitsOf, f32, fromBits, nearestMultiple, polynomial32, quotient32, split32 } from "./exp.ts";

/** π/2 in four parts; the first three have at most 11 bits, so that products with n < 2^13 are exact. */
const HALF_PI = [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12] as const;

/** Largest |x| for which the reduction in float32 is accurate; larger arguments are computed in float64. */
const LIMIT = 8192;

const SIGN = -2147483648;

/** Reduces size = n · π/2 + r + rLow for 0 ≤ size ≤ 8192, |r| ≤ π/4; n is in the low bits of `bits`, and z is r². */
function reduce(block: Block, size: Expr): Record<"bits" | "r" | "rLow" | "z", Expr> {
  const { count, bits } = nearestMultiple(block, size, 2 / Math.PI);
  const [p1, p2, p3, p4] = HALF_PI;
  const rough = block.let("rough", lessMultiple(lessMultiple(size, count, p1), count, p2)); // exact
  const r = block.let("r", lessMultiple(rough, count, p3));
  const rLow = block.let("rLow", lessMultiple(lessMultiple(sub(rough, r), count, p3), count, p4));
  return { bits, r, rLow, z: block.let("z", mul(r, r)) };
}

/** cos(r + rLow) as 1 − z/2, rounded, and a tail. */
function cosineOf(
  block: Block,
  { r, rLow, z }: Record<"r" | "rLow" | "z", Expr>,
): Record<"one" | "tail", Expr> {
  const one = block.let("one", lessMultiple(f32(1), z, 0.5));
  const lost = sub(lessMultiple(sub(f32(1), one), z, 0.5), mul(r, rLow));
  return { one, tail: mulAdd(mul(z, z), polynomial32(cosTail32, z), lost) };
}

/** Computes sin(size + quarters · π/2) for 0 ≤ size ≤ 8192, negated if `signed` has a sign bit. */
function sinOf(block: Block, size: Expr, quarters: number, signed?: Expr): Expr {
  const { bits, r, rLow, z } = reduce(block, size);
  const sine = block.let("sine", add(r, mulAdd(mul(r, z), polynomial32(sinTail32, z), rLow)));
  const { one, tail } = cosineOf(block, { r, rLow, z });
  const cosine = block.let("cosine", add(one, tail));
  // the last two bits of the quarter as top bits: the lower one selects sine or cosine, the upper one is the sign
  const quarter = block.let("quarter", shl(quarters === 0 ? bits : add(bits, i32(quarters)), i32(30)));
  const value = select(ne(fromBits(quarter), f32(0)), cosine, sine); // 2 or −2 against 0 or −0
  const sign = and(signed === undefined ? quarter : xor(quarter, bitsOf(signed)), i32(SIGN));
  return fromBits(xor(bitsOf(value), sign));
}

/** Sine of float32, x in radians. Error: at most 0.9 ulp for every finite x (measured). */
export const sin32: Procedure = /* @__PURE__ */ procedure("sin32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const result = block.let("result", sinOf(block, size, 0, x));
  block.ifRare(lt(f32(LIMIT), size), (then) =>
    then.set(result, convert("f32", call(sin64, convert("f64", x!)))),
  );
  return result;
});

/** Cosine of float32, x in radians. Error: at most 0.9 ulp for every finite x (measured). */
export const cos32: Procedure = /* @__PURE__ */ procedure("cos32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const result = block.let("result", sinOf(block, size, 1));
  block.ifRare(lt(f32(LIMIT), size), (then) =>
    then.set(result, convert("f32", call(cos64, convert("f64", x!)))),
  );
  return result;
});

/** Tangent of float32, x in radians. Error: at most 1 ulp for every finite x (measured). */
export const tan32: Procedure = /* @__PURE__ */ procedure("tan32", [["x", "f32"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const { bits, r, rLow, z } = reduce(block, size);
  const { one, tail } = cosineOf(block, { r, rLow, z });
  const sineTail = mulAdd(mul(r, z), polynomial32(sinTail32, z), mul(rLow, one));
  const sine = fastTwoSum(block, "sine", r, sineTail);
  // rounding errors of r² would be visible in the quotient
  const { high: head, low: rest } = split32(block, "r", r);
  const zLow = add(sub(mul(head, head), z), mul(rest, add(r, head)));
  const cosine = fastTwoSum(block, "cosine", one, mulAdd(f32(-0.5), zLow, tail));
  // for odd n, cos r / −sin r: the two are swapped by xor with their differing bits
  const odd = block.let("odd", shl(bits, i32(31)));
  const all = block.let("all", shr(odd, i32(31)));
  const chosen = (part: "high" | "low"): Record<"above" | "below", Expr> => {
    const [a, b] = [bitsOf(sine[part]), bitsOf(cosine[part])];
    const change = block.let(`change ${part}`, and(xor(a, b), all));
    return {
      above: block.let(`above ${part}`, fromBits(xor(a, change))),
      below: block.let(`below ${part}`, fromBits(xor(b, change))),
    };
  };
  const [high, low] = [chosen("high"), chosen("low")];
  const value = quotient32(
    block,
    "ratio",
    { high: high.above, low: low.above },
    { high: high.below, low: low.below },
  );
  const sign = xor(odd, and(bitsOf(x!), i32(SIGN)));
  const result = block.let("result", fromBits(xor(bitsOf(value), sign)));
  block.ifRare(lt(f32(LIMIT), size), (then) =>
    then.set(result, convert("f32", call(tan64, convert("f64", x!)))),
  );
  return result;
});
