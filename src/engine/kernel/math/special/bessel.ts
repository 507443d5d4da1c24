// The modified Bessel functions of the first kind of orders 0 and 1.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  call,
  div,
  eq,
  f64,
  i32,
  lt,
  min,
  mul,
  neg,
  procedure,
  select,
  sqrt,
  sub,
  tableAt,
} from "../../build.ts";
import type { Expr, Procedure, ConstantTable } from "../../scalar.ts";
import { bessel0Far, bessel0Near, bessel1Far, bessel1Near } from "../coefficients.ts";
import { horner, polynomial, squareOf } from "../double-double.ts";
import { exp64 } from "../exp.ts";
import { withSignOf } from "../hyperbolic.ts";
import { byOrder } from "./by-order.ts";

/**
 * Bound of |x| below which I₀ and I₁ use their power series, whose terms are not negative. From it on they use a
 * polynomial in 1/x.
 */
const NEAR = 12;

/** Smallest |x| for which e^−x is 0 and Iₙ is infinite. */
const VAST = 1500;

/** Stores Iₙ(size) for size ≥ 0, times e^−size if `isScaled`, in a new local. */
function besselOfSize(block: Block, n: 0 | 1, size: Expr, isScaled: boolean): Expr {
  const value = block.let("value", f64(0));
  block.if(
    lt(size, f64(NEAR)),
    (then) => {
      const square = squareOf(then, "square", size);
      const y = then.let("y", mul(f64(0.25), square.high));
      const coefficients = n === 0 ? bessel0Near : bessel1Near;
      const series = then.let("near", add(f64(1), mul(y, horner(coefficients.map(f64), y))));
      // the rounding error of x² is amplified six times at the end of the range: corrected by an approximate d ln Iₙ /
      // dx
      const slope = div(f64(0.5), add(f64(n + 0.5), sqrt(add(f64((n + 1.5) ** 2), square.high))));
      const whole = add(series, mul(series, mul(square.low, slope)));
      const plain = n === 0 ? whole : mul(mul(f64(0.5), size), whole);
      then.set(value, isScaled ? mul(plain, call(exp64, neg(size))) : plain);
    },
    (otherwise) => {
      const z = otherwise.let("z", div(f64(1), size));
      const series = polynomial(otherwise, "far", n === 0 ? bessel0Far : bessel1Far, z);
      const scaled = div(series, sqrt(size));
      // by two factors e^(x/2), because eˣ would overflow before the result does
      const half = otherwise.let("half", call(exp64, mul(f64(0.5), min(size, f64(VAST)))));
      otherwise.set(value, isScaled ? scaled : mul(mul(scaled, half), half));
    },
  );
  return value;
}

/** I₀(x), even. Error: at most 3 ulp (all error bounds in this file are measured). */
export const i064: Procedure = /* @__PURE__ */ procedure("i0", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  return select(lt(size, f64(Infinity)), besselOfSize(block, 0, size, false), size);
});

/** e^−|x| I₀(x). Error: at most 3 ulp. */
export const i0e64: Procedure = /* @__PURE__ */ procedure("i0e", [["x", "f64"]], (block, [x]) =>
  besselOfSize(block, 0, block.let("size", abs(x!)), true),
);

/** I₁(x), odd. Error: at most 3 ulp. */
export const i164: Procedure = /* @__PURE__ */ procedure("i1", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  return select(lt(size, f64(Infinity)), withSignOf(x!, besselOfSize(block, 1, size, false)), x!);
});

/** e^−|x| I₁(x). Error: at most 4 ulp. */
export const i1e64: Procedure = /* @__PURE__ */ procedure("i1e", [["x", "f64"]], (block, [x]) =>
  withSignOf(x!, besselOfSize(block, 1, block.let("size", abs(x!)), true)),
);

/**
 * Smallest x for which derivatives of e^−x I₀(x) are computed by its asymptotic series: for the first derivative, and
 * for higher ones.
 */
const [ASYMPTOTIC_SLOPE, ASYMPTOTIC] = [24, 40];

