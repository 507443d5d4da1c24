// The incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x), and their derivatives of any order in a. The
// smaller of the two is computed, and the other one is 1 minus it:
//   x ≥ a, x ≥ 1    Q as an integral over t = x eᵛ, v ≥ 0
//   x < a, a ≥ 20   P as an integral over t = x e⁻ᵛ
//   x < a < 20      P by its power series
//   a ≤ x < 1       Q as the difference of 1 and the series of xᵃ / Γ(a + 1)
// In the logarithm of t the integrand tᵃ e⁻ᵗ is log-concave, so that one quadrature rule suffices for all cases. A
// derivative in a multiplies it by (ln t − ψ(a)), and so on: the integrand changes its sign only where the derivative
// does.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
  bool,
  call,
  convert,
  div,
  eq,
  f64,
  i32,
  le,
  lt,
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
import { digammaOfPositive } from "../gamma.ts";
import { log1p64, log64 } from "../log.ts";
import type { DerivativesByOrder } from "./bell.ts";
import { derivativeOfProduct, derivativesByLogarithm, onExpressions } from "./bell.ts";
import { byOrder } from "./by-order.ts";
import { integral } from "./quadrature.ts";
import { expTail64, FAR, lessLog1p64, logGamma1p64, logLessDigamma64, stirlingRest64 } from "./stirling.ts";
import { polygammaOfPositive } from "./zeta.ts";

type ParamList = readonly (readonly [string, "f64"])[];
const ofShapeAndPlace: ParamList = [
  ["a", "f64"],
  ["x", "f64"],
];

/** Smallest shape for which the lower tail is integrated, because its series would have too many terms. */
const LARGE = 20;

/** Exponent below which integrands are negligible: e^−38 = 2^−55. */
const NEGLIGIBLE = 38;

/**
 * Limit on the steps to a point where an integrand is negligible. No parameters reach it; determined with a from 20 to
 * 1e300.
 */
const MOST_STEPS = 40;

/** xᵃ⁺ᵖ e⁻ˣ / Γ(a), for p = 0 and −1, without its special values. */
function power(block: Block, a: Expr, x: Expr, p: 0 | -1): Expr {
  const value = block.let("power", f64(0));
  block.if(
    le(f64(FAR), a),
    (then) => {
      // √(a / 2π) exp(a (1 − x/a + ln(x/a)) − …)
      const excess = then.let("excess", div(sub(x, a), a));
      const deviance = mul(a, call(lessLog1p64, excess, div(x, a)));
      const size = mul(sqrt(a), f64(0.3989422804014327));
      const weight = call(exp64, neg(add(deviance, call(stirlingRest64, a))));
      const density = mul(size, weight);
      then.set(value, p === 0 ? density : div(density, x));
    },
    (otherwise) => {
      const exponent = p === 0 ? a : sub(a, f64(1));
      const grown = select(eq(exponent, f64(0)), f64(0), mul(exponent, call(log64, x)));
      otherwise.set(value, mul(a, call(exp64, sub(sub(grown, x), call(logGamma1p64, a)))));
    },
  );
  return value;
}

/** xᵃ e⁻ˣ / Γ(a) for 0 < a, x < ∞: the density of the gamma distribution over ln x. */
export const gammaPower64: Procedure = /* @__PURE__ */ procedure(
  "gammaPower",
  ofShapeAndPlace,
  (block, [a, x]) => power(block, a!, x!, 0),
);

/** Density xᵃ⁻¹ e⁻ˣ / Γ(a) of the gamma distribution: the derivative of P(a, x) in x. */
export const gammaDensity64: Procedure = /* @__PURE__ */ procedure(
  "gammaDensity",
  ofShapeAndPlace,
  (block, [a, x]) => {
    const value = power(block, a!, x!, -1);
    const atZero = select(eq(a!, f64(1)), f64(1), select(lt(a!, f64(1)), f64(Infinity), f64(0)));
    const atEnd = select(eq(x!, f64(0)), atZero, f64(0));
    return select(isInside(a!, x!), value, select(isDefined(a!, x!), atEnd, f64(NaN)));
  },
);

