// The Bessel functions of real order: J and Y of the first and second kind, and the modified functions I and K.
//
// Functions of orders μ and μ + 1 with |μ| ≤ ½ are integrals over a path on which the integrand decays without
// oscillations, computed by the trapezoidal rule, or for small x Temme's series. The recurrence in the order is stable upwards
// for Y and K, and for J while the order is below x. Beyond, the ratio of neighbours of J, and always that of I, is a
// continued fraction, and the Wronskian determines their size. Recurrences run in pairs of numbers.
import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
  call,
  convert,
  div,
  eq,
  f64,
  floor,
  i32,
  le,
  lt,
  min,
  mul,
  nearest,
  neg,
  or,
  procedure,
  select,
  sqrt,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import type { DoubleDouble } from "../double-double.ts";
import { fastTwoSum, horner, productOfPairs, quotientOfPairs, twoSum } from "../double-double.ts";
import { exp64 } from "../exp.ts";
import { cosh64, sinh64 } from "../hyperbolic.ts";
import { atan64 } from "../inverse-trig.ts";
import { log1p64, log64 } from "../log.ts";
import { pow64 } from "../pow.ts";
import { cbrt64 } from "../roots.ts";
import { cos64, sin64 } from "../trig.ts";

/** Largest order; beyond it the functions are NaN, because recurrences have one step per order. */
const LARGEST_ORDER = 10_000;

/** x below which power series are used for J, Y and I, and for K, whose series cancels earlier. */
const [NEAR, NEAR_FOR_K] = [2, 0.5];

/** 1 / Γ(1 + μ) = Σ cₖ μᵏ. */
const INVERSE_GAMMA = [
  1, 0.5772156649015329, -0.6558780715202539, -0.04200263503409524, 0.16653861138229148, -0.04219773455554433,
  -0.009621971527876973, 0.0072189432466631, -0.0011651675918590652, -0.00021524167411495098,
  0.0001280502823881162, -2.013485478078824e-5, -1.2504934821426706e-6, 1.133027231981696e-6,
  -2.056338416977607e-7, 6.116095104481416e-9, 5.002007644469223e-9, -1.18127457048702e-9,
  1.0434267116911005e-10, 7.782263439905071e-12, -3.696805618642206e-12, 5.100370287454476e-13,
] as const;

const evenTerms = /* @__PURE__ */ termsOf(0);
const oddTerms = /* @__PURE__ */ termsOf(1);

/** Every second coefficient, beginning with the given one. */
function termsOf(first: 0 | 1): readonly Expr[] {
  return INVERSE_GAMMA.filter((_, k) => k % 2 === first).map(f64);
}

const ofOrderAndPlace: readonly (readonly [name: string, type: "f64"])[] = [
  ["nu", "f64"],
  ["x", "f64"],
];

/** cos πv or sin πv of any v, exact at multiples of ½. */
function ofHalfTurns(block: Block, name: string, v: Expr, isSine: boolean): Expr {
  const rest = block.let(`${name}Rest`, sub(v, mul(f64(2), nearest(mul(f64(0.5), v))))); // in [−1, 1]
  const size = block.let(`${name}Size`, abs(rest));
  // sine and cosine of a distance to a multiple of ½ of at most ¼
  const isNear = block.let(`${name}IsNear`, lt(abs(sub(size, f64(0.5))), f64(0.25)));
  const isFar = block.let(`${name}IsFar`, le(f64(0.75), size));
  const distance = select(isNear, sub(size, f64(0.5)), select(isFar, sub(f64(1), size), size));
  const angle = block.let(`${name}Angle`, mul(f64(Math.PI), distance));
  const [sine, cosine] = [call(sin64, angle), call(cos64, angle)];
  if (isSine) {
    const value = block.let(name, select(isNear, cosine, sine));
    return select(lt(rest, f64(0)), neg(value), value);
  }
  return block.let(name, select(isNear, neg(sine), select(isFar, neg(cosine), cosine)));
}

