import * as k from "../kernel/build.ts";
import { copyExpr } from "../kernel/copy.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { mapBlocks, mapExpressions } from "./rewrite.ts";

/** Replaces the addition of a negated value by a subtraction: the same bits with one operation less. */
export function withDifferences(block: readonly Stmt[]): readonly Stmt[] {
  return block.map((stmt) => mapExpressions(mapBlocks(stmt, withDifferences), withDifference));
}

function withDifference(expr: Expr): Expr {
  return copyExpr(expr, (part) => {
    if (part.kind !== "binary" || part.op !== "add" || !isFloat(part.type)) return undefined;
    const { x, y } = part;
    if (y.kind === "unary" && y.op === "neg") return k.sub(withDifference(x), withDifference(y.x));
    if (x.kind === "unary" && x.op === "neg") return k.sub(withDifference(y), withDifference(x.x));
    return undefined;
  });
}
