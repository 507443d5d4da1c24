import { isCheap, isSilent } from "../../../../codegen/branches.ts";
import { secondIteration } from "../../../../codegen/pairs.ts";
import { internalError } from "../../../../errors/index.ts";
import { expandReduce } from "../../../../kernel/expand.ts";
import type { Expr, Stmt } from "../../../../kernel/scalar.ts";
import { bindingsOf } from "../../../../kernel/uses.ts";
import { checkDepth } from "../../../../kernel/walk.ts";
import { assertNever } from "../../../../util/assert-never.ts";
import type { FunctionBody } from "../../encode/body.ts";
import { bufferOf, localIndex, noteIndex, noteLet, rangeOf, scratch } from "../frame.ts";
import { emitScalar } from "../scalar.ts";
import { dependence, ownWidth } from "./classify.ts";
import type { CallWriter } from "./expression.ts";
import { setUniform, vecOf } from "./expression.ts";
import type { LaneCode, Vec, Width } from "./lanes.ts";
import { bindVec, bodyOf, both, emitAny, keep, naturalWidth, plain, toWidth } from "./lanes.ts";
import { atLane, flushAll, laneName, storeVec } from "./memory.ts";
import { chooseVec } from "./operations.ts";

/** Writes statements for all lanes, or for the active ones. */
export function emitVectorBlock(block: readonly Stmt[], lanes: LaneCode, call: CallWriter, depth = 0): void {
  checkDepth(depth);
  const { parts } = lanes;
  for (const stmt of block) {
    const { used } = parts;
    emitVectorStmt(stmt, lanes, call, depth);
    parts.used = used;
  }
}

function emitVectorStmt(stmt: Stmt, lanes: LaneCode, call: CallWriter, depth: number): void {
  const { frame, scope } = lanes;
  const body = bodyOf(lanes);
  const vec = (x: Expr, width?: Width): Vec => vecOf(x, lanes, call, width);
  switch (stmt.kind) {
    case "let":
      return declare(stmt.name, stmt.value, lanes, call);
    case "set": {
      const binding = scope.get(stmt.name);
      if (binding?.kind !== "vector") throw internalError(`${stmt.name} is set in lanes`);
      const old = binding.vec;
      const value = toWidth(vec(stmt.value, old.width), old.width, lanes);
      const next = lanes.mask === undefined ? value : chooseVec(lanes.mask, value, old, lanes);
      binding.regs.forEach((reg, k) => {
        next.emit(k);
        body.localSet(reg);
      });
      return;
    }
    case "store": {
      const { type } = bufferOf(frame, stmt.buffer);
      return storeVec(stmt.buffer, stmt.index, vec(stmt.value, naturalWidth(type, lanes)), lanes, vec);
    }
    case "for":
      return emitInnerFor(stmt, lanes, call, depth);
    case "reduce":
      return emitExpanded(expandReduce(stmt), lanes, call, depth + 1);
    case "contract":
      throw internalError("a contraction in lanes");
    case "while":
      return emitVectorWhile(stmt, lanes, call, depth);
    case "if":
      return emitVectorIf(stmt, lanes, call, depth);
    case "comment":
      return;
    default:
      return assertNever(stmt, "emitVectorStmt");
  }
}

/**
 * Writes the statements by which another statement was replaced, for example a procedure's body, including assignments
 * to its locals.
 */
function emitExpanded(block: readonly Stmt[], lanes: LaneCode, call: CallWriter, depth: number): void {
  const set = new Set([...lanes.set, ...bindingsOf(block).set]);
  emitVectorBlock(block, { ...lanes, set }, call, depth);
}

/** Declares a local: a scalar if it is uniform or has a fixed stride, otherwise vectors. */
function declare(name: string, value: Expr, lanes: LaneCode, call: CallWriter): void {
  const { frame, scope } = lanes;
  const body = bodyOf(lanes);
  const by = lanes.set.has(name) ? undefined : dependence(value, scope);
  if (by?.kind === "uniform" || by?.kind === "affine") {
    const isOutside = setUniform(name, value, frame, lanes);
    if (value.type === "i32") frame.ranges.set(name, rangeOf(value, frame));
    noteLet({ name, value }, frame);
    if (!isOutside) scope.set(name, { kind: "scalar", stride: by.kind === "affine" ? by.stride : 0 });
    return;
  }
  if (by?.kind === "integral" && value.type === "i32" && lanes.indices.has(name)) {
    for (let lane = 0; lane < lanes.count; lane++) {
      emitScalar(atLane(value, lane, lanes), frame);
      body.localSet(localIndex(frame, laneName(name, lane), "i32"));
    }
    scope.set(name, { kind: "lanes" });
    return;
  }
  const width = ownWidth(value, lanes) ?? naturalWidth(value.type, lanes);
  scope.set(name, bindVec(vecOf(value, lanes, call, width), lanes.set.has(name), lanes));
}

