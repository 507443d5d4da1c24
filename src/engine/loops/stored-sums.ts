// Rewrites `old = y[i]; sum = old + x; y[i] = sum` as `y[i] = y[i] + x`, so that other passes see that the element is
// only added to.
import * as k from "../kernel/build.ts";
import { sameExpr } from "../kernel/same-expr.ts";
import type { Expr, LetStmt, Stmt, StoreStmt } from "../kernel/scalar.ts";
import { usesOf } from "../kernel/uses.ts";
import { walkBlock } from "../kernel/walk.ts";
import { mapBlocks } from "./rewrite.ts";

/**
 * Rewrites a store that adds to its element through locals that nothing else reads: `let x = a[i]; let y = x + t; a[i]
 * = y` becomes `a[i] = a[i] + t`.
 */
export function withStoredSums(block: readonly Stmt[]): readonly Stmt[] {
  const uses = new Map<string, number>();
  const set = new Set<string>();
  walkBlock(block, {
    expr: (x) => void (x.kind === "local" && uses.set(x.name, (uses.get(x.name) ?? 0) + 1)),
    stmt: (stmt) => void (stmt.kind === "set" && set.add(stmt.name)),
  });
  const isTemporary = (name: string): boolean => uses.get(name) === 1 && !set.has(name);
  const inBlock = (stmts: readonly Stmt[]): readonly Stmt[] => {
    const places = new Map<string, number>();
    const gone = new Set<Stmt>();
    const instead = new Map<Stmt, Stmt>();
    stmts.forEach((stmt, at) => {
      if (stmt.kind === "let" && isTemporary(stmt.name)) places.set(stmt.name, at);
      if (stmt.kind !== "store") return;
      const found = sumOf(stmt, at, stmts, places);
      if (found === undefined) return;
      instead.set(stmt, found.store);
      found.parts.forEach((part) => gone.add(part));
    });
    return stmts.flatMap((stmt) => (gone.has(stmt) ? [] : [mapBlocks(instead.get(stmt) ?? stmt, inBlock)]));
  };
  return inBlock(block);
}

/**
 * Returns the store with its sum inlined, and the locals that become unused. `undefined` if the store does not add to
 * its own element, has no local to inline, or an inlined value changes before the store.
 */
function sumOf(
  store: StoreStmt,
  at: number,
  stmts: readonly Stmt[],
  places: ReadonlyMap<string, number>,
): { readonly store: StoreStmt; readonly parts: readonly LetStmt[] } | undefined {
  const parts: LetStmt[] = [];
  let first = at;
  /** Definition of an operand if it is a local that only this expression reads; otherwise the operand itself. */
  const resolved = (x: Expr): Expr => {
    const place = x.kind === "local" ? places.get(x.name) : undefined;
    if (place === undefined) return x;
    const part = stmts[place] as LetStmt;
    parts.push(part);
    first = Math.min(first, place);
    return part.value;
  };
  const isOld = (x: Expr): boolean =>
    x.kind === "load" && x.buffer === store.buffer && sameExpr(x.index, store.index);
  const sum = resolved(store.value);
  if (sum.kind !== "binary" || (sum.op !== "add" && sum.op !== "sub")) return undefined;
  const operands = [sum.x, sum.y] as const;
  const side = operands.findIndex((x, i) => {
    const place = x.kind === "local" ? places.get(x.name) : undefined;
    const value = place === undefined ? x : (stmts[place] as LetStmt).value;
    return isOld(value) && (i === 0 || sum.op === "add");
  });
  if (side < 0) return undefined;
  const old = resolved(operands[side]!);
  const term = operands[1 - side]!;
  if (parts.length === 0) return undefined; // the store has the required form already
  const value = side === 0 ? k.binary(sum.op, old, term) : k.binary(sum.op, term, old);
  // the inlined value must still be the same at the store
  const { touched, buffers } = usesOf([], [value]);
  const between = usesOf(stmts.slice(first + 1, at));
  const stored = new Set<string>();
  walkBlock(stmts.slice(first + 1, at), {
    stmt(stmt) {
      if (stmt.kind === "store") stored.add(stmt.buffer);
      if (stmt.kind === "contract") stored.add(stmt.out.buffer);
    },
  });
  const isSame =
    ![...touched.keys()].some((name) => between.set.has(name)) &&
    ![...buffers].some((buffer) => stored.has(buffer));
  return isSame ? { store: { ...store, value }, parts } : undefined;
}
