import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import { binaryRange, isWithin, typeRange, unionRange } from "../../kernel/range.ts";
import type { BinaryOp, Expr } from "../../kernel/scalar.ts";
import { maxLength } from "../form/region.ts";
import type { Scope } from "./scope.ts";

// Integer arithmetic of the vocabulary wraps. A place, a bound or a length that would leave the int32 numbers must not become
// another one by that: where it cannot be ruled out, it is computed in float64 beside.

const int32: IntegerInterval = { low: -2147483648, high: 2147483647 };
/** Whole numbers between these are exact in float64. */
const exactWhole = 2 ** 53;

/** Lengths of arrays, and integer parameters. */
export const lengthRange: IntegerInterval = { low: 0, high: maxLength };
export const integerRange: IntegerInterval = { low: -maxLength, high: maxLength };

/** Where the value of an integer expression lies before it wraps, as if nothing in it wrapped. */
export function rangeOf(scope: Scope, expr: Expr): IntegerInterval {
  const all = typeRange(expr.type) ?? { low: -Infinity, high: Infinity };
  if (expr.kind === "const") return { low: expr.value, high: expr.value };
  if (expr.kind === "local") return scope.ranges.get(expr.name) ?? all;
  if (expr.kind === "select") return unionRange(rangeOf(scope, expr.x), rangeOf(scope, expr.y));
  if (expr.kind !== "binary" || expr.type !== "i32") return all;
  const known = binaryRange(expr.op, rangeOf(scope, expr.x), rangeOf(scope, expr.y));
  return known === undefined || Number.isNaN(known.low + known.high) ? all : known;
}

/** Whether an integer expression gives what it says, and not what is left of that after wrapping. */
export function isExact(scope: Scope, expr: Expr): boolean {
  if (!isWithin(rangeOf(scope, expr), int32)) return false;
  if (expr.kind === "local") return !scope.exact.has(expr.name);
  if (expr.kind === "binary") return isExact(scope, expr.x) && isExact(scope, expr.y);
  return expr.kind !== "select" || (isExact(scope, expr.x) && isExact(scope, expr.y));
}

/**
 * The value of an integer expression as float64, without wrapping; NaN where it is a product past what float64 holds exactly.
 */
export function exactValue(scope: Scope, expr: Expr): Expr {
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

/** Operations that mean the same on integers and on floats that are whole. */
const ringOperations: ReadonlySet<BinaryOp> = /* @__PURE__ */ new Set<BinaryOp>([
  "add",
  "sub",
  "mul",
  "min",
  "max",
]);

/** A bound of a loop: one past the int32 numbers counts as the last of these. */
export function boundValue(scope: Scope, expr: Expr): Expr {
  return isExact(scope, expr) ? expr : k.convert("i32", exactValue(scope, expr));
}

/** Declares a local that is never set, and notes what is known of it. */
export function declareLocal(scope: Scope, block: Block, hint: string, value: Expr): Expr {
  const local = block.let(scope.host.fresh(hint), value);
  if (value.type === "i32") noteInteger(scope, block, local, value);
  return local;
}

/** Notes where an integer local lies; one that may have wrapped gets its exact value beside it. */
function noteInteger(scope: Scope, block: Block, local: Expr, value: Expr): void {
  if (local.kind !== "local") return;
  if (isExact(scope, value)) {
    scope.ranges.set(local.name, rangeOf(scope, value));
    return;
  }
  const exact = block.let(scope.host.fresh(`${local.name}.exact`), exactValue(scope, value));
  scope.exact.set(local.name, exact);
}
