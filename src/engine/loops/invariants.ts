// What loops do not change and engines compute in each iteration all the same is computed before them: conditions of `select`, since engines
// leave comparisons of vectors in loops, and parts of places, since those of WebAssembly move nothing out of loops.
import { copyExpr } from "../kernel/copy.ts";
import { printExpr } from "../kernel/print.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { bindingsOf } from "../kernel/uses.ts";
import { walkExpr } from "../kernel/walk.ts";
import type { LoopPassOptions } from "./options.ts";
import { mapBlocks, mapExpressions, mapStmts } from "./rewrite.ts";

type LoopStmt = Stmt & { readonly kind: "for" | "while" | "reduce" };

/** A loop, and what is to be computed before it. */
interface LoopPreheader {
  readonly loop: LoopStmt;
  readonly before: Stmt[];
  /** The locals that values were put in, by their text. */
  readonly known: Map<string, Expr>;
}

/**
 * A block in which conditions of `select` that compare, and parts of places that multiply, stand before the outermost loop that leaves
 * them as they are.
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

  /** The place of an element with what is multiplied in it before loops. */
  function place(index: Expr, loops: readonly LoopPreheader[]): Expr {
    if (index.kind === "const" || index.kind === "local") return index;
    return copyExpr(index, (x) => {
      if (x.kind === "load" || x.kind === "const" || x.kind === "local") return x;
      return x.type === "i32" && hasProduct(x) ? before(x, "place", loops) : undefined;
    });
  }

  /** A local that has the value, declared before the outermost loop that leaves it as it is; `undefined` where there is none. */
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

/** The locals that a value is made of; `undefined` where other things have a part in it, or where it may end the program. */
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

/** Whether a loop declares or sets one of these locals. */
function changesAny(loop: LoopStmt, names: readonly string[]): boolean {
  const { declared, set } = bindingsOf(loop.body);
  const isOwn = (name: string): boolean =>
    (loop.kind !== "while" && name === loop.index) || (loop.kind === "reduce" && name === loop.name);
  return names.some((name) => declared.has(name) || set.has(name) || isOwn(name));
}
