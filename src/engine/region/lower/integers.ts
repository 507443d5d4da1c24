import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import { binaryRange, isWithin, typeRange, unionRange } from "../../kernel/range.ts";
import type { BinaryOp, Expr } from "../../kernel/scalar.ts";
import { maxLength } from "../form/region.ts";
import type { RegionScope } from "./scope.ts";

// Integer arithmetic of the kernel vocabulary wraps. An index, bound or length outside of int32 must not turn into another one. If overflow
// cannot be excluded, the value is also computed in float64.

const int32: IntegerInterval = { low: -2147483648, high: 2147483647 };
/** Magnitude up to which float64 represents all integers. */
const exactWhole = 2 ** 53;

/** Range of array lengths. `integerRange` is the range of integer parameters. */
export const lengthRange: IntegerInterval = { low: 0, high: maxLength };
export const integerRange: IntegerInterval = { low: -maxLength, high: maxLength };

/** Range of an integer expression under the assumption that no operation in it wraps. */
export function rangeOf(scope: RegionScope, expr: Expr): IntegerInterval {
  const all = typeRange(expr.type) ?? { low: -Infinity, high: Infinity };
  if (expr.kind === "const") return { low: expr.value, high: expr.value };
  if (expr.kind === "local") return scope.ranges.get(expr.name) ?? all;
  if (expr.kind === "select") return unionRange(rangeOf(scope, expr.x), rangeOf(scope, expr.y));
  if (expr.kind !== "binary" || expr.type !== "i32") return all;
  const known = binaryRange(expr.op, rangeOf(scope, expr.x), rangeOf(scope, expr.y));
  return known === undefined || Number.isNaN(known.low + known.high) ? all : known;
}

/** True if an integer expression never wraps. */
export function isExact(scope: RegionScope, expr: Expr): boolean {
  if (!isWithin(rangeOf(scope, expr), int32)) return false;
  if (expr.kind === "local") return !scope.exact.has(expr.name);
  if (expr.kind === "binary") return isExact(scope, expr.x) && isExact(scope, expr.y);
  return expr.kind !== "select" || (isExact(scope, expr.x) && isExact(scope, expr.y));
}

/**
 * Value of an integer expression in float64, without wrapping; NaN if a product is too large to be exact in float64.
 */
export function exactValue(scope: RegionScope, expr: Expr): Expr {
  if (expr.kind === "const") return k.f64(expr.value);
  if (isExact(scope, expr)) return k.convert("f64", expr);
  const of = (x: Expr): Expr => exactValue(scope, x);
  if (expr.kind === "local") return scope.exact.get(expr.name) ?? k.convert("f64", expr);
  if (expr.kind === "select") return k.select(expr.condition, of(expr.x), of(expr.y));
  if (expr.kind !== "binary" || !ringOperations.has(expr.op)) return k.convert("f64", expr);
  const value = k.binary(expr.op, of(expr.x), of(expr.y));
  const { low, high } = rangeOf(scope, expr);
  if (expr.op !== "mul" || (low >= -exactWhole && high <= exactWhole)) return value;
  return k.select(k.le(k.abs(value), k.f64(exactWhole)), value, k.f64(NaN));
}

/** Operations whose result on float64 equals that on integers, as long as the values are exact. */
const ringOperations: ReadonlySet<BinaryOp> = /* @__PURE__ */ new Set<BinaryOp>([
  "add",
  "sub",
  "mul",
  "min",
  "max",
]);

/** Value of a loop bound, clamped to the int32 range. */
export function boundValue(scope: RegionScope, expr: Expr): Expr {
  return isExact(scope, expr) ? expr : k.convert("i32", exactValue(scope, expr));
}

/** Declares a local that is never set, and notes its range. */
export function declareLocal(scope: RegionScope, block: Block, hint: string, value: Expr): Expr {
  const local = block.let(scope.host.fresh(hint), value);
  if (value.type === "i32") noteInteger(scope, block, local, value);
  return local;
}

/**
 * Notes the range of an integer local. If its value may have wrapped, also declares a float64 local with the exact
 * value.
 */
function noteInteger(scope: RegionScope, block: Block, local: Expr, value: Expr): void {
  if (local.kind !== "local") return;
  if (isExact(scope, value)) {
    scope.ranges.set(local.name, rangeOf(scope, value));
    return;
  }
  const exact = block.let(scope.host.fresh(`${local.name}.exact`), exactValue(scope, value));
  scope.exact.set(local.name, exact);
}
