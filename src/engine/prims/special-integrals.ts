// Integrals of elementary functions, Lambert's function and the transformation of Box and Cox.
import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { LambertBranch } from "../kernel/math/special/lambert.ts";
import * as special from "../kernel/math/special/index.ts";
import { bind1 } from "../trace/bind.ts";
import { div, mul } from "./arithmetic.ts";
import { derivativesByOrder, smooth, smoothBinary } from "./by-order.ts";
import { joinFloating, through } from "./elementwise.ts";
import { full, neg, sub, sumMaybe } from "./linear.ts";
import { exp, log, pow } from "./transcendental.ts";

const none = {};

/** Returns the derivative of a function at x. The order is at least 1 unless stated. */
type ByOrder = (order: number, x: Tensor) => Tensor;

/** Derivatives of e^x² erfc x. */
export const erfcxByOrder: ByOrder = /* @__PURE__ */ derivativesByOrder(
  "erfcxByOrder",
  special.erfcxByOrder64,
);
/** Derivatives of Dawson's integral. */
export const dawsnByOrder: ByOrder = /* @__PURE__ */ derivativesByOrder(
  "dawsnByOrder",
  special.dawsnByOrder64,
);
/** ln z / (z − 1) for order 0, its derivatives for higher orders. */
export const logQuotientByOrder: ByOrder = /* @__PURE__ */ derivativesByOrder(
  "logQuotientByOrder",
  special.logQuotientByOrder64,
);
/** Derivatives of the complete elliptic integral of the first kind. */
export const ellipkByOrder: ByOrder = /* @__PURE__ */ derivativesByOrder(
  "ellipkByOrder",
  special.ellipkByOrder64,
);
/** Derivatives of the complete elliptic integral of the second kind. */
export const ellipeByOrder: ByOrder = /* @__PURE__ */ derivativesByOrder(
  "ellipeByOrder",
  special.ellipeByOrder64,
);
/** (eᵗ − 1) / t for order 0, its derivatives for higher orders. */
export const expm1Quotient: ByOrder = /* @__PURE__ */ derivativesByOrder(
  "expm1Quotient",
  special.expm1Quotient64,
);

const erfcxPrim: Primitive<object> = /* @__PURE__ */ smooth(special.erfcx64, (dx, x) =>
  mul(dx, erfcxByOrder(1, x)),
);
const dawsnPrim: Primitive<object> = /* @__PURE__ */ smooth(special.dawsn64, (dx, x) =>
  mul(dx, dawsnByOrder(1, x)),
);
const expiPrim: Primitive<object> = /* @__PURE__ */ smooth(special.expi64, (dx, x) =>
  mul(dx, div(exp(x), x)),
);
const spencePrim: Primitive<object> = /* @__PURE__ */ smooth(special.spence64, (dz, z) =>
  neg(mul(dz, logQuotientByOrder(0, z))),
);
const ellipkPrim: Primitive<object> = /* @__PURE__ */ smooth(special.ellipk64, (dm, m) =>
  mul(dm, ellipkByOrder(1, m)),
);
const ellipePrim: Primitive<object> = /* @__PURE__ */ smooth(special.ellipe64, (dm, m) =>
  mul(dm, ellipeByOrder(1, m)),
);

/** e^x² erfc x. */
export const erfcx = (x: Tensor): Tensor => bind1(erfcxPrim, [x], none);
/** Dawson's integral e^−x² ∫ e^t² dt over [0, x]. */
export const dawsn = (x: Tensor): Tensor => bind1(dawsnPrim, [x], none);
/** Exponential integral Ei(x). */
export const expi = (x: Tensor): Tensor => bind1(expiPrim, [x], none);
/** ∫ ln t / (1 − t) dt from 1 to z, the dilogarithm of 1 − z. */
export const spence = (z: Tensor): Tensor => bind1(spencePrim, [z], none);
/** Complete elliptic integral of the first kind of the parameter m. */
export const ellipk = (m: Tensor): Tensor => bind1(ellipkPrim, [m], none);
/** Complete elliptic integral of the second kind of the parameter m. */
export const ellipe = (m: Tensor): Tensor => bind1(ellipePrim, [m], none);

/** Parameter of Lambert's function. */
interface LambertParams {
  readonly branch: LambertBranch;
}

const lambertwPrim: Primitive<LambertParams> = /* @__PURE__ */ builtIn<LambertParams>({
  name: "lambertw",
  typeOf: (ins) => [joinFloating("lambertw", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx], [x], _, { branch }) => [dx && mul(dx, lambertwSlope(lambertwOnePlus(x!, branch)))],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x], { branch }) => through(branch === 0 ? special.lambertw64 : special.lambertwLower64)(x!),
  },
});
const lambertwOnePlusPrim: Primitive<LambertParams> = /* @__PURE__ */ builtIn<LambertParams>({
  name: "lambertwOnePlus",
  typeOf: (ins) => [joinFloating("lambertwOnePlus", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([dx], _, [out]) => [dx && mul(dx, lambertwSlope(out!))],
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([x], { branch }) =>
      through(branch === 0 ? special.lambertwOnePlus64 : special.lambertwLowerOnePlus64)(x!),
  },
});

/** e^−W / (1 + W), the slope of Lambert's function W, from d = 1 + W. */
function lambertwSlope(d: Tensor): Tensor {
  return div(exp(sub(full(d.type, 1), d)), d);
}

/** Lambert's function of a real branch: the w with w eʷ = x. */
export const lambertw = (x: Tensor, branch: LambertBranch): Tensor => bind1(lambertwPrim, [x], { branch });
/** 1 + `lambertw`, which keeps its digits near the branch point −1/e. */
export const lambertwOnePlus = (x: Tensor, branch: LambertBranch): Tensor =>
  bind1(lambertwOnePlusPrim, [x], { branch });

const boxcoxPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(
  special.boxcox64,
  ([dx, dLambda], x, lambda) => {
    const inLambda = (): Tensor => {
      // the value is L φ(λL) with L = ln x and φ(t) = (eᵗ − 1) / t
      const size = log(x);
      return mul(mul(size, size), expm1Quotient(1, mul(lambda, size)));
    };
    return sumMaybe(dx && mul(dx, pow(x, sub(lambda, full(x.type, 1)))), dLambda && mul(dLambda, inLambda()));
  },
);

/** (x^λ − 1) / λ, ln x for λ = 0. */
export const boxcox = (x: Tensor, lambda: Tensor): Tensor => bind1(boxcoxPrim, [x, lambda], none);
