import type { Dependence } from "../../../../codegen/affine.ts";
import * as affine from "../../../../codegen/affine.ts";
import type { Expr } from "../../../../kernel/scalar.ts";
import type { LaneBinding, LaneCode, Width } from "./lanes.ts";
import { naturalWidth } from "./lanes.ts";

/** Dependence of an expression on the lane. */
export function dependence(expr: Expr, scope: ReadonlyMap<string, LaneBinding>): Dependence {
  return affine.dependence(expr, {
    get(name) {
      const binding = scope.get(name);
      if (binding === undefined) return undefined;
      if (binding.kind === "scalar") return affine.affine(binding.stride);
      return binding.kind === "lanes" ? affine.integral : affine.varying;
    },
  });
}

/** Lane width that an expression requires; `undefined` if it allows both widths. */
export function ownWidth(expr: Expr, lanes: LaneCode): Width | undefined {
  if (lanes.isNarrow) return 32;
  if (expr.type === "f64") return 64;
  if (expr.type === "f32") return 32;
  const of = (x: Expr): Width | undefined => ownWidth(x, lanes);
  const wider = (x: Width | undefined, y: Width | undefined): Width | undefined => (x === 64 ? x : (y ?? x));
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
      return wider(of(expr.x), of(expr.y)) ?? of(expr.condition);
    case "call":
      return naturalWidth(expr.type, lanes);
  }
}
