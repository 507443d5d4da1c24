import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import * as math from "../kernel/math/index.ts";
import { powers } from "../kernel/math/powers.ts";
import * as single from "../kernel/math/single/index.ts";
import { call } from "../kernel/build.ts";
import type { Procedure } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { must } from "../util/assert-never.ts";
import { abs, both, div, equal, less, lessEqual, maximum, mul, scale, sqrt } from "./arithmetic.ts";
import { joinFloating, smoothUnary, through } from "./elementwise.ts";
import { add, full, neg, stopGradient, sub, sumMaybe, where, zeros } from "./linear.ts";

/** Defines a function of one operand by its float64 procedure, its tangent, and optionally a float32 procedure. */
function smooth(
  double: Procedure,
  jvp: (dx: Tensor, x: Tensor, out: Tensor) => Tensor,
  float32?: Procedure,
): Primitive<object> {
  return smoothUnary(double.name, { scalar: through(double, float32), jvp });
}

const one = (x: Tensor): Tensor => full(x.type, 1);
const square = (x: Tensor): Tensor => mul(x, x);
const none = {};

const expPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.exp64,
  (dx, _, out) => mul(dx, out),
  single.exp32,
);
const expm1Prim: Primitive<object> = /* @__PURE__ */ smooth(
  math.expm164,
  (dx, x) => mul(dx, exp(x)), // out + 1 cancels for x far below 0
  single.expm132,
);
const exp2Prim: Primitive<object> = /* @__PURE__ */ smooth(
  math.exp264,
  (dx, _, out) => mul(dx, scale(out, Math.LN2)),
  single.exp232,
);
const logPrim: Primitive<object> = /* @__PURE__ */ smooth(math.log64, (dx, x) => div(dx, x), single.log32);
const log1pPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.log1p64,
  (dx, x) => div(dx, add(one(x), x)),
  single.log1p32,
);
const log2Prim: Primitive<object> = /* @__PURE__ */ smooth(
  math.log264,
  (dx, x) => div(dx, scale(x, Math.LN2)),
  single.log232,
);
const log10Prim: Primitive<object> = /* @__PURE__ */ smooth(
  math.log1064,
  (dx, x) => div(dx, scale(x, Math.LN10)),
  single.log1032,
);
const sinPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.sin64,
  (dx, x) => mul(dx, cos(x)),
  single.sin32,
);
const cosPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.cos64,
  (dx, x) => neg(mul(dx, sin(x))),
  single.cos32,
);
const tanPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.tan64,
  (dx, _, out) => mul(dx, add(one(out), square(out))),
  single.tan32,
);
const asinPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.asin64,
  (dx, x) => div(dx, sqrt(oneMinusSquare(x))),
  single.asin32,
);
const acosPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.acos64,
  (dx, x) => neg(div(dx, sqrt(oneMinusSquare(x)))),
  single.acos32,
);
const atanPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.atan64,
  (dx, x) => div(dx, add(one(x), square(x))),
  single.atan32,
);
const sinhPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.sinh64,
  (dx, x) => mul(dx, cosh(x)),
  single.sinh32,
);
const coshPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.cosh64,
  (dx, x) => mul(dx, sinh(x)),
  single.cosh32,
);
const tanhPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.tanh64,
  (dx, _, out) => mul(dx, sub(one(out), square(out))),
  single.tanh32,
);
const asinhPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.asinh64,
  (dx, x) => div(dx, hypotWithOne(x)),
  single.asinh32,
);
const acoshPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.acosh64,
  (dx, x) => div(dx, mul(sqrt(sub(x, one(x))), sqrt(add(x, one(x))))),
  single.acosh32,
);
const atanhPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.atanh64,
  (dx, x) => div(dx, oneMinusSquare(x)),
  single.atanh32,
);
const cbrtPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.cbrt64,
  (dx, _, out) => div(dx, scale(square(out), 3)),
  single.cbrt32,
);
const erfPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.erf64,
  (dx, x) => mul(dx, gaussian(x)),
  single.erf32,
);
const erfcPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.erfc64,
  (dx, x) => neg(mul(dx, gaussian(x))),
  single.erfc32,
);
const sigmoidPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.sigmoid64,
  (dx, _, out) => mul(dx, mul(out, sub(one(out), out))),
  single.sigmoid32,
);
const softplusPrim: Primitive<object> = /* @__PURE__ */ smooth(
  math.softplus64,
  (dx, x) => mul(dx, sigmoid(x)),
  single.softplus32,
);

/** (1 − x)(1 + x), because 1 − x² loses digits near 1. */
function oneMinusSquare(x: Tensor): Tensor {
  return mul(sub(one(x), x), add(one(x), x));
}

/** √(1 + x²). For |x| > 2²⁷, the 1 is less than half an ulp and x² could overflow. */
function hypotWithOne(x: Tensor): Tensor {
  const size = abs(x);
  return where(less(full(x.type, 2 ** 27), size), size, sqrt(add(square(x), one(x))));
}

/** 2/√π · exp(−x²), the slope of erf. */
function gaussian(x: Tensor): Tensor {
  return scale(exp(neg(square(x))), 2 / Math.sqrt(Math.PI));
}

