import type { Expr, Procedure, Stmt } from "../../../../kernel/scalar.ts";
import { walkExpr, walkStmt } from "../../../../kernel/walk.ts";

/** Whether there is float64, in procedures too; where rare branches are left out, other than in these. */
export function usesDouble(block: readonly Stmt[], results: readonly Expr[], leavesOut: boolean): boolean {
  let found = false;
  const seen = new Set<Procedure>();
  const expr = (x: Expr): void => {
    if (x.type === "f64") found = true;
    if ((x.kind === "unary" || x.kind === "convert") && x.x.type === "f64") found = true;
    if (x.kind === "call" && !seen.has(x.procedure)) {
      seen.add(x.procedure);
      if (x.procedure.params.some((param) => param.type === "f64")) found = true;
      statements(x.procedure.body);
      walkExpr(x.procedure.result, expr);
    }
  };
  const statements = (stmts: readonly Stmt[]): void => {
    for (const stmt of stmts) {
      if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "reduce") {
        walkStmt({ ...stmt, body: [] }, { expr });
        statements(stmt.body);
        continue;
      }
      if (stmt.kind !== "if") {
        walkStmt(stmt, { expr });
        continue;
      }
      walkExpr(stmt.condition, expr);
      if (stmt.rare === true && leavesOut) continue;
      statements(stmt.then);
      statements(stmt.otherwise);
    }
  };
  statements(block);
  for (const result of results) walkExpr(result, expr);
  return found;
}
