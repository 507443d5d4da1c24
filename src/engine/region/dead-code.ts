import type { Region, RegionExpr, RegionStmt } from "./region.ts";
import { blocksOf, expressionsOf, mapBlocksOf, walkExpr, walkStmts } from "./walk.ts";

/**
 * The region without what its results do not depend on. What may end the call with an error stays: `throw`, reads and writes whose
 * places are not proven, lengths that may be negative. A loop that would never end may be left out.
 */
export function eliminateDeadCode(region: Region): Region {
  const needed = neededNames(region);
  const prune = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    stmts.flatMap((stmt) => {
      if (!isKept(stmt, needed)) return [];
      return blocksOf(stmt).length === 0 ? [stmt] : [mapBlocksOf(stmt, prune)];
    });
  return { ...region, body: prune(region.body) };
}

/** Locals and arrays that results and what stays depend on. */
function neededNames({ body, results }: Region): ReadonlySet<string> {
  const needed = new Set<string>();
  const read = (expr: RegionExpr): void =>
    walkExpr(expr, (x) => {
      if (x.kind === "local") needed.add(x.name);
      if (x.kind === "load" || x.kind === "length") needed.add(x.array);
    });
  for (const result of results) {
    if (result.kind === "array") needed.add(result.name);
    else read(result.value);
  }
  for (let before = -1; before !== needed.size;) {
    before = needed.size;
    walkStmts(body, (stmt) => {
      if (!isKept(stmt, needed)) return;
      expressionsOf(stmt).forEach(read);
      if (stmt.kind === "store") needed.add(stmt.array);
      if (stmt.kind === "set") needed.add(stmt.name);
      if (stmt.kind === "swap") needed.add(stmt.x).add(stmt.y);
    });
  }
  return needed;
}

function isKept(stmt: RegionStmt, needed: ReadonlySet<string>): boolean {
  if (expressionsOf(stmt).some(isGuarded)) return true;
  switch (stmt.kind) {
    case "let":
    case "set":
      return needed.has(stmt.name);
    case "array":
      return needed.has(stmt.name) || !stmt.dims.every((n) => n.kind === "length" || n.kind === "const");
    case "store":
      return needed.has(stmt.array) || stmt.at !== undefined;
    case "swap":
      return needed.has(stmt.x) || needed.has(stmt.y);
    case "throw":
      return true;
    case "for":
    case "while":
    case "if":
      return blocksOf(stmt).some((block) => block.some((inner) => isKept(inner, needed)));
  }
}

/** Whether evaluating an expression may end the call. */
function isGuarded(expr: RegionExpr): boolean {
  let found = false;
  walkExpr(expr, (x) => {
    if (x.kind === "load" && x.at !== undefined) found = true;
  });
  return found;
}
