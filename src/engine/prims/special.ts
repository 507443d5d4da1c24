import { DownhillError } from "../errors/index.ts";
import type { Maybe, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import * as math from "../kernel/math/index.ts";
import type { RingOperations, DerivativesByOrder } from "../kernel/math/special/bell.ts";
import { derivativesByLogarithm } from "../kernel/math/special/bell.ts";
import * as special from "../kernel/math/special/index.ts";
import * as k from "../kernel/build.ts";
import { gaussian32, normalByExp32 } from "../kernel/math/single/index.ts";
import { bind1 } from "../trace/bind.ts";
import { div, equal, less, mul, scale, sign, strongDiv, strongMul } from "./arithmetic.ts";
import { type OrderParams, derivativesByOrder, smooth, smoothBinary } from "./by-order.ts";
import { joinFloating, smoothUnary, through } from "./elementwise.ts";
import { add, full, neg, sub, sumMaybe, where, zeros } from "./linear.ts";
import { erfc, exp, log, log1p } from "./transcendental.ts";

const none = {};

const lgammaPrim: Primitive<object> = /* @__PURE__ */ smooth(math.lgamma64, (dx, x) => mul(dx, digamma(x)));
const digammaPrim: Primitive<object> = /* @__PURE__ */ smooth(math.digamma64, (dx, x) =>
  mul(dx, polygamma(1, x)),
);

/** ln |Γ(x)|. */
export const lgamma = (x: Tensor): Tensor => bind1(lgammaPrim, [x], none);
/** ψ(x), the derivative of ln |Γ(x)|. */
export const digamma = (x: Tensor): Tensor => bind1(digammaPrim, [x], none);

const polygammaPrim: Primitive<OrderParams> = /* @__PURE__ */ builtIn<OrderParams>({
  name: "polygamma",
  typeOf: (ins) => [joinFloating("polygamma", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx], [x], _, { order }) => [dx && mul(dx, polygamma(order + 1, x!))],
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x], { order }) => through(special.polygamma64(order))(x!) },
});

/** Largest order of `polygamma`; the factorial of the next order exceeds float64. */
const greatestOrder = 170;

/**
 * Derivative of ψ of order `order`; ψ itself for order 0.
 *
 * @throws DownhillError `range` for an order that is not an integer from 0 to 170.
 */
export function polygamma(order: number, x: Tensor): Tensor {
  if (!Number.isInteger(order) || order < 0 || order > greatestOrder) {
    throw new DownhillError(
      "range",
      `polygamma: the order must be an integer from 0 to ${greatestOrder}, as in polygamma(1, x); got ${order}.`,
    );
  }
  return order === 0 ? digamma(x) : bind1(polygammaPrim, [x], { order });
}

const zetaPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.zeta64, ([ds, dq], s, q) => {
  if (ds !== undefined) {
    throw new DownhillError(
      "derivative",
      "zeta: has no derivative with respect to its first operand. Differentiate with respect to the second one only, or write stopGradient(s).",
    );
  }
  return dq && neg(mul(dq, mul(s, zeta(add(s, full(s.type, 1)), q))));
});

/** Hurwitz zeta function Σ (q + k)^−s over k = 0, 1, …; it has no derivative with respect to s. */
export const zeta = (s: Tensor, q: Tensor): Tensor => bind1(zetaPrim, [s, q], none);

const gammaDensityPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.gammaDensity64,
  ([da, dx], a, x, out) => {
    const inPlace = (): Tensor => sub(strongDiv(sub(a, full(a.type, 1)), x), full(a.type, 1));
    return sumMaybe(
      da && mul(da, strongMul(out, sub(log(x), digamma(a)))),
      dx && mul(dx, strongMul(out, inPlace())),
    );
  },
);

/** xᵃ⁻¹ e⁻ˣ / Γ(a), the density at x of the gamma distribution with shape a and scale 1. */
export const gammaDensity = (a: Tensor, x: Tensor): Tensor => bind1(gammaDensityPrim, [a, x], none);

