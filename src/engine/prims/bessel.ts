// The Bessel functions of real order.
import { DownhillError } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import * as special from "../kernel/math/special/index.ts";
import type { Procedure } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { mul, scale } from "./arithmetic.ts";
import { smoothBinary } from "./by-order.ts";
import { add, full, sub } from "./linear.ts";

const none = {};

/** Combines the values of the orders v − 1 and v + 1 to twice the derivative with respect to x. */
type DerivativeOfNeighbours = (lower: Tensor, upper: Tensor) => Tensor;

/** Defines a Bessel function of the order v at x. It has no derivative with respect to the order. */
function bessel(procedure: Procedure, combine: DerivativeOfNeighbours): (v: Tensor, x: Tensor) => Tensor {
  const prim: Primitive<object> = smoothBinary(procedure, ([dv, dx], v, x) => {
    if (dv !== undefined)
      throw new DownhillError(
        "derivative",
        `${procedure.name}: has no derivative with respect to its first operand, the order. Differentiate with respect to the second one only, or write stopGradient(v).`,
      );
    const one = full(v.type, 1);
    return dx && mul(dx, scale(combine(of(sub(v, one), x), of(add(v, one), x)), 0.5));
  });
  const of = (v: Tensor, x: Tensor): Tensor => bind1(prim, [v, x], none);
  return of;
}

/** A Bessel function of the order v at x. */
type BesselFunction = (v: Tensor, x: Tensor) => Tensor;

/** Bessel function of the first kind. */
export const jv: BesselFunction = /* @__PURE__ */ bessel(special.jv64, sub);
/** Bessel function of the second kind. */
export const yv: BesselFunction = /* @__PURE__ */ bessel(special.yv64, sub);
/** Modified Bessel function of the first kind. */
export const iv: BesselFunction = /* @__PURE__ */ bessel(special.iv64, add);
/** Modified Bessel function of the second kind. */
export const kv: BesselFunction = /* @__PURE__ */ bessel(special.kv64, (lower, upper) =>
  scale(add(lower, upper), -1),
);
