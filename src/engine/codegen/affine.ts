import { sameExpr } from "../kernel/same-expr.ts";
import type { Expr } from "../kernel/scalar.ts";

/**
 * How an expression depends on an index, that of a loop or of the lane: not at all; by a fixed step each time that the index grows
 * by one; as integer arithmetic on such numbers, which can be done for one index at a time; or in any other way.
 */
export type Dependence =
  | { readonly kind: "uniform" }
  | { readonly kind: "affine"; readonly stride: number }
  | { readonly kind: "integral" }
  | { readonly kind: "varying" };

export const uniform: Dependence = { kind: "uniform" };
export const integral: Dependence = { kind: "integral" };
export const varying: Dependence = { kind: "varying" };

/** A number that moves by `stride`, in the arithmetic of int32. */
export function affine(stride: number): Dependence {
  return stride === 0 ? uniform : { kind: "affine", stride: stride | 0 };
}

/** How far a number moves when the index grows by one; `undefined` where that is not the same everywhere. */
export function strideOf(by: Dependence): number | undefined {
  return by.kind === "uniform" ? 0 : by.kind === "affine" ? by.stride : undefined;
}

/** How locals depend on the index; those of which nothing is said do not. */
export interface Names {
  readonly get: (name: string) => Dependence | undefined;
}

/** How an expression depends on the index that the locals of `names` depend on. */
export function dependence(expr: Expr, names: Names): Dependence {
  if (expr.kind === "const") return uniform;
  if (expr.kind === "local") return names.get(expr.name) ?? uniform;
  const operands = operandsOf(expr);
  const parts = operands.map((x) => dependence(x, names));
  if (expr.kind === "binary" && (expr.type === "i32" || expr.type === "u32")) {
    const by = affineOf(expr, strideOf(parts[0]!), strideOf(parts[1]!));
    if (by !== undefined) return by;
  }
  if (parts.every((part) => part.kind === "uniform")) return uniform;
  const isArithmetic = expr.kind !== "load" && expr.kind !== "table" && expr.kind !== "call";
  const isIntegral = isArithmetic && isInteger(expr) && operands.every(isInteger);
  return isIntegral && parts.every((part) => part.kind !== "varying") ? integral : varying;
}

function affineOf(
  { op, x, y }: Expr & { kind: "binary" },
  a: number | undefined,
  b: number | undefined,
): Dependence | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (op === "add") return affine(a + b);
  if (op === "sub") return affine(a - b);
  if (a === 0 && b === 0) return uniform;
  if (op === "mul" && y.kind === "const") return affine(Math.imul(a, y.value));
  if (op === "mul" && x.kind === "const") return affine(Math.imul(b, x.value));
  if (op === "shl" && y.kind === "const") return affine(a << (y.value & 31));
  return undefined;
}

function isInteger({ type }: Expr): boolean {
  return type === "i32" || type === "u32" || type === "bool";
}

function operandsOf(expr: Exclude<Expr, { kind: "const" | "local" }>): readonly Expr[] {
  switch (expr.kind) {
    case "load":
    case "table":
      return [expr.index];
    case "unary":
    case "convert":
      return [expr.x];
    case "binary":
      return [expr.x, expr.y];
    case "mulAdd":
      return [expr.x, expr.y, expr.z];
    case "select":
      return [expr.condition, expr.x, expr.y];
    case "call":
      return expr.args;
  }
}

/** How far one index lies after another, where that can be seen. */
export function distance(from: Expr, to: Expr): number | undefined {
  const [a, b] = [constantPart(from), constantPart(to)];
  return sameExpr(a.rest, b.rest) ? b.constant - a.constant : undefined;
}

function constantPart(index: Expr): { readonly rest: Expr; readonly constant: number } {
  if (index.kind !== "binary" || index.op !== "add" || index.y.kind !== "const")
    return { rest: index, constant: 0 };
  return { rest: index.x, constant: index.y.value };
}
