import { DownhillError } from "../errors/index.ts";
import type { Maybe, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import * as math from "../kernel/math/index.ts";
import { binomial } from "../kernel/math/special/bell.ts";
import * as special from "../kernel/math/special/index.ts";
import type { Procedure } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { mul, scale, strongDiv, strongMul } from "./arithmetic.ts";
import { joinFloating, smoothUnary, through } from "./elementwise.ts";
import { add, full, neg, sub, sumMaybe } from "./linear.ts";
import { log } from "./transcendental.ts";

const none = {};

/** A function of two operands of one floating type, by its float64 procedure and its tangent. */
function smoothBinary(
  procedure: Procedure,
  jvp: (tangents: readonly Maybe[], x: Tensor, y: Tensor, out: Tensor) => Maybe,
): Primitive<object> {
  const { name } = procedure;
  return builtIn<object>({
    name,
    typeOf: (ins) => [joinFloating(name, ins)],
    derivative: {
      kind: "smooth",
      jvp: (tangents, [x, y], [out]) => [jvp(tangents, x!, y!, out!)],
    },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: (xs) => through(procedure)(...xs) },
  });
}

const lgammaPrim: Primitive<object> = /* @__PURE__ */ smoothUnary("lgamma", {
  scalar: /* @__PURE__ */ through(math.lgamma64),
  jvp: (dx, x) => mul(dx, digamma(x)),
});
const digammaPrim: Primitive<object> = /* @__PURE__ */ smoothUnary("digamma", {
  scalar: /* @__PURE__ */ through(math.digamma64),
  jvp: (dx, x) => mul(dx, polygamma(1, x)),
});

/** ln |Γ(x)|. */
export const lgamma = (x: Tensor): Tensor => bind1(lgammaPrim, [x], none);
/** The derivative of ln |Γ(x)|. */
export const digamma = (x: Tensor): Tensor => bind1(digammaPrim, [x], none);

/** How often a function is differentiated in one of its operands. */
interface OrderParams {
  readonly order: number;
}

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

/** The greatest order of `polygamma`: of the next one the factorial is no float64. */
const greatestOrder = 170;

/**
 * The derivative of ψ of this order, ψ itself for 0.
 *
 * @throws DownhillError `range` for an order that is no whole number from 0 to 170.
 */
export function polygamma(order: number, x: Tensor): Tensor {
  if (!Number.isInteger(order) || order < 0 || order > greatestOrder) {
    throw new DownhillError(
      "range",
      `polygamma: the order must be a whole number from 0 to ${greatestOrder}, as in polygamma(1, x); got ${order}.`,
    );
  }
  return order === 0 ? digamma(x) : bind1(polygammaPrim, [x], { order });
}

const zetaPrim: Primitive<object> = /* @__PURE__ */ smoothBinary(special.zeta64, ([ds, dq], s, q) => {
  if (ds !== undefined) {
    throw new DownhillError(
      "derivative",
      "zeta: there is no derivative in its first operand. Hold it fixed: differentiate in the second one, or write stopGradient(s).",
    );
  }
  return dq && neg(mul(dq, mul(s, zeta(add(s, full(s.type, 1)), q))));
});

/** Σ (q + k)^−s over k = 0, 1, … */
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

/** xᵃ⁻¹ e⁻ˣ / Γ(a), the density of the gamma distribution of shape a and scale 1 at x. */
export const gammaDensity = (a: Tensor, x: Tensor): Tensor => bind1(gammaDensityPrim, [a, x], none);

/** The derivative of this order of `gammaDensity` in a. */
function gammaDensityByShape(order: number, a: Tensor, x: Tensor): Tensor {
  const found = [gammaDensity(a, x)];
  const slopes = Array.from({ length: order }, (_, i) =>
    i === 0 ? sub(log(x), digamma(a)) : neg(polygamma(i, a)),
  );
  for (let n = 0; n < order; n++) {
    // of density′ = density · slope, by the rule of products
    const terms = found.map((part, i) => scale(strongMul(part, slopes[n - i]!), binomial(n, i)));
    found.push(terms.reduce((sum, term) => add(sum, term)));
  }
  return found[order]!;
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

/** The derivative of this order, from 1 on, of `gammainc` in a. */
export function gammaincByShape(order: number, a: Tensor, x: Tensor): Tensor {
  return bind1(gammaincByShapePrim, [a, x], { order });
}

/** The tangent of `gammainc`. */
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

/** The lower regularised incomplete gamma function. */
export const gammainc = (a: Tensor, x: Tensor): Tensor => bind1(gammaincPrim, [a, x], none);
/** The upper one. */
export const gammaincc = (a: Tensor, x: Tensor): Tensor => bind1(gammainccPrim, [a, x], none);
