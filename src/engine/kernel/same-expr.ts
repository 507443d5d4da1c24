import type { Expr } from "./scalar.ts";

/** True if two expressions are structurally equal: the same operations on the same locals, elements and constants. */
export function sameExpr(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.type !== b.type) return false;
  switch (a.kind) {
    case "const":
      return b.kind === "const" && Object.is(a.value, b.value);
    case "local":
      return b.kind === "local" && a.name === b.name;
    case "load":
      return b.kind === "load" && a.buffer === b.buffer && sameExpr(a.index, b.index);
    case "table":
      return b.kind === "table" && a.table === b.table && sameExpr(a.index, b.index);
    case "unary":
      return b.kind === "unary" && a.op === b.op && sameExpr(a.x, b.x);
    case "convert":
      return b.kind === "convert" && a.x.type === b.x.type && sameExpr(a.x, b.x);
    case "binary":
      return b.kind === "binary" && a.op === b.op && sameExpr(a.x, b.x) && sameExpr(a.y, b.y);
    case "select":
      return (
        b.kind === "select" && sameExpr(a.condition, b.condition) && sameExpr(a.x, b.x) && sameExpr(a.y, b.y)
      );
    case "mulAdd":
      return b.kind === "mulAdd" && sameExpr(a.x, b.x) && sameExpr(a.y, b.y) && sameExpr(a.z, b.z);
    case "call":
      return (
        b.kind === "call" &&
        a.procedure === b.procedure &&
        a.args.length === b.args.length &&
        a.args.every((x, i) => sameExpr(x, b.args[i]!))
      );
  }
}