/** Writes an inner loop with uniform bounds. */
function emitInnerFor(stmt: Stmt & { kind: "for" }, lanes: LaneCode, call: CallWriter, depth: number): void {
  const { frame, scope } = lanes;
  const body = bodyOf(lanes);
  for (const bound of [stmt.from, stmt.to]) {
    if (dependence(bound, scope).kind !== "uniform")
      throw internalError("bounds that differ from lane to lane");
  }
  flushAll(lanes);
  const index = localIndex(frame, stmt.index, "i32");
  noteIndex(stmt, frame);
  scope.set(stmt.index, { kind: "scalar", stride: 0 });
  const inner: LaneCode = { ...lanes, isConditional: true };
  const end = scratch(frame, "i32");
  const [start, stop] = stmt.reverse ? [stmt.to, stmt.from] : [stmt.from, stmt.to];
  emitScalar(start, frame);
  emitScalar(stop, frame);
  body.localSet(end);
  body.localSet(index);
  const second = secondIteration(stmt);
  if (second !== undefined) {
    const write = (block: readonly Stmt[]): void => {
      emitVectorBlock(block, inner, call, depth + 1);
      flushAll(lanes);
    };
    return emitPairs(body, index, end, () => write(stmt.body), () => write(second)); // prettier-ignore
  }
  const goesOn = (): void => {
    body.localGet(index);
    body.localGet(end);
    body.op(stmt.reverse ? "i32.gt_s" : "i32.lt_s");
  };
  const step = (by: number): void => {
    body.localGet(index);
    body.i32Const(by);
    body.op("i32.add");
    body.localSet(index);
  };
  goesOn();
  body.if();
  const again = body.loop();
  if (stmt.reverse) step(-1);
  emitVectorBlock(stmt.body, inner, call, depth + 1);
  flushAll(lanes);
  if (!stmt.reverse) step(1);
  goesOn();
  body.brIf(again);
  body.end();
  body.end();
}

/**
 * Writes the iterations from `index` to `end`, two at a time, and a last one if their number is odd. This halves the
 * number of increments and comparisons, and `second` shares the addresses of `first`.
 */
function emitPairs(
  body: FunctionBody,
  index: number,
  end: number,
  first: () => void,
  second: () => void,
): void {
  const last = body.local("i32");
  const isBelow = (bound: number): void => {
    body.localGet(index);
    body.localGet(bound);
    body.op("i32.lt_s");
  };
  isBelow(end);
  body.if();
  body.localGet(end);
  body.i32Const(1);
  body.op("i32.sub");
  body.localSet(last);
  isBelow(last);
  body.if();
  const again = body.loop();
  first();
  second();
  body.localGet(index);
  body.i32Const(2);
  body.op("i32.add");
  body.localSet(index);
  isBelow(last);
  body.brIf(again);
  body.end();
  body.end();
  isBelow(end);
  body.if();
  first();
  body.end();
  body.end();
}

/**
 * Writes a `while` loop: it continues while the condition holds for any lane, and changes only the lanes for which it
 * does.
 */
function emitVectorWhile(
  stmt: Stmt & { kind: "while" },
  lanes: LaneCode,
  call: CallWriter,
  depth: number,
): void {
  const body = bodyOf(lanes);
  flushAll(lanes);
  const out = body.block();
  const again = body.loop();
  const within: LaneCode = { ...lanes, isConditional: true };
  if (dependence(stmt.condition, lanes.scope).kind === "uniform") {
    emitScalar(stmt.condition, lanes.frame);
    body.op("i32.eqz");
    body.brIf(out);
    emitVectorBlock(stmt.body, within, call, depth + 1);
  } else {
    const mask = both(lanes.mask, keptCondition(stmt.condition, within, call), lanes);
    emitAny(mask, lanes);
    body.op("i32.eqz");
    body.brIf(out);
    emitVectorBlock(stmt.body, { ...within, mask }, call, depth + 1);
  }
  flushAll(lanes);
  body.br(again);
  body.end();
  body.end();
}

/**
 * Returns a mask with the value that a condition has now, which stays valid when locals in the condition are set later.
 */
function keptCondition(condition: Expr, lanes: LaneCode, call: CallWriter): Vec {
  const vec = vecOf(condition, lanes, call);
  return condition.kind === "local" ? keep(vec, lanes).vec : plain(vec, lanes);
}

/**
 * Writes a branch: both sides, each for the lanes that take it. If all lanes agree, it is a branch of scalar code. Of a
 * branch marked `shortcut` only the other side is written, and rare ones are left for later.
 */
function emitVectorIf(stmt: Stmt & { kind: "if" }, lanes: LaneCode, call: CallWriter, depth: number): void {
  if (stmt.shortcut === true) return emitVectorBlock(stmt.otherwise, lanes, call, depth + 1);
  const body = bodyOf(lanes);
  if (dependence(stmt.condition, lanes.scope).kind === "uniform") {
    flushAll(lanes);
    const within: LaneCode = { ...lanes, isConditional: true };
    emitScalar(stmt.condition, lanes.frame);
    body.if();
    emitVectorBlock(stmt.then, within, call, depth + 1);
    flushAll(lanes);
    if (stmt.otherwise.length > 0) {
      body.else();
      emitVectorBlock(stmt.otherwise, within, call, depth + 1);
      flushAll(lanes);
    }
    return body.end();
  }
  const condition = keptCondition(stmt.condition, lanes, call);
  if (
    stmt.rare === true &&
    lanes.iteration?.rare !== undefined &&
    lanes.mask === undefined &&
    !lanes.isConditional
  ) {
    lanes.iteration.rare.push(keep(condition, lanes).vec);
    return;
  }
  const side = (block: readonly Stmt[], isOpposite: boolean): void => {
    if (block.every((inner) => inner.kind === "comment")) return;
    const mask = both(lanes.mask, condition, lanes, isOpposite);
    const isBranch = !isCheap(block);
    if (isBranch) {
      if (!isSilent(block)) flushAll(lanes);
      emitAny(mask, lanes);
      body.if();
    }
    emitVectorBlock(block, { ...lanes, mask, isConditional: true }, call, depth + 1);
    if (isBranch) body.end();
  };
  side(stmt.then, false);
  side(stmt.otherwise, true);
}
