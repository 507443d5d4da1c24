import { lessEqual, where } from "../array/elementwise.ts";
import type { Tensor, TensorLike } from "../ir/tensor.ts";

export { sigmoid, softplus, tanh } from "../array/elementwise.ts";

/** max(x, 0), element by element. Its derivative at 0 is 0; NaN stays NaN. */
export function relu(x: TensorLike): Tensor {
  return where(lessEqual(x, 0), 0, x);
}
