import type { Tensor } from "../../engine/ir/tensor.ts";
import { isFloating } from "../../engine/ir/types.ts";
import { add, mul, where } from "./elementwise.ts";

/**
 * `value` where `isDefined` holds, else NaN; all operands broadcast.
 *
 * Where the result is NaN, its derivatives in the floating `operands` (default: `value`) are NaN too. A plain
 * `where(isDefined, value, NaN)` would mask them, so that NaN would have a gradient of 0.
 */
export function nanUnless(isDefined: Tensor, value: Tensor, operands: readonly Tensor[] = [value]): Tensor {
  const undefinedHere = operands.filter((x) => isFloating(x.dtype)).map((x) => mul(x, Number.NaN));
  return where(
    isDefined,
    value,
    undefinedHere.length === 0 ? Number.NaN : undefinedHere.reduce((x, y) => add(x, y)),
  );
}