/** Temme's functions: [Γ₁, Γ₂] of μ, with 1 / Γ(1 ± μ) = Γ₂ ∓ μ Γ₁. */
function temmeGammas(block: Block, mu: Expr): readonly [Expr, Expr] {
  const square = block.let("muSquare", mul(mu, mu));
  return [block.let("gamma1", neg(horner(oddTerms, square))), block.let("gamma2", horner(evenTerms, square))];
}

/** sinh t / t or, if `isCircular`, sin t / t. */
function ratioToArgument(block: Block, name: string, t: Expr, isCircular: boolean): Expr {
  const isTiny = block.let(`${name}Tiny`, lt(abs(t), f64(1e-8)));
  const safe = block.let(`${name}Safe`, select(isTiny, f64(1), t));
  return select(isTiny, f64(1), div(call(isCircular ? sin64 : sinh64, safe), safe));
}

/**
 * Computes K of the orders μ (`low`) and μ + 1 (`high`) at x < 2, or −Y of these orders if `isCircular`.
 *
 * @see Temme, J. Comput. Phys. 19, 1975, and 21, 1976.
 */
function temmeSeries(
  block: Block,
  mu: Expr,
  x: Expr,
  isCircular: boolean,
): { readonly low: Expr; readonly high: Expr } {
  const [gamma1, gamma2] = temmeGammas(block, mu);
  const log = block.let("log2OverX", neg(call(log64, mul(f64(0.5), x))));
  const e = block.let("e", mul(mu, log));
  const angle = block.let("muPi", mul(f64(Math.PI), mu));
  // πμ / sin πμ
  const factor = block.let("factor", div(f64(1), ratioToArgument(block, "angle", angle, true)));
  const shared = add(
    mul(gamma1, call(cosh64, e)),
    mul(mul(gamma2, log), ratioToArgument(block, "eRatio", e, false)),
  );
  const scale = isCircular ? 2 / Math.PI : 1;
  const f = block.let("f", mul(mul(f64(scale), factor), shared));
  const power = block.let("power", call(exp64, e));
  // ½ (x/2)^∓μ Γ(1 ± μ); the products of Γ are factors over the other 1 / Γ
  const half = isCircular ? 1 / Math.PI : 0.5;
  const p = block.let("p", div(mul(f64(half), power), sub(gamma2, mul(mu, gamma1))));
  const q = block.let("q", div(f64(half), mul(power, add(gamma2, mul(mu, gamma1)))));
  const quarter = block.let("quarter", mul(mul(f64(isCircular ? -0.25 : 0.25), x), x));
  const c = block.let("c", f64(1));
  // π²μ/2 times the square of sin(πμ/2) / (πμ/2), for Y only
  const sine = isCircular
    ? ratioToArgument(block, "halfAngle", block.let("halfMuPi", mul(f64(0.5), angle)), true)
    : f64(0);
  const bend = block.let("bend", mul(mul(f64(Math.PI ** 2 / 2), mu), mul(sine, sine)));
  const low = block.let("low", isCircular ? add(f, mul(bend, q)) : f);
  const high = block.let("high", p);
  const k = block.let("termIndex", f64(0));
  const term = block.let("termOfLow", f64(1));
  block.while(lt(mul(f64(2 ** -56), abs(low)), abs(term)), (loop) => {
    loop.set(k, add(k, f64(1)));
    loop.set(f, div(add(mul(k, f), add(p, q)), sub(mul(k, k), mul(mu, mu))));
    loop.set(c, mul(c, div(quarter, k)));
    loop.set(p, div(p, sub(k, mu)));
    loop.set(q, div(q, add(k, mu)));
    loop.set(term, mul(c, isCircular ? add(f, mul(bend, q)) : f));
    loop.set(low, add(low, term));
    loop.set(high, add(high, mul(c, sub(p, mul(k, isCircular ? add(f, mul(bend, q)) : f)))));
  });
  return { low, high: mul(high, div(f64(2), x)) };
}

/** Number of nodes of the trapezoidal rules, and the exponent at the last one. */
const [NODES, LAST_EXPONENT] = [40, 42];

/** arsinh s for s ≥ 0. */
function arsinh(block: Block, s: Expr): Expr {
  const square = block.let("endSquare", mul(s, s));
  return call(log1p64, add(s, div(square, add(f64(1), sqrt(add(f64(1), square))))));
}

