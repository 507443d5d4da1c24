import type { Expr, Routine, Stmt } from "./scalar.ts";
import type { Definitions } from "./iterations.ts";
import { likelyIterations, likelyProducts } from "./iterations.ts";
import { walkExpr } from "./walk.ts";

/** How much a routine computes, roughly, in scalar operations. */
export interface Work {
  /** In folds, products and loops whose iterations are independent: what vectors and threads can share. */
  readonly wide: number;
  /** In everything else: one operation after another. */
  readonly narrow: number;
  /** The part of `narrow` that calls of procedures are. */
  readonly called: number;
  /**
   * The part of `narrow` that is on float32, uint32 and the words of floats: JavaScript has none of these numbers, and rounds
   * after each operation or goes through memory.
   */
  readonly foreign: number;
}

/** Iterations of a loop of which only the run can tell: few, since WebAssembly gains little where they are not many. */
const unknownIterations = 16;
/** Operations that a call of a procedure is worth: a transcendental function. */
const callWeight = 20;

/** Estimates the work of a routine from the sizes of its loops. */
export function workOf(routine: Routine): Work {
  return workOfBlock(routine.body, 1, false);
}

function workOfBlock(
  block: readonly Stmt[],
  times: number,
  isWide: boolean,
  known: Definitions = new Map(),
): Work {
  let [wide, narrow, called, foreign] = [0, 0, 0, 0];
  const plain = (...exprs: readonly Expr[]): void => {
    const n = times * exprs.reduce((sum, expr) => sum + operationsOf(expr), 1);
    if (isWide) {
      wide += n;
      return;
    }
    narrow += n;
    called += times * exprs.reduce((sum, expr) => sum + callsIn(expr), 0) * callWeight;
    foreign += times * exprs.reduce((sum, expr) => sum + foreignIn(expr), 0);
  };
  const inner = (stmts: readonly Stmt[], count: number, widens: boolean): void => {
    const work = workOfBlock(stmts, times * count, isWide || widens, known);
    wide += work.wide;
    narrow += work.narrow;
    called += work.called;
    foreign += work.foreign;
  };
  for (const stmt of block) {
    switch (stmt.kind) {
      case "let":
        known.set(stmt.name, stmt.value);
        plain(stmt.value);
        break;
      case "set":
        plain(stmt.value);
        break;
      case "store":
        plain(stmt.index, stmt.value);
        break;
      case "for":
        inner(stmt.body, likelyIterations(stmt, unknownIterations, known), stmt.independent === true);
        break;
      case "reduce": {
        const count = likelyIterations(stmt, unknownIterations, known);
        inner(stmt.body, count, true);
        wide += times * count * (1 + operationsOf(stmt.value));
        break;
      }
      case "contract":
        wide += 2 * times * likelyProducts(stmt, unknownIterations);
        break;
      case "while":
        inner(stmt.body, unknownIterations, false);
        break;
      case "if":
        inner(stmt.then, 1, false);
        inner(stmt.otherwise, 1, false);
        break;
      case "comment":
        break;
    }
  }
  return { wide, narrow, called, foreign };
}

function callsIn(expr: Expr): number {
  let n = 0;
  walkExpr(expr, ({ kind }) => {
    if (kind === "call") n++;
  });
  return n;
}

function foreignIn(expr: Expr): number {
  let n = 0;
  walkExpr(expr, (part) => {
    if (part.kind === "const" || part.kind === "local") return;
    if (part.type === "f32" || part.type === "u32" || isOfWords(part)) n++;
  });
  return n;
}

/** Whether an expression takes a float apart, or puts one together. */
function isOfWords(expr: Expr): boolean {
  if (expr.kind === "binary") return expr.op === "fromWords";
  return expr.kind === "unary" && ["highWord", "lowWord", "bitsOf", "fromBits"].includes(expr.op);
}

/** The scalar operations of an expression, calls of procedures weighed. */
export function operationsOf(expr: Expr): number {
  let n = 0;
  walkExpr(expr, ({ kind }) => {
    if (kind === "call") n += callWeight;
    else if (kind !== "const" && kind !== "local") n++;
  });
  return n;
}
