import type { Primitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { full, instantiate, where } from "./linear.ts";
import { spread } from "./shape.ts";

/**
 * Returns `x` where the condition holds and elsewhere the neutral element of addition. For floats this is −0, so that a
 * sum keeps even the sign of −0; for other types it is 0.
 */
export function addend(x: Tensor, when: Tensor): Tensor {
  return where(spread(when, x.shape), x, full(x.type, isFloating(x.dtype) ? -0 : 0));
}

/**
 * Derivative rules of a primitive that adds updates to an array at given indices. Its operands are the array, the
 * indices, and the updates; it is linear in the array and the updates. `read` gathers the elements at the indices.
 */
export function derivativeOfAdding<P>(
  scatter: (x: Tensor, indices: Tensor, updates: Tensor, params: P) => Tensor,
  read: (x: Tensor, indices: Tensor, params: P) => Tensor,
): Primitive<P>["derivative"] {
  return {
    kind: "linear",
    operands: [0, 2],
    jvp: ([dx, , du], [x, indices, updates], params) => [
      dx && du === undefined
        ? dx
        : scatter(instantiate(dx, x!.type), indices!, instantiate(du, updates!.type), params),
    ],
    transpose([ct], [, indices], params, into) {
      into[0]?.add(ct!);
      into[2]?.add(read(ct!, indices!, params));
    },
  };
}