/**
 * eˣ K of orders μ and μ + 1 for x ≥ ½: ∫ e^−x (cosh t − 1) cosh νt dt over t ≥ 0.
 */
function integralOfK(block: Block, mu: Expr, x: Expr): { readonly low: Expr; readonly high: Expr } {
  // x (cosh t − 1) = 2 x sinh² (t/2) is the last exponent at the end
  const end = mul(f64(2), arsinh(block, block.let("endSine", sqrt(div(f64(LAST_EXPONENT / 2), x)))));
  const step = block.let("step", div(end, f64(NODES)));
  const low = block.let("lowIntegral", f64(0.5));
  const high = block.let("highIntegral", f64(0.5));
  block.for("node", i32(1), i32(NODES + 1), (loop, i) => {
    const t = loop.let("t", mul(step, convert("f64", i)));
    const sine = loop.let("sine", call(sinh64, mul(f64(0.5), t)));
    const weight = loop.let("weight", call(exp64, mul(mul(f64(-2), x), mul(sine, sine))));
    loop.set(low, add(low, mul(weight, call(cosh64, mul(mu, t)))));
    loop.set(high, add(high, mul(weight, call(cosh64, mul(add(mu, f64(1)), t)))));
  });
  return { low: mul(step, low), high: mul(step, high) };
}

/** Declares two locals for a number with about 106 bits. Its high part begins as `high`, its low part as 0. */
const pairOf = (block: Block, name: string, high: Expr): DoubleDouble => ({
  high: block.let(name, high),
  low: block.let(`${name}Low`, f64(0)),
});

/**
 * Runs f(n + 1) = 2 (μ + n) / x · f(n) ± f(n − 1) upwards from the functions of orders μ and μ + 1 until `low` has order
 * μ + count, in pairs.
 */
function recurUpwards(
  block: Block,
  name: string,
  mu: Expr,
  x: Expr,
  count: Expr,
  [low, high]: readonly [DoubleDouble, DoubleDouble],
  isModified: boolean,
): void {
  block.for(`${name}Step`, i32(1), add(convert("i32", count), i32(1)), (loop, i) => {
    const order = twoSum(loop, `${name}Order`, mul(f64(2), convert("f64", i)), mul(f64(2), mu));
    const factor = quotientOfPairs(loop, `${name}Factor`, order, { high: x, low: f64(0) });
    const product = productOfPairs(loop, `${name}Product`, factor, high);
    const [a, b] = isModified ? [low.high, low.low] : [neg(low.high), neg(low.low)];
    const sum = twoSum(loop, `${name}Sum`, product.high, a);
    const next = fastTwoSum(loop, `${name}Next`, sum.high, add(sum.low, add(product.low, b)));
    // parts of products of huge numbers overflow, so that these have no low part
    const rough = add(mul(factor.high, high.high), a);
    const single = loop.let(`${name}Single`, select(lt(abs(high.high), f64(Infinity)), rough, high.high));
    const isTame = loop.let(`${name}IsTame`, lt(abs(single), f64(1e280)));
    loop.set(low.high, high.high);
    loop.set(low.low, high.low);
    loop.set(high.high, select(isTame, next.high, single));
    loop.set(high.low, select(isTame, next.low, f64(0)));
  });
}

/**
 * (x/2)^ν / Γ(1 + ν) for ν = μ + count. The `count` factors x / 2(μ + i) are multiplied with about 106 bits, the factor
 * (x/2)^μ / Γ(1 + μ) in float64.
 */
function leadingFactor(block: Block, mu: Expr, x: Expr, count: Expr): Expr {
  const [gamma1, gamma2] = temmeGammas(block, mu);
  const product = pairOf(block, "product", f64(1));
  const half = { high: mul(f64(0.5), x), low: f64(0) };
  block.for("powerStep", i32(1), add(convert("i32", count), i32(1)), (loop, i) => {
    const factor = quotientOfPairs(
      loop,
      "powerFactor",
      half,
      twoSum(loop, "powerOrder", convert("f64", i), mu),
    );
    const next = productOfPairs(loop, "powerNext", product, factor);
    loop.set(product.high, next.high);
    loop.set(product.low, next.low);
  });
  const ofMu = mul(call(pow64, mul(f64(0.5), x), mu), sub(gamma2, mul(mu, gamma1)));
  return mul(add(product.high, product.low), ofMu);
}

