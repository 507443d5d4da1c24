import type { Expr } from "../../../../kernel/scalar.ts";
import type { Binding, Lanes, Width } from "./lanes.ts";
import { naturalWidth } from "./lanes.ts";

/**
 * How an expression depends on the lane: not at all; by a fixed step from lane to lane; as integer arithmetic on such
 * numbers, which can be done for one lane at a time; or by what vectors hold.
 */
export type Dependence =
  | { readonly kind: "uniform" }
  | { readonly kind: "affine"; readonly stride: number }
  | { readonly kind: "integral" }
  | { readonly kind: "vector" };

const uniform: Dependence = { kind: "uniform" };
const integral: Dependence = { kind: "integral" };
const vector: Dependence = { kind: "vector" };

function affine(stride: number): Dependence {
  return stride === 0 ? uniform : { kind: "affine", stride: stride | 0 };
}

/** How an expression depends on the lane. */
export function dependence(expr: Expr, scope: ReadonlyMap<string, Binding>): Dependence {
  const of = (x: Expr): Dependence => dependence(x, scope);
  switch (expr.kind) {
    case "const":
      return uniform;
    case "local": {
      const binding = scope.get(expr.name);
      if (binding === undefined) return uniform;
      if (binding.kind === "scalar") return affine(binding.stride);
      return binding.kind === "lanes" ? integral : vector;
    }
    case "load":
    case "table":
      return of(expr.index).kind === "uniform" ? uniform : vector;
    case "unary":
    case "convert":
      return joint(expr, [of(expr.x)]);
    case "mulAdd":
      return joint(expr, [of(expr.x), of(expr.y), of(expr.z)]);
    case "select":
      return joint(expr, [of(expr.condition), of(expr.x), of(expr.y)]);
    case "call":
      return expr.args.every((arg) => of(arg).kind === "uniform") ? uniform : vector;
    case "binary": {
      const [x, y] = [of(expr.x), of(expr.y)];
      return (
        (expr.type === "i32" || expr.type === "u32" ? affineOf(expr, x, y) : undefined) ?? joint(expr, [x, y])
      );
    }
  }
}

function affineOf(expr: Expr & { kind: "binary" }, x: Dependence, y: Dependence): Dependence | undefined {
  const stride = (part: Dependence): number | undefined =>
    part.kind === "uniform" ? 0 : part.kind === "affine" ? part.stride : undefined;
  const [a, b] = [stride(x), stride(y)];
  if (a === undefined || b === undefined) return undefined;
  if (expr.op === "add") return affine(a + b);
  if (expr.op === "sub") return affine(a - b);
  if (a === 0 && b === 0) return uniform;
  if (expr.op === "mul" && expr.y.kind === "const") return affine(Math.imul(a, expr.y.value));
  if (expr.op === "mul" && expr.x.kind === "const") return affine(Math.imul(b, expr.x.value));
  if (expr.op === "shl" && expr.y.kind === "const") return affine(a << (expr.y.value & 31));
  return undefined;
}

function joint(expr: Expr, parts: readonly Dependence[]): Dependence {
  if (parts.every((part) => part.kind === "uniform")) return uniform;
  if (parts.some((part) => part.kind === "vector")) return vector;
  return isInteger(expr) && inner(expr).every(isInteger) ? integral : vector;
}

function isInteger({ type }: Expr): boolean {
  return type === "i32" || type === "u32" || type === "bool";
}

/** The operands of an expression. */
function inner(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "const":
    case "local":
      return [];
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

/** The lanes that an expression has of itself; `undefined` where either will do. */
export function ownWidth(expr: Expr, lanes: Lanes): Width | undefined {
  if (lanes.isNarrow) return 32;
  if (expr.type === "f64") return 64;
  if (expr.type === "f32") return 32;
  const of = (x: Expr): Width | undefined => ownWidth(x, lanes);
  const wider = (x: Width | undefined, y: Width | undefined): Width | undefined =>
    x === 64 || y === 64 ? 64 : (x ?? y);
  switch (expr.kind) {
    case "const":
      return undefined;
    case "local": {
      const binding = lanes.scope.get(expr.name);
      return binding?.kind === "vector" ? binding.vec.width : undefined;
    }
    case "load":
      return expr.type === "bool" ? undefined : 32;
    case "table":
      return undefined;
    case "unary":
    case "convert":
      return expr.x.type === "f64" ? 64 : expr.x.type === "f32" ? 32 : of(expr.x);
    case "binary":
      return wider(of(expr.x), of(expr.y));
    case "mulAdd":
      return undefined;
    case "select":
      return wider(wider(of(expr.x), of(expr.y)), undefined) ?? of(expr.condition);
    case "call":
      return naturalWidth(expr.type, lanes);
  }
}
