import type { Expr, Stmt } from "../kernel/scalar.ts";
import { walkBlock, walkExpr } from "../kernel/walk.ts";
import { mapBlocks } from "./rewrite.ts";

/** Removes locals that are neither read nor set; `results` are expressions read after the block. */
export function withoutUnusedLocals(block: readonly Stmt[], results: readonly Expr[]): readonly Stmt[] {
  const uses = new Map<string, number>();
  const count = (by: 1 | -1) => (x: Expr) => {
    if (x.kind === "local") uses.set(x.name, (uses.get(x.name) ?? 0) + by);
  };
  walkBlock(block, {
    expr: count(1),
    stmt: (stmt) => void (stmt.kind === "set" && uses.set(stmt.name, (uses.get(stmt.name) ?? 0) + 1)),
  });
  for (const result of results) walkExpr(result, count(1));
  const prune = (stmts: readonly Stmt[]): readonly Stmt[] => {
    const kept: Stmt[] = [];
    // from the end, because a local read only by an unused local is unused too
    for (const stmt of stmts.toReversed()) {
      if (stmt.kind === "let" && (uses.get(stmt.name) ?? 0) === 0) walkExpr(stmt.value, count(-1));
      else kept.push(mapBlocks(stmt, prune));
    }
    return kept.toReversed();
  };
  return prune(block);
}