/** Σ (± x²/4)ᵏ / k! (ν + 1) … (ν + k), without cancellation where x is small or, for a negative sign, below 2. */
function powerSeries(block: Block, nu: Expr, x: Expr, sign: 1 | -1): Expr {
  const y = block.let("quarterSquare", mul(f64(0.25 * sign), mul(x, x)));
  const term = block.let("seriesTerm", f64(1));
  const sum = block.let("seriesSum", f64(0));
  const k = block.let("seriesIndex", f64(0));
  block.while(lt(f64(2 ** -58), abs(term)), (loop) => {
    loop.set(k, add(k, f64(1)));
    loop.set(term, mul(term, div(y, mul(k, add(nu, k)))));
    loop.set(sum, add(sum, term));
  });
  return add(f64(1), sum);
}

/** The split of an order ν ≥ 0 into μ = ν − n, |μ| ≤ ½, and n. */
function splitOrder(block: Block, nu: Expr): { readonly mu: Expr; readonly count: Expr } {
  const count = block.let("count", floor(add(nu, f64(0.5))));
  return { mu: block.let("mu", sub(nu, count)), count };
}

/** (x/2)^ν / Γ(1 + ν) · Σ (± x²/4)ᵏ / k! (ν + 1) … (ν + k): J for x < 2, or I for any small x. */
function firstKindNear(name: string, sign: 1 | -1): Procedure {
  return procedure(name, ofOrderAndPlace, (block, [nu, x]) => {
    const { mu, count } = splitOrder(block, nu!);
    return mul(leadingFactor(block, mu, x!, count), powerSeries(block, nu!, x!, sign));
  });
}

const nearI: Procedure = /* @__PURE__ */ firstKindNear("nearBesselI", 1);
const nearJ: Procedure = /* @__PURE__ */ firstKindNear("nearBesselJ", -1);

/** I(ν + 1) / I(ν) = 1 / (2(ν + 1)/x + 1 / (2(ν + 2)/x + …)), from a depth at which the rest is negligible. */
function ratioOfI(block: Block, nu: Expr, x: Expr): Expr {
  // the solutions I and K differ by e^−37 where (ν + n)² − ν² is about 37 x
  const depth = sub(sqrt(add(mul(nu, nu), mul(f64(40), x))), nu);
  const steps = block.let("depth", convert("i32", add(f64(24), min(depth, f64(2e4)))));
  const ratio = block.let("ratioOfI", f64(0));
  block.for(
    "level",
    i32(1),
    steps,
    (loop, i) => {
      const order = loop.let("levelOrder", add(nu, convert("f64", i)));
      loop.set(ratio, div(f64(1), add(div(mul(f64(2), order), x), ratio)));
    },
    true,
  );
  return ratio;
}

/** Σ aₖ(ν) (−1)ᵏ / xᵏ, the asymptotic series of √(2πx) e^−x I for x ≫ ν². */
function hankelSeries(block: Block, nu: Expr, x: Expr): Expr {
  const square = block.let("fourSquares", mul(f64(4), mul(nu, nu)));
  const term = block.let("hankelTerm", f64(1));
  const sum = block.let("hankelSum", f64(0));
  block.for("hankel", i32(1), i32(30), (loop, i) => {
    const k = loop.let("hankelIndex", convert("f64", i));
    const odd = loop.let("hankelOdd", sub(mul(f64(2), k), f64(1)));
    loop.set(term, mul(term, div(sub(mul(odd, odd), square), mul(mul(f64(8), k), x))));
    loop.set(sum, add(sum, term));
  });
  return add(f64(1), sum);
}