/**
 * Addition and products by which derivatives of densities are combined. A density of 0 is a strong zero (see
 * docs/masks.md).
 */
const arithmetic: RingOperations<Tensor> = { add, mul: (density, slope) => strongMul(density, slope), scale };

/** Derivative of order `order` of `gammaDensity` with respect to the shape a. */
function gammaDensityByShape(order: number, a: Tensor, x: Tensor): Tensor {
  const slope: DerivativesByOrder<Tensor> = (n) =>
    n === 1 ? sub(log(x), digamma(a)) : neg(polygamma(n - 1, a));
  return derivativesByLogarithm(gammaDensity(a, x), [order, 0], slope, arithmetic)(order, 0);
}

const gammaincByShapePrim: Primitive<OrderParams> = /* @__PURE__ */ builtIn<OrderParams>({
  name: "gammaincByShape",
  typeOf: (ins) => [joinFloating("gammaincByShape", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, dx], [a, x], _, { order }) => [
      sumMaybe(
        da && mul(da, gammaincByShape(order + 1, a!, x!)),
        dx && mul(dx, gammaDensityByShape(order, a!, x!)),
      ),
    ],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([a, x], { order }) => through(special.gammaincByShape64(order))(a!, x!),
  },
});

/** Derivative of order `order`, at least 1, of `gammainc` with respect to the shape a. */
export function gammaincByShape(order: number, a: Tensor, x: Tensor): Tensor {
  return bind1(gammaincByShapePrim, [a, x], { order });
}

function gammaincTangent([da, dx]: readonly Maybe[], a: Tensor, x: Tensor): Maybe {
  return sumMaybe(da && mul(da, gammaincByShape(1, a, x)), dx && mul(dx, gammaDensity(a, x)));
}

const gammaincPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.gammainc64, gammaincTangent);
const gammainccPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.gammaincc64,
  (tangents, a, x) => {
    const lower = gammaincTangent(tangents, a, x);
    return lower && neg(lower);
  },
);

/** Lower regularised incomplete gamma function P(a, x). */
export const gammainc = (a: Tensor, x: Tensor): Tensor => bind1(gammaincPrim, [a, x], none);
/** Upper regularised incomplete gamma function Q(a, x). */
export const gammaincc = (a: Tensor, x: Tensor): Tensor => bind1(gammainccPrim, [a, x], none);

const gammaincinvPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.gammaincinv64,
  ([da, dp], a, _, x) => {
    const density = gammaDensity(a, x);
    // dp = ∂P/∂a da + ∂P/∂x dx
    const moved = da && mul(da, strongDiv(gammaincByShape(1, a, x), density));
    return sumMaybe(dp && div(dp, density), moved && neg(moved));
  },
);
const gammainccinvPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.gammainccinv64,
  ([da, dq], a, _, x) => {
    const density = gammaDensity(a, x);
    const fall = sumMaybe(
      dq && div(dq, density),
      da && mul(da, strongDiv(gammaincByShape(1, a, x), density)),
    );
    return fall && neg(fall);
  },
);

/** Inverse of `gammainc` in x: the x with P(a, x) = p. */
export const gammaincinv = (a: Tensor, p: Tensor): Tensor => bind1(gammaincinvPrim, [a, p], none);
/** Inverse of `gammaincc` in x: the x with Q(a, x) = q. */
export const gammainccinv = (a: Tensor, q: Tensor): Tensor => bind1(gammainccinvPrim, [a, q], none);

const HALF_ROOT_PI = 0.886226925452758; // √π / 2

