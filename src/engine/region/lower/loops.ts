import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import type { Expr, Stmt } from "../../kernel/scalar.ts";
import type { RegionFor, RegionExpr, RegionStmt } from "../form/region.ts";
import { bindValue, writeExpr } from "./expressions.ts";
import { boundValue, declareLocal, rangeOf } from "./integers.ts";
import { plus, times } from "../../kernel/index-arithmetic.ts";
import type { LoweringCursor, RegionScope } from "./scope.ts";
import { enterUnlessFailed, openCursor } from "./scope.ts";
import { append } from "../../util/append.ts";

type WriteBody = (inner: LoweringCursor) => void;

/** Writes a counted loop. If it has a live condition (`RegionFor.live`), it becomes a `while` loop. */
export function writeFor(
  scope: RegionScope,
  cursor: LoweringCursor,
  stmt: RegionFor,
  writeBody: WriteBody,
): void {
  const bound = (expr: RegionExpr, hint: string): Expr => {
    const value = boundValue(scope, writeExpr(scope, cursor, expr));
    return bindValue(scope, cursor.block, hint, value);
  };
  const from = bound(stmt.from, "from");
  const to = bound(stmt.to, "to");
  if (stmt.live !== undefined) return writeLive(scope, cursor, stmt, { from, to }, writeBody);
  const { step, reverse = false } = stmt;
  const index = scope.host.fresh(stmt.index);
  noteIndex(scope, index, stmt, from, to);
  const body = k.makeBlock();
  const inner = openCursor(body, cursor);
  let bounds = { from, to };
  if (step === 1) {
    scope.scalars.set(stmt.index, k.local("i32", index));
    writeBody(inner);
    pushFor(cursor.block, { index, ...bounds, reverse, body: unlessFailed(scope, body, inner) });
  } else {
    const n = scope.host.fresh("n");
    bounds = { from: k.i32(0), to: iterations(scope, cursor.block, from, to, step) };
    const value = plus(from, times(k.local("i32", n), k.i32(step)));
    scope.scalars.set(stmt.index, body.let(index, value));
    writeBody(inner);
    const loop = pushFor(cursor.block, {
      index: n,
      ...bounds,
      reverse,
      body: unlessFailed(scope, body, inner),
    });
    scope.indices.set(loop, { index, ...endsOf(from, to, step) });
  }
  if (inner.canFail) enterUnlessFailed(scope, cursor);
}

function pushFor(
  block: Block,
  loop: {
    readonly index: string;
    readonly from: Expr;
    readonly to: Expr;
    readonly reverse: boolean;
    readonly body: Block;
  },
): Stmt {
  const stmt: Stmt = { kind: "for", ...loop, body: loop.body.statements };
  block.statements.push(stmt);
  return stmt;
}

/** Bounds of a loop index in ascending order: the lowest value, and one more than the highest. */
function endsOf(from: Expr, to: Expr, step: number): { readonly from: Expr; readonly to: Expr } {
  return step > 0 ? { from, to } : { from: k.add(to, k.i32(1)), to: k.add(from, k.i32(1)) };
}

/** Wraps the body of a loop in a test, if the body can fail, so that iterations after an error do nothing. */
function unlessFailed(scope: RegionScope, body: Block, inner: LoweringCursor): Block {
  if (!inner.canFail) return body;
  const guarded = k.makeBlock();
  guarded.if(k.eq(scope.host.failure.site, k.i32(0)), (then) => append(then.statements, body.statements));
  scope.afterError.add(guarded.statements[0]!);
  return guarded;
}

/** Records the range of a loop index in the facts of the scope. */
function noteIndex(scope: RegionScope, index: string, { step }: RegionFor, from: Expr, to: Expr): void {
  const [first, end] = [rangeOf(scope, from), rangeOf(scope, to)];
  scope.ranges.set(
    index,
    step > 0
      ? { low: first.low, high: Math.max(first.low, end.high - 1) }
      : { low: Math.min(first.high, end.low + 1), high: first.high },
  );
}