/** eˣ K(ν, x) and eˣ K(ν + 1, x) for ν ≥ 0 and 0 < x < ∞. */
function scaledK(block: Block, nu: Expr, x: Expr): readonly [DoubleDouble, DoubleDouble] {
  const { mu, count } = splitOrder(block, nu);
  const low = pairOf(block, "k", f64(0));
  const high = pairOf(block, "kNext", f64(0));
  block.if(
    lt(x, f64(NEAR_FOR_K)),
    (then) => {
      const values = temmeSeries(then, mu, x, false);
      const power = then.let("powerOfX", call(exp64, x));
      then.set(low.high, mul(power, values.low));
      then.set(high.high, mul(power, values.high));
    },
    (otherwise) => {
      const values = integralOfK(otherwise, mu, x);
      otherwise.set(low.high, values.low);
      otherwise.set(high.high, values.high);
    },
  );
  recurUpwards(block, "upK", mu, x, count, [low, high], true);
  return [low, high];
}

/** e^−x I(ν, x) for ν ≥ 0 and x ≥ 0. */
const scaledI: Procedure = /* @__PURE__ */ procedure("scaledBesselI", ofOrderAndPlace, (block, [nu, x]) => {
  const value = block.let("value", f64(0));
  block.if(
    lt(x!, f64(NEAR)),
    (near) => near.set(value, mul(call(nearI, nu!, x!), call(exp64, neg(x!)))),
    (otherwise) => {
      otherwise.if(
        lt(add(f64(40), mul(nu!, nu!)), x!),
        (far) => far.set(value, div(hankelSeries(far, nu!, x!), sqrt(mul(f64(2 * Math.PI), x!)))),
        (between) => {
          // the Wronskian: I(ν) K(ν + 1) + I(ν + 1) K(ν) = 1/x
          const [k, next] = scaledK(between, nu!, x!);
          const ratio = ratioOfI(between, nu!, x!);
          between.set(value, div(f64(1), mul(x!, add(next.high, mul(ratio, k.high)))));
        },
      );
    },
  );
  return value;
});

/** The order if its magnitude is at most `LARGEST_ORDER`, otherwise 0. */
const validOrder = (nu: Expr): Expr => select(le(abs(nu), f64(LARGEST_ORDER)), nu, f64(0));
/** True for an order that is an integer. */
const isInteger = (nu: Expr): Expr => eq(nu, nearest(nu));
/** −1 for an odd integer, 1 for an even one. */
const parity = (nu: Expr): Expr => select(eq(mul(f64(0.5), nu), nearest(mul(f64(0.5), nu))), f64(1), f64(-1));
/** (x/2)^ν / Γ(1 + ν) at x = 0, the value of J and I. */
function firstKindAtZero(nu: Expr): Expr {
  const pole = mul(f64(-Infinity), parity(floor(nu)));
  const below = select(isInteger(nu), f64(0), pole);
  return select(eq(nu, f64(0)), f64(1), select(lt(f64(0), nu), f64(0), below));
}
/** True if neither operand is NaN and the order is not too large. */
const areNumbers = (nu: Expr, x: Expr): Expr => and(le(abs(nu), f64(LARGEST_ORDER)), eq(x, x));

/**
 * Modified Bessel function of the second kind K(ν, x) for x > 0: ∞ at 0, NaN below. Error: at most 4 ulp (all error
 * bounds in this file are measured).
 */
export const kv64: Procedure = /* @__PURE__ */ procedure("kv", ofOrderAndPlace, (block, [nu, x]) => {
  const isInside = block.let("isInside", and(lt(f64(0), x!), lt(x!, f64(1e4))));
  const order = block.let("order", select(isInside, abs(validOrder(nu!)), f64(0)));
  const place = block.let("place", select(isInside, x!, f64(1)));
  const [k] = scaledK(block, order, place);
  // two factors, because e^−x underflows before the result does
  const half = block.let("half", call(exp64, mul(f64(-0.5), place)));
  const isHuge = lt(f64(700), place);
  const value = select(isHuge, mul(mul(k.high, half), half), mul(k.high, call(exp64, neg(place))));
  const end = select(eq(x!, f64(0)), f64(Infinity), select(lt(x!, f64(0)), f64(NaN), f64(0)));
  return select(areNumbers(nu!, x!), select(isInside, value, end), f64(NaN));
});

/**
 * Modified Bessel function of the first kind I(ν, x), for x ≥ 0 or an integer ν: NaN elsewhere. Error: at most 4 ulp.
 */
