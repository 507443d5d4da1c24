// The numbers that have been used as indices of elements before a statement assigns a local. Such numbers are integers
// and in range.
import type { RegionExpr, RegionStmt } from "../../../engine/region/form/region.ts";
import { blocksOf, expressionsOf } from "../../../engine/region/form/walk.ts";
import { localsChangedIn } from "../../../engine/region/index.ts";

type IndexLocals = ReadonlySet<string>;

/**
 * For each `let` and `set`, the locals that were used as an array index since their last assignment, including uses in
 * this statement. Their values are valid indices, because an index out of range would have ended the call.
 */
export function readPlaces(body: readonly RegionStmt[]): ReadonlyMap<RegionStmt, IndexLocals> {
  const found = new Map<RegionStmt, IndexLocals>();
  const walk = (stmts: readonly RegionStmt[], before: IndexLocals): void => {
    const known = new Set(before);
    for (const stmt of stmts) {
      evaluatedBy(stmt).forEach((expr) => notePlaces(expr, known));
      if (stmt.kind === "store") notePlace(stmt.places, known);
      if ((stmt.kind === "let" || stmt.kind === "set") && known.size > 0) found.set(stmt, new Set(known));
      const changed = localsChangedIn(stmt);
      const isLoop = stmt.kind === "for" || stmt.kind === "while";
      const within = isLoop ? new Set([...known].filter((name) => !changed.has(name))) : known;
      blocksOf(stmt).forEach((block) => walk(block, within));
      changed.forEach((name) => known.delete(name));
    }
  };
  walk(body, new Set());
  return found;
}

/** The expressions that a statement evaluates once, unconditionally. */
function evaluatedBy(stmt: RegionStmt): readonly RegionExpr[] {
  if (stmt.kind === "while") return [];
  return stmt.kind === "for" ? [stmt.from, stmt.to] : expressionsOf(stmt);
}

function notePlace(places: readonly RegionExpr[], known: Set<string>): void {
  for (const place of places) if (place.kind === "local") known.add(place.name);
}

/** Adds to `known` the locals that an expression always uses as indices, whichever operands its selections choose. */
function notePlaces(expr: RegionExpr, known: Set<string>): void {
  switch (expr.kind) {
    case "const":
    case "local":
    case "length":
      return;
    case "load":
      expr.places.forEach((place) => notePlaces(place, known));
      return notePlace(expr.places, known);
    case "apply":
      return expr.args.forEach((arg) => notePlaces(arg, known));
    case "convert":
      return notePlaces(expr.x, known);
    case "select":
      return notePlaces(expr.condition, known);
  }
}
