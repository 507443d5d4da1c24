// The complete elliptic integrals of the first and second kind, by the arithmetic-geometric mean in pairs of numbers.
import type { Block } from "../../build.ts";
import { abs, add, call, div, eq, f64, lt, mul, neg, procedure, select, sub } from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import type { DoubleDouble } from "../double-double.ts";
import { fastTwoSum, productOfPairs, quotientOfPairs, sqrtOfPair, twoSum } from "../double-double.ts";
import { byOrder } from "./by-order.ts";

/** π/2 as a pair. */
const HALF_PI: DoubleDouble = { high: f64(1.5707963267948966), low: f64(6.123233995736766e-17) };

/** x + y of pairs. */
function sumOfPairs(block: Block, name: string, x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const sum = twoSum(block, `${name}Raw`, x.high, y.high);
  return fastTwoSum(block, name, sum.high, add(sum.low, add(x.low, y.low)));
}

const scaled = ({ high, low }: DoubleDouble, factor: number): DoubleDouble => ({
  high: mul(f64(factor), high),
  low: mul(f64(factor), low),
});

const negated = ({ high, low }: DoubleDouble): DoubleDouble => ({ high: neg(high), low: neg(low) });

/** Declares two locals that start with the parts of a pair, and returns them. `assign` changes their values. */
function pairOfLocals(block: Block, name: string, { high, low }: DoubleDouble): DoubleDouble {
  return { high: block.let(name, high), low: block.let(`${name}Low`, low) };
}

function assign(block: Block, target: DoubleDouble, value: DoubleDouble): void {
  block.set(target.high, value.high);
  block.set(target.low, value.low);
}

/**
 * Computes the complete elliptic integral K(m) for −∞ < m < 1 by the arithmetic-geometric mean M:
 * `K(m) = π / 2 / M(1, √(1 − m))`. If `isSecond`, computes E(m) = K(m) (1 − Σ 2ⁿ⁻¹ cₙ²). Here c₀² is m, and cₙ is half
 * the difference of the two means before step n.
 */
function completeIntegral(block: Block, m: Expr, isSecond: boolean): Expr {
  const rest = twoSum(block, "rest", f64(1), neg(m));
  const a = pairOfLocals(block, "a", { high: f64(1), low: f64(0) });
  const b = pairOfLocals(block, "b", sqrtOfPair(block, "root", rest));
  const sum = pairOfLocals(block, "sum", { high: mul(f64(0.5), m), low: f64(0) });
  const weight = block.let("weight", f64(1));
  const isOpen = lt(mul(f64(2 ** -48), a.high), abs(sub(a.high, b.high)));
  block.while(isOpen, (loop) => {
    const half = scaled(sumOfPairs(loop, "difference", a, negated(b)), 0.5);
    const mean = scaled(sumOfPairs(loop, "total", a, b), 0.5);
    const root = sqrtOfPair(loop, "next", productOfPairs(loop, "product", a, b));
    if (isSecond) {
      const square = productOfPairs(loop, "square", pairOfLocals(loop, "half", half), half);
      const term = { high: mul(weight, square.high), low: mul(weight, square.low) };
      assign(loop, sum, sumOfPairs(loop, "grown", sum, term));
      loop.set(weight, mul(f64(2), weight));
    }
    const middle = pairOfLocals(loop, "middle", mean);
    assign(loop, b, root);
    assign(loop, a, middle);
  });
  const mean = scaled(sumOfPairs(block, "last", a, b), 0.5);
  const first = quotientOfPairs(block, "first", HALF_PI, pairOfLocals(block, "mean", mean));
  if (!isSecond) return add(first.high, first.low);
  const factor = sumOfPairs(block, "factor", { high: f64(1), low: f64(0) }, negated(sum));
  const second = productOfPairs(block, "second", first, factor);
  return add(second.high, second.low);
}

/** `value` for −∞ < m < 1 and the limits; NaN beyond 1. */
function ofParameter(m: Expr, value: Expr, atOne: number, atEnd: number): Expr {
  const outside = select(eq(m, f64(1)), f64(atOne), select(eq(m, f64(-Infinity)), f64(atEnd), f64(NaN)));
  return select(lt(m, f64(1)), select(lt(f64(-Infinity), m), value, outside), outside);
}