/** Derivatives of ln(xᵃ / Γ(a)) in a up to order n, given the first one. */
function slopes(block: Block, first: Expr, a: Expr, n: number): DerivativesByOrder<Expr> {
  const others = Array.from({ length: n }, (_, i) =>
    i === 0 ? first : block.let(`slope${i + 1}`, neg(call(polygammaOfPositive(i), a))),
  );
  return (order) => others[order - 1]!;
}

/** n-th derivative in a of Q(a, x) for x ≥ a, x ≥ 1, and of P(a, x) for x < a. */
const tail = /* @__PURE__ */ byOrder((n) =>
  procedure(`gammaTail${n}`, ofShapeAndPlace, (block, [a, x]) => {
    const sign = block.let("sign", select(lt(x!, a!), f64(-1), f64(1)));
    const distance = block.let("distance", abs(sub(x!, a!)));
    const density = power(block, a!, x!, 0);
    // t = x e^(sign · v), tᵃ e⁻ᵗ falls by e^−fall from v = 0 on
    const fall = (inner: Block, name: string, v: Expr): Expr => {
      const w = inner.let(`${name}W`, mul(sign, v));
      return add(mul(distance, v), mul(x!, call(expTail64, w)));
    };
    // up to where a parabola with the same start would be negligible, or further; upwards an exponential is negligible
    // sooner
    const steep = add(mul(distance, distance), mul(x!, f64(2 * NEGLIGIBLE)));
    const flat = div(f64(2 * NEGLIGIBLE), add(distance, sqrt(min(steep, f64(1e300)))));
    const soon = call(log1p64, add(div(f64(NEGLIGIBLE), x!), sqrt(div(f64(2 * NEGLIGIBLE), x!))));
    const length = block.let("length", flat);
    block.if(lt(f64(0), sign), (then) => then.set(length, min(flat, soon)));
    const reached = block.let("reached", fall(block, "first", length));
    const steps = block.let("steps", f64(0));
    block.while(and(lt(reached, f64(NEGLIGIBLE)), lt(steps, f64(MOST_STEPS))), (loop) => {
      loop.set(steps, add(steps, f64(1)));
      loop.set(length, mul(length, f64(1.125)));
      loop.set(reached, fall(loop, "next", length));
    });
    const first = n === 0 ? f64(0) : block.let("first", call(logLessDigamma64, x!, a!));
    const fixed = slopes(block, first, a!, n);
    const whole = integral(block, "tail", f64(0), length, (loop, v) => {
      const weight = loop.let("weight", call(exp64, neg(fall(loop, "at", v))));
      if (n === 0) return weight;
      const moved = loop.let("moved", add(first, mul(sign, v)));
      const slope: DerivativesByOrder<Expr> = (order, _) => (order === 1 ? moved : fixed(order, 0));
      return derivativesByLogarithm(weight, [n, 0], slope, onExpressions(loop, "part"))(n, 0);
    });
    return mul(density, whole);
  }),
);

/**
 * Declares locals for the Taylor coefficients in a, up to order n, of a term or a sum of a series. The initial values
 * are `first` and zeros.
 */
const jet = (block: Block, name: string, n: number, first: Expr): readonly Expr[] =>
  Array.from({ length: n + 1 }, (_, j) => block.let(`${name}${j}`, j === 0 ? first : f64(0)));

const factorial = (n: number): number => (n === 0 ? 1 : n * factorial(n - 1));
/** Derivatives in a by order, from Taylor coefficients in a. */
const derivatives =
  (coefficients: readonly Expr[]): DerivativesByOrder<Expr> =>
  (j) =>
    j < 2 ? coefficients[j]! : mul(f64(factorial(j)), coefficients[j]!);

