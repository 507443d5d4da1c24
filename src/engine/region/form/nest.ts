// The inverse of flat form, for printing: moves temporaries that are read once into the expression that reads them.
import type { Region, RegionExpr, RegionLet, RegionStmt } from "./region.ts";
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
import { declaredBy, readsOf } from "./names.ts";

/** Largest number of subexpressions of an expression that is moved: about one line of text. */
const maxParts = 12;

/**
 * Moves immutable locals that are read once, in the block that declares them, into the expression that reads them,
 * unless a statement in between changes their operands. Locals in `keep`, which have user-chosen names, stay.
 */
export function inlineTemporaries(region: Region, keep: ReadonlySet<string> = new Set()): Region {
  const uses = countUses(region);
  const changed = new Set<string>();
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "set") changed.add(stmt.name);
  });
  const canMove = (name: string): boolean => uses.get(name) === 1 && !keep.has(name) && !changed.has(name);
  const results: RegionExpr[] = region.results.flatMap((r) => (r.kind === "scalar" ? [r.value] : []));
  const last = { values: results };
  const body = nestBlock(region.body, canMove, last);
  let next = 0;
  return {
    ...region,
    body,
    results: region.results.map((r) => (r.kind === "scalar" ? { ...r, value: last.values[next++]! } : r)),
  };
}

function countUses({ body, results }: Region): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const count = (expr: RegionExpr): void => {
    if (expr.kind === "local") uses.set(expr.name, (uses.get(expr.name) ?? 0) + 1);
  };
  walkExpressions(body, count);
  for (const result of results) if (result.kind === "scalar") walkExpr(result.value, count);
  return uses;
}

/** A temporary whose declaration has been visited, but not yet the expression that reads it. */
interface PendingTemporary {
  readonly stmt: RegionLet;
  /** Locals and arrays that its value reads. */
  readonly reads: ReadonlySet<string>;
  /** True if the value may end the call with an error. It then does not move into a branch or a `select`. */
  readonly isGuarded: boolean;
}

/**
 * Rewrites a block. `last` contains the expressions that are evaluated at its end. Temporaries may also move into them.
 */
function nestBlock(
  stmts: readonly RegionStmt[],
  canMove: (name: string) => boolean,
  last?: { values: RegionExpr[] },
): RegionStmt[] {
  const out: RegionStmt[] = [];
  const waiting = new Map<string, PendingTemporary>();
  const keepThose = (isKept: (waiting: PendingTemporary) => boolean): void => {
    for (const [name, each] of waiting) {
      if (!isKept(each)) continue;
      waiting.delete(name);
      // its operands may wait too, and are declared before it
      out.push(each.stmt);
    }
  };
  const take = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x) => {
      const each = x.kind === "local" ? waiting.get(x.name) : undefined;
      if (each === undefined) return x;
      waiting.delete(each.stmt.name);
      return each.stmt.value;
    });
  for (const stmt of stmts) {
    // conditions of loops and nested blocks receive no temporaries
    const inner = new Set<string>();
    const note = (expr: RegionExpr): void => {
      if (expr.kind === "local") inner.add(expr.name);
    };
    for (const block of blocksOf(stmt)) walkExpressions(block, note);
    if (stmt.kind === "while") walkExpr(stmt.condition, note);
    if (stmt.kind === "for" && stmt.live !== undefined) walkExpr(stmt.live, note);
    keepThose(({ stmt: { name } }) => inner.has(name));
    if (hasChoice(stmt)) keepThose(({ isGuarded }) => isGuarded);
    const taken = mapExpressionsOf(stmt, take);
    const writes = writtenBy(taken);
    keepThose(({ reads }) => [...reads].some((name) => writes.has(name)));
    const nested = mapBlocksOf(taken, (block) => nestBlock(block, canMove));
    if (nested.kind === "let" && canMove(nested.name) && sizeOf(nested.value) <= maxParts) {
      waiting.set(nested.name, {
        stmt: nested,
        reads: new Set(readsOf(nested.value)),
        isGuarded: hasGuard(nested),
      });
    } else out.push(nested);
  }
  if (last !== undefined) last.values = last.values.map(take);
  keepThose(() => true);
  return out;
}

/** Names of locals and arrays that a statement or its nested statements write. A `let` does not count. */
function writtenBy(stmt: RegionStmt): ReadonlySet<string> {
  const names = new Set<string>();
  walkStmts([stmt], (each) => {
    if (each.kind === "set") names.add(each.name);
    else if (each.kind === "store") names.add(each.array);
    else if (each.kind === "swap") names.add(each.x).add(each.y);
    else {
      const name = each.kind === "array" ? declaredBy(each) : undefined;
      if (name !== undefined) names.add(name);
    }
  });
  return names;
}

function hasChoice(stmt: RegionStmt): boolean {
  return hasPart(stmt, (x) => x.kind === "select");
}

function hasGuard(stmt: RegionStmt): boolean {
  return hasPart(stmt, (x) => x.kind === "load" && x.at !== undefined);
}

function hasPart(stmt: RegionStmt, isOne: (expr: RegionExpr) => boolean): boolean {
  let found = false;
  for (const expr of expressionsOf(stmt)) walkExpr(expr, (x) => (found ||= isOne(x)));
  return found;
}

function sizeOf(expr: RegionExpr): number {
  let n = 0;
  walkExpr(expr, () => n++);
  return n;
}
