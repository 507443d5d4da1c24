import type { Block } from "../../build.ts";
import {
  abs,
  add,
  call,
  convert,
  div,
  f64,
  floor,
  i32,
  le,
  lt,
  min,
  mul,
  neg,
  procedure,
  select,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import type { DoubleDouble } from "../double-double.ts";
import { fastTwoSum, horner, productOfPairs, quotientOfPairs, twoSum } from "../double-double.ts";
import { exp64 } from "../exp.ts";
import { logOfPair } from "../log.ts";

/** Euler's constant γ as a pair. */
const EULER = { high: 0.5772156649015329, low: -4.942915152430645e-18 };

/** x above which the asymptotic series is used, and −x above which the continued fraction. */
const [FAR, NEGATIVE] = [40, 0.7];

/**
 * Ei(x) = γ + ln |x| + Σ xᵏ / (k k!), given `log` = ln |x|. The sum is computed in double-double arithmetic, because
 * 120 terms in float64 would lose three bits, and because γ + ln |x| cancels the sum near x = 0.37.
 */
function series(block: Block, x: Expr, log: DoubleDouble): Expr {
  const power: DoubleDouble = { high: block.let("power", x), low: block.let("powerLow", f64(0)) };
  const sum: DoubleDouble = { high: block.let("sum", x), low: block.let("sumLow", f64(0)) };
  const k = block.let("k", f64(1));
  block.while(lt(mul(f64(2 ** -66), abs(sum.high)), abs(power.high)), (loop) => {
    loop.set(k, add(k, f64(1)));
    const count = { high: k, low: f64(0) };
    const factor = quotientOfPairs(loop, "factor", { high: x, low: f64(0) }, count);
    const next = productOfPairs(loop, "next", power, factor);
    loop.set(power.high, next.high);
    loop.set(power.low, next.low);
    const term = quotientOfPairs(loop, "term", next, count);
    const grown = twoSum(loop, "grown", sum.high, term.high);
    const settled = fastTwoSum(loop, "settled", grown.high, add(grown.low, add(sum.low, term.low)));
    loop.set(sum.high, settled.high);
    loop.set(sum.low, settled.low);
  });
  const start = twoSum(block, "start", f64(EULER.high), block.let("log", log.high));
  const all = twoSum(block, "all", start.high, sum.high);
  return add(all.high, add(all.low, add(start.low, add(sum.low, add(log.low, f64(EULER.low))))));
}

/** E₁(t) for t > 0.7 by e^−t / (t + 1/(1 + 1/(t + 2/(1 + 2/(t + …))))), whose terms are all positive. */
function continuedFraction(block: Block, t: Expr): Expr {
  const count = block.let("count", convert("i32", floor(add(f64(8), div(f64(100), t)))));
  const value = block.let("fraction", t);
  block.for(
    "i",
    i32(1),
    count,
    (loop, i) => {
      const n = loop.let("n", convert("f64", i));
      loop.set(value, add(t, div(n, add(f64(1), div(n, value)))));
    },
    true,
  );
  return div(call(exp64, neg(t)), value);
}

const factorials: readonly number[] = /* @__PURE__ */ Array.from({ length: 41 }, (_, k) => {
  let value = 1;
  for (let j = 2; j <= k; j++) value *= j;
  return value;
});

/**
 * Exponential integral Ei(x), the principal value of ∫ eᵗ / t dt from −∞ to x; −∞ at 0. Error: at most 3 ulp
 * (measured).
 */
export const expi64: Procedure = /* @__PURE__ */ procedure("expi", [["x", "f64"]], (block, [x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(x!, f64(-NEGATIVE)),
    (then) => then.set(value, neg(continuedFraction(then, then.let("t", min(abs(x!), f64(1e4)))))),
    (otherwise) => {
      otherwise.if(
        le(x!, f64(FAR)),
        (near) => {
          // of tiny numbers only the logarithm counts
          const inner = near.let("inner", select(lt(abs(x!), f64(2 ** -900)), f64(2 ** -900), x!));
          near.set(value, series(near, inner, logOfPair(near, { high: abs(x!) })));
        },
        (far) => {
          const inverse = far.let("inverse", div(f64(1), x!));
          const sum = far.let("far", mul(inverse, horner(factorials.map(f64), inverse)));
          // eˣ overflows a little before the result does
          const half = far.let("half", call(exp64, mul(f64(0.5), x!)));
          const isHuge = lt(f64(700), x!);
          far.set(value, select(isHuge, mul(mul(sum, half), half), mul(sum, call(exp64, x!))));
        },
      );
    },
  );
  const end = select(lt(x!, f64(0)), f64(-0), x!);
  const isInside = lt(abs(x!), f64(Infinity));
  return select(isInside, select(lt(f64(0), abs(x!)), value, f64(-Infinity)), end);
});
