import { abs, add, call, div, eq, f64, le, lt, mul, or, procedure, select, sub } from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { exp64, expm164 } from "../exp.ts";
import { log64 } from "../log.ts";
import { pow64 } from "../pow.ts";
import { byOrder } from "./by-order.ts";
import { integral } from "./quadrature.ts";

/** |λ ln x| from which the power itself is computed, because the product loses digits. */
const FAR = 0.5;

/**
 * (x^λ − 1) / λ, or ln x for λ = 0: NaN for x < 0, and at x = 0 the limit −1/λ for λ > 0 and −∞ for λ ≤ 0. Error: at
 * most 4 ulp (measured).
 */
export const boxcox64: Procedure = /* @__PURE__ */ procedure(
  "boxcox",
  [
    ["x", "f64"],
    ["lambda", "f64"],
  ],
  (block, [x, lambda]) => {
    const log = block.let("log", call(log64, x!));
    const t = block.let("t", mul(lambda!, log));
    const value = block.let("value", log);
    block.if(lt(f64(0), abs(t)), (then) => {
      then.if(
        lt(abs(t), f64(FAR)),
        (near) => near.set(value, div(call(expm164, t), lambda!)),
        (far) => far.set(value, div(sub(call(pow64, x!, lambda!), f64(1)), lambda!)),
      );
    });
    // at x = 0 the product with λ = 0 is NaN, and for NaN so is the result
    const isEnd = or(eq(lambda!, f64(0)), eq(x!, f64(1)));
    return select(isEnd, add(log, mul(f64(0), lambda!)), select(eq(t, t), value, add(t, lambda!)));
  },
);

/** |t| up to which the integral is computed by quadrature. */
const QUADRATURE = 30;

/**
 * ∫ uⁿ e^tu du over [0, 1]: the n-th derivative of (eᵗ − 1) / t. Quadrature, or the recurrence t φₙ = eᵗ − n φₙ₋₁ for
 * large |t|. Relative error: below 1e−14 (measured).
 */
export const expm1Quotient64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`expm1Quotient${n}`, [["t", "f64"]], (block, [t]) => {
    const value = block.let("value", f64(0));
    block.if(
      le(abs(t!), f64(QUADRATURE)),
      (then) => {
        const sum = integral(then, "u", f64(0), f64(1), (_, u) => {
          let term = call(exp64, mul(t!, u));
          for (let i = 0; i < n; i++) term = mul(term, u);
          return term;
        });
        then.set(value, sum);
      },
      (otherwise) => {
        const power = otherwise.let("power", call(exp64, t!));
        otherwise.set(value, div(sub(power, f64(1)), t!));
        for (let k = 1; k <= n; k++) {
          otherwise.set(value, div(sub(power, mul(f64(k), value)), t!));
        }
      },
    );
    const end = select(lt(f64(0), t!), t!, select(lt(t!, f64(0)), f64(0), t!));
    return select(lt(abs(t!), f64(Infinity)), value, end);
  }),
);
