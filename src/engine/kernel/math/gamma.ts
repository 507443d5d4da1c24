import type { Block } from "../build.ts";
import {
  abs,
  add,
  and,
  call,
  div,
  eq,
  f64,
  le,
  lt,
  mul,
  ne,
  nearest,
  neg,
  not,
  procedure,
  select,
  sub,
} from "../build.ts";
import type { Expr, Procedure } from "../scalar.ts";
import { digammaMiddle, digammaTail, logGammaMiddle, logGammaTail } from "./coefficients.ts";
import type { DoubleDouble } from "./double-double.ts";
import { fastTwoSum, horner, polynomial, productOfPairs, split, squareOf, twoSum } from "./double-double.ts";
import { log64, logOfPair } from "./log.ts";
import { sin64, tan64 } from "./trig.ts";

const HALF_LOG_2PI_LESS_HALF = 0.4189385332046727;

/** Smallest x for which Stirling's series is used. */
const FAR = 8;

/** Stirling's series of ln Γ for x ≥ 8: (x − ½) ln x − x + ½ ln 2π + P(x⁻²) / x, computed as (x − ½)(ln x − 1) + … */
function stirling(block: Block, x: Expr, log: DoubleDouble): Expr {
  const isVast = block.let("isVast", lt(f64(2 ** 900), x)); // parts of its product would overflow
  const scaled = block.let("vastScaled", select(isVast, mul(x, f64(2 ** -200)), x));
  const factor = fastTwoSum(block, "factor", scaled, f64(-0.5));
  const less = fastTwoSum(block, "less", log.high, f64(-1));
  const other = { high: less.high, low: block.let("lessRest", add(less.low, log.low)) };
  const product = productOfPairs(block, "main", factor, other);
  const w = block.let("w", div(f64(1), x));
  const wSquare = block.let("wSquare", mul(w, w));
  const series = polynomial(block, "series", logGammaTail, wSquare);
  const tail = add(f64(HALF_LOG_2PI_LESS_HALF), mul(w, series));
  const value = block.let("stirling", add(product.high, add(product.low, tail)));
  return select(isVast, mul(value, f64(2 ** 200)), value);
}

/**
 * ln Γ(x) for x > 0: by a polynomial near 2, by the recurrence Γ(x + 1) = x Γ(x) up to 8, and by Stirling's series
 * beyond.
 */
export const logGammaOfPositive: Procedure = /* @__PURE__ */ procedure(
  "lgammaOfPositive",
  [["x", "f64"]],
  (block, [x]) => {
    const isFar = block.let("isFar", le(f64(FAR), x!));
    // Γ(x) = Γ(2 + h) · product or, for x < 1.75, Γ(2 + h) / product; for large x the product is x
    const h = block.let("h", f64(0));
    const product = block.let("product", x!);
    const productLow = block.let("productLow", f64(0));
    const isDivided = block.let("isDivided", lt(x!, f64(1.75)));
    block.if(lt(x!, f64(0.75)), (then) => {
      const square = squareOf(then, "xSquare", x!);
      const sum = fastTwoSum(then, "sum", x!, square.high);
      then.set(h, x!);
      then.set(product, sum.high);
      then.set(productLow, add(sum.low, square.low));
    });
    block.if(and(le(f64(0.75), x!), isDivided), (then) => then.set(h, sub(x!, f64(1))));
    block.if(not(select(isFar, isFar, isDivided)), (then) => {
      const y = then.let("y", x!);
      then.set(product, f64(1));
      then.while(lt(f64(2.75), y), (loop) => {
        loop.set(y, sub(y, f64(1))); // exact
        loop.set(product, mul(product, y));
      });
      then.set(h, sub(y, f64(2)));
    });
    const log = logOfPair(block, { high: product, low: productLow });
    const logHigh = block.let("logHigh", log.high);
    const logLow = block.let("logLow", log.low);
    const value = block.let("value", f64(0));
    block.if(
      isFar,
      (then) => then.set(value, stirling(then, x!, { high: logHigh, low: logLow })),
      (otherwise) => {
        const { high: head, low: rest } = split(otherwise, "h", h);
        const linear = otherwise.let("linear", mul(head, f64(0.4375))); // exact, like the square
        const quadratic = otherwise.let("quadratic", mul(f64(0.25), mul(head, head)));
        const remainder = add(mul(rest, f64(0.4375)), mul(f64(0.25), mul(rest, add(h, head))));
        const sum = fastTwoSum(otherwise, "known", linear, quadratic);
        // by Horner's rule, whose error is smaller
        const series = add(remainder, mul(h, horner(logGammaMiddle.map(f64), h)));
        const small = otherwise.let("small", add(sum.low, series));
        const middle = fastTwoSum(otherwise, "middle", sum.high, small);
        const signedHigh = otherwise.let("signedHigh", select(isDivided, neg(logHigh), logHigh));
        const total = twoSum(otherwise, "result", signedHigh, middle.high);
        const low = add(middle.low, select(isDivided, neg(logLow), logLow));
        otherwise.set(value, add(total.high, add(total.low, low)));
      },
    );
    return select(and(lt(f64(0), x!), lt(x!, f64(Infinity))), value, select(eq(x!, x!), f64(Infinity), x!));
  },
);

