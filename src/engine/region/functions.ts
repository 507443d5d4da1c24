import type { Block } from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { RegionExpr, RegionType } from "./region.ts";

/**
 * A function of scalars that regions may apply: one of the elementwise primitives, of which it is made. Its derivative is the
 * primitive's own rule.
 */
export interface ScalarFunction {
  readonly name: string;
  /** The type of the result; `undefined` for arguments that it does not take. */
  typeOf(args: readonly RegionType[]): RegionType | undefined;
  /**
   * The tangent of the result: an expression that is linear in the tangents given, built of `add`, `sub`, `neg`, `mul`, `div`, their
   * strong forms, `convert` and `select` around them; coefficients are expressions of the arguments and of the result. `undefined`
   * where the derivative is zero. Arguments, result and tangents are locals or constants.
   */
  tangent(
    args: readonly RegionExpr[],
    result: RegionExpr,
    tangents: readonly (RegionExpr | undefined)[],
  ): RegionExpr | undefined;
  /** Its value in the kernel vocabulary. `block` takes statements that the expression needs before it. */
  lower(args: readonly Expr[], block: Block): Expr;
}

/** The functions of scalars, by name. They are handed to whoever needs them, since they are made of primitives. */
export interface ScalarFunctions {
  get(name: string): ScalarFunction | undefined;
  readonly names: readonly string[];
}
