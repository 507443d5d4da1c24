// The scaled complementary error function, Dawson's integral, and their derivatives of any order.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  call,
  convert,
  div,
  f64,
  i32,
  le,
  lt,
  max,
  min,
  mul,
  nearest,
  neg,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { horner, squareOf } from "../double-double.ts";
import { erfc64, smoothErfc } from "../erf.ts";
import { exp64 } from "../exp.ts";
import { byOrder } from "./by-order.ts";
import { integral } from "./quadrature.ts";

const PER_ROOT_PI = 0.5641895835477563; // 1 / √π

/** eˣ² erfc x for x ≥ 0.8. Error: at most 2 ulp. */
export const scaledErfc: Procedure = /* @__PURE__ */ procedure("scaledErfc", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(x!, f64(28)),
    (then) => {
      const { high, low } = smoothErfc(then, x!);
      then.set(value, div(add(high, low), add(f64(1), mul(f64(2), x!))));
    },
    (otherwise) => {
      // 1 / (x √π) · (1 − 1/2x² + 1·3/4x⁴ − 1·3·5/8x⁶ + …)
      const inverse = otherwise.let("inverse", div(f64(1), x!));
      const z = otherwise.let("z", mul(mul(f64(-0.5), inverse), inverse));
      const rest = mul(z, horner([1, 3, 15, 105, 945].map(f64), z));
      otherwise.set(value, mul(mul(f64(PER_ROOT_PI), inverse), add(f64(1), rest)));
    },
  );
  return value;
});

/** eˣ² erfc x: ∞ at −∞, 0 at ∞. Error: at most 3 ulp (all error bounds in this file are measured). */
export const erfcx64: Procedure = /* @__PURE__ */ procedure("erfcx", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(abs(x!), f64(0.8)),
    (then) => then.set(value, mul(call(exp64, mul(x!, x!)), call(erfc64, x!))),
    (otherwise) => {
      const right = otherwise.let("right", call(scaledErfc, abs(x!)));
      otherwise.set(value, right);
      otherwise.if(lt(x!, f64(0)), (left) => {
        // below −27 the result is infinite
        const square = squareOf(left, "xSquare", max(x!, f64(-30)));
        const power = mul(call(exp64, square.high), add(f64(1), square.low));
        left.set(value, sub(mul(f64(2), power), right));
      });
    },
  );
  return value;
});

/** Exponent beyond which the integrand of the derivative of order n is negligible. */
const lastExponent = (n: number): number => 42 + 4 * n;

/**
 * n-th derivative, n ≥ 1, of eˣ² erfc x: 2/√π ∫ (−2t)ⁿ e^(−t² − 2xt) dt over t ≥ 0 for x ≥ 0. For x < 0 the terms of
 * the recurrence of these integrals have equal signs. Relative error: below 1e−14.
 */
export const erfcxByOrder64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`erfcxByOrder${n}`, [["x", "f64"]], (block, [x]) => {
    const size = block.let("size", f64(0));
    block.if(
      lt(x!, f64(0)),
      (then) => {
        let [before, last] = [then.let("order0", call(erfcx64, x!)), f64(0)];
        last = then.let("order1", sub(f64(2 * PER_ROOT_PI), mul(mul(f64(2), x!), before)));
        for (let k = 1; k < n; k++) {
          const next = sub(mul(f64(2 * k), before), mul(mul(f64(2), x!), last));
          [before, last] = [last, then.let(`order${k + 1}`, next)];
        }
        then.set(size, last);
      },
      (otherwise) => {
        const near = otherwise.let("near", min(x!, f64(1e300)));
        const c = lastExponent(n);
        const length = otherwise.let("length", div(f64(c), add(near, sqrt(add(mul(near, near), f64(c))))));
        const sum = integral(otherwise, "t", f64(0), length, (inner, t) => {
          const twice = inner.let("twice", mul(f64(2), t));
          let power = twice;
          for (let k = 1; k < n; k++) power = mul(power, twice);
          return mul(power, call(exp64, neg(mul(t, add(t, mul(f64(2), near))))));
        });
        otherwise.set(size, mul(f64(2 * PER_ROOT_PI), sum));
      },
    );
    const isNumber = block.let("isNumber", le(x!, f64(Infinity)));
    return select(isNumber, n % 2 === 0 ? size : neg(size), x!);
  }),
);

/** |x| below which Dawson's integral is computed by its power series, and from which by its asymptotic series. */
const [NEAR, FAR] = [1, 8];

