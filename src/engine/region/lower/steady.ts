// What loops do not change and engines compute in each iteration all the same is computed before them: conditions of `select`, since engines
// leave comparisons of vectors in loops, and parts of places, since those of WebAssembly move nothing out of loops.
import { copyExpr } from "../../kernel/copy.ts";
import { printExpr } from "../../kernel/print.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import type { Uses } from "../../kernel/uses.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkExpr } from "../../kernel/walk.ts";
import type { LowerOptions } from "./options.ts";
import { mapBlocks, mapExpressions } from "./rewrite.ts";

/** A loop, and what is to be computed before it. */
interface Around {
  readonly uses: Uses;
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
  { steadyConditions = true, steadyPlaces = true }: LowerOptions,
  fresh: (hint: string) => string,
): readonly Stmt[] {
  return within(block, []);

  function within(stmts: readonly Stmt[], loops: readonly Around[]): readonly Stmt[] {
    return stmts.flatMap((stmt) => {
      if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "reduce") {
        const own: Around = { uses: usesOf([stmt]), before: [], known: new Map() };
        const inside = [...loops, own];
        const moved = moveOut(
          mapBlocks(stmt, (part) => within(part, inside)),
          inside,
        );
        return [...own.before, moved];
      }
      const moved = mapBlocks(stmt, (part) => within(part, loops));
      return [loops.length === 0 ? moved : moveOut(moved, loops)];
    });
  }

  function moveOut(stmt: Stmt, loops: readonly Around[]): Stmt {
    const moved = mapExpressions(stmt, (x) => inside(x, loops));
    return moved.kind === "store" && steadyPlaces ? { ...moved, index: place(moved.index, loops) } : moved;
  }

  function inside(expr: Expr, loops: readonly Around[]): Expr {
    return hasPart(expr, ({ kind }) => kind === "select" || kind === "load")
      ? copyExpr(expr, (x) => replaced(x, loops))
      : expr;
  }

  function replaced(expr: Expr, loops: readonly Around[]): Expr | undefined {
    if (expr.kind === "load" && steadyPlaces)
      return { ...expr, index: place(inside(expr.index, loops), loops) };
    if (expr.kind !== "select" || expr.condition.kind !== "binary" || !steadyConditions) return undefined;
    const condition = before(expr.condition, "holds", loops);
    return condition && { ...expr, condition, x: inside(expr.x, loops), y: inside(expr.y, loops) };
  }

  /** The place of an element with what is multiplied in it before loops. */
  function place(index: Expr, loops: readonly Around[]): Expr {
    return copyExpr(index, (x) => {
      if (x.kind === "load") return x;
      const isProduct = hasPart(x, (part) => part.kind === "binary" && part.op === "mul");
      return isProduct && x.type === "i32" ? before(x, "place", loops) : undefined;
    });
  }

  /** A local that has the value, declared before the outermost loop that leaves it as it is; `undefined` where there is none. */
  function before(value: Expr, hint: string, loops: readonly Around[]): Expr | undefined {
    const depth = loops.findIndex(({ uses }) => isSteady(value, uses));
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

function hasPart(expr: Expr, isOne: (part: Expr) => boolean): boolean {
  let has = false;
  walkExpr(expr, (x) => void (has ||= isOne(x)));
  return has;
}

/** Whether an expression is made of constants and of locals that a loop neither declares nor sets. */
function isSteady(expr: Expr, { declared, set }: Uses): boolean {
  let is = true;
  walkExpr(expr, (x) => {
    if (x.kind === "load" || x.kind === "table" || x.kind === "call") is = false;
    if (x.kind === "binary" && (x.op === "div" || x.op === "rem")) is = false; // may end the program where it is not reached
    if (x.kind === "local" && (declared.has(x.name) || set.has(x.name))) is = false;
  });
  return is;
}
