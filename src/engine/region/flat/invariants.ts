// Values that are the same in every iteration of a loop are computed before it.
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { expressionsOf, mapBlocksOf, partsOf, walkStmts } from "../form/walk.ts";
import { declaredBy, mutableNames } from "../form/names.ts";

/**
 * The region with each `let` before the loops in which it always has the same value: its operands come from outside of them. Reads of
 * arrays stay, since a loop of no iterations makes none; so does what stands in a branch.
 *
 * @param records arrays of which nothing is read but what was stored after their declaration: they need not be zeroed anew in each
 * iteration, so that their declarations go before loops too.
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

/** What can stand before a loop, and the loop without it. */
function hoistFrom(
  loop: RegionStmt & { readonly kind: "for" | "while" },
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
