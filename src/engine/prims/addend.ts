import type { Primitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { full, instantiate, where } from "./linear.ts";
import { spread } from "./shape.ts";

/** What is added where a condition holds; elsewhere what leaves every number as it is, −0 too. */
export function addend(x: Tensor, when: Tensor): Tensor {
  return where(spread(when, x.shape), x, full(x.type, isFloating(x.dtype) ? -0 : 0));
}

/**
 * The derivative of what adds updates to an array at places, of operands array, places and updates: linear in the array and in the
 * updates. `read` reads at these places.
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