/** n-th derivative in a of P(a, x) = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁱ / ((a + 1) … (a + i)) for a < 20, x < a or x < 1. */
const series = /* @__PURE__ */ byOrder((n) =>
  procedure(`gammaSeries${n}`, ofShapeAndPlace, (block, [a, x]) => {
    const term = jet(block, "term", n, f64(1));
    const sum = jet(block, "sum", n, f64(1));
    const divisor = block.let("divisor", a!);
    const isOpen = lt(mul(f64(2 ** -60), sum[0]!), term[0]!);
    block.while(isOpen, (loop) => {
      loop.set(divisor, add(divisor, f64(1)));
      term.forEach((t, j) => {
        // quotient of Taylor series: (a + i + ε) · new = x · old
        const rest = j === 0 ? mul(x!, t) : sub(mul(x!, t), term[j - 1]!);
        loop.set(t, div(rest, divisor));
        loop.set(sum[j]!, add(sum[j]!, t));
      });
    });
    const log = block.let("log", call(log64, x!));
    const scale = block.let("scale", call(exp64, sub(sub(mul(a!, log), x!), call(logGamma1p64, a!))));
    if (n === 0) return mul(scale, sum[0]!);
    const next = block.let("next", add(a!, f64(1)));
    const first = block.let("first", sub(log, call(digammaOfPositive, next)));
    const arithmetic = onExpressions(block, "part");
    const growth = derivativesByLogarithm(scale, [n, 0], slopes(block, first, next, n), arithmetic);
    return derivativeOfProduct(n, 0, growth, derivatives(sum), arithmetic);
  }),
);

/**
 * n-th derivative in a of Q(a, x) = 1 − xᵃ / Γ(a + 1) · (1 − a S) for x < 1 and a < 1, with S = x / (a + 1) − x² / 2!
 * (a + 2) + …
 */
const nearZero = /* @__PURE__ */ byOrder((n) =>
  procedure(`gammaNearZero${n}`, ofShapeAndPlace, (block, [a, x]) => {
    const sum = jet(block, "sum", n, f64(0));
    const term = block.let("term", f64(-1));
    block.for("i", i32(1), i32(20), (loop, i) => {
      const count = loop.let("iAsFloat", convert("f64", i));
      loop.set(term, div(neg(mul(term, x!)), count));
      const inverse = loop.let("inverse", div(f64(1), add(a!, count)));
      let quotient = term;
      sum.forEach((s, j) => {
        quotient = loop.let(`quotient${j}`, mul(j === 0 ? quotient : neg(quotient), inverse));
        loop.set(s, add(s, quotient));
      });
    });
    const log = block.let("log", call(log64, x!));
    const exponent = block.let("exponent", sub(mul(a!, log), call(logGamma1p64, a!)));
    const scale = block.let("scale", call(exp64, exponent));
    // a S and its derivatives
    const product = derivatives(sum.map((s, j) => (j === 0 ? mul(a!, s) : add(mul(a!, s), sum[j - 1]!))));
    if (n === 0) return sub(mul(scale, product(0, 0)), call(expm164, exponent));
    const next = block.let("next", add(a!, f64(1)));
    const first = block.let("first", sub(log, call(digammaOfPositive, next)));
    const arithmetic = onExpressions(block, "part");
    const growth = derivativesByLogarithm(scale, [n, 0], slopes(block, first, next, n), arithmetic);
    return sub(derivativeOfProduct(n, 0, growth, product, arithmetic), growth(n, 0));
  }),
);

/** True if a and x are in the domain: a ≥ 0 and x ≥ 0, not both 0 and not both infinite. */
function isDefined(a: Expr, x: Expr): Expr {
  const isSame = and(eq(a, x), or(eq(a, f64(0)), eq(a, f64(Infinity))));
  return and(and(le(f64(0), a), le(f64(0), x)), not(isSame));
}

/** True if a and x are both in (0, ∞). */
function isInside(a: Expr, x: Expr): Expr {
  return and(and(lt(f64(0), a), lt(a, f64(Infinity))), and(lt(f64(0), x), lt(x, f64(Infinity))));
}

/**
 * Determines whether a and x are both in (0, ∞) (`isOrdinary`). Returns operands for which loops terminate: a and x if
 * so, otherwise 1 and 1.
 */
function inside(block: Block, a: Expr, x: Expr): Record<"isOrdinary" | "a" | "x", Expr> {
  const isOrdinary = block.let("isOrdinary", isInside(a, x));
  const instead = (name: string, operand: Expr): Expr => block.let(name, select(isOrdinary, operand, f64(1)));
  return { isOrdinary, a: instead("shape", a), x: instead("place", x) };
}

