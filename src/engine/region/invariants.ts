// Values that are the same in every iteration of a loop are computed before it.
import { mutableNames } from "./flatten.ts";
import { readsOf } from "./linearity.ts";
import type { Region, RegionStmt } from "./region.ts";
import { declaredBy, mapBlocksOf, walkExpr, walkStmts } from "./walk.ts";

/**
 * The flat region with each `let` before the loops in which it always has the same value: its operands come from outside of them.
 * Reads of arrays stay, since a loop of no iterations makes none; so does what stands in a branch.
 */
export function hoistInvariants(region: Region): Region {
  const mutable = mutableNames(region.body);
  const block = (stmts: readonly RegionStmt[]): RegionStmt[] =>
    stmts.flatMap((stmt) => {
      const inner = mapBlocksOf(stmt, block);
      return inner.kind === "for" || inner.kind === "while" ? hoistFrom(inner, mutable) : [inner];
    });
  return { ...region, body: block(region.body) };
}

/** What can stand before a loop, and the loop without it. */
function hoistFrom(
  loop: RegionStmt & { readonly kind: "for" | "while" },
  mutable: ReadonlySet<string>,
): RegionStmt[] {
  const within = new Set<string>(loop.kind === "for" ? [loop.index] : []);
  walkStmts(loop.body, (stmt) => {
    const name = declaredBy(stmt);
    if (name !== undefined) within.add(name);
    if (stmt.kind === "set") within.add(stmt.name);
  });
  const before: RegionStmt[] = [];
  const body = loop.body.filter((stmt) => {
    if (stmt.kind !== "let" || mutable.has(stmt.name)) return true;
    let isSame = readsOf(stmt.value).every((name) => !within.has(name));
    walkExpr(stmt.value, (x) => {
      if (x.kind === "load") isSame = false;
    });
    if (!isSame) return true;
    before.push(stmt);
    within.delete(stmt.name);
    return false;
  });
  return before.length === 0 ? [loop] : [...before, { ...loop, body }];
}
