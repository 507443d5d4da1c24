import type { LocalDefinitions } from "../kernel/iterations.ts";
import { likelyIterations, likelyProducts } from "../kernel/iterations.ts";
import type { Expr, Procedure, Routine, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { constantSize, sizeExpr } from "../kernel/sizes.ts";
import { blocksIn, walkExpr, walkOwnExprs } from "../kernel/walk.ts";
import { assertNever } from "../util/assert-never.ts";
import { operationsOfCall, unknownIterationsOfBackends, unknownIterationsOfLoops } from "./tuning.ts";

// Three questions are asked about code, each with an answer of its own: how large it is (weightOf), how long a loop takes
// (loopWork, blockWork), and what a routine consists of (workOf, by which a backend is chosen).

// Asked for again by every block around a statement, and by what decides how loops are written.
const weights = new WeakMap<Stmt | Procedure, number>();
/** The work of the calls in the statements that have calls in their own expressions. */
const worksOfCalls = new WeakMap<Stmt, number>();

/** How much code a statement is, in names and numbers read: operations weigh more, those that call a function most. */
export function weightOf(stmt: Stmt): number {
  const known = weights.get(stmt);
  if (known !== undefined) return known;
  let weight = 1;
  let called = 0;
  walkOwnExprs(stmt, (expr) => {
    weight += weightOfExpr(expr);
    if (expr.kind === "call") called += procedureWork(expr.procedure);
  });
  for (const block of blocksIn(stmt)) for (const inner of block) weight += weightOf(inner);
  weights.set(stmt, weight);
  if (called > 0) worksOfCalls.set(stmt, called);
  return weight;
}

/** How much code a procedure is, without those that it calls. */
export function weightOfProcedure(procedure: Procedure): number {
  const known = weights.get(procedure);
  if (known !== undefined) return known;
  let weight = 1;
  walkExpr(procedure.result, (expr) => void (weight += weightOfExpr(expr)));
  for (const stmt of procedure.body) weight += weightOf(stmt);
  weights.set(procedure, weight);
  return weight;
}

function weightOfExpr({ kind, type }: Expr): number {
  if (kind === "const" || kind === "local") return 1;
  if (kind === "call") return 4;
  if (kind !== "unary" && kind !== "binary") return 2;
  return type === "f64" || type === "bool" ? 2 : 5; // the others are wrapped or rounded after each operation
}

/**
 * How long a loop takes, all of its iterations together, in weight: as if it had many where their number is not known.
 * `bodyWork` is what an iteration takes.
 */
export function loopWork(
  stmt: Stmt & { readonly kind: "for" },
  bodyWork: number = blockWork(stmt.body),
): number {
  return likelyIterations(stmt, unknownIterationsOfLoops) * bodyWork;
}

/** How long a block takes, in weight, at least 1; definitions of locals that loops go by are added to `known` on the way. */
export function blockWork(block: readonly Stmt[], known: LocalDefinitions = new Map()): number {
  let work = 0;
  for (const stmt of block) {
    work += statementWork(stmt, known);
    if (stmt.kind === "let" && stmt.value.type === "i32") known.set(stmt.name, stmt.value);
  }
  return Math.max(1, work);
}

/** How long a statement takes, in weight. Of branches that few iterations take nothing counts, of others both sides. */
export function statementWork(stmt: Stmt, known: LocalDefinitions = new Map()): number {
  switch (stmt.kind) {
    case "for":
      if (stmt.strip === true) return blockWork(stmt.body, known); // all at once
      return likelyIterations(stmt, unknownIterationsOfLoops, known) * blockWork(stmt.body, known);
    case "reduce":
      return likelyIterations(stmt, unknownIterationsOfLoops, known) * blockWork(stmt.body, known);
    case "while":
      return unknownIterationsOfLoops * blockWork(stmt.body, known);
    case "if":
      if (stmt.rare === true) return 1;
      return (stmt.shortcut === true ? 0 : blockWork(stmt.then, known)) + blockWork(stmt.otherwise, known);
    case "contract":
      return likelyProducts(stmt, unknownIterationsOfLoops);
    case "let":
    case "set":
    case "store":
    case "comment":
      return plainWork(stmt);
    default:
      return assertNever(stmt, "statementWork");
  }
}

const works = new WeakMap<Procedure, number>();

/** The work of a statement that holds no others: its weight, and the work of what it calls. */
function plainWork(stmt: Stmt): number {
  return weightOf(stmt) + (worksOfCalls.get(stmt) ?? 0);
}

function procedureWork(procedure: Procedure): number {
  let work = works.get(procedure);
  if (work === undefined) {
    work = procedure.body.reduce((sum, stmt) => sum + statementWork(stmt), 0);
    walkExpr(procedure.result, () => work!++);
    works.set(procedure, work);
  }
  return work;
}

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

/** Estimates the work of a routine from the sizes of its loops. */
export function workOf(routine: Routine): Work {
  return workOfBlock(routine.body, 1, false);
}

/** Elements of the arrays that a routine takes and gives, as if each size that only the run can tell were small. */
export function elementsMoved({ inputs, outputs }: Routine): number {
  return [...inputs, ...outputs].reduce(
    (sum, port) => sum + (port.kind === "buffer" ? likelySize(port.buffer.size) : 0),
    0,
  );
}

function likelySize(size: SizeExpr): number {
  const known = constantSize(size);
  if (known !== undefined) return known;
  const expr = sizeExpr(size);
  const isProduct = expr.kind === "binary" && expr.op === "mul";
  return isProduct ? likelySize(expr.x) * likelySize(expr.y) : unknownIterationsOfBackends;
}

function workOfBlock(
  block: readonly Stmt[],
  times: number,
  isWide: boolean,
  known: LocalDefinitions = new Map(),
): Work {
  let [wide, narrow, called, foreign] = [0, 0, 0, 0];
  const plain = (...exprs: readonly Expr[]): void => {
    const n = times * exprs.reduce((sum, expr) => sum + operationsOf(expr), 1);
    if (isWide) {
      wide += n;
      return;
    }
    narrow += n;
    called += times * exprs.reduce((sum, expr) => sum + callsIn(expr), 0) * operationsOfCall;
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
        inner(
          stmt.body,
          likelyIterations(stmt, unknownIterationsOfBackends, known),
          stmt.independent === true,
        );
        break;
      case "reduce": {
        const count = likelyIterations(stmt, unknownIterationsOfBackends, known);
        inner(stmt.body, count, true);
        wide += times * count * (1 + operationsOf(stmt.value));
        break;
      }
      case "contract":
        wide += 2 * times * likelyProducts(stmt, unknownIterationsOfBackends);
        break;
      case "while":
        inner(stmt.body, unknownIterationsOfBackends, false);
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
    if (kind === "call") n += operationsOfCall;
    else if (kind !== "const" && kind !== "local") n++;
  });
  return n;
}
