// Expressions put together again: the reverse of flat form, for people who read.
import type { Region, RegionExpr, RegionStmt } from "./region.ts";
import {
  blocksOf,
  expressionsOf,
  mapBlocksOf,
  mapExpr,
  mapExpressionsOf,
  walkExpr,
  walkExpressions,
  walkStmts,
} from "./walk.ts";

type Let = RegionStmt & { readonly kind: "let" };

/**
 * A region whose locals that are read once stand where they are read, as far as nothing in between changes what they are made of.
 * It computes the same, but errors may be met in another order.
 */
export function nestExpressions(region: Region): Region {
  const uses = new Map<string, number>();
  const count = (expr: RegionExpr): void => {
    if (expr.kind === "local") uses.set(expr.name, (uses.get(expr.name) ?? 0) + 1);
  };
  walkExpressions(region.body, count);
  for (const result of region.results) if (result.kind === "scalar") walkExpr(result.value, count);
  const settable = new Set<string>();
  walkStmts(region.body, (stmt) => void (stmt.kind === "set" && settable.add(stmt.name)));
  const isMovable = (stmt: RegionStmt): stmt is Let =>
    stmt.kind === "let" && !settable.has(stmt.name) && uses.get(stmt.name) === 1;
  const nestBlock = (block: readonly RegionStmt[]): readonly RegionStmt[] => {
    const waiting = new Map<string, RegionExpr>();
    const out: RegionStmt[] = [];
    block.forEach((given, i) => {
      const stmt = mapBlocksOf(substituted(given, waiting), nestBlock);
      if (isMovable(stmt) && canMove(stmt, block.slice(i + 1))) waiting.set(stmt.name, stmt.value);
      else out.push(stmt);
    });
    return out;
  };
  return { ...region, body: nestBlock(region.body) };
}

/** A statement with the locals that wait in their places; conditions of loops are evaluated more than once and get none. */
function substituted(stmt: RegionStmt, waiting: Map<string, RegionExpr>): RegionStmt {
  if (waiting.size === 0 || stmt.kind === "while") return stmt;
  return mapExpressionsOf(stmt, (expr) =>
    mapExpr(expr, (x) => {
      const value = x.kind === "local" ? waiting.get(x.name) : undefined;
      if (value !== undefined && x.kind === "local") waiting.delete(x.name);
      return value ?? x;
    }),
  );
}

/** Whether the statement of this block that reads a local may have its value instead. */
function canMove({ name, value }: Let, rest: readonly RegionStmt[]): boolean {
  const read = new Set<string>();
  walkExpr(value, (x) => {
    if (x.kind === "local") read.add(x.name);
    else if (x.kind === "load") read.add(x.array);
  });
  for (const stmt of rest) {
    const isUsed = expressionsOf(stmt).some((expr) => reads(expr, name));
    if (isUsed)
      return (
        stmt.kind !== "while" && !(stmt.kind === "for" && stmt.live !== undefined && reads(stmt.live, name))
      );
    if (writesAny([stmt], read)) return false;
    if (blocksOf(stmt).some((block) => readsIn(block, name))) return false;
  }
  return false; // a result reads it
}

function reads(expr: RegionExpr, name: string): boolean {
  let found = false;
  walkExpr(expr, (x) => {
    if (x.kind === "local" && x.name === name) found = true;
  });
  return found;
}

function readsIn(block: readonly RegionStmt[], name: string): boolean {
  let found = false;
  walkExpressions(block, (x) => {
    if (x.kind === "local" && x.name === name) found = true;
  });
  return found;
}

function writesAny(block: readonly RegionStmt[], names: ReadonlySet<string>): boolean {
  let found = false;
  walkStmts(block, (stmt) => {
    if (stmt.kind === "set" || stmt.kind === "array") found ||= names.has(stmt.name);
    else if (stmt.kind === "store") found ||= names.has(stmt.array);
    else if (stmt.kind === "swap") found ||= names.has(stmt.x) || names.has(stmt.y);
  });
  return found;
}
