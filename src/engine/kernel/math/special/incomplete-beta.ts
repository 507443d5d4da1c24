// The regularised incomplete beta function I(a, b, x) and its derivatives of any order in a and b. Left of the mean a /
// (a + b) the lower tail is computed. Right of it the upper tail is computed, which is I(b, a, 1 − x), and subtracted
// from 1:
//   a ≥ 20         as an integral over t with t / (1 − t) = x / (1 − x) · e⁻ᵛ, v ≥ 0
//   a < 20, x ≤ ½  by its power series
//   a < 20, x > ½  by the series up to ½ and an integral from there
// In the logarithm of t / (1 − t) the integrand tᵃ (1 − t)ᵇ is log-concave. A derivative in a multiplies it by (ln t −
// ψ(a) + ψ(a + b)), and so on.
import type { Block } from "../../build.ts";
import {
  add,
  and,
  bool,
  call,
  div,
  eq,
  f64,
  floor,
  le,
  lt,
  max,
  min,
  mul,
  neg,
  not,
  or,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { exp64, expm164 } from "../exp.ts";
import { log1p64, log64 } from "../log.ts";
import { areParameters } from "./beta.ts";
import type { DerivativesByOrder } from "./bell.ts";
import { derivativeOfProduct, derivativesByLogarithm, onExpressions } from "./bell.ts";
import { byOrders } from "./by-order.ts";
import { integral } from "./quadrature.ts";
import { lessLog1p64, logLessDigamma64, stirlingRest64 } from "./stirling.ts";
import { polygammaOfPositive } from "./zeta.ts";

/** Parameter list of procedures that take the shapes a and b, and x. */
const ofThree = [
  ["a", "f64"],
  ["b", "f64"],
  ["x", "f64"],
] as const;

/** Parameter list of procedures that take the shapes a and b, x, and y = 1 − x. */
const params = [...ofThree, ["y", "f64"]] as const;

/**
 * Parameter list of procedures that take the shapes a and b, and x. It is a separate array, because deriving it by
 * `slice` would keep procedures in bundles that do not use them.
 */
const threeParams = [
  ["a", "f64"],
  ["b", "f64"],
  ["x", "f64"],
] as const;

const ofShapeAndRoot = [
  ["b", "f64"],
  ["w", "f64"],
] as const;

/** Smallest shape for which the lower tail is integrated, because its series would have too many terms. */
const LARGE = 20;

/** Exponent below which integrands are negligible: e^−38 = 2^−55. */
const NEGLIGIBLE = 38;

/** Length of an interval that one quadrature rule integrates; the poles of the integrand are at a distance of π. */
const PANEL = 4;

/** Limit on the steps to a point where an integrand is negligible. No parameters need that number of steps. */
const MOST_STEPS = 40;

/** xᵃ yᵇ / B(a, b). */
export const betaPower64: Procedure = /* @__PURE__ */ procedure(
  "betaPower",
  params,
  (block, [a, b, x, y]) => {
    // distance of x from the mean: x (a + b) / a = 1 + μ / a, y (a + b) / b = 1 − μ / b
    const sum = block.let("sum", add(a!, b!));
    const offset = block.let("offset", sub(mul(x!, b!), mul(y!, a!)));
    const part = (shape: Expr, place: Expr, mu: Expr): Expr =>
      mul(shape, call(lessLog1p64, div(mu, shape), mul(place, div(sum, shape))));
    const deviance = add(part(a!, x!, offset), part(b!, y!, neg(offset)));
    const rest = sub(add(call(stirlingRest64, a!), call(stirlingRest64, b!)), call(stirlingRest64, sum));
    const size = mul(sqrt(mul(a!, div(b!, sum))), f64(0.3989422804014327));
    return mul(size, call(exp64, neg(add(deviance, rest))));
  },
);

/** Density xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b) of the beta distribution: the derivative of I in x. */
export const betaDensity64: Procedure = /* @__PURE__ */ procedure(
  "betaDensity",
  threeParams,
  (block, [a, b, x]) => {
    const isInside = block.let("isInside", and(areParameters(a!, b!), and(lt(f64(0), x!), lt(x!, f64(1)))));
    const instead = (name: string, value: Expr): Expr => block.let(name, select(isInside, value, f64(0.5)));
    const place = instead("place", x!);
    const y = block.let("y", sub(f64(1), place));
    const value = div(
      div(call(betaPower64, instead("first", a!), instead("second", b!), place, y), place),
      y,
    );
    const end = block.let("end", select(eq(x!, f64(0)), a!, b!));
    const other = select(eq(x!, f64(0)), b!, a!);
    const atEnd = select(eq(end, f64(1)), other, select(lt(end, f64(1)), f64(Infinity), f64(0)));
    const isEnd = and(areParameters(a!, b!), or(eq(x!, f64(0)), eq(x!, f64(1))));
    return select(isInside, value, select(isEnd, atEnd, f64(NaN)));
  },
);

/** Derivatives of the logarithm of xᵃ yᵇ Γ(a + b) / Γ(a) Γ(b) by orders up to (p, q), given the first derivatives. */
function slopes(
  block: Block,
  [first, second]: readonly [Expr, Expr],
  { a, b, sum }: Record<"a" | "b" | "sum", Expr>,
  [p, q]: readonly [number, number],
): DerivativesByOrder<Expr> {
  const known = new Map<string, Expr>();
  for (let i = 0; i <= p; i++) {
    for (let j = 0; j <= q; j++) {
      if (i + j < 2) continue;
      const whole = call(polygammaOfPositive(i + j - 1), sum);
      const own = i === 0 ? b : j === 0 ? a : undefined;
      const value = own === undefined ? whole : sub(whole, call(polygammaOfPositive(i + j - 1), own));
      known.set(`${i},${j}`, block.let(`slope${i}By${j}`, value));
    }
  }
  return (i, j) => (i + j === 1 ? (i === 1 ? first : second) : known.get(`${i},${j}`)!);
}

/** ln x − ψ(a) + ψ(sum). */
function firstSlope(x: Expr, a: Expr, sum: Expr): Expr {
  return sub(call(logLessDigamma64, mul(x, sum), a), call(logLessDigamma64, sum, sum));
}

/**
 * Derivative by orders (p, q) in a and b of the integral of tᵃ (1 − t)ᵇ / B(a, b) over ln(t / (1 − t)), downwards from
 * x over a length of at most `limit`.
 */
const tail = /* @__PURE__ */ byOrders((p, q) =>
  procedure(`betaTail${p}By${q}`, [...params, ["limit", "f64"]], (block, [a, b, x, y, limit]) => {
    const sum = block.let("sum", add(a!, b!));
    // (1 − t) falls to y e^−fallOfRest; computed from the smaller of x and y, so that less cancels
    const isLower = block.let("isLower", le(x!, f64(0.5)));
    const sign = block.let("sign", select(isLower, f64(-1), f64(1)));
    const smaller = block.let("smaller", select(isLower, x!, y!));
    const along = block.let("along", select(isLower, a!, neg(b!)));
    const curve = (v: Expr): Expr => call(log1p64, mul(smaller, call(expm164, mul(sign, v))));
    const fallOf = (v: Expr, bend: Expr): Expr => add(mul(along, v), mul(sum, bend));
    // up to where a parabola or a straight line with the same start would be negligible, or further
    const distance = block.let("distance", sub(mul(a!, y!), mul(b!, x!)));
    const width = mul(mul(sum, f64(2 * NEGLIGIBLE)), mul(x!, y!));
    const steep = sqrt(min(f64(1e300), add(mul(distance, distance), width)));
    const parabola = div(f64(2 * NEGLIGIBLE), max(f64(1e-300), add(distance, steep)));
    const line = div(sub(f64(NEGLIGIBLE), mul(sum, call(log64, y!))), a!);
    const length = block.let("length", min(limit!, min(parabola, line)));
    const steps = block.let("steps", f64(0));
    const isShort = and(lt(length, limit!), lt(fallOf(length, curve(length)), f64(NEGLIGIBLE)));
    block.while(and(lt(steps, f64(MOST_STEPS)), isShort), (loop) => {
      loop.set(steps, add(steps, f64(1)));
      loop.set(length, min(limit!, mul(length, f64(1.125))));
    });
    const isPlain = p + q === 0;
    const first = isPlain ? f64(0) : block.let("firstSlope", firstSlope(x!, a!, sum));
    const second = isPlain ? f64(0) : block.let("secondSlope", firstSlope(y!, b!, sum));
    const fixed = slopes(block, [first, second], { a: a!, b: b!, sum }, [p, q]);
    const panels = block.let("panels", floor(add(f64(1), mul(length, f64(1 / PANEL)))));
    const panel = block.let("panel", div(length, panels));
    const begin = block.let("begin", f64(0));
    const total = block.let("total", f64(0));
    block.while(lt(begin, mul(length, f64(1 - 1e-9))), (loop) => {
      const part = integral(loop, "panelOf", begin, panel, (inner, v) => {
        const bend = inner.let("bend", curve(v));
        const weight = inner.let("weight", call(exp64, neg(fallOf(v, bend))));
        if (isPlain) return weight;
        // ln(1 − t) and ln t relative to their values at x
        const rest = inner.let("restSlope", select(isLower, neg(bend), sub(v, bend)));
        const own = inner.let("ownSlope", sub(rest, v));
        const slope: DerivativesByOrder<Expr> = (i, j) => {
          if (i + j > 1) return fixed(i, j);
          return i === 1 ? add(first, own) : add(second, rest);
        };
        return derivativesByLogarithm(weight, [p, q], slope, onExpressions(inner, "part"))(p, q);
      });
      loop.set(total, add(total, part));
      loop.set(begin, add(begin, panel));
    });
    return mul(call(betaPower64, a!, b!, x!, y!), total);
  }),
);

/** Derivative by orders (p, q) of xᵃ yᵇ / a B(a, b) · Σ (a + b) … (a + b + i − 1) / (a + 1) … (a + i) · xⁱ, x ≤ ½. */
const series = /* @__PURE__ */ byOrders((p, q) =>
  procedure(`betaSeries${p}By${q}`, params, (block, [a, b, x, y]) => {
    const sum = block.let("sum", add(a!, b!));
    const name = (i: number, j: number): string => `${i}By${j}`;
    const jets = (title: string): ReadonlyMap<string, Expr> =>
      new Map(
        Array.from(
          { length: (p + 1) * (q + 1) },
          (_, k) => [Math.floor(k / (q + 1)), k % (q + 1)] as const,
        ).map(([i, j]) => [name(i, j), block.let(`${title}${name(i, j)}`, f64(i + j === 0 ? 1 : 0))]),
      );
    const [terms, totals] = [jets("term"), jets("total")];
    const term: DerivativesByOrder<Expr> = (i, j) => terms.get(name(i, j))!;
    const total: DerivativesByOrder<Expr> = (i, j) => totals.get(name(i, j))!;
    const count = block.let("count", f64(0));
    block.while(lt(mul(f64(2 ** -60), total(0, 0)), term(0, 0)), (loop) => {
      const factor = loop.let("factor", add(sum, count));
      loop.set(count, add(count, f64(1)));
      const divisor = loop.let("divisor", add(a!, count));
      // Taylor coefficients: new · (a + i + α) = old · (a + b + i − 1 + α + β) · x
      const next = new Map<string, Expr>();
      for (let i = 0; i <= p; i++) {
        for (let j = 0; j <= q; j++) {
          let grown = mul(term(i, j), factor);
          if (i > 0) grown = add(grown, term(i - 1, j));
          if (j > 0) grown = add(grown, term(i, j - 1));
          const above = mul(x!, grown);
          const less = i === 0 ? above : sub(above, next.get(name(i - 1, j))!);
          next.set(name(i, j), loop.let(`next${name(i, j)}`, div(less, divisor)));
        }
      }
      for (const [key, value] of next) {
        loop.set(terms.get(key)!, value);
        loop.set(totals.get(key)!, add(totals.get(key)!, value));
      }
    });
    const scale = block.let("scale", div(call(betaPower64, a!, b!, x!, y!), a!));
    if (p + q === 0) return mul(scale, total(0, 0));
    const next = block.let("shape", add(a!, f64(1)));
    const first = sub(call(logLessDigamma64, x!, next), call(logLessDigamma64, f64(1), sum));
    const second = firstSlope(y!, b!, sum);
    const known = slopes(
      block,
      [block.let("firstSlope", first), block.let("secondSlope", second)],
      { a: next, b: b!, sum },
      [p, q],
    );
    const arithmetic = onExpressions(block, "part");
    const growth = derivativesByLogarithm(scale, [p, q], known, arithmetic);
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
    const derivatives: DerivativesByOrder<Expr> = (i, j) =>
      mul(f64(factorial(i) * factorial(j)), total(i, j));
    return derivativeOfProduct(p, q, growth, derivatives, arithmetic);
  }),
);

/** Derivative by orders (p, q) of I(a, b, x), by the lower tail; y = 1 − x. */
export const betaLowerTail: (p: number, q?: number) => Procedure = /* @__PURE__ */ byOrders((p, q) =>
  procedure(`betaLower${p}By${q}`, params, (block, [a, b, x, y]) => {
    const value = block.let("value", f64(0));
    block.if(
      lt(a!, f64(LARGE)),
      (then) => {
        const isLeft = then.let("isLeft", le(x!, f64(0.5)));
        const [left, right] = [select(isLeft, x!, f64(0.5)), select(isLeft, y!, f64(0.5))];
        then.set(value, call(series(p, q), a!, b!, left, right));
        then.if(not(isLeft), (rest) =>
          rest.set(value, add(value, call(tail(p, q), a!, b!, x!, y!, call(log64, div(x!, y!))))),
        );
      },
      (otherwise) => otherwise.set(value, call(tail(p, q), a!, b!, x!, y!, f64(Infinity))),
    );
    return value;
  }),
);

/**
 * Computes the smaller tail of I(a, b, x). Returns whether the operands are inside the domain (otherwise replacement
 * operands are used), which tail is smaller, and the value of this tail.
 */
function byTail(block: Block, [a, b, x]: readonly [Expr, Expr, Expr], [p, q]: readonly [number, number]) {
  const isInside = block.let("isInside", and(areParameters(a, b), and(lt(f64(0), x), lt(x, f64(1)))));
  const instead = (name: string, value: Expr): Expr => block.let(name, select(isInside, value, f64(0.5)));
  const [first, second, place] = [instead("first", a), instead("second", b), instead("place", x)];
  const rest = block.let("rest", sub(f64(1), place));
  const isRight = lt(mul(first, rest), mul(second, place));
  // a value with little weight right of the mean: the lower tail causes no cancellation
  const isHeavy = p + q === 0 ? le(f64(0.1), second) : bool(true);
  const isUpper = block.let("isUpper", and(isRight, isHeavy));
  const value = block.let("value", f64(0));
  block.if(
    isUpper,
    (then) => then.set(value, call(betaLowerTail(q, p), second, first, rest, place)),
    (otherwise) => otherwise.set(value, call(betaLowerTail(p, q), first, second, place, rest)),
  );
  return { isInside, isUpper, value };
}

/**
 * Derivative of order n in b of sign(w) I(½, b, w²), which is smooth at w = 0, for b > 0 and −1 ≤ w ≤ 1; NaN outside.
 * For Student's distribution with 2b degrees of freedom it is twice the probability between 0 and w √(2b / (1 − w²)).
 * The error is that of `betainc`.
 */
export const betaincOfSquare64: (order: number) => Procedure = /* @__PURE__ */ byOrders((n) =>
  procedure(`betaincOfSquare${n}`, ofShapeAndRoot, (_, [b, w]) => {
    const value = call(n === 0 ? betainc64 : betaincByShapes64(0, n), f64(0.5), b!, mul(w!, w!));
    return select(lt(w!, f64(0)), neg(value), value);
  }),
);

/** True if a, b and x are in the closed domain and the limit exists. */
function isDefined(a: Expr, b: Expr, x: Expr): Expr {
  const isSame = and(eq(a, b), or(eq(a, f64(0)), eq(a, f64(Infinity))));
  return and(and(le(f64(0), min(a, b)), not(isSame)), and(le(f64(0), x), le(x, f64(1))));
}

/**
 * I(a, b, x), the distribution function of the beta distribution of shapes a, b ≥ 0, for 0 ≤ x ≤ 1; NaN outside, and if
 * both shapes are 0 or both infinite. Relative error (measured): below 1e−13 for a and b in [1e−2, 1e4]; in general at
 * most 4 · 2^−52 times the sum of |a ∂I/∂a|, |b ∂I/∂b| and |x ∂I/∂x|.
 */
export const betainc64: Procedure = /* @__PURE__ */ procedure("betainc", threeParams, (block, [a, b, x]) => {
  const { isInside, isUpper, value } = byTail(block, [a!, b!, x!], [0, 0]);
  const inner = select(isUpper, sub(f64(1), value), value);
  // all weight is at 1 if b = 0 or a is infinite, otherwise at 0
  const isAtOne = or(eq(b!, f64(0)), eq(a!, f64(Infinity)));
  const step = select(isAtOne, select(eq(x!, f64(1)), f64(1), f64(0)), f64(1));
  const atEnd = select(areParameters(a!, b!), x!, step);
  return select(isInside, inner, select(isDefined(a!, b!, x!), atEnd, f64(NaN)));
});

/**
 * Derivative of I by orders (p, q) in a and b, not both 0; NaN unless a, b > 0. Relative error: below 1e−11 (measured).
 */
export const betaincByShapes64: (p: number, q: number) => Procedure = /* @__PURE__ */ byOrders((p, q) =>
  procedure(`betaincByShapes${p}And${q}`, threeParams, (block, [a, b, x]) => {
    const { isInside, isUpper, value } = byTail(block, [a!, b!, x!], [p, q]);
    const isFlat = and(lt(f64(0), min(a!, b!)), isDefined(a!, b!, x!));
    return select(isInside, select(isUpper, neg(value), value), select(isFlat, f64(0), f64(NaN)));
  }),
);