export const iv64: Procedure = /* @__PURE__ */ procedure("iv", ofOrderAndPlace, (block, [nu, x]) => {
  const size = block.let("size", abs(x!));
  const isInside = block.let("isInside", and(lt(f64(0), size), lt(size, f64(1e4))));
  const order = block.let("order", validOrder(nu!));
  const place = block.let("place", select(isInside, size, f64(1)));
  const half = block.let("half", call(exp64, mul(f64(0.5), place)));
  const power = select(lt(f64(700), place), f64(0), mul(half, half));
  const scaled = block.let("scaled", call(scaledI, abs(order), place));
  const value = block.let(
    "value",
    select(lt(f64(700), place), mul(mul(scaled, half), half), mul(scaled, call(exp64, place))),
  );
  block.if(and(lt(order, f64(0)), lt(power, f64(Infinity))), (reflected) => {
    // I(−ν) = I(ν) + 2/π sin πν K(ν)
    const sine = ofHalfTurns(reflected, "turn", order, true);
    const other = mul(mul(f64(2 / Math.PI), sine), call(kv64, order, place));
    reflected.set(value, select(eq(sine, f64(0)), value, sub(value, other)));
  });
  const isEven = block.let("parity", select(lt(x!, f64(0)), parity(order), f64(1)));
  const isDefined = or(le(f64(0), x!), isInteger(order));
  const end = select(eq(size, f64(0)), firstKindAtZero(order), mul(isEven, f64(Infinity)));
  const result = select(isInside, mul(isEven, value), end);
  return select(and(areNumbers(nu!, x!), isDefined), result, f64(NaN));
});

/**
 * √(J² + Y²) e^iθ of orders μ and μ + 1 for x ≥ 2: [J(μ), J(μ + 1), Y(μ), Y(μ + 1)]. Hankel's function is an integral of
 * e^(ix cosh t) cosh νt, on the path t = τ + i gd τ on which it decays as e^−(x sinh τ tanh τ).
 */
function integralOfJAndY(block: Block, mu: Expr, x: Expr): readonly [Expr, Expr, Expr, Expr] {
  // sinh τ tanh τ = cosh τ − 1 / cosh τ = c at the end, and sinh² τ = c cosh τ
  const c = block.let("endExponent", div(f64(LAST_EXPONENT), x));
  const cosine = mul(f64(0.5), add(c, sqrt(add(mul(c, c), f64(4)))));
  const end = arsinh(block, block.let("endSine", sqrt(mul(c, cosine))));
  const step = block.let("step", div(end, f64(NODES)));
  const orders = [mu, block.let("muNext", add(mu, f64(1)))];
  // the node 0 counts half: cosh 0 · (1 + i)
  const sums = orders.map(
    (_, j) => [block.let(`real${j}`, f64(0.5)), block.let(`imaginary${j}`, f64(0.5))] as const,
  );
  block.for("node", i32(1), i32(NODES + 1), (loop, i) => {
    const t = loop.let("t", mul(step, convert("f64", i)));
    const sine = loop.let("sine", call(sinh64, t));
    const inverse = loop.let("inverseCosine", div(f64(1), sqrt(add(f64(1), mul(sine, sine)))));
    const weight = loop.let("weight", call(exp64, neg(mul(x, mul(sine, mul(sine, inverse))))));
    const angle = loop.let("angle", call(atan64, sine));
    orders.forEach((order, j) => {
      const [a, b] = [loop.let(`growth${j}`, mul(order, t)), loop.let(`turn${j}`, mul(order, angle))];
      const even = loop.let(`even${j}`, mul(call(cosh64, a), call(cos64, b)));
      const odd = loop.let(`odd${j}`, mul(call(sinh64, a), call(sin64, b)));
      const [real, imaginary] = sums[j]!;
      loop.set(real, add(real, mul(weight, sub(even, mul(odd, inverse)))));
      loop.set(imaginary, add(imaginary, mul(weight, add(odd, mul(even, inverse)))));
    });
  });
  // e^i(x − νπ/2), a quarter turn less for the next order
  const half = block.let("halfTurn", mul(f64(Math.PI / 2), mu));
  const [sinX, cosX] = [block.let("sinX", call(sin64, x)), block.let("cosX", call(cos64, x))];
  const [sinMu, cosMu] = [block.let("sinMu", call(sin64, half)), block.let("cosMu", call(cos64, half))];
  const sine = block.let("phaseSine", sub(mul(sinX, cosMu), mul(cosX, sinMu)));
  const cosineOfPhase = block.let("phaseCosine", add(mul(cosX, cosMu), mul(sinX, sinMu)));
  const factor = block.let("factorOfSum", mul(f64(2 / Math.PI), step));
  const [[r, i], [rNext, iNext]] = [sums[0]!, sums[1]!];
  const scaled = (value: Expr): Expr => mul(factor, value);
  return [
    scaled(add(mul(sine, r), mul(cosineOfPhase, i))),
    scaled(sub(mul(sine, iNext), mul(cosineOfPhase, rNext))),
    scaled(sub(mul(sine, i), mul(cosineOfPhase, r))),
    neg(scaled(add(mul(cosineOfPhase, iNext), mul(sine, rNext)))),
  ];
}

