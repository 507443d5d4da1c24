import { apply } from "../form/build.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { expressionsOf, mapBlocksOf, mapExpr, mapExpressionsOf, walkExpr, walkStmts } from "../form/walk.ts";

/**
 * Constant propagation: replaces immutable locals that hold constants, and folds the expressions that read them, such
 * as products with a cotangent of 1.
 */
export function propagateConstants(region: Region, functions: ScalarFunctions): Region {
  const changing = new Set<string>();
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "set") changing.add(stmt.name);
  });
  const constants = new Map<string, RegionExpr>();
  const spread = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) => {
      if (x.kind === "local") return constants.get(x.name) ?? x;
      return x.kind === "apply" ? apply(functions, x.function, x.args) : x;
    });
  // in text order, because a local is declared before it is read
  const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    stmts.flatMap((stmt) => {
      const now = mapExpressionsOf(stmt, spread);
      if (now.kind === "let" && now.value.kind === "const" && !changing.has(now.name)) {
        constants.set(now.name, now.value);
        return [];
      }
      return [mapBlocksOf(now, block)];
    });
  const body = block(region.body);
  const results = region.results.map((result) =>
    result.kind === "array" ? result : { ...result, value: spread(result.value) },
  );
  return { ...region, body, results };
}

/**
 * Merges the declaration of a sum with its first term: `let s = 0; … s = s + x` becomes `… let s = x`, unless a
 * statement in between reads or sets `s`. A sum whose first term is −0 then stays −0.
 */
export function startSums(region: Region): Region {
  const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    startSumsOf(stmts).map((stmt) => mapBlocksOf(stmt, block));
  return { ...region, body: block(region.body) };
}

function startSumsOf(stmts: readonly RegionStmt[]): readonly RegionStmt[] {
  const zeros = new Map<string, RegionStmt>();
  const dropped = new Set<RegionStmt>();
  const out = stmts.map((stmt): RegionStmt => {
    if (zeros.size > 0) {
      if (stmt.kind === "set") {
        const zero = zeros.get(stmt.name);
        const term = zero === undefined ? undefined : addedTo(stmt.name, stmt.value);
        if (zero !== undefined && term !== undefined) {
          dropped.add(zero);
          forgetTouched(stmt, zeros);
          return { kind: "let", name: stmt.name, value: term, at: stmt.at };
        }
      }
      forgetTouched(stmt, zeros);
    }
    if (stmt.kind === "let" && stmt.value.kind === "const" && Object.is(stmt.value.value, 0))
      zeros.set(stmt.name, stmt);
    return stmt;
  });
  return out.filter((stmt) => !dropped.has(stmt));
}

/** The term `e` of an assignment `s = s + e`; `undefined` for other assignments, or if `e` reads `s`. */
function addedTo(name: string, value: RegionExpr): RegionExpr | undefined {
  if (value.kind !== "apply" || value.function !== "add") return undefined;
  const [target, term] = value.args;
  if (target!.kind !== "local" || target!.name !== name) return undefined;
  let isRead = false;
  walkExpr(term!, (x) => {
    if (x.kind === "local" && x.name === name) isRead = true;
  });
  return isRead ? undefined : term;
}

function forgetTouched(stmt: RegionStmt, zeros: Map<string, RegionStmt>): void {
  walkStmts([stmt], (inner) => {
    if (inner.kind === "set") zeros.delete(inner.name);
    for (const expr of expressionsOf(inner))
      walkExpr(expr, (x) => {
        if (x.kind === "local") zeros.delete(x.name);
      });
  });
}