const erfinvPrim: Primitive<object> = /* @__PURE__ */ smooth(special.erfinv64, (dy, _, out) =>
  mul(dy, scale(exp(mul(out, out)), HALF_ROOT_PI)),
);
const erfcinvPrim: Primitive<object> = /* @__PURE__ */ smooth(special.erfcinv64, (dq, _, out) =>
  neg(mul(dq, scale(exp(mul(out, out)), HALF_ROOT_PI))),
);
const gaussianPrim: Primitive<object> = /* @__PURE__ */ smoothUnary("gaussian", {
  scalar: (x) =>
    x.type === "f32"
      ? k.call(gaussian32, x)
      : k.call(math.exp64, k.mul(k.mul(x, x), k.constant("f64", -0.5))),
  jvp: (dx, x, out) => neg(mul(dx, strongMul(out, x))), // 0 at ±∞
});
/** e^(−x²/2), with the error due to the rounding of x²: about x²/2 ulp. */
export const gaussian = (x: Tensor): Tensor => bind1(gaussianPrim, [x], none);
const ndtrPrim: Primitive<object> = /* @__PURE__ */ smooth(special.ndtr64, (dx, x) =>
  mul(dx, scale(gaussian(x), Math.sqrt(0.5 / Math.PI))),
);
/**
 * Standard normal distribution function of the first operand, x. The second operand is `gaussian(x)`, which the
 * derivative needs too.
 */
const normalByExpPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "normalByExp",
  typeOf: (ins) => [joinFloating("normalByExp", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx], [, e]) => [dx && mul(dx, scale(e!, Math.sqrt(0.5 / Math.PI)))],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x, e]) => (x!.type === "f32" ? k.call(normalByExp32, x!, e!) : through(special.ndtr64)(x!)),
  },
});
const ndtriPrim: Primitive<object> = /* @__PURE__ */ smooth(special.ndtri64, (dp, _, out) =>
  mul(dp, scale(exp(scale(mul(out, out), 0.5)), Math.sqrt(2 * Math.PI))),
);
const logNdtrPrim: Primitive<object> = /* @__PURE__ */ smooth(special.logNdtr64, (dx, x) =>
  mul(dx, normalHazard(x)),
);
const normalHazardPrim: Primitive<object> = /* @__PURE__ */ smooth(special.normalHazard64, (dx, x, out) =>
  neg(mul(dx, mul(out, hazardAndPlace(x, out)))),
);

/**
 * x below which `hazardAndPlace` uses the series −1/x + 2/x³ − …, because adding x and the hazard would lose more than
 * half of the digits.
 */
const FAR_BELOW = -50;

/** x plus the hazard at x, which tends to 0 as −1/x. */
function hazardAndPlace(x: Tensor, hazard: Tensor): Tensor {
  const isFar = less(x, full(x.type, FAR_BELOW));
  const far = where(isFar, x, full(x.type, FAR_BELOW));
  // −1/x + 2/x³ − 10/x⁵ + 74/x⁷
  const inverse = div(full(x.type, -1), far);
  const z = mul(inverse, inverse);
  const coefficients = [-706, 74, -10, 2, -1].map((c) => full(x.type, -c));
  const series = coefficients.reduce((sum, c) => add(mul(sum, z), c));
  return where(isFar, mul(inverse, series), add(x, hazard));
}

/** Inverse of erf. */
export const erfinv = (y: Tensor): Tensor => bind1(erfinvPrim, [y], none);
/** Inverse of erfc. */
export const erfcinv = (q: Tensor): Tensor => bind1(erfcinvPrim, [q], none);
/** Distribution function of the standard normal distribution. */
export const ndtr = (x: Tensor): Tensor => bind1(ndtrPrim, [x], none);
/**
 * Like `ndtr`, with the error due to the rounding of x² or x/√2 in the left tail: about x²/2 ulp. In float32 it uses
 * the exponential that its derivative needs too, with a relative error of 5e-7.
 */
export const ndtrByExp = (x: Tensor): Tensor =>
  x.dtype === "float32"
    ? bind1(normalByExpPrim, [x, gaussian(x)], none)
    : scale(erfc(scale(x, -Math.SQRT1_2)), 0.5);
/** Inverse of `ndtr`, the quantile function of the standard normal distribution. */
export const ndtri = (p: Tensor): Tensor => bind1(ndtriPrim, [p], none);
/** Logarithm of `ndtr`, accurate in both tails. */
export const logNdtr = (x: Tensor): Tensor => bind1(logNdtrPrim, [x], none);
/** Derivative of `logNdtr`: the density of the standard normal distribution divided by its distribution function. */
export const normalHazard = (x: Tensor): Tensor => bind1(normalHazardPrim, [x], none);

const betalnPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.betaln64, (tangents, a, b) =>
  betaRise(tangents, a, b),
);
const betaPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.beta64, (tangents, a, b, out) => {
  const rise = betaRise(tangents, a, b);
  return rise && mul(rise, out);
});

/** Tangent of ln B(a, b); `undefined` if both tangents are missing. */
function betaRise([da, db]: readonly Maybe[], a: Tensor, b: Tensor): Maybe {
  return sumMaybe(da && neg(mul(da, digammaRise(a, b))), db && neg(mul(db, digammaRise(b, a))));
}

const digammaRisePrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.digammaRise64,
  ([da, db], a, b) => {
    const upper = polygamma(1, add(a, b));
    return sumMaybe(da && mul(da, sub(upper, polygamma(1, a))), db && mul(db, upper));
  },
);

/** ln B(a, b). */
export const betaln = (a: Tensor, b: Tensor): Tensor => bind1(betalnPrim, [a, b], none);
/** B(a, b) = Γ(a) Γ(b) / Γ(a + b). */
export const beta = (a: Tensor, b: Tensor): Tensor => bind1(betaPrim, [a, b], none);
/** The difference ψ(a + b) − ψ(a), without cancellation for small b. */
export const digammaRise = (a: Tensor, b: Tensor): Tensor => bind1(digammaRisePrim, [a, b], none);

/**
 * Parameter of a primitive that computes derivatives with respect to the first two of three operands: the orders of the
 * derivative.
 */
interface OrdersParams {
  readonly orders: readonly [p: number, q: number];
}

const betaDensityPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "betaDensity",
  typeOf: (ins) => [joinFloating("betaDensity", ins)],
  derivative: {
    kind: "smooth",
    jvp([da, db, dx], [a, b, x], [out]) {
      const slope = betaSlopes(a!, b!, x!);
      const one = full(x!.type, 1);
      const inPlace = (): Tensor => sub(strongDiv(sub(a!, one), x!), strongDiv(sub(b!, one), sub(one, x!)));
      const inShapes = sumMaybe(
        da && mul(da, strongMul(out!, slope(1, 0))),
        db && mul(db, strongMul(out!, slope(0, 1))),
      );
      return [sumMaybe(inShapes, dx && mul(dx, strongMul(out!, inPlace())))];
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: (xs) => through(special.betaDensity64)(...xs) },
});

/** Derivatives of the logarithm of the beta density, of order p with respect to a and of order q with respect to b. */
function betaSlopes(a: Tensor, b: Tensor, x: Tensor): DerivativesByOrder<Tensor> {
  return (p, q) => {
    if (p === 1 && q === 0) return add(log(x), digammaRise(a, b));
    if (p === 0 && q === 1) return add(log1p(neg(x)), digammaRise(b, a));
    const whole = polygamma(p + q - 1, add(a, b));
    return p > 0 && q > 0 ? whole : sub(whole, polygamma(p + q - 1, p > 0 ? a : b));
  };
}

/** xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), the density of the beta distribution at x. */
export const betaDensity = (a: Tensor, b: Tensor, x: Tensor): Tensor =>
  bind1(betaDensityPrim, [a, b, x], none);

const betaincPrim: Primitive<OrdersParams> = /* @__PURE__ */ builtIn<OrdersParams>({
  name: "betainc",
  typeOf: (ins) => [joinFloating("betainc", ins)],
  derivative: {
    kind: "smooth",
    jvp([da, db, dx], [a, b, x], _, { orders: [p, q] }) {
      const inShapes = sumMaybe(
        da && mul(da, betainc(a!, b!, x!, [p + 1, q])),
        db && mul(db, betainc(a!, b!, x!, [p, q + 1])),
      );
      if (dx === undefined) return [inShapes];
      const density = betaDensity(a!, b!, x!);
      const inPlace = derivativesByLogarithm(density, [p, q], betaSlopes(a!, b!, x!), arithmetic)(p, q);
      return [sumMaybe(inShapes, mul(dx, inPlace))];
    },
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: (xs, { orders: [p, q] }) =>
      through(p + q === 0 ? special.betainc64 : special.betaincByShapes64(p, q))(...xs),
  },
});