/** J(ν + 1) / J(ν) for ν ≥ x as a continued fraction, in pairs because differences with it cancel. */
function ratioOfJ(block: Block, nu: Expr, x: Expr): DoubleDouble {
  const ratio = pairOf(block, "ratioOfJ", f64(0));
  const depth = add(f64(40), mul(f64(12), call(cbrt64, x)));
  const steps = block.let("depth", convert("i32", depth));
  block.for(
    "level",
    i32(1),
    steps,
    (loop, i) => {
      const twice = twoSum(loop, "levelOrder", mul(f64(2), convert("f64", i)), mul(f64(2), nu));
      const factor = quotientOfPairs(loop, "levelFactor", twice, { high: x, low: f64(0) });
      const rest = twoSum(loop, "levelRest", factor.high, neg(ratio.high));
      const below = fastTwoSum(loop, "levelBelow", rest.high, add(rest.low, sub(factor.low, ratio.low)));
      const next = quotientOfPairs(loop, "levelNext", { high: f64(1), low: f64(0) }, below);
      loop.set(ratio.high, next.high);
      loop.set(ratio.low, next.low);
    },
    true,
  );
  return ratio;
}

/** J(ν, x) for ν ≥ 0 and 0 < x < ∞. */
const positiveJ: Procedure = /* @__PURE__ */ procedure(
  "positiveBesselJ",
  ofOrderAndPlace,
  (block, [nu, x]) => {
    const value = block.let("value", f64(0));
    const { mu, count } = splitOrder(block, nu!);
    block.if(
      lt(x!, f64(NEAR)),
      (near) => near.set(value, call(nearJ, nu!, x!)),
      (far) => {
        const [j, jNext, y, yNext] = integralOfJAndY(far, mu, x!);
        far.if(
          le(nu!, x!),
          (oscillating) => {
            const low = pairOf(oscillating, "j", j);
            recurUpwards(
              oscillating,
              "upJ",
              mu,
              x!,
              count,
              [low, pairOf(oscillating, "jNext", jNext)],
              false,
            );
            oscillating.set(value, low.high);
          },
          (decaying) => {
            // the Wronskian: J(ν + 1) Y(ν) − J(ν) Y(ν + 1) = 2 / (πx)
            const [low, high] = [pairOf(decaying, "y", y), pairOf(decaying, "yNext", yNext)];
            recurUpwards(decaying, "upY", mu, x!, count, [low, high], false);
            const ratio = ratioOfJ(decaying, nu!, x!);
            const isTame = decaying.let("isTame", lt(abs(high.high), f64(1e280)));
            const safe = { high: select(isTame, low.high, f64(0)), low: select(isTame, low.low, f64(0)) };
            const part = { high: decaying.let("yPart", safe.high), low: decaying.let("yPartLow", safe.low) };
            const product = productOfPairs(decaying, "wronskian", ratio, part);
            const rest = add(sub(product.high, high.high), sub(product.low, high.low));
            decaying.set(value, div(f64(2 / Math.PI), mul(x!, rest)));
          },
        );
      },
    );
    return value;
  },
);

