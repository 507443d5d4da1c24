import {
  abs,
  add,
  and,
  div,
  eq,
  f64,
  i32,
  lt,
  max,
  min,
  mul,
  or,
  procedure,
  select,
  shr,
  sub,
} from "../build.ts";
import type { Procedure } from "../scalar.ts";
import { cbrtStart } from "./coefficients.ts";
import { fastTwoSum, polynomial, split, sqrtOfPair, squareOf } from "./double-double.ts";
import { powerOfTwo } from "./exp.ts";
import { withSignOf } from "./hyperbolic.ts";
import { decompose } from "./log.ts";

/** Cube root. Error: at most 0.501 ulp (all error bounds in this file are measured). */
export const cbrt64: Procedure = /* @__PURE__ */ procedure("cbrt", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const { k, f } = decompose(block, size);
  // k = 3 q + rest: a third by a product with 2^16 / 3, on positive numbers so that it rounds down
  const q = block.let("q", sub(shr(mul(add(k, i32(1200)), i32(21846)), i32(16)), i32(400)));
  const rest = block.let("rest", sub(k, mul(i32(3), q)));
  const isZero = block.let("isZero", eq(rest, i32(0)));
  const isOne = block.let("isOne", eq(rest, i32(1)));
  const m = block.let("m", add(f64(1), f));
  const scaled = block.let("scaledM", mul(m, select(isZero, f64(1), select(isOne, f64(2), f64(4)))));
  const rootOfPower = select(isZero, f64(1), select(isOne, f64(1.2599210498948732), f64(1.5874010519681996)));
  const start = block.let("start", mul(rootOfPower, polynomial(block, "start", cbrtStart, m)));
  // A start of 26 bits has an exact square; ∛m = t (1 + e)^⅓ with e = (m − t³) / t³ below 2^−24.
  const t = split(block, "start", start).high;
  const square = block.let("square", mul(t, t));
  const { high: head, low: tail } = split(block, "square", square);
  const error = block.let("error", sub(sub(scaled, mul(head, t)), mul(tail, t)));
  const third = block.let("third", div(error, mul(f64(3), mul(square, t))));
  const root = add(t, mul(t, sub(third, mul(third, third))));
  const value = mul(root, powerOfTwo(q));
  const isOrdinary = and(lt(f64(0), size), lt(size, f64(Infinity)));
  return select(isOrdinary, withSignOf(x!, block.let("value", value)), x!);
});

/**
 * √(x² + y²) without intermediate overflow; infinite if either is infinite, even if the other is NaN. Error: at most
 * 0.501 ulp.
 */
export const hypot64: Procedure = /* @__PURE__ */ procedure(
  "hypot",
  [
    ["x", "f64"],
    ["y", "f64"],
  ],
  (block, [x, y]) => {
    const [a, b] = [block.let("a", abs(x!)), block.let("b", abs(y!))];
    const larger = block.let("larger", max(a, b));
    const isHuge = block.let("isHuge", lt(f64(2 ** 400), larger));
    const isTiny = block.let("isTiny", lt(larger, f64(2 ** -400)));
    const down = select(isHuge, f64(2 ** -600), select(isTiny, f64(2 ** 600), f64(1)));
    const up = select(isHuge, f64(2 ** 600), select(isTiny, f64(2 ** -600), f64(1)));
    const factor = block.let("factor", down);
    const long = squareOf(block, "long", block.let("scaledLong", mul(larger, factor)));
    const short = squareOf(block, "short", block.let("scaledShort", mul(min(a, b), factor)));
    const sum = fastTwoSum(block, "sum", long.high, short.high);
    const low = block.let("sumRest", add(sum.low, add(long.low, short.low)));
    const root = sqrtOfPair(block, "root", { high: sum.high, low });
    const value = select(eq(larger, f64(0)), larger, mul(add(root.high, root.low), up));
    const isInfinite = or(eq(a, f64(Infinity)), eq(b, f64(Infinity)));
    return select(isInfinite, f64(Infinity), value);
  },
);
