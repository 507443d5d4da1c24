import { abs, add, astype, greaterEqual, mul, stopGradient, sub, where } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";

/** Each number of a float64 tensor rounded to float32. The derivative is that of the identity, in float64. */
export function roundToFloat32(x: Tensor): Tensor {
  return replaced(x, astype(astype(x, "float32"), "float64"));
}

/**
 * Each number of a float64 tensor rounded to bfloat16, via float32 like hardware and PyTorch, ties to even. The
 * derivative is that of the identity. −0 becomes 0.
 */
export function roundToBfloat16(x: Tensor): Tensor {
  const single = astype(astype(x, "float32"), "float64");
  // a number whose last bit is 2⁻⁷ of the leading bit of x, so that the sum is rounded there; both the number and the
  // difference are exact, and the number is even
  const isNormal = greaterEqual(abs(single), 2 ** -126);
  const large = where(isNormal, mul(single, 2 ** 45), 1.5 * 2 ** (52 - 133));
  return replaced(x, sub(add(large, single), large));
}

/** Returns `x + (y − x)`, with the value of `y` and the derivative of `x`. The sum is exact if y is x rounded. */
function replaced(x: Tensor, y: Tensor): Tensor {
  return add(x, stopGradient(sub(y, x)));
}
