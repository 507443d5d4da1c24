// Moves loop invariants before loops where engines do not: conditions of `select`, because engines leave vector
// comparisons in loops, and parts of indices, because WebAssembly engines hoist nothing.
import { copyExpr } from "../kernel/copy.ts";
import { printExpr } from "../kernel/print.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { walkExpr } from "../kernel/walk.ts";
import type { LoopPassOptions } from "./options.ts";
import { mapBlocks, mapExpressions, mapStmts } from "./rewrite.ts";

type LoopStmt = Stmt & { readonly kind: "for" | "while" | "reduce" };

/** A loop around the current statement, and the statements to insert before that loop. */
interface LoopPreheader {
  readonly loop: LoopStmt;
  readonly before: Stmt[];
  /** Locals that hold hoisted values, by the printed expression of the value. */
  readonly known: Map<string, Expr>;
}

/**
 * Moves comparisons in conditions of `select`, and products in indices, before the outermost loop in which they are
 * invariant.
 */
export function withSteadyParts(
  block: readonly Stmt[],
  { steadyConditions = true, steadyPlaces = true }: LoopPassOptions,
  fresh: (hint: string) => string,
): readonly Stmt[] {
  return within(block, []);

  function within(stmts: readonly Stmt[], loops: readonly LoopPreheader[]): readonly Stmt[] {
    return mapStmts(stmts, (stmt) => {
      if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "reduce") {
        const own: LoopPreheader = { loop: stmt, before: [], known: new Map() };
        const nested = [...loops, own];
        const moved = moveOut(
          mapBlocks(stmt, (part) => within(part, nested)),
          nested,
        );
        return [...own.before, moved];
      }
      const moved = mapBlocks(stmt, (part) => within(part, loops));
      return loops.length === 0 ? moved : moveOut(moved, loops);
    });
  }

  function moveOut(stmt: Stmt, loops: readonly LoopPreheader[]): Stmt {
    const moved = mapExpressions(stmt, (x) => inside(x, loops));
    if (moved.kind !== "store" || !steadyPlaces) return moved;
    const index = place(moved.index, loops);
    return index === moved.index ? moved : { ...moved, index };
  }

  function inside(expr: Expr, loops: readonly LoopPreheader[]): Expr {
    return copyExpr(expr, (x) => replaced(x, loops));
  }

  function replaced(expr: Expr, loops: readonly LoopPreheader[]): Expr | undefined {
    if (expr.kind === "const" || expr.kind === "local") return expr;
    if (expr.kind === "load" && steadyPlaces) {
      const index = place(inside(expr.index, loops), loops);
      return index === expr.index ? expr : { ...expr, index };
    }
    if (expr.kind !== "select" || expr.condition.kind !== "binary" || !steadyConditions) return undefined;
    const condition = before(expr.condition, "holds", loops);
    return condition && { ...expr, condition, x: inside(expr.x, loops), y: inside(expr.y, loops) };
  }

  /** Returns the index with its invariant products replaced by locals that are computed before the loops. */
  function place(index: Expr, loops: readonly LoopPreheader[]): Expr {
    if (index.kind === "const" || index.kind === "local") return index;
    return copyExpr(index, (x) => {
      if (x.kind === "load" || x.kind === "const" || x.kind === "local") return x;
      return x.type === "i32" && hasProduct(x) ? before(x, "place", loops) : undefined;
    });
  }

  /**
   * Local that holds the value, declared before the outermost loop in which it is invariant; `undefined` if there is no
   * such loop.
   */
  function before(value: Expr, hint: string, loops: readonly LoopPreheader[]): Expr | undefined {
    const names = namesOf(value);
    const depth = names === undefined ? -1 : loops.findIndex(({ loop }) => !changesAny(loop, names));
    const outermost = loops[depth];
    if (outermost === undefined) return undefined;
    const { known } = outermost;
    const text = printExpr(value);
    let local = known.get(text);
    if (local === undefined) {
      local = { kind: "local", type: value.type, name: fresh(hint) };
      known.set(text, local);
      const parts = hint === "place" ? place(value, loops.slice(0, depth)) : value;
      outermost.before.push({ kind: "let", name: local.name, value: parts });
    }
    return local;
  }
}

function hasProduct(expr: Expr): boolean {
  let has = false;
  walkExpr(expr, (x) => void (has ||= x.kind === "binary" && x.op === "mul"));
  return has;
}

/** Locals that a value is computed from; `undefined` if it also depends on memory or calls, or may trap. */
function namesOf(value: Expr): readonly string[] | undefined {
  const names: string[] = [];
  let isSteady = true;
  walkExpr(value, (x) => {
    if (x.kind === "load" || x.kind === "table" || x.kind === "call") isSteady = false;
    else if (x.kind === "binary" && (x.op === "div" || x.op === "rem")) isSteady = false;
    else if (x.kind === "local") names.push(x.name);
  });
  return isSteady ? names : undefined;
}

/** True if a loop declares or sets one of these locals. */
function changesAny(loop: LoopStmt, names: readonly string[]): boolean {
  const { declared, set } = bindingsOf(loop.body);
  const isOwn = (name: string): boolean =>
    (loop.kind !== "while" && name === loop.index) || (loop.kind === "reduce" && name === loop.name);
  return names.some((name) => declared.has(name) || set.has(name) || isOwn(name));
}
