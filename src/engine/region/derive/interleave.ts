import type { RegionStmt } from "../form/region.ts";
import { targetOf } from "../form/names.ts";
import { mapBlocksOf } from "../form/walk.ts";

/** A statement that declares or writes a local or an array. */
export type Assignment = Extract<RegionStmt, { readonly kind: "let" | "set" | "array" | "store" | "swap" }>;

/**
 * Inserts the statements of derivatives next to the assignments of active locals and arrays, also in nested blocks.
 * Derivatives of a `set` or `swap` come before it, because they read the values before it. Others come after their
 * statement: it declares what they read, or checks the indices of both.
 */
export function interleaveDerivatives(
  stmts: readonly RegionStmt[],
  active: ReadonlySet<string>,
  derivativesOf: (stmt: Assignment) => readonly RegionStmt[],
): RegionStmt[] {
  return stmts.flatMap((stmt) => {
    const target = targetOf(stmt);
    if (target === undefined)
      return mapBlocksOf(stmt, (block) => interleaveDerivatives(block, active, derivativesOf));
    if (!active.has(target)) return stmt;
    const derivatives = derivativesOf(stmt as Assignment);
    return stmt.kind === "set" || stmt.kind === "swap" ? [...derivatives, stmt] : [stmt, ...derivatives];
  });
}
