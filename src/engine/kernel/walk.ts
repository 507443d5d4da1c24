import { internalError } from "../errors/index.ts";
import { assertNever } from "../util/assert-never.ts";
import type { Dim, Expr, Stmt } from "./scalar.ts";

/**
 * Maximum nesting depth of expressions and blocks. Deeper nesting is rejected because traversing it would overflow the
 * stack.
 */
export const maxDepth = 500;

/** Throws if `depth` exceeds the maximum. */
export function checkDepth(depth: number): void {
  if (depth > maxDepth) throw internalError(`code is nested more than ${maxDepth} levels deep`);
}

/** Calls `visit` for an expression and all its parts, outermost first; does not enter procedures. */
export function walkExpr(expr: Expr, visit: (expr: Expr) => void, depth = 0): void {
  if (depth > maxDepth) checkDepth(depth); // tested before the call, because a call per expression would take as long as everything else
  visit(expr);
  switch (expr.kind) {
    case "const":
    case "local":
      return;
    case "load":
    case "table":
      return walkExpr(expr.index, visit, depth + 1);
    case "unary":
    case "convert":
      return walkExpr(expr.x, visit, depth + 1);
    case "binary":
      walkExpr(expr.x, visit, depth + 1);
      return walkExpr(expr.y, visit, depth + 1);
    case "select":
      walkExpr(expr.condition, visit, depth + 1);
      walkExpr(expr.x, visit, depth + 1);
      return walkExpr(expr.y, visit, depth + 1);
    case "mulAdd":
      for (const part of [expr.x, expr.y, expr.z]) walkExpr(part, visit, depth + 1);
      return;
    case "call":
      for (const arg of expr.args) walkExpr(arg, visit, depth + 1);
      return;
    default:
      return assertNever(expr, "walkExpr");
  }
}

/** Callbacks of a traversal of statements. */
export interface Visitor {
  readonly stmt?: (stmt: Stmt) => void;
  readonly expr?: (expr: Expr) => void;
}

/**
 * Visits statements and everything in them, in order. (Uses `forEach` because `for … of` allocates an object per step
 * until the engine has compiled the loop, and this code runs before.)
 */
export function walkBlock(block: readonly Stmt[], visitor: Visitor, depth = 0): void {
  block.forEach((stmt) => walkStmt(stmt, visitor, depth));
}

/** Visits a statement and everything in it. */
function walkStmt(stmt: Stmt, visitor: Visitor, depth = 0): void {
  if (depth > maxDepth) checkDepth(depth);
  const { expr } = visitor;
  visitor.stmt?.(stmt);
  switch (stmt.kind) {
    case "let":
    case "set":
      if (expr !== undefined) walkExpr(stmt.value, expr); // tested here, because most statements are of these kinds
      return;
    case "store":
      if (expr !== undefined) visitExprs(expr, stmt.index, stmt.value);
      return;
    case "for":
      visitExprs(expr, stmt.from, stmt.to);
      return walkBlock(stmt.body, visitor, depth + 1);
    case "reduce":
      visitExprs(expr, stmt.start, stmt.from, stmt.to);
      walkBlock(stmt.body, visitor, depth + 1);
      return visitExprs(expr, stmt.value);
    case "contract":
      for (const dim of stmt.dims) visitSizes(expr, dim);
      return visitExprs(expr, stmt.out.offset, stmt.left.offset, stmt.right.offset);
    case "while":
      visitExprs(expr, stmt.condition);
      return walkBlock(stmt.body, visitor, depth + 1);
    case "if":
      visitExprs(expr, stmt.condition);
      walkBlock(stmt.then, visitor, depth + 1);
      return walkBlock(stmt.otherwise, visitor, depth + 1);
    case "comment":
      return;
    default:
      return assertNever(stmt, "walkStmt");
  }
}

const noBlocks: readonly (readonly Stmt[])[] = [];

/** Blocks of a statement. */
export function blocksIn(stmt: Stmt): readonly (readonly Stmt[])[] {
  switch (stmt.kind) {
    case "for":
    case "reduce":
    case "while":
      return [stmt.body];
    case "if":
      return [stmt.then, stmt.otherwise];
    case "let":
    case "set":
    case "store":
    case "contract":
    case "comment":
      return noBlocks;
    default:
      return assertNever(stmt, "blocksIn");
  }
}

/** Calls `visit` for the expressions of a statement and all their parts, except those in its blocks. */
export function walkOwnExprs(stmt: Stmt, visit: (expr: Expr) => void): void {
  switch (stmt.kind) {
    case "for":
      return visitExprs(visit, stmt.from, stmt.to);
    case "reduce":
      visitExprs(visit, stmt.start, stmt.from, stmt.to);
      return visitExprs(visit, stmt.value);
    case "while":
    case "if":
      return visitExprs(visit, stmt.condition);
    case "let":
    case "set":
      return walkExpr(stmt.value, visit);
    case "store":
      return visitExprs(visit, stmt.index, stmt.value);
    case "contract":
      return walkStmt(stmt, { expr: visit });
    case "comment":
      return;
    default:
      return assertNever(stmt, "walkOwnExprs");
  }
}

/**
 * Visits the expressions of a statement. (Optional parameters instead of a list, because this code runs before the
 * engine has compiled it.)
 */
export function visitExprs(visit: Visitor["expr"], x: Expr, y?: Expr, z?: Expr): void {
  if (visit === undefined) return;
  walkExpr(x, visit);
  if (y !== undefined) walkExpr(y, visit);
  if (z !== undefined) walkExpr(z, visit);
}

/** Visits the expressions among the sizes of a dim. */
export function visitSizes(visit: Visitor["expr"], { size, out, left, right }: Dim): void {
  if (visit === undefined) return;
  if (typeof size !== "number") walkExpr(size, visit);
  if (typeof out !== "number") walkExpr(out, visit);
  if (typeof left !== "number") walkExpr(left, visit);
  if (typeof right !== "number") walkExpr(right, visit);
}
