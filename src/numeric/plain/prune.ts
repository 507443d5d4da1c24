import type { Region, RegionExpr, RegionStmt } from "../../engine/region/region.ts";
import { expressionsOf, walkExpr, walkStmts } from "../../engine/region/walk.ts";
import { mayFail } from "./draft.ts";

/** Without locals that nobody reads, arrays that nobody touches, and branches without statements. */
export function pruned(region: Region): Region {
  let current = region;
  for (;;) {
    const body = sweep(current.body, namesRead(current));
    const changed = countOf(body) !== countOf(current.body);
    current = { ...current, body };
    if (!changed) return current;
  }
}

function countOf(body: readonly RegionStmt[]): number {
  let n = 0;
  walkStmts(body, () => n++);
  return n;
}

function namesRead({ body, results }: Region): Set<string> {
  const names = new Set<string>();
  const read = (expr: RegionExpr): void =>
    walkExpr(expr, (part) => {
      if (part.kind === "local") names.add(part.name);
      if (part.kind === "load" || part.kind === "length") names.add(part.array);
    });
  for (const result of results) {
    if (result.kind === "array") names.add(result.name);
    else read(result.value);
  }
  walkStmts(body, (stmt) => {
    for (const expr of expressionsOf(stmt)) read(expr);
    if ((stmt.kind === "let" || stmt.kind === "set") && mayFail(stmt.value)) names.add(stmt.name);
    if (stmt.kind === "store") names.add(stmt.array);
    if (stmt.kind === "swap") names.add(stmt.x).add(stmt.y);
  });
  return names;
}

function sweep(body: readonly RegionStmt[], read: ReadonlySet<string>): RegionStmt[] {
  return body.flatMap((stmt): RegionStmt[] => {
    switch (stmt.kind) {
      case "let":
      case "set":
        return read.has(stmt.name) ? [stmt] : [];
      case "array":
        return read.has(stmt.name) ? [stmt] : [];
      case "if": {
        const [then, otherwise] = [sweep(stmt.then, read), sweep(stmt.otherwise, read)];
        const isEmpty = then.length + otherwise.length === 0 && !mayFail(stmt.condition);
        return isEmpty ? [] : [{ ...stmt, then, otherwise }];
      }
      case "for":
      case "while":
        return [{ ...stmt, body: sweep(stmt.body, read) }];
      case "store":
      case "swap":
      case "throw":
        return [stmt];
    }
  });
}