/** Trip count of a loop with a step other than 1. The distance is computed in float64, in which it does not wrap. */
function iterations(scope: RegionScope, block: Block, from: Expr, to: Expr, step: number): Expr {
  if (from.kind === "const" && to.kind === "const")
    return k.i32(Math.max(0, Math.ceil((to.value - from.value) / step)));
  const real = (x: Expr): Expr => k.convert("f64", x);
  const distance = step > 0 ? k.sub(real(to), real(from)) : k.sub(real(from), real(to));
  const all = Math.abs(step) === 1 ? distance : k.unary("ceil", k.div(distance, k.f64(Math.abs(step))));
  return declareLocal(scope, block, "iterations", k.max(k.convert("i32", all), k.i32(0)));
}

/** Writes a counted loop with a live condition (`RegionFor.live`) as a `while` loop. */
function writeLive(
  scope: RegionScope,
  cursor: LoweringCursor,
  stmt: RegionFor,
  { from, to }: { readonly from: Expr; readonly to: Expr },
  writeBody: WriteBody,
): void {
  const { step, live } = stmt;
  const name = scope.host.fresh("n");
  scope.changing.add(name);
  const end = step === 1 ? to : iterations(scope, cursor.block, from, to, step);
  const n = cursor.block.let(name, step === 1 ? from : k.i32(0));
  const isInside = k.lt(n, end);
  const value = step === 1 ? n : plus(from, times(n, k.i32(step)));
  const index = scope.host.fresh(stmt.index);
  const loop = writeWhileLoop(
    scope,
    cursor,
    isInside,
    (inner) => {
      noteIndex(scope, index, stmt, from, to);
      scope.scalars.set(stmt.index, inner.block.let(index, value));
      return writeExpr(scope, inner, live!);
    },
    (inner) => {
      writeBody(inner);
      inner.block.set(n, k.add(n, k.i32(1)));
    },
  );
  scope.indices.set(loop, { index, ...endsOf(from, to, step) });
}

/** Writes a `while` loop. */
export function writeWhile(
  scope: RegionScope,
  cursor: LoweringCursor,
  { condition }: RegionStmt & { readonly kind: "while" },
  writeBody: WriteBody,
): void {
  writeWhileLoop(scope, cursor, undefined, (inner) => writeExpr(scope, inner, condition), writeBody);
}

/**
 * Writes `while (isInside && condition) body`. A condition that needs statements is evaluated at the beginning of the
 * body.
 */
function writeWhileLoop(
  scope: RegionScope,
  cursor: LoweringCursor,
  isInside: Expr | undefined,
  writeCondition: (inner: LoweringCursor) => Expr,
  writeBody: WriteBody,
): Stmt {
  const name = scope.host.fresh("goesOn");
  scope.changing.add(name);
  const body = k.makeBlock();
  const inner = openCursor(body, cursor);
  const condition = writeCondition(inner);
  const isPlain = isInside === undefined && body.statements.length === 0;
  const goesOn = k.local("bool", name);
  if (isPlain) writeBody(inner);
  else {
    // the rest of the iteration is in the branch of the condition; if that is not reached, the loop ends
    const then = k.makeBlock();
    const step = openCursor(then, inner);
    writeBody(step);
    step.block.set(goesOn, isInside ?? k.bool(true));
    inner.block.if(condition, (branch) => append(branch.statements, then.statements));
    inner.canFail ||= step.canFail;
    body.statements.unshift({ kind: "set", name, value: k.bool(false) });
  }
  const { site } = scope.host.failure;
  const all = isPlain ? condition : goesOn;
  if (!isPlain) cursor.block.let(name, isInside ?? k.bool(true));
  const head = inner.canFail && isPlain ? k.select(k.eq(site, k.i32(0)), all, k.bool(false)) : all;
  const loop: Stmt = { kind: "while", condition: head, body: body.statements };
  cursor.block.statements.push(loop);
  if (inner.canFail) enterUnlessFailed(scope, cursor);
  return loop;
}