/** Regularised incomplete beta function I(a, b, x), or its derivative of these orders with respect to a and b. */
export function betainc(a: Tensor, b: Tensor, x: Tensor, orders: OrdersParams["orders"] = [0, 0]): Tensor {
  return bind1(betaincPrim, [a, b, x], { orders });
}

const betaincinvPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "betaincinv",
  typeOf: (ins) => [joinFloating("betaincinv", ins)],
  derivative: {
    kind: "smooth",
    jvp([da, db, dp], [a, b], [x]) {
      const density = betaDensity(a!, b!, x!);
      const inShapes = sumMaybe(
        da && mul(da, strongDiv(betainc(a!, b!, x!, [1, 0]), density)),
        db && mul(db, strongDiv(betainc(a!, b!, x!, [0, 1]), density)),
      );
      return [sumMaybe(dp && div(dp, density), inShapes && neg(inShapes))];
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: (xs) => through(special.betaincinv64)(...xs) },
});

/** Inverse of `betainc` in x: the x with I(a, b, x) = p. */
export const betaincinv = (a: Tensor, b: Tensor, p: Tensor): Tensor => bind1(betaincinvPrim, [a, b, p], none);

/** Derivative of order n with respect to b of 2 (1 − w²)ᵇ⁻¹ / B(½, b), the slope of `betaincOfSquare` in w. */
function squareDensity(order: number, b: Tensor, w: Tensor): Tensor {
  const half = full(b.type, 0.5);
  const rest = log1p(neg(mul(w, w)));
  const density = scale(exp(sub(mul(sub(b, full(b.type, 1)), rest), betaln(half, b))), 2);
  const slope: DerivativesByOrder<Tensor> = (n) =>
    n === 1 ? add(rest, digammaRise(b, half)) : sub(polygamma(n - 1, add(b, half)), polygamma(n - 1, b));
  return derivativesByLogarithm(density, [order, 0], slope, arithmetic)(order, 0);
}

const betaincOfSquarePrim: Primitive<OrderParams> = /* @__PURE__ */ builtIn<OrderParams>({
  name: "betaincOfSquare",
  typeOf: (ins) => [joinFloating("betaincOfSquare", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([db, dw], [b, w], _, { order }) => [
      sumMaybe(
        db && mul(db, betaincOfSquare(b!, w!, order + 1)),
        dw && mul(dw, squareDensity(order, b!, w!)),
      ),
    ],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([b, w], { order }) => through(special.betaincOfSquare64(order))(b!, w!),
  },
});

/** sign(w) · I(½, b, w²), which is smooth at w = 0; for `order` > 0 its derivative of that order with respect to b. */
export function betaincOfSquare(b: Tensor, w: Tensor, order: number = 0): Tensor {
  return bind1(betaincOfSquarePrim, [b, w], { order });
}

const betaincOfSquareInversePrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.betaincOfSquareInverse64,
  ([db, du], b, _, w) => {
    const density = squareDensity(0, b, w);
    const inShape = db && mul(db, strongDiv(betaincOfSquare(b, w, 1), density));
    return sumMaybe(du && div(du, density), inShape && neg(inShape));
  },
);

/** Inverse of `betaincOfSquare` in w: the w with betaincOfSquare(b, w) = u. */
export const betaincOfSquareInverse = (b: Tensor, u: Tensor): Tensor =>
  bind1(betaincOfSquareInversePrim, [b, u], none);

