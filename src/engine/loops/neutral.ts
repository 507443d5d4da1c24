import * as k from "../kernel/build.ts";
import { isFloat } from "../kernel/scalar.ts";
import type { Expr, ScalarType } from "../kernel/scalar.ts";

/** Additive identity of a type: 0 for integers, but −0 for floats, because 0 + (−0) is 0 and not −0. */
export function noTerm(type: ScalarType): Expr {
  return k.constant(type, isFloat(type) ? -0 : 0);
}
