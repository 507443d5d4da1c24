import * as k from "../kernel/build.ts";
import { isFloat } from "../kernel/scalar.ts";
import type { Expr, ScalarType } from "../kernel/scalar.ts";

/** The number that leaves every other unchanged when it is added, −0 too. */
export function noTerm(type: ScalarType): Expr {
  return k.constant(type, isFloat(type) ? -0 : 0);
}