/** Sets a new local by one of three methods: the integrated tail, the series of P, or 1 minus the series near 0. */
function byRegion(
  block: Block,
  {
    a,
    x,
    n,
    isSeries,
    isNearZero,
  }: Record<"a" | "x" | "isSeries" | "isNearZero", Expr> & { readonly n: number },
  of: (part: Expr, isUpper: Expr) => Expr,
): Expr {
  const value = block.let("value", f64(0));
  const isUpper = block.let("isUpper", le(a, x));
  block.if(
    isSeries,
    (then) => then.set(value, of(call(series(n), a, x), bool(false))),
    (otherwise) =>
      otherwise.if(
        isNearZero,
        (near) => near.set(value, of(call(nearZero(n), a, x), bool(true))),
        (far) => far.set(value, of(call(tail(n), a, x), isUpper)),
      ),
  );
  return value;
}

/**
 * P(a, x), the distribution function of the gamma distribution of shape a ≥ 0 and scale 1, x ≥ 0. NaN outside, and if
 * both are 0 or both infinite. Relative error: below 1e−13 for a and x in [1e−2, 1e4], or 4 · 2^−52 times the sum of
 * |∂P/∂a · a| and |∂P/∂x · x| (measured).
 */
export const gammainc64: Procedure = /* @__PURE__ */ procedure(
  "gammainc",
  ofShapeAndPlace,
  (block, [a, x]) => {
    const { isOrdinary, a: b, x: y } = inside(block, a!, x!);
    const isSeries = block.let("isSeries", and(lt(b, f64(LARGE)), or(lt(y, f64(1)), lt(y, b))));
    const value = byRegion(block, { a: b, x: y, n: 0, isSeries, isNearZero: bool(false) }, (part, isUpper) =>
      select(isUpper, sub(f64(1), part), part),
    );
    const atEnd = select(or(eq(x!, f64(0)), eq(a!, f64(Infinity))), f64(0), f64(1));
    return select(isOrdinary, value, select(isDefined(a!, x!), atEnd, f64(NaN)));
  },
);

/** Q(a, x) = 1 − P(a, x), accurate in the upper tail too; domain and error as for P. */
export const gammaincc64: Procedure = /* @__PURE__ */ procedure(
  "gammaincc",
  ofShapeAndPlace,
  (block, [a, x]) => {
    const { isOrdinary, a: b, x: y } = inside(block, a!, x!);
    const isNearZero = block.let("isNearZero", and(lt(y, f64(1)), or(lt(b, f64(0.5)), le(b, y))));
    const isLower = and(lt(b, f64(LARGE)), lt(y, b));
    const isSeries = block.let("isSeries", and(not(isNearZero), isLower));
    const value = byRegion(block, { a: b, x: y, n: 0, isSeries, isNearZero }, (part, isUpper) =>
      select(isUpper, part, sub(f64(1), part)),
    );
    const atEnd = select(or(eq(x!, f64(0)), eq(a!, f64(Infinity))), f64(1), f64(0));
    return select(isOrdinary, value, select(isDefined(a!, x!), atEnd, f64(NaN)));
  },
);

/**
 * n-th derivative of P(a, x) in a, n ≥ 1; NaN unless a > 0, x ≥ 0. Relative error: below 1e−11 for n = 1 and a and x in
 * [1e−2, 1e4] (measured).
 */
export const gammaincByShape64: (order: number) => Procedure = /* @__PURE__ */ byOrder((n) =>
  procedure(`gammaincByShape${n}`, ofShapeAndPlace, (block, [a, x]) => {
    const { isOrdinary, a: b, x: y } = inside(block, a!, x!);
    const isLower = block.let("isLower", lt(y, b));
    const isSeries = block.let("isSeries", and(lt(b, f64(LARGE)), isLower));
    const isNearZero = block.let("isNearZero", and(lt(y, f64(1)), not(isLower)));
    const value = byRegion(block, { a: b, x: y, n, isSeries, isNearZero }, (part, isUpper) =>
      select(isUpper, neg(part), part),
    );
    const isFlat = and(and(lt(f64(0), a!), isDefined(a!, x!)), eq(a!, a!));
    return select(isOrdinary, value, select(isFlat, f64(0), f64(NaN)));
  }),
);
