import type { Block } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/scalar.ts";
import type { RegionExpr, RegionType } from "./region.ts";

/** Scalar function that regions may apply. It is built from an elementwise primitive, and has its derivative rule. */
export interface ScalarFunction {
  readonly name: string;
  /** True if the derivative is zero wherever it exists, as for `floor`. */
  readonly isConstant: boolean;
  /** True if swapping its two arguments leaves every bit of the result unchanged. */
  readonly commutes: boolean;
  /** Type of the result; `undefined` for argument types that the function does not accept. */
  typeOf(args: readonly RegionType[]): RegionType | undefined;
  /** True if computing the value for these arguments takes much longer than reading it from memory. */
  isCostly(args: readonly RegionExpr[]): boolean;
  /**
   * Returns the constant or the argument that equals the result, if constant arguments imply one, as in x · 1 = x;
   * otherwise `undefined`.
   */
  simplify(args: readonly RegionExpr[]): RegionExpr | undefined;
  /**
   * Tangent of the result: an expression that is linear in the given tangents, built from `add`, `sub`, `neg`, `mul`,
   * `div`, their strong forms, `convert` and `select`. Its coefficients are locals and constants; `bind` stores a
   * computed coefficient in a local. Returns `undefined` if the derivative is zero. Arguments, result and tangents are
   * locals or constants.
   */
  tangent(
    args: readonly RegionExpr[],
    result: RegionExpr,
    tangents: readonly (RegionExpr | undefined)[],
    bind: (value: RegionExpr) => RegionExpr,
  ): RegionExpr | undefined;
  /** Returns the result as a kernel expression. `block` receives statements that must precede the expression. */
  lower(args: readonly Expr[], block: Block): Expr;
}

/**
 * Scalar functions by name. The functions of this layer receive them as an argument, because they are built from
 * primitives, which belong to a later layer.
 */
export interface ScalarFunctions {
  get(name: string): ScalarFunction | undefined;
  readonly names: readonly string[];
}
