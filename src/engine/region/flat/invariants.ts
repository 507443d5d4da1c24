// Loop-invariant code motion.
import type { Region, RegionExpr, RegionLoop, RegionStmt } from "../form/region.ts";
import { expressionsOf, mapBlocksOf, partsOf, walkStmts } from "../form/walk.ts";
import { declaredBy, mutableNames } from "../form/names.ts";

/**
 * Moves each `let` with loop-invariant operands before the loop. Loads stay in the loop, because a loop without
 * iterations must not run them. Statements in branches stay too.
 *
 * @param records tapes: arrays whose elements are never read before they are stored. They need no zeros, so their
 *   declarations move too.
 */
export function hoistInvariants(region: Region, records: ReadonlySet<string> = new Set()): Region {
  const mutable = mutableNames(region.body);
  const block = (stmts: readonly RegionStmt[]): RegionStmt[] =>
    stmts.flatMap((stmt) => {
      const inner = mapBlocksOf(stmt, block);
      return inner.kind === "for" || inner.kind === "while" ? hoistFrom(inner, mutable, records) : [inner];
    });
  return { ...region, body: block(region.body) };
}

/** Returns the statements that were moved out of a loop, followed by the loop. */
function hoistFrom(
  loop: RegionLoop,
  mutable: ReadonlySet<string>,
  records: ReadonlySet<string>,
): RegionStmt[] {
  const within = new Set<string>(loop.kind === "for" ? [loop.index] : []);
  walkStmts(loop.body, (stmt) => {
    const name = declaredBy(stmt);
    if (name !== undefined) within.add(name);
    if (stmt.kind === "set") within.add(stmt.name);
  });
  const isSame = (expr: RegionExpr): boolean =>
    expr.kind === "local" ? !within.has(expr.name) : expr.kind !== "load" && partsOf(expr).every(isSame);
  const before: RegionStmt[] = [];
  const body = loop.body.filter((stmt) => {
    const canMove =
      stmt.kind === "let" ? !mutable.has(stmt.name) : stmt.kind === "array" && records.has(stmt.name);
    if (!canMove || !expressionsOf(stmt).every(isSame)) return true;
    before.push(stmt);
    const name = declaredBy(stmt);
    if (name !== undefined) within.delete(name);
    return false;
  });
  return before.length === 0 ? [loop] : [...before, { ...loop, body }];
}
