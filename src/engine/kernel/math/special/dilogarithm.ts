import { abs, add, call, div, f64, lt, mul, neg, procedure, select, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { horner } from "../double-double.ts";
import { log1p64, log64 } from "../log.ts";
import { byOrder } from "./by-order.ts";

/** B₂ₖ / (2k + 1)! for k = 1 … 14, coefficients of the series of the dilogarithm in the logarithm of its argument. */
const BERNOULLI_BY_FACTORIAL = [
  0.027777777777777776, -0.0002777777777777778, 4.72411186696901e-6, -9.185773074661964e-8,
  1.8978869988971e-9, -4.0647616451442256e-11, 8.921691020456452e-13, -1.9939295860721074e-14,
  4.518980029619918e-16, -1.0356517612181247e-17, 2.395218621026187e-19, -5.581785874325009e-21,
  1.3091507554183213e-22, -3.0874198024267403e-24,
] as const;

/** Distance to 1 beyond which reflections shorten the series: z and 1/z below 0.2. */
const SMALL = 0.2;

/**
 * ∫ ln t / (1 − t) dt from 1 to z, which is the dilogarithm of 1 − z: π²/6 at 0, NaN below. Error: at most 3 ulp
 * (measured).
 *
 * With u = −ln z it is u − u²/4 + Σ B₂ₖ u²ᵏ⁺¹ / (2k + 1)!. For z < 0.2 the value at 1 − z replaces that at z, and for z >
 * 5 that at 1/z.
 */
export const spence64: Procedure = /* @__PURE__ */ procedure("spence", [["z", "f64"]], (block, [z]) => {
  const log = block.let("log", call(log64, z!));
  const isLarge = block.let("isLarge", lt(f64(1 / SMALL), z!));
  const within = block.let("within", select(isLarge, div(f64(1), z!), z!));
  const isSmall = block.let("isSmall", lt(within, f64(SMALL)));
  const logOfRest = block.let("logOfRest", call(log1p64, neg(select(isSmall, within, f64(0)))));
  const u = block.let("u", sub(f64(0), select(isSmall, logOfRest, log)));
  const square = block.let("square", mul(u, u));
  const cube = mul(u, mul(square, horner(BERNOULLI_BY_FACTORIAL.map(f64), square)));
  const series = block.let("series", add(sub(u, mul(f64(0.25), square)), cube));
  const logWithin = select(isLarge, neg(log), log);
  // a strong zero: ln 0 · ln 1
  const product = select(lt(f64(0), within), mul(logWithin, logOfRest), f64(0));
  const small = sub(f64(Math.PI ** 2 / 6), add(product, series));
  const value = block.let("value", select(isSmall, small, series));
  return select(isLarge, sub(mul(f64(-0.5), mul(log, log)), value), select(lt(z!, f64(0)), f64(NaN), value));
});

/** |z − 1| below which the quotient is computed by its series. */
const NEAR = 0.5;

/**
 * n-th derivative, n ≥ 0, of ln z / (z − 1), which is 1 at 1: the series in 1 − z, or the recurrence from (z − 1) g = ln
 * z. Relative error: below 1e−13 for n ≤ 3 (measured).
 */
export const logQuotientByOrder64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`logQuotientByOrder${n}`, [["z", "f64"]], (block, [z]) => {
    const value = block.let("value", f64(0));
    const w = block.let("w", sub(z!, f64(1))); // exact where the series is used
    block.if(
      lt(abs(w), f64(NEAR)),
      (then) => {
        // terms (−1)ᵏ k (k − 1) … (k − n + 1) wᵏ⁻ⁿ / (k + 1), from k = n on; the first factor becomes that of k + 1
        let start = 1;
        for (let i = 1; i <= n; i++) start *= -i;
        const power = then.let("power", f64(start));
        const k = then.let("k", f64(n));
        then.set(value, f64(start / (n + 1)));
        then.while(lt(f64(Math.abs(start) * 2 ** -60), abs(power)), (loop) => {
          loop.set(k, add(k, f64(1)));
          loop.set(power, neg(mul(power, mul(w, div(k, sub(k, f64(n)))))));
          loop.set(value, add(value, div(power, add(k, f64(1)))));
        });
      },
      (otherwise) => {
        otherwise.set(value, div(call(log64, z!), w));
        const inverse = otherwise.let("inverse", div(f64(1), z!));
        let slope = inverse; // k-th derivative of ln z
        for (let k = 1; k <= n; k++) {
          otherwise.set(value, div(sub(slope, mul(f64(k), value)), w));
          slope = mul(f64(-k), mul(slope, inverse));
        }
      },
    );
    return select(lt(z!, f64(Infinity)), value, select(lt(f64(0), z!), f64(0), z!));
  }),
);
