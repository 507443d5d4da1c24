import type { LocalDefinitions } from "../kernel/iterations.ts";
import { likelyIterations, likelyProducts } from "../kernel/iterations.ts";
import type { Expr, Procedure, Routine, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { constantSize, sizeExpr } from "../kernel/sizes.ts";
import { blocksIn, walkExpr, walkOwnExprs } from "../kernel/walk.ts";
import { assertNever } from "../util/assert-never.ts";
import { operationsOfCall, unknownIterationsOfBackends, unknownIterationsOfLoops } from "./tuning.ts";

// Three estimates: code size (weightOf), run time of loops and blocks (loopWork, blockWork), and the operations of a
// routine (workOf), by which a backend is chosen.

// Cached weights, because every enclosing block and several planning decisions ask for them.
const weights = new WeakMap<Stmt | Procedure, number>();
/**
 * Work of the procedures that a statement calls in its own expressions, by statement. Statements without calls have no
 * entry.
 */
const worksOfCalls = new WeakMap<Stmt, number>();

/**
 * Code size of a statement, in units of weight: a name or constant counts 1, a call 4, and an operation 2. An operation
 * counts 5 if its result must be wrapped or rounded.
 */
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

/** Code size of a procedure in units of weight (see `weightOf`), without the procedures that it calls. */
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
  return type === "f64" || type === "bool" ? 2 : 5; // the other types are wrapped or rounded after each operation
}

/**
 * Estimated run time of all iterations of a loop, in units of weight (see `weightOf`). `bodyWork` is the work of one
 * iteration. If the number of iterations is unknown, a high number is assumed.
 */
export function loopWork(
  stmt: Stmt & { readonly kind: "for" },
  bodyWork: number = blockWork(stmt.body),
): number {
  return likelyIterations(stmt, unknownIterationsOfLoops) * bodyWork;
}

/**
 * Estimated run time of a block in units of weight (see `weightOf`), at least 1. Adds the definitions of integer
 * locals, which loop bounds may use, to `known`.
 */
export function blockWork(block: readonly Stmt[], known: LocalDefinitions = new Map()): number {
  let work = 0;
  for (const stmt of block) {
    work += statementWork(stmt, known);
    if (stmt.kind === "let" && stmt.value.type === "i32") known.set(stmt.name, stmt.value);
  }
  return Math.max(1, work);
}

/**
 * Estimated run time of a statement, in units of weight (see `weightOf`). An `if` counts both of its blocks, except
 * that it counts 1 if marked `rare`, and only its `otherwise` block if marked `shortcut`.
 */
export function statementWork(stmt: Stmt, known: LocalDefinitions = new Map()): number {
  switch (stmt.kind) {
    case "for":
      if (stmt.strip === true) return blockWork(stmt.body, known); // all iterations at once
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

/** Work of a statement without its inner blocks: its own weight plus the work of the procedures that it calls. */
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

/** Estimated numbers of scalar operations of a routine, by kind. */
export interface Work {
  /** Operations in folds, products and independent loops, which vectors and threads can share. */
  readonly wide: number;
  /** Other operations, which are sequential. */
  readonly narrow: number;
  /** Part of `narrow` that consists of calls of procedures. */
  readonly called: number;
  /**
   * Part of `narrow` that computes with float32, uint32 or the words of floats. JavaScript lacks these types, so its
   * code is slow: it rounds after each operation, or passes values through memory.
   */
  readonly foreign: number;
}

/** Estimates the work of a routine from the sizes of its loops. */
export function workOf(routine: Routine): Work {
  return workOfBlock(routine.body, 1, false);
}

/**
 * Number of elements of the arrays that a routine reads and returns. Arrays whose size is known only at run time are
 * assumed to be small.
 */
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
    called += times * exprs.reduce((sum, expr) => sum + countCalls(expr), 0) * operationsOfCall;
    foreign += times * exprs.reduce((sum, expr) => sum + countForeign(expr), 0);
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

function countCalls(expr: Expr): number {
  let n = 0;
  walkExpr(expr, ({ kind }) => {
    if (kind === "call") n++;
  });
  return n;
}

function countForeign(expr: Expr): number {
  let n = 0;
  walkExpr(expr, (part) => {
    if (part.kind === "const" || part.kind === "local") return;
    if (part.type === "f32" || part.type === "u32" || usesWords(part)) n++;
  });
  return n;
}

/** True if an expression splits a float into words or bits, or assembles one. */
function usesWords(expr: Expr): boolean {
  if (expr.kind === "binary") return expr.op === "fromWords";
  return expr.kind === "unary" && ["highWord", "lowWord", "bitsOf", "fromBits"].includes(expr.op);
}

/** Number of scalar operations of an expression; a call counts as several. */
export function operationsOf(expr: Expr): number {
  let n = 0;
  walkExpr(expr, ({ kind }) => {
    if (kind === "call") n += operationsOfCall;
    else if (kind !== "const" && kind !== "local") n++;
  });
  return n;
}