export const exp = (x: Tensor): Tensor => bind1(expPrim, [x], none);
export const expm1 = (x: Tensor): Tensor => bind1(expm1Prim, [x], none);
export const exp2 = (x: Tensor): Tensor => bind1(exp2Prim, [x], none);
export const log = (x: Tensor): Tensor => bind1(logPrim, [x], none);
export const log1p = (x: Tensor): Tensor => bind1(log1pPrim, [x], none);
export const log2 = (x: Tensor): Tensor => bind1(log2Prim, [x], none);
export const log10 = (x: Tensor): Tensor => bind1(log10Prim, [x], none);
export const sin = (x: Tensor): Tensor => bind1(sinPrim, [x], none);
export const cos = (x: Tensor): Tensor => bind1(cosPrim, [x], none);
export const tan = (x: Tensor): Tensor => bind1(tanPrim, [x], none);
export const asin = (x: Tensor): Tensor => bind1(asinPrim, [x], none);
export const acos = (x: Tensor): Tensor => bind1(acosPrim, [x], none);
export const atan = (x: Tensor): Tensor => bind1(atanPrim, [x], none);
export const sinh = (x: Tensor): Tensor => bind1(sinhPrim, [x], none);
export const cosh = (x: Tensor): Tensor => bind1(coshPrim, [x], none);
export const tanh = (x: Tensor): Tensor => bind1(tanhPrim, [x], none);
export const asinh = (x: Tensor): Tensor => bind1(asinhPrim, [x], none);
export const acosh = (x: Tensor): Tensor => bind1(acoshPrim, [x], none);
export const atanh = (x: Tensor): Tensor => bind1(atanhPrim, [x], none);
export const cbrt = (x: Tensor): Tensor => bind1(cbrtPrim, [x], none);
export const erf = (x: Tensor): Tensor => bind1(erfPrim, [x], none);
export const erfc = (x: Tensor): Tensor => bind1(erfcPrim, [x], none);
export const sigmoid = (x: Tensor): Tensor => bind1(sigmoidPrim, [x], none);
export const softplus = (x: Tensor): Tensor => bind1(softplusPrim, [x], none);

const atan2Prim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "atan2",
  typeOf: (ins) => [joinFloating("atan2", ins)],
  derivative: {
    kind: "smooth",
    jvp([dy, dx], [y, x]) {
      // (x dy − y dx) / (x² + y²), scaled by the larger operand, because squares of small and large numbers leave the
      // range
      const larger = stopGradient(maximum(abs(x!), abs(y!)));
      const [u, v] = [div(x!, larger), div(y!, larger)];
      const length = mul(larger, add(square(u), square(v)));
      return [sumMaybe(dy && mul(dy, div(u, length)), dx && neg(mul(dx, div(v, length))))];
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([y, x]) => through(math.atan264, single.atan232)(y!, x!) },
});

/** Angle of the point (x, y), in radians from −π to π. */
export const atan2 = (y: Tensor, x: Tensor): Tensor => bind1(atan2Prim, [y, x], none);

const powPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "pow",
  notation: { infix: "^", precedence: 4 },
  typeOf: (ins) => [joinFloating("pow", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx, dy], [x, y], [out]) => [
      sumMaybe(dx && mul(dx, powDx(x!, y!)), dy && mul(dy, powDy(x!, y!, out!))),
    ],
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x, y]) => through(math.pow64, single.pow32)(x!, y!) },
  algebra: { identity: ([, y]) => (y === 1 ? 0 : undefined) },
});

/** y · x^(y−1), and 0 for x = y = 0, where it would be 0 · ∞. */
function powDx(x: Tensor, y: Tensor): Tensor {
  const flat = both(equal(x, zeros(x.type)), equal(y, zeros(y.type)));
  const safe = where(flat, full(x.type, 1), x); // avoids ∞ in the branch not taken, whose derivative would be NaN
  return where(flat, zeros(x.type), mul(y, pow(safe, sub(y, full(y.type, 1)))));
}

/** x^y · log x, and 0 if x = 0 and y ≥ 0. */
function powDy(x: Tensor, y: Tensor, out: Tensor): Tensor {
  const zero = zeros(x.type);
  const flat = both(equal(x, zero), lessEqual(zero, y));
  const safe = where(flat, full(x.type, 1), x); // avoids log 0, which would yield 0 · ∞ in the branch not taken
  return where(flat, zero, mul(out, log(safe)));
}

/** x^y for floating operands of one type. */
export function pow(x: Tensor, y: Tensor): Tensor {
  return bind1(powPrim, [x, y], none);
}

interface PowByParams {
  readonly exponent: number;
}

const powByPrim: Primitive<PowByParams> = /* @__PURE__ */ builtIn<PowByParams>({
  name: "powBy",
  asked: "pow",
  typeOf: (ins) => [joinFloating("powBy", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx], [x], _, { exponent }) => [
      dx && mul(dx, mul(full(x!.type, exponent), powBy(x!, exponent - 1))),
    ],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x], { exponent }) => {
      const power = must(powers.get(exponent), "the power");
      return call(x!.type === "f32" ? power.f32 : power.f64, x!);
    },
  },
  notation: { infix: "^", precedence: 4, right: ({ exponent }) => exponent },
});

/** x^y for a floating x and a number y, computed by products and roots if a few of them suffice. */
export function powBy(x: Tensor, exponent: number): Tensor {
  if (exponent === 1) return x;
  if (powers.has(exponent)) return bind1(powByPrim, [x], { exponent });
  return pow(x, full(x.type, exponent));
}
