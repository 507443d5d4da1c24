import type { Block } from "../../build.ts";
import {
  add,
  and,
  call,
  div,
  eq,
  f64,
  le,
  lt,
  mul,
  nearest,
  neg,
  procedure,
  select,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { digamma64 } from "../gamma.ts";
import { pow64 } from "../pow.ts";
import { tan64 } from "../trig.ts";
import { byOrder } from "./by-order.ts";
import { horner } from "../double-double.ts";

/** B₂ⱼ / (2j)! for j = 1 … 12, the coefficients of the Euler–Maclaurin formula. */
const BERNOULLI_BY_FACTORIAL = [
  0.08333333333333333, -0.001388888888888889, 3.306878306878307e-5, -8.267195767195768e-7,
  2.08767569878681e-8, -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13,
  8.586062056277845e-15, -2.174868698558062e-16, 5.5090028283602295e-18, -1.3954464685812522e-19,
] as const;

/**
 * Computes Σ (q + k)^−s over k = 0, 1, … for s > 1 and q > 0: terms one by one until q + k reaches `far`, then the
 * Euler–Maclaurin formula. `power` computes y^−s.
 */
function hurwitz(block: Block, s: Expr, q: Expr, far: Expr, power: (block: Block, y: Expr) => Expr): Expr {
  const y = block.let("y", q);
  const count = block.let("count", f64(0));
  const term = block.let("term", power(block, q));
  const sum = block.let("sum", f64(0));
  const sumLow = block.let("sumLow", f64(0));
  const isOpen = and(lt(y, far), lt(mul(sum, f64(2 ** -60)), term));
  block.while(isOpen, (loop) => {
    // terms decrease, so the rounding error of their sum is compensated
    const next = loop.let("next", add(sum, term));
    const less = loop.let("less", sub(next, sum));
    loop.set(sumLow, add(sumLow, add(sub(sum, sub(next, less)), sub(term, less))));
    loop.set(sum, next);
    loop.set(count, add(count, f64(1)));
    loop.set(y, add(q, count));
    loop.set(term, power(loop, y));
  });
  const inverse = block.let("inverse", div(f64(1), y));
  const square = block.let("inverseSquare", mul(inverse, inverse));
  // y^(1−s) / (s − 1) + y^−s / 2 + y^−s Σ B₂ⱼ / (2j)! · s (s + 1) … (s + 2j − 2) · y^(1−2j), all over y^−s
  let factor = mul(s, inverse);
  let series = block.let("series", f64(0));
  BERNOULLI_BY_FACTORIAL.forEach((coefficient, i) => {
    const rising = block.let(`rising${i}`, factor);
    series = block.let(`series${i}`, add(series, mul(f64(coefficient), rising)));
    const next = mul(add(s, f64(2 * i + 1)), add(s, f64(2 * i + 2)));
    factor = mul(rising, mul(next, square));
  });
  const main = div(y, sub(s, f64(1)));
  const tail = block.let("tail", mul(term, add(main, add(f64(0.5), series))));
  // if terms underflowed before, the rest is negligible; the compensation of an infinite sum is NaN
  const rest = add(sumLow, select(lt(y, far), f64(0), tail));
  return select(eq(sum, f64(Infinity)), sum, add(sum, rest));
}

/**
 * ζ(s, q) = Σ (q + k)^−s over k = 0, 1, …: Hurwitz's zeta function, Riemann's for q = 1; s > 1 and q > 0. ∞ at s = 1
 * and at q = 0, NaN below. Relative error: within 1e−14 for s and q in [1e−2, 1e4] (measured).
 */
export const zeta64: Procedure = /* @__PURE__ */ procedure(
  "zeta",
  [
    ["s", "f64"],
    ["q", "f64"],
  ],
  (block, [s, q]) => {
    const isInside = block.let(
      "isInside",
      and(and(lt(f64(1), s!), lt(s!, f64(Infinity))), and(lt(f64(0), q!), lt(q!, f64(Infinity)))),
    );
    // arguments outside of the domain skip the loop
    const order = block.let("order", select(isInside, s!, f64(2)));
    const place = block.let("place", select(isInside, q!, f64(1)));
    const far = block.let("far", add(f64(12), order));
    const value = hurwitz(block, order, place, far, (_, y) => call(pow64, y, neg(order)));
    const isPole = select(eq(s!, f64(1)), le(f64(0), q!), and(lt(f64(1), s!), eq(q!, f64(0))));
    // for infinite s only the first term counts, for infinite q none
    const limit = select(lt(f64(1), s!), call(pow64, q!, neg(s!)), f64(NaN));
    const outside = select(lt(f64(0), q!), limit, f64(NaN));
    return select(isInside, value, select(isPole, f64(Infinity), outside));
  },
);

const factorial = (n: number): number => (n === 0 ? 1 : n * factorial(n - 1));

/** y^−s for an integer s. */
function inversePower(block: Block, name: string, y: Expr, s: number): Expr {
  if (s > 4) return call(pow64, y, f64(-s));
  let product = y;
  for (let i = 2; i <= s; i++) product = block.let(`${name}${i}`, mul(product, y));
  return div(f64(1), product);
}

/** ψ⁽ⁿ⁾(x) for x > 0 and n ≥ 1: (−1)^(n+1) n! ζ(n + 1, x). */
export const polygammaOfPositive: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`polygammaOfPositive${n}`, [["x", "f64"]], (block, [x]) => {
    const s = n + 1;
    let copies = 0;
    const power = (inner: Block, y: Expr): Expr => inversePower(inner, `power${copies++}Of`, y, s);
    const isInside = block.let("isInside", and(lt(f64(0), x!), lt(x!, f64(Infinity))));
    const place = block.let("place", select(isInside, x!, f64(1)));
    const value = hurwitz(block, f64(s), place, f64(12 + s), power);
    const outside = select(eq(x!, f64(0)), f64(Infinity), select(lt(f64(0), x!), f64(0), f64(NaN)));
    const size = mul(f64(factorial(n)), select(isInside, value, outside));
    return n % 2 === 1 ? size : neg(size);
  }),
);

