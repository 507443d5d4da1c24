import type { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { full, where } from "./linear.ts";
import { spread } from "./shape.ts";

/** What is added where a condition holds; elsewhere what leaves every number as it is, −0 too. */
export function addend(x: Tensor, when: Tensor): Tensor {
  return where(spread(when, x.shape), x, full(x.type, isFloating(x.dtype) ? -0 : 0));
}
