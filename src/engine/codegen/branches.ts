import type { Expr, Procedure, Stmt } from "../kernel/scalar.ts";
import { reachedBy, usesOf } from "../kernel/uses.ts";
import { blocksIn, walkBlock, walkExpr, walkOwnExprs } from "../kernel/walk.ts";
import { weightOf } from "./cost.ts";
import { cheapBranch } from "./tuning.ts";

/** True if a block, or a procedure that it calls, has branches marked as rarely taken. */
export function hasRare(block: readonly Stmt[]): boolean {
  if (marksRare(block)) return true;
  return reachedBy(block, []).procedures.some(({ body }) => {
    let isRare = rareBodies.get(body);
    if (isRare === undefined) rareBodies.set(body, (isRare = marksRare(body)));
    return isRare;
  });
}

// Cached because many loops call the same procedures.
const rareBodies = new WeakMap<readonly Stmt[], boolean>();

function marksRare(block: readonly Stmt[]): boolean {
  let found = false;
  walkBlock(block, {
    stmt: (stmt) => {
      if (stmt.kind === "if" && stmt.rare === true) found = true;
    },
  });
  return found;
}

/** True if a branch only assigns locals, and neither reads nor writes a buffer. */
export function isSilent(block: readonly Stmt[]): boolean {
  return (
    block.every(({ kind }) => kind === "let" || kind === "set" || kind === "comment") &&
    usesOf(block).buffers.size === 0
  );
}

/**
 * True if a branch is short and contains no loop, no access to memory and no call. It is then computed for all lanes
 * without a test.
 */
export function isCheap(block: readonly Stmt[]): boolean {
  let weight = 0;
  let isPlain = true;
  for (const stmt of block) weight += weightOf(stmt);
  walkBlock(block, {
    stmt: ({ kind }) => {
      if (kind !== "let" && kind !== "set" && kind !== "if" && kind !== "comment") isPlain = false;
    },
    expr: ({ kind }) => {
      if (kind === "load" || kind === "call" || kind === "table") isPlain = false;
    },
  });
  return isPlain && weight <= cheapBranch;
}

/** True if a block contains a statement of one of these kinds. */
export function hasKind(block: readonly Stmt[], kinds: ReadonlySet<Stmt["kind"]>): boolean {
  let found = false;
  walkBlock(block, {
    stmt: ({ kind }) => {
      if (kinds.has(kind)) found = true;
    },
  });
  return found;
}

/**
 * True if the code, or a procedure that it calls, uses float64. With `leavesOut`, branches marked as rarely taken do
 * not count.
 */
export function usesDouble(block: readonly Stmt[], results: readonly Expr[], leavesOut: boolean): boolean {
  let found = false;
  const seen = new Set<Procedure>();
  const expr = (x: Expr): void => {
    if (x.type === "f64") found = true;
    if ((x.kind === "unary" || x.kind === "convert") && x.x.type === "f64") found = true;
    if (x.kind === "call" && !seen.has(x.procedure)) {
      seen.add(x.procedure);
      if (x.procedure.params.some((param) => param.type === "f64")) found = true;
      statements(x.procedure.body);
      walkExpr(x.procedure.result, expr);
    }
  };
  const statements = (stmts: readonly Stmt[]): void => {
    for (const stmt of stmts) {
      walkOwnExprs(stmt, expr);
      if (stmt.kind === "if" && stmt.rare === true && leavesOut) continue;
      for (const inner of blocksIn(stmt)) statements(inner);
    }
  };
  statements(block);
  for (const result of results) walkExpr(result, expr);
  return found;
}