/** F(x) / x = Σ cₖ x²ᵏ with cₖ = (−2)ᵏ / (2k + 1)!!. */
const dawsonSeries: readonly number[] = /* @__PURE__ */ Array.from({ length: 20 }, (_, k) => {
  let c = 1;
  for (let j = 1; j <= k; j++) c *= -2 / (2 * j + 1);
  return c;
});

/** Coefficients of x^−(2k + 1 + n) of the n-th derivative of the asymptotic series Σ (2k − 1)!! / (2ᵏ⁺¹ x²ᵏ⁺¹). */
function dawsonFar(n: number): readonly number[] {
  let c = 0.5;
  for (let i = 1; i <= n; i++) c *= -i;
  return Array.from({ length: 24 + 2 * n }, (_, k) => {
    const value = c;
    // the factor (2k + 1) (2k + 2) … (2k + n) becomes that of k + 1
    c *= (k + 0.5) * (((2 * k + 1 + n) * (2 * k + 2 + n)) / ((2 * k + 1) * (2 * k + 2)));
    return value;
  });
}

/** Distance h of the samples in Rybicki's formula, whose error is e^−(π/2h)², and the largest odd k in its sum. */
const [STEP, LAST] = [0.1875, 33];

/**
 * n-th derivative of F(x) ≈ 1/√π Σ e^−(x − kh)² / k over odd k, around the multiple of 2h that is nearest to x.
 *
 * @see Rybicki, Computers in Physics 3, 1989.
 */
function dawsonBetween(block: Block, x: Expr, n: number): Expr {
  const centre = block.let("centre", mul(f64(2), nearest(div(x, f64(2 * STEP)))));
  const offset = block.let("offset", sub(x, mul(centre, f64(STEP)))); // exact
  const sum = block.let("samples", f64(0));
  block.for("sample", i32(0), i32(LAST + 1), (loop, j) => {
    const odd = loop.let("odd", sub(mul(f64(2), convert("f64", j)), f64(LAST)));
    const u = loop.let("u", sub(offset, mul(odd, f64(STEP))));
    // the derivative of order n of e^−u² is (−1)ⁿ Hₙ(u) e^−u²
    let [before, last] = [f64(0), f64(1)];
    for (let k = 0; k < n; k++) {
      const next = mul(f64(-2), add(mul(u, last), mul(f64(k), before)));
      [before, last] = [last, loop.let(`hermite${k}`, next)];
    }
    loop.set(sum, add(sum, div(mul(last, call(exp64, neg(mul(u, u)))), add(centre, odd))));
  });
  return mul(f64(PER_ROOT_PI), sum);
}

/** Sets a new local to the n-th derivative of Dawson's integral at x. */
function dawsonByOrder(block: Block, x: Expr, n: number): Expr {
  const value = block.let("value", f64(0));
  const size = block.let("size", abs(x));
  block.if(
    lt(size, f64(NEAR)),
    (then) => {
      const z = then.let("z", mul(x, x));
      let [before, last] = [f64(0), then.let("order0", mul(x, horner(dawsonSeries.map(f64), z)))];
      for (let k = 0; k < n; k++) {
        const rest = k === 0 ? f64(1) : mul(f64(-2 * k), before);
        [before, last] = [last, then.let(`order${k + 1}`, sub(rest, mul(mul(f64(2), x), last)))];
      }
      then.set(value, last);
    },
    (otherwise) => {
      otherwise.if(
        lt(size, f64(FAR)),
        (between) => between.set(value, dawsonBetween(between, x, n)),
        (far) => {
          const inverse = far.let("inverse", div(f64(1), x));
          let power = inverse;
          for (let k = 0; k < n; k++) power = mul(power, inverse);
          far.set(value, mul(power, horner(dawsonFar(n).map(f64), mul(inverse, inverse))));
        },
      );
    },
  );
  return select(le(size, f64(Infinity)), value, x);
}

/** Dawson's integral F(x) = e^−x² ∫ e^t² dt over [0, x], odd, 0 at ±∞. Error: at most 3 ulp. */
export const dawsn64: Procedure = /* @__PURE__ */ procedure("dawsn", [["x", "f64"]], (block, [x]) =>
  dawsonByOrder(block, x!, 0),
);

/** n-th derivative of Dawson's integral, n ≥ 1. Error: below 1e−13 of the local amplitude for n ≤ 3. */
export const dawsnByOrder64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`dawsnByOrder${n}`, [["x", "f64"]], (block, [x]) => dawsonByOrder(block, x!, n)),
);
