import type { Block } from "../../kernel/build.ts";
import type { Expr } from "../../kernel/scalar.ts";
import type { RegionExpr, RegionType } from "./region.ts";

/**
 * A function of scalars that regions may apply: one of the elementwise primitives, of which it is made. Its derivative is the
 * primitive's own rule.
 */
export interface ScalarFunction {
  readonly name: string;
  /** Whether its derivative is zero wherever there is one. */
  readonly isConstant: boolean;
  /** Whether its two arguments may change places without changing a bit. */
  readonly commutes: boolean;
  /** The type of the result; `undefined` for arguments that it does not take. */
  typeOf(args: readonly RegionType[]): RegionType | undefined;
  /** Whether its value takes much longer to compute than to read from memory. */
  isCostly(args: readonly RegionExpr[]): boolean;
  /** The same value as a constant or as one of the arguments, where constants among these tell it: x · 1 is x. */
  simplify(args: readonly RegionExpr[]): RegionExpr | undefined;
  /**
   * The tangent of the result: an expression that is linear in the tangents given, built of `add`, `sub`, `neg`, `mul`, `div`, their
   * strong forms, `convert` and `select` around them. What it takes besides are locals and constants: `bind` gives a value that is
   * computed of arguments and result a local. `undefined` where the derivative is zero. Arguments, result and tangents are locals
   * or constants.
   */
  tangent(
    args: readonly RegionExpr[],
    result: RegionExpr,
    tangents: readonly (RegionExpr | undefined)[],
    bind: (value: RegionExpr) => RegionExpr,
  ): RegionExpr | undefined;
  /** Its value in the kernel vocabulary. `block` takes statements that the expression needs before it. */
  lower(args: readonly Expr[], block: Block): Expr;
}

/** The functions of scalars, by name. They are handed to whoever needs them, since they are made of primitives. */
export interface ScalarFunctions {
  get(name: string): ScalarFunction | undefined;
  readonly names: readonly string[];
}