/** Y(ν, x) for ν ≥ 0 and 0 < x < ∞. */
const positiveY: Procedure = /* @__PURE__ */ procedure(
  "positiveBesselY",
  ofOrderAndPlace,
  (block, [nu, x]) => {
    const { mu, count } = splitOrder(block, nu!);
    const [low, high] = [pairOf(block, "y", f64(0)), pairOf(block, "yNext", f64(0))];
    block.if(
      lt(x!, f64(NEAR)),
      (near) => {
        const values = temmeSeries(near, mu, x!, true);
        near.set(low.high, neg(values.low));
        near.set(high.high, neg(values.high));
      },
      (far) => {
        const [, , y, yNext] = integralOfJAndY(far, mu, x!);
        far.set(low.high, y);
        far.set(high.high, yNext);
      },
    );
    recurUpwards(block, "upY", mu, x!, count, [low, high], false);
    return low.high;
  },
);

/** Writes J or, if `isSecond`, Y of any valid order at x > 0, by reflection for negative orders. */
function ofAnyOrder(block: Block, order: Expr, x: Expr, isSecond: boolean): Expr {
  const size = block.let("orderSize", abs(order));
  const [first, second] = isSecond ? [positiveY, positiveJ] : [positiveJ, positiveY];
  const value = block.let("value", call(first, size, x));
  block.if(lt(order, f64(0)), (reflected) => {
    // J(−ν) = cos πν J(ν) − sin πν Y(ν), Y(−ν) = cos πν Y(ν) + sin πν J(ν); 0 times an infinite Y is 0
    const cosine = ofHalfTurns(reflected, "cosine", size, false);
    const sine = ofHalfTurns(reflected, "turn", size, true);
    const one = reflected.let("own", select(eq(cosine, f64(0)), f64(0), mul(cosine, value)));
    const signed = isSecond ? sine : neg(sine);
    const other = select(eq(sine, f64(0)), f64(0), mul(signed, call(second, size, x)));
    reflected.set(value, add(one, other));
  });
  return value;
}

/**
 * Bessel function of the first kind J(ν, x), for x ≥ 0 or an integer ν: NaN elsewhere. Error: at most 4 ulp of √(J² +
 * Y²) where it oscillates.
 */
export const jv64: Procedure = /* @__PURE__ */ procedure("jv", ofOrderAndPlace, (block, [nu, x]) => {
  const size = block.let("size", abs(x!));
  const isInside = block.let("isInside", and(lt(f64(0), size), lt(size, f64(Infinity))));
  const order = block.let("order", validOrder(nu!));
  const inner = ofAnyOrder(block, order, block.let("inner", select(isInside, size, f64(1))), false);
  const isEven = select(lt(x!, f64(0)), parity(order), f64(1));
  const end = select(eq(size, f64(0)), firstKindAtZero(order), f64(0));
  const isDefined = or(le(f64(0), x!), isInteger(order));
  const value = select(isInside, mul(isEven, inner), end);
  return select(and(areNumbers(nu!, x!), isDefined), value, f64(NaN));
});

/**
 * Bessel function of the second kind Y(ν, x) for x > 0: infinite at 0, NaN below. Error: at most 4 ulp of √(J² + Y²).
 */
export const yv64: Procedure = /* @__PURE__ */ procedure("yv", ofOrderAndPlace, (block, [nu, x]) => {
  const isInside = block.let("isInside", and(lt(f64(0), x!), lt(x!, f64(Infinity))));
  const order = block.let("order", validOrder(nu!));
  const value = ofAnyOrder(block, order, block.let("inner", select(isInside, x!, f64(1))), true);
  const cosine = ofHalfTurns(block, "ofPole", order, false);
  const isPole = or(le(f64(0), order), lt(f64(0), abs(cosine)));
  const pole = select(isPole, mul(f64(-Infinity), select(lt(f64(0), order), f64(1), cosine)), f64(0));
  const end = select(eq(x!, f64(0)), pole, select(lt(x!, f64(0)), f64(NaN), f64(0)));
  return select(areNumbers(nu!, x!), select(isInside, value, end), f64(NaN));
});