/** `m` where the integrals are finite, or another number. */
const inside = (m: Expr): Expr => select(lt(m, f64(1)), select(lt(f64(-1e300), m), m, f64(-1e300)), f64(0));

/**
 * Complete elliptic integral of the first kind, K(m) = ∫ (1 − m sin² θ)^−½ dθ over [0, π/2], of the parameter m = k²: ∞
 * at 1, NaN above. Error: at most 1 ulp (measured).
 */
export const ellipk64: Procedure = /* @__PURE__ */ procedure("ellipk", [["m", "f64"]], (block, [m]) => {
  const value = block.let("value", completeIntegral(block, block.let("inside", inside(m!)), false));
  return ofParameter(m!, value, Infinity, 0);
});

/**
 * Complete elliptic integral of the second kind, E(m) = ∫ (1 − m sin² θ)^½ dθ over [0, π/2]: 1 at 1, NaN above. Error:
 * at most 1 ulp (measured).
 */
export const ellipe64: Procedure = /* @__PURE__ */ procedure("ellipe", [["m", "f64"]], (block, [m]) => {
  const value = block.let("value", completeIntegral(block, block.let("inside", inside(m!)), true));
  return ofParameter(m!, value, 1, Infinity);
});

/** |m| below which derivatives are computed by the power series. */
const NEAR = 0.35;

/**
 * n-th derivative, n ≥ 1, of π/2 ₂F₁(a, ½; 1; m), which is K for a = ½ and E for a = −½. Beyond the series, the
 * hypergeometric differential equation yields each derivative from the two before it.
 */
function derivativeOfIntegral(block: Block, m: Expr, n: number, a: 0.5 | -0.5): Expr {
  const b = 0.5;
  const value = block.let("value", f64(0));
  block.if(
    lt(abs(m), f64(NEAR)),
    (then) => {
      let start = Math.PI / 2;
      for (let k = 0; k < n; k++) start *= ((a + k) * (b + k)) / (1 + k);
      const term = then.let("term", f64(start));
      const k = then.let("k", f64(n));
      then.set(value, f64(start));
      then.while(lt(mul(f64(2 ** -60), abs(value)), abs(term)), (loop) => {
        const factor = div(mul(add(k, f64(a)), add(k, f64(b))), mul(add(k, f64(1)), add(k, f64(1 - n))));
        loop.set(term, mul(mul(term, m), factor));
        loop.set(k, add(k, f64(1)));
        loop.set(value, add(value, term));
      });
    },
    (otherwise) => {
      const rest = otherwise.let("rest", sub(f64(1), m));
      const k = otherwise.let("first", call(ellipk64, m));
      const e = otherwise.let("second", call(ellipe64, m));
      let before = a > 0 ? k : e;
      const slope = a > 0 ? div(sub(div(e, rest), k), mul(f64(2), m)) : div(sub(e, k), mul(f64(2), m));
      let last = otherwise.let("order1", slope);
      for (let i = 0; i < n - 1; i++) {
        const known = mul(f64((i + a) * (i + b)), before);
        const slopeFactor = sub(f64(i + 1), mul(f64(2 * i + 1 + a + b), m));
        const next = div(div(sub(known, mul(slopeFactor, last)), m), rest);
        [before, last] = [last, otherwise.let(`order${i + 2}`, next)];
      }
      otherwise.set(value, last);
    },
  );
  return value;
}

/** n-th derivative of K, n ≥ 1: ∞ at 1. Relative error: below 1e−13 for n ≤ 3 (measured). */
export const ellipkByOrder64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`ellipkByOrder${n}`, [["m", "f64"]], (block, [m]) => {
    const value = derivativeOfIntegral(block, block.let("inside", inside(m!)), n, 0.5);
    return ofParameter(m!, value, Infinity, 0);
  }),
);

/** n-th derivative of E, n ≥ 1: −∞ at 1. Relative error: below 1e−13 for n ≤ 3 (measured). */
export const ellipeByOrder64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`ellipeByOrder${n}`, [["m", "f64"]], (block, [m]) => {
    const value = derivativeOfIntegral(block, block.let("inside", inside(m!)), n, -0.5);
    return ofParameter(m!, value, -Infinity, 0);
  }),
);
