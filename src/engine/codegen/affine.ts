import { sameExpr } from "../kernel/same-expr.ts";
import type { Expr } from "../kernel/scalar.ts";
import { assertNever } from "../util/assert-never.ts";

/**
 * Dependence of an expression on an index, of a loop or of a lane. `uniform`: it does not depend on the index.
 * `affine`: it changes by a fixed stride when the index grows by one. `integral`: integer arithmetic on uniform and
 * affine numbers, which can be computed separately for each index. `varying`: any other dependence.
 */
export type Dependence =
  | { readonly kind: "uniform" }
  | { readonly kind: "affine"; readonly stride: number }
  | { readonly kind: "integral" }
  | { readonly kind: "varying" };

export const uniform: Dependence = { kind: "uniform" };
export const integral: Dependence = { kind: "integral" };
export const varying: Dependence = { kind: "varying" };

/** Dependence of an int32 value that grows by `stride` when the index grows by one. */
export function affine(stride: number): Dependence {
  return stride === 0 ? uniform : { kind: "affine", stride: stride | 0 };
}

/** Change of a value with this dependence when the index grows by one; `undefined` if it is not constant. */
export function strideOf(by: Dependence): number | undefined {
  return by.kind === "uniform" ? 0 : by.kind === "affine" ? by.stride : undefined;
}

/** Dependence of locals on the loop index. Locals without an entry do not depend on it. */
export interface DependenceMap {
  readonly get: (name: string) => Dependence | undefined;
}

/**
 * Dependence of an expression on the index, given the dependence of the locals. This function runs for every expression
 * of a routine, mostly before the JavaScript engine has optimised it. To be fast then, it allocates no lists, and for
 * float operations only checks whether an operand varies.
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
    case "convert": {
      const { type, x } = expr;
      if (type === "f64" || type === "f32" || x.type === "f64" || x.type === "f32")
        return sameOrVarying(names, x);
      return integers(dependence(x, names));
    }
    case "binary": {
      const { type, x, y } = expr;
      if (type === "f64" || type === "f32" || x.type === "f64" || x.type === "f32")
        return sameOrVarying(names, x, y);
      const [a, b] = [dependence(x, names), dependence(y, names)];
      if (a.kind === "uniform" && b.kind === "uniform") return uniform;
      return (expr.type === "bool" ? undefined : affineOf(expr, strideOf(a), strideOf(b))) ?? integers(a, b);
    }
    case "mulAdd":
      return sameOrVarying(names, expr.x, expr.y, expr.z);
    case "select": {
      const { condition, x, y } = expr;
      if (expr.type === "f64" || expr.type === "f32") return sameOrVarying(names, condition, x, y);
      return integers(dependence(condition, names), dependence(x, names), dependence(y, names));
    }
    case "call":
      return expr.args.every((arg) => isUniform(arg, names)) ? uniform : varying;
    default:
      return assertNever(expr, "dependence");
  }
}

function isUniform(expr: Expr, names: DependenceMap): boolean {
  if (expr.kind === "const") return true; // most expressions are a constant or a local, handled without a further call
  if (expr.kind === "local") return (names.get(expr.name) ?? uniform).kind === "uniform";
  return dependence(expr, names).kind === "uniform";
}

/** Dependence of an operation that is not integer arithmetic: uniform if all operands are, otherwise varying. */
function sameOrVarying(names: DependenceMap, x: Expr, y?: Expr, z?: Expr): Dependence {
  const isSame =
    isUniform(x, names) &&
    (y === undefined || isUniform(y, names)) &&
    (z === undefined || isUniform(z, names));
  return isSame ? uniform : varying;
}

/** Dependence of the result of integer arithmetic on operands with the dependences `a`, `b` and `c`. */
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
  if (op === "shl" && y.kind === "const") return affine(a << y.value);
  return undefined;
}

/** Constant difference `to − from` of two indices; `undefined` if it is not evident from the expressions. */
export function distance(from: Expr, to: Expr): number | undefined {
  const [a, b] = [constantPart(from), constantPart(to)];
  return sameExpr(a.rest, b.rest) ? b.constant - a.constant : undefined;
}

function constantPart(index: Expr): { readonly rest: Expr; readonly constant: number } {
  if (index.kind !== "binary" || index.op !== "add" || index.y.kind !== "const")
    return { rest: index, constant: 0 };
  return { rest: index.x, constant: index.y.value };
}