const logitPrim: Primitive<object> = /* @__PURE__ */ smooth(special.logit64, (dx, x, out) =>
  // NaN outside of the domain
  mul(dx, where(equal(out, out), div(full(x.type, 1), mul(x, sub(full(x.type, 1), x))), out)),
);
const entrPrim: Primitive<object> = /* @__PURE__ */ smooth(special.entr64, (dx, x) =>
  neg(mul(dx, add(log(x), full(x.type, 1)))),
);
const relEntrPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.relEntr64, ([dx, dy], x, y) => {
  const ratio = div(x, y);
  return sumMaybe(dx && mul(dx, add(log(ratio), full(x.type, 1))), dy && neg(mul(dy, ratio)));
});
const klDivPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.klDiv64, ([dx, dy], x, y) => {
  const excess = (): Tensor => div(sub(y, x), y); // 1 − x/y, which would cancel
  return sumMaybe(dx && mul(dx, log(div(x, y))), dy && mul(dy, excess()));
});

/** ln(x / (1 − x)); NaN outside of [0, 1]. */
export const logit = (x: Tensor): Tensor => bind1(logitPrim, [x], none);
/** −x ln x: 0 at 0, −∞ for x < 0. */
export const entr = (x: Tensor): Tensor => bind1(entrPrim, [x], none);
/** x ln(x / y) for x, y > 0; 0 for x = 0 ≤ y; ∞ elsewhere. */
export const relEntr = (x: Tensor, y: Tensor): Tensor => bind1(relEntrPrim, [x, y], none);
/** x ln(x / y) − x + y for x, y > 0; y for x = 0 ≤ y; ∞ elsewhere. */
export const klDiv = (x: Tensor, y: Tensor): Tensor => bind1(klDivPrim, [x, y], none);

const i0Prim: Primitive<object> = /* @__PURE__ */ smooth(special.i064, (dx, x) => mul(dx, i1(x)));
const i1Prim: Primitive<object> = /* @__PURE__ */ smooth(special.i164, (dx, x) =>
  mul(dx, sub(i0(x), besselRatio(1, x))),
);
const i0ePrim: Primitive<object> = /* @__PURE__ */ smooth(special.i0e64, (dx, x) =>
  mul(dx, i0eByOrder(1, x)),
);
/** Derivative of order `order`, at least 1, of e^−|x| I₀(x); 0 for odd orders at 0. */
export const i0eByOrder: (order: number, x: Tensor) => Tensor = /* @__PURE__ */ derivativesByOrder(
  "i0eByOrder",
  special.i0eByOrder64,
);
const i1ePrim: Primitive<object> = /* @__PURE__ */ smooth(special.i1e64, (dx, x, out) => {
  // i1e(x) / x, whose own derivatives would cancel near 0
  const one = full(x.type, 1);
  const isNear = less(mul(x, sign(x)), one);
  const near = where(isNear, x, zeros(x.type));
  const scaled = mul(exp(neg(mul(near, sign(near)))), besselRatio(1, near));
  const ratio = where(isNear, scaled, div(out, where(isNear, one, x)));
  // i0e(x) − |i1e(x)|, which would cancel far from 0
  const excess = where(isNear, sub(i0e(x), mul(sign(x), out)), neg(mul(sign(x), i0eByOrder(1, x))));
  return mul(dx, sub(excess, ratio));
});
const besselRatioPrim: Primitive<OrderParams> = /* @__PURE__ */ builtIn<OrderParams>({
  name: "besselRatio",
  typeOf: (ins) => [joinFloating("besselRatio", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx], [x], _, { order }) => [dx && mul(dx, mul(x!, besselRatio(order + 1, x!)))],
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x], { order }) => through(special.besselRatio64(order))(x!) },
});

/** Modified Bessel function of the first kind I₀. */
export const i0 = (x: Tensor): Tensor => bind1(i0Prim, [x], none);
/** Modified Bessel function of the first kind I₁. */
export const i1 = (x: Tensor): Tensor => bind1(i1Prim, [x], none);
/** e^−|x| I₀(x). */
export const i0e = (x: Tensor): Tensor => bind1(i0ePrim, [x], none);
/** e^−|x| I₁(x). */
export const i1e = (x: Tensor): Tensor => bind1(i1ePrim, [x], none);
/** Iₙ(x) / xⁿ. */
export const besselRatio = (order: number, x: Tensor): Tensor => bind1(besselRatioPrim, [x], { order });
