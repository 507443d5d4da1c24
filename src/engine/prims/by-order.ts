import type { Maybe, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { Procedure } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { mul } from "./arithmetic.ts";
import { joinFloating, smoothUnary, through } from "./elementwise.ts";

/** Defines a function of one operand by its float64 procedure and its tangent. */
export function smooth(
  procedure: Procedure,
  jvp: (dx: Tensor, x: Tensor, out: Tensor) => Maybe,
): Primitive<object> {
  return smoothUnary(procedure.name, { scalar: through(procedure), jvp });
}

/** Defines a function of two operands of one floating type by its float64 procedure and its tangent. */
export function smoothBinary(
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

/** Parameter of a primitive that computes derivatives with respect to one operand: the order of the derivative. */
export interface OrderParams {
  readonly order: number;
}

/**
 * Defines the derivatives of a function of one operand, one procedure per order. The slope of the derivative of order n
 * is that of order n + 1.
 */
export function derivativesByOrder(
  name: string,
  procedure: (order: number) => Procedure,
): (order: number, x: Tensor) => Tensor {
  const prim = builtIn<OrderParams>({
    name,
    typeOf: (ins) => [joinFloating(name, ins)],
    derivative: {
      kind: "smooth",
      jvp: ([dx], [x], _, { order }) => [dx && mul(dx, ofOrder(order + 1, x!))],
    },
    batch: "elementwise",
    lowering: { kind: "elementwise", scalar: ([x], { order }) => through(procedure(order))(x!) },
  });
  const ofOrder = (order: number, x: Tensor): Tensor => bind1(prim, [x], { order });
  return ofOrder;
}