/** Coefficients of the polynomial in cot πx that equals the n-th derivative of π cot πx, constant term first. */
function derivativeOfCotangent(n: number): readonly number[] {
  // (π c)′ = −π² (1 + c²) and so on: P ↦ −π (1 + c²) P′
  let polynomial = [0, Math.PI];
  for (let i = 0; i < n; i++) {
    const slope = polynomial.slice(1).map((coefficient, k) => -Math.PI * coefficient * (k + 1));
    polynomial = Array.from({ length: slope.length + 2 }, (_, k) => (slope[k] ?? 0) + (slope[k - 2] ?? 0));
  }
  return polynomial;
}

/**
 * n-th derivative of the digamma function; ψ itself for n = 0. For odd n ∞ at 0, −1, −2, …; for even n −∞ at 0, ∞ at −0
 * and NaN at −1, −2, …
 */
export const polygamma64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  n === 0
    ? digamma64
    : procedure(`polygamma${n}`, [["x", "f64"]], (block, [x]) => {
        const isNegative = block.let("isNegative", lt(x!, f64(0)));
        const value = block.let(
          "value",
          call(polygammaOfPositive(n), select(isNegative, sub(f64(1), x!), x!)),
        );
        // ψ⁽ⁿ⁾(x) = (−1)ⁿ ψ⁽ⁿ⁾(1 − x) − (π cot πx)⁽ⁿ⁾
        block.if(isNegative, (then) => {
          const distance = then.let("distance", sub(x!, nearest(x!)));
          const cotangent = then.let("cotangent", div(f64(1), call(tan64, mul(f64(Math.PI), distance))));
          const reflected = horner(derivativeOfCotangent(n).map(f64), cotangent);
          const mirrored = n % 2 === 0 ? value : neg(value);
          const pole = f64(n % 2 === 1 ? Infinity : NaN);
          then.set(value, select(eq(distance, f64(0)), pole, sub(mirrored, reflected)));
        });
        return n % 2 === 0 ? select(eq(x!, f64(0)), div(f64(-1), x!), value) : value;
      }),
);
