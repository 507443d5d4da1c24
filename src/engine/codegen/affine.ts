import { sameExpr } from "../kernel/same-expr.ts";
import type { Expr } from "../kernel/scalar.ts";
import { assertNever } from "../util/assert-never.ts";

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
export interface DependenceMap {
  readonly get: (name: string) => Dependence | undefined;
}

/**
 * How an expression depends on the index that the locals of `names` depend on. It is asked of every expression, before the engine has
 * compiled it: so it makes no lists, and of floats it asks no more than whether one operand differs.
 */
export function dependence(expr: Expr, names: DependenceMap): Dependence {
  switch (expr.kind) {
    case "const":
      return uniform;
    case "local":
      return names.get(expr.name) ?? uniform;
    case "load":
    case "table":
      return sameOrVarying(names, expr.index);
    case "unary":
    case "convert":
      if (!isInteger(expr) || !isInteger(expr.x)) return sameOrVarying(names, expr.x);
      return integers(dependence(expr.x, names));
    case "binary": {
      const { x, y } = expr;
      if (!isInteger(expr) || !isInteger(x)) return sameOrVarying(names, x, y);
      const [a, b] = [dependence(x, names), dependence(y, names)];
      return (expr.type === "bool" ? undefined : affineOf(expr, strideOf(a), strideOf(b))) ?? integers(a, b);
    }
    case "mulAdd":
      return sameOrVarying(names, expr.x, expr.y, expr.z);
    case "select": {
      const { condition, x, y } = expr;
      if (!isInteger(expr)) return sameOrVarying(names, condition, x, y);
      return integers(dependence(condition, names), dependence(x, names), dependence(y, names));
    }
    case "call":
      return expr.args.every((arg) => isUniform(arg, names)) ? uniform : varying;
    default:
      return assertNever(expr, "dependence");
  }
}

function isUniform(expr: Expr, names: DependenceMap): boolean {
  if (expr.kind === "const") return true; // most are these two: they are answered with no call more
  if (expr.kind === "local") return (names.get(expr.name) ?? uniform).kind === "uniform";
  return dependence(expr, names).kind === "uniform";
}

/** What is no integer arithmetic on these operands: the same for all indices if they are. */
function sameOrVarying(names: DependenceMap, x: Expr, y?: Expr, z?: Expr): Dependence {
  const isSame =
    isUniform(x, names) &&
    (y === undefined || isUniform(y, names)) &&
    (z === undefined || isUniform(z, names));
  return isSame ? uniform : varying;
}

/** Integer arithmetic on operands that depend on the index so. */
function integers(a: Dependence, b: Dependence = uniform, c: Dependence = uniform): Dependence {
  if (a.kind === "uniform" && b.kind === "uniform" && c.kind === "uniform") return uniform;
  return a.kind === "varying" || b.kind === "varying" || c.kind === "varying" ? varying : integral;
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