/**
 * ln |Γ(x)|; infinite at 0, −1, −2, … Error (measured): at most 1.05 ulp for x > 0. For x < 0 within 3e−16 · (1 +
 * |result|), so not relatively accurate near its zeros there.
 */
export const lgamma64: Procedure = /* @__PURE__ */ procedure("lgamma", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const value = block.let("value", call(logGammaOfPositive, size));
  // Γ(x) Γ(−x) = −π / (x sin πx); very near 0 both are 1 / |x|
  const isReflected = and(lt(x!, f64(-(2 ** -60))), lt(size, f64(Infinity)));
  block.if(isReflected, (then) => {
    const distance = then.let("distance", abs(sub(size, nearest(size))));
    const sine = then.let("sine", call(sin64, mul(f64(Math.PI), distance)));
    const reflection = div(f64(Math.PI), mul(size, sine));
    then.set(value, sub(call(log64, reflection), value));
  });
  return value;
});

// the positive zero of the digamma function
const ZERO = 1.4616321449683622;
const ZERO_LOW = 9.549995429965697e-17;

/**
 * ψ(x) for x > 0: by a polynomial around its zero on [1, 2], by the recurrence ψ(x + 1) = ψ(x) + 1 / x up to 8, and by
 * a series beyond.
 */
export const digammaOfPositive: Procedure = /* @__PURE__ */ procedure(
  "digammaOfPositive",
  [["x", "f64"]],
  (block, [x]) => {
    const value = block.let("value", f64(0));
    block.if(
      le(f64(FAR), x!),
      (then) => {
        const log = logOfPair(then, { high: x! });
        const w = then.let("w", div(f64(1), x!));
        const z = then.let("wSquare", mul(w, w));
        const total = fastTwoSum(then, "far", log.high, mul(f64(-0.5), w));
        then.set(
          value,
          add(total.high, add(total.low, sub(log.low, mul(z, polynomial(then, "series", digammaTail, z))))),
        );
      },
      (otherwise) => {
        const sum = otherwise.let("sum", f64(0));
        const sumLow = otherwise.let("sumLow", f64(0));
        const fromZero = otherwise.let("fromZero", sub(x!, f64(ZERO - 1)));
        const t = otherwise.let("t", sub(x!, f64(0.5)));
        otherwise.if(
          lt(x!, f64(1)),
          (below) => below.set(sum, div(f64(-1), x!)),
          (above) => {
            const y = above.let("y", x!);
            above.while(lt(f64(2), y), (loop) => {
              loop.set(y, sub(y, f64(1))); // exact
              const next = twoSum(loop, "next", sum, div(f64(1), y));
              loop.set(sum, next.high);
              loop.set(sumLow, add(sumLow, next.low));
            });
            above.set(fromZero, sub(y, f64(ZERO)));
            above.set(t, sub(y, f64(1.5)));
          },
        );
        const slope = otherwise.let("slope", horner(digammaMiddle.map(f64), t));
        const rest = sub(mul(fromZero, slope), mul(f64(ZERO_LOW), add(f64(1), slope)));
        const total = twoSum(otherwise, "result", sum, fromZero);
        otherwise.set(value, add(total.high, add(total.low, add(sumLow, rest))));
      },
    );
    return select(lt(x!, f64(Infinity)), value, x!);
  },
);

/**
 * Digamma function, the derivative of ln Γ; −∞ at 0, ∞ at −0, NaN at −1, −2, … Error (measured): at most 1.9 ulp for x
 * > 0. For x < 0 within 1e−15 · (1 + |result|).
 */
export const digamma64: Procedure = /* @__PURE__ */ procedure("digamma", [["x", "f64"]], (block, [x]) => {
  const size = block.let("size", abs(x!));
  const value = block.let("value", call(digammaOfPositive, size));
  // ψ(−x) = ψ(x) + 1 / x + π cot πx
  block.if(lt(x!, f64(0)), (then) => {
    const distance = then.let("distance", sub(size, nearest(size)));
    const cotangent = div(f64(Math.PI), call(tan64, mul(f64(Math.PI), distance)));
    const reflected = add(add(value, div(f64(1), size)), cotangent);
    then.set(value, select(ne(distance, f64(0)), reflected, f64(NaN)));
  });
  return select(lt(size, f64(2 ** -1000)), div(f64(-1), x!), value);
});