/**
 * Coefficients cₖ of √(2πx) e^−x I₀(x) = Σ cₖ x^−k. There are enough for the first derivative from `ASYMPTOTIC_SLOPE`
 * on, and for the second and third from `ASYMPTOTIC` on.
 */
const asymptotic: readonly number[] = /* @__PURE__ */ Array.from({ length: 20 }, (_, k) => {
  let c = 1;
  for (let j = 1; j <= k; j++) c *= (2 * j - 1) ** 2 / (8 * j);
  return c;
});

/**
 * Number of panels of the trapezoidal rule for integrals over θ. Its error is e^−50 because the integrand is
 * periodic.
 */
const PANELS = 36;
/** Table of 1 − cos θ at the inner nodes of the trapezoidal rule. */
const heights: ConstantTable = {
  name: "besselHeights",
  type: "f64",
  values: /* @__PURE__ */ Array.from(
    { length: PANELS },
    (_, j) => 2 * Math.sin((Math.PI * (j + 1)) / (2 * PANELS)) ** 2,
  ),
};

/** (½ + k) (3/2 + k) …, the factor of the n-th derivative of x^−(k + ½). */
const rising = (k: number, n: number): number => (n === 0 ? 1 : (k + 0.5) * rising(k + 1, n - 1));

/**
 * n-th derivative, n ≥ 1, of e^−|x| I₀(x) = 1/π ∫ e^−|x| (1 − cos θ) dθ over [0, π], in which nothing cancels; 0 for
 * odd n at its kink at 0. Relative error: below 1e−14 (measured).
 */
export const i0eByOrder64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`i0eByOrder${n}`, [["x", "f64"]], (block, [x]) => {
    const size = block.let("size", abs(x!));
    const value = block.let("value", f64(0));
    block.if(
      lt(size, f64(n === 1 ? ASYMPTOTIC_SLOPE : ASYMPTOTIC)),
      (then) => {
        if (n === 1) {
          then.set(value, sub(call(i0e64, size), call(i1e64, size)));
          return;
        }
        then.for("j", i32(0), i32(PANELS), (loop, j) => {
          const height = loop.let("height", tableAt(heights, j));
          let power = height;
          for (let i = 1; i < n; i++) power = mul(power, height);
          const term = loop.let("term", mul(power, call(exp64, neg(mul(size, height)))));
          // the last node is the end of the interval and counts half
          loop.set(value, add(value, select(eq(height, f64(2)), mul(f64(0.5), term), term)));
        });
        then.set(value, mul(value, f64(1 / PANELS)));
      },
      (otherwise) => {
        const z = otherwise.let("z", div(f64(1), size));
        const series = horner(
          asymptotic.map((c, k) => f64((c * rising(k, n)) / Math.sqrt(2 * Math.PI))),
          z,
        );
        let power = mul(sqrt(z), series);
        for (let i = 0; i < n; i++) power = mul(power, z);
        otherwise.set(value, power);
      },
    );
    if (n % 2 === 0) return select(eq(x!, x!), value, x!);
    const falling = select(lt(x!, f64(0)), value, neg(value));
    return select(eq(size, f64(0)), f64(0), select(eq(x!, x!), falling, x!));
  }),
);

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/**
 * Iₙ(x) / xⁿ, whose derivative is x times that of order n + 1: Σ (x²/4)ᵏ / 2ⁿ k! (k + n)!, until terms are negligible.
 */
export const besselRatio64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`besselRatio${n}`, [["x", "f64"]], (block, [x]) => {
    const size = block.let("size", min(abs(x!), f64(VAST)));
    const y = block.let("y", mul(f64(0.25), mul(size, size)));
    const term = block.let("term", f64(1 / (2 ** n * factorial(n))));
    const sum = block.let("sum", term);
    const k = block.let("k", f64(0));
    block.while(lt(mul(f64(2 ** -56), sum), term), (loop) => {
      loop.set(k, add(k, f64(1)));
      loop.set(term, div(mul(term, y), mul(k, add(k, f64(n)))));
      loop.set(sum, add(sum, term));
    });
    return select(eq(x!, x!), sum, x!);
  }),
);
