import { abs, add, astype, greaterEqual, mul, stopGradient, sub, where } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";

/**
 * Each number of a float64 tensor rounded to float32. The derivative is that of x itself, in float64.
 */
export function roundToFloat32(x: Tensor): Tensor {
  return replaced(x, astype(astype(x, "float32"), "float64"));
}

/**
 * Each number of a float64 tensor rounded to bfloat16, through float32 as hardware and PyTorch do, ties to even. The
 * derivative is that of x itself. −0 becomes 0.
 */
export function roundToBfloat16(x: Tensor): Tensor {
  const single = astype(astype(x, "float32"), "float64");
  // its last bit is worth the eighth one of x, so that the sum is rounded there; it is exact and even, as is the difference
  const isNormal = greaterEqual(abs(single), 2 ** -126);
  const large = where(isNormal, mul(single, 2 ** 45), 1.5 * 2 ** (52 - 133));
  return replaced(x, sub(add(large, single), large));
}

/** `y`, with the derivative of x. Exact where y is x rounded. */
function replaced(x: Tensor, y: Tensor): Tensor {
  return add(x, stopGradient(sub(y, x)));
}
