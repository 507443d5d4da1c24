import { arange, eye } from "../../array/create.ts";
import { abs, add, div, equal, less, neg, sub, where } from "../../array/elementwise.ts";
import { dynamicSlice, dynamicUpdateSlice } from "../../array/gather.ts";
import { argmax } from "../../array/reduce.ts";
import { concatenate, matmul, reshape, slice } from "../../array/shape.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { customJvp } from "../../../engine/transforms/custom.ts";
import { foriLoop } from "../../../engine/transforms/while-loop.ts";

/**
 * The solution of `Ax = b` for a square matrix, infinite or NaN where A is singular: by the inverse, and one step of refinement. It is
 * linear in b by its form, so that it can be transposed, and differentiable in A to any order.
 */
export function solveLinear(a: Tensor, b: Tensor): Tensor {
  const inverse = inverseOf(a);
  const x = matmul(inverse, b);
  return add(x, matmul(inverse, sub(b, matmul(a, x))));
}

/** `A⁻¹`, with `dA⁻¹ = −A⁻¹ dA A⁻¹`. */
function inverseOf(a: Tensor): Tensor {
  const inverse: (a: TensorLike) => Tensor = customJvp(gaussJordan, ([x], [dx]): [Tensor, Tensor] => {
    const y = inverse(x);
    return [y, neg(matmul(y, matmul(dx, y)))];
  });
  return inverse(a);
}

/** The inverse by elimination in `[A I]` with the largest element of a column as pivot. */
function gaussJordan(a: Tensor): Tensor {
  const n = a.shape[0]!;
  const rows = arange(0, n, 1, { dtype: "int32" });
  const start = concatenate([a, eye(n, { dtype: a.dtype })], { axis: 1 });
  const rowAt = (m: Tensor, i: Tensor): Tensor => dynamicSlice(m, [i, 0], [1, 2 * n]);
  const end = foriLoop(
    0,
    n,
    (k, m: Tensor) => {
      const column = reshape(dynamicSlice(m, [0, k], [n, 1]), [n]);
      const pivot = argmax(where(less(rows, k), -1, abs(column)), { axis: 0 });
      const [upper, chosen] = [rowAt(m, k), rowAt(m, pivot)];
      const divided = div(chosen, dynamicSlice(chosen, [0, k], [1, 1]));
      const exchanged = dynamicUpdateSlice(dynamicUpdateSlice(m, upper, [pivot, 0]), divided, [k, 0]);
      const factors = where(equal(rows, k), 0, reshape(dynamicSlice(exchanged, [0, k], [n, 1]), [n]));
      return sub(exchanged, matmul(reshape(factors, [n, 1]), divided));
    },
    start,
  );
  return slice(end, null, [n, 2 * n]);
}
