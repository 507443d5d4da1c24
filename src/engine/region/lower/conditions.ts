// Conditions of `select` that loops do not change are computed before them: engines leave comparisons of vectors in loops.
import { copyExpr } from "../../kernel/copy.ts";
import { printExpr } from "../../kernel/print.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import type { Uses } from "../../kernel/uses.ts";
import { usesOf } from "../../kernel/uses.ts";
import { walkExpr } from "../../kernel/walk.ts";
import { mapBlocks, mapExpressions } from "./rewrite.ts";

/** A loop, and what is to be computed before it. */
interface Around {
  readonly uses: Uses;
  readonly before: Stmt[];
  /** The locals that conditions were put in, by their text. */
  readonly known: Map<string, Expr>;
}

/** A block in which each condition of a `select` that compares what stays as it is stands before the outermost loop that leaves it so. */
export function withSteadyConditions(
  block: readonly Stmt[],
  fresh: (hint: string) => string,
): readonly Stmt[] {
  return within(block, []);

  function within(stmts: readonly Stmt[], loops: readonly Around[]): readonly Stmt[] {
    return stmts.flatMap((stmt) => {
      if (stmt.kind === "for" || stmt.kind === "while" || stmt.kind === "reduce") {
        const own: Around = { uses: usesOf([stmt]), before: [], known: new Map() };
        const inside = [...loops, own];
        const moved = mapExpressions(
          mapBlocks(stmt, (part) => within(part, inside)),
          (x) => moveOut(x, inside),
        );
        return [...own.before, moved];
      }
      const moved = mapBlocks(stmt, (part) => within(part, loops));
      return [loops.length === 0 ? moved : mapExpressions(moved, (x) => moveOut(x, loops))];
    });
  }

  function moveOut(expr: Expr, loops: readonly Around[]): Expr {
    return hasSelect(expr) ? copyExpr(expr, (x) => hoisted(x, loops)) : expr;
  }

  function hoisted(expr: Expr, loops: readonly Around[]): Expr | undefined {
    if (expr.kind !== "select" || expr.condition.kind !== "binary") return undefined;
    const outermost = loops.find(({ uses }) => isSteady(expr.condition, uses));
    if (outermost === undefined) return undefined;
    const { before, known } = outermost;
    const text = printExpr(expr.condition);
    let condition = known.get(text);
    if (condition === undefined) {
      condition = { kind: "local", type: "bool", name: fresh("holds") };
      known.set(text, condition);
      before.push({ kind: "let", name: condition.name, value: expr.condition });
    }
    return { ...expr, condition, x: moveOut(expr.x, loops), y: moveOut(expr.y, loops) };
  }
}

function hasSelect(expr: Expr): boolean {
  let has = false;
  walkExpr(expr, ({ kind }) => void (has ||= kind === "select"));
  return has;
}

/** Whether an expression is made of constants and of locals that a loop neither declares nor sets. */
function isSteady(expr: Expr, { declared, set }: Uses): boolean {
  let is = true;
  walkExpr(expr, (x) => {
    if (x.kind === "load" || x.kind === "table" || x.kind === "call") is = false;
    if (x.kind === "local" && (declared.has(x.name) || set.has(x.name))) is = false;
  });
  return is;
}
