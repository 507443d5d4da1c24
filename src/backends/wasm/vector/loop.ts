import * as build from "../../../kernel/build.ts";
import type { Expr, Reduce, ScalarType, Stmt } from "../../../kernel/scalar.ts";
import { reduceLanes } from "../../../kernel/scalar.ts";
import { usesOf } from "../../../kernel/split.ts";
import { reachedBy, walkBlock, walkExpr } from "../../../kernel/walk.ts";
import { bytesOf } from "../arena.ts";
import type { Body, Fragment } from "../body.ts";
import type { Frame } from "../frame.ts";
import { localIndex } from "../frame.ts";
import { storedBuffers } from "../stored.ts";
import { emitScalar, loadOf, storeOf } from "../scalar.ts";
import { vecOf } from "./expression.ts";
import type { Binding, Lanes, Turn, Vec, Width } from "./lanes.ts";
import {
  constantVec,
  eitherMask,
  emitAny,
  inRegs,
  newRegs,
  NotVectorisable,
  shapeOf,
  toWidth,
} from "./lanes.ts";
import { flushAll } from "./memory.ts";
import { usesDouble } from "./double.ts";
import { binaryVec } from "./operations.ts";
import { emitVectorCall } from "./procedures.ts";
import { emitVectorBlock } from "./statement.ts";

/** A loop between bounds that are in locals. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

type For = Stmt & { readonly kind: "for" };

/** How what a vector loop leaves over is done, one index at a time. */
export interface OneByOne {
  /** Writes the loop from the index in local `from` on to the end; that local is the index of the loop. */
  readonly rest: (from: number) => void;
  /** A function for such loops: what it gives writes a call, for the indices between two numbers on the stack. */
  readonly again: () => (body: Body, pushFrom: () => void, pushTo: () => void) => void;
}

/**
 * Writes an independent loop for several lanes at a time. Writes nothing and gives false where its body cannot be written
 * so.
 */
export function emitVectorFor(stmt: For, bounds: Bounds, frame: Frame, oneByOne: OneByOne): boolean {
  const { body } = frame;
  const index = localIndex(frame, stmt.index, "i32");
  const made = attempt(() => turnsOf(stmt, frame));
  if (made === undefined) return false;
  const { code, lanes, step } = made;
  const { rare = [] } = code.turn;
  const end = emitEnd(body, bounds, index, step);
  if (rare.length === 0) {
    flushAll(lanes);
    runTurns(body, code, end, index, step);
    oneByOne.rest(index);
    return true;
  }
  const again = oneByOne.again();
  const isRare = rare.slice(1).reduce((any, mask) => eitherMask(any, mask, lanes), rare[0]!);
  emitAny(isRare, lanes);
  code.code.if();
  again(
    code.code,
    () => code.code.localGet(index),
    () => {
      code.code.localGet(index);
      code.code.i32Const(step);
      code.code.op("i32.add");
    },
  );
  code.code.else();
  flushAll(lanes);
  code.code.end();
  runTurns(body, code, end, index, step);
  again(
    body,
    () => body.localGet(index),
    () => body.localGet(bounds.to),
  );
  return true;
}

/** What `write` gives; `undefined` where it finds that the code cannot be written for lanes. */
function attempt<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (problem) {
    if (problem instanceof NotVectorisable) return undefined;
    throw problem;
  }
}

/** The code of one turn of a loop, without the stores that wait for its end. */
function turnsOf(stmt: For, frame: Frame): { code: Turns; lanes: Lanes; step: number } {
  const write = (leavesOut: boolean): { code: Turns; lanes: Lanes; step: number } => {
    const code = openTurns(stmt.body, frame, leavesOut);
    const lanes = openLanes(stmt.body, stmt.index, frame, code, lanesFor(stmt.body, [], leavesOut));
    emitVectorBlock(stmt.body, lanes, emitVectorCall);
    return { code, lanes, step: lanes.count };
  };
  if (hasRare(stmt.body)) {
    const made = attempt(() => write(true));
    if (made !== undefined && !made.code.turn.hasStored) return made;
  }
  return write(false);
}

/** Code of a turn, apart from the function that it will stand in. */
interface Turns {
  readonly code: Fragment;
  readonly turn: Turn;
}

function openTurns(block: readonly Stmt[], frame: Frame, leavesOut: boolean): Turns {
  return {
    code: frame.body.fragment(),
    turn: {
      before: frame.body.fragment(),
      hoisted: new Map(),
      stored: storedBuffers(block),
      rare: leavesOut ? [] : undefined,
      hasStored: false,
    },
  };
}

function openLanes(
  block: readonly Stmt[],
  index: string,
  frame: Frame,
  { code, turn }: Turns,
  kind: Pick<Lanes, "count" | "isNarrow">,
): Lanes {
  return {
    ...kind,
    frame: { ...frame, body: code },
    base: 0,
    scope: new Map<string, Binding>([[index, { kind: "scalar", stride: 1 }]]),
    set: usesOf(block).set,
    indices: namesInIndices(block),
    mask: undefined,
    pending: [],
    turn,
    isConditional: false,
    inlined: { weight: 0 },
    open: new Set(),
  };
}

/** Sets `index` to the first index, and gives the local that holds where whole turns of `step` indices end. */
function emitEnd(body: Body, { from, to }: Bounds, index: number, step: number): number {
  const end = body.local("i32");
  body.localGet(from);
  body.localTee(index);
  body.localGet(to);
  body.localGet(from);
  body.op("i32.sub");
  body.i32Const(-step);
  body.op("i32.and");
  body.op("i32.add");
  body.localSet(end);
  return end;
}

/** `if (index < end) { before; do { code; index += step } while (index < end) }`. */
function runTurns(body: Body, { code, turn }: Turns, end: number, index: number, step: number): void {
  const isBelow = (): void => {
    body.localGet(end);
    body.op("i32.lt_s");
  };
  body.localGet(index);
  isBelow();
  body.if();
  body.append(turn.before);
  const again = body.loop();
  body.append(code);
  body.localGet(index);
  body.i32Const(step);
  body.op("i32.add");
  body.localTee(index);
  isBelow();
  body.brIf(again);
  body.end();
  body.end();
}

/**
 * Writes a fold with the lanes of its definition, eight a turn; `tail` writes what computes the value of one index, in
 * the local of the loop's index, and puts it on the stack.
 */
export function emitVectorReduce(stmt: Reduce, bounds: Bounds, frame: Frame, tail: () => void): boolean {
  const { body, unit } = frame;
  const { to } = bounds;
  const { type } = stmt.value;
  const index = localIndex(frame, stmt.index, "i32");
  const code = openTurns(stmt.body, frame, false);
  const lanes = openLanes(stmt.body, stmt.index, frame, code, lanesFor(stmt.body, [stmt.value], false));
  const { count } = lanes;
  const width: Width = type === "f64" ? 64 : 32;
  const start = (stmt.start as Expr & { value: number }).value;
  const sums = Array.from({ length: reduceLanes / count }, () => newRegs(lanes, width));
  const done = attempt(() => {
    for (const [half, regs] of sums.entries()) {
      const inner: Lanes = { ...lanes, scope: new Map(lanes.scope), base: half * count };
      emitVectorBlock(stmt.body, inner, emitVectorCall);
      const raw = vecOf(stmt.value, inner, emitVectorCall, width);
      const value = type === "f64" || type === "f32" ? raw : toWidth(raw, width, inner);
      const next = binaryVec(stmt.op, inRegs(type, width, regs, inner), value, inner);
      regs.forEach((reg, k) => {
        next.emit(k);
        code.code.localSet(reg);
      });
    }
    flushAll(lanes);
    return true;
  });
  if (done === undefined) return false;
  const all = sums.flat();
  const outside: Lanes = { ...lanes, frame, turn: undefined };
  const initial = constantVec(type, start, width, outside);
  for (const reg of all) {
    initial.emit(0);
    body.localSet(reg);
  }
  const end = emitEnd(body, bounds, index, reduceLanes);
  runTurns(body, code, end, index, reduceLanes);
  const rest = restOf(stmt);
  if (rest !== 0) {
    // what is left goes to the first lanes, in memory
    const memory = unit.spillSlot(stmt, "lanes", 16 * all.length);
    body.localGet(index);
    body.localGet(to);
    body.op("i32.lt_s");
    body.if();
    all.forEach((reg, k) => {
      body.i32Const(0);
      body.localGet(reg);
      body.memory("v128.store", memory + 16 * k);
    });
    emitRest(stmt, memory, to, end, index, frame, tail);
    all.forEach((reg, k) => {
      body.i32Const(0);
      body.memory("v128.load", memory + 16 * k);
      body.localSet(reg);
    });
    body.end();
  }
  combineLanes(stmt, all, outside, localIndex(frame, stmt.name, type));
  return true;
}

/** How many values are left over; `undefined` where that is not known. */
function restOf({ from, to }: Reduce): number | undefined {
  if (from.kind !== "const" || to.kind !== "const") return undefined;
  return Math.max(0, to.value - from.value) % reduceLanes;
}

/** Folds the values from `index` to `to` − 1 into lanes in memory, one each. Bools are masks of 32 bits there. */
function emitRest(
  stmt: Reduce,
  memory: number,
  to: number,
  end: number,
  index: number,
  frame: Frame,
  tail: () => void,
): void {
  const { body } = frame;
  const { type } = stmt.value;
  const stored: ScalarType = type === "bool" ? "i32" : type;
  const size = bytesOf(stored);
  const place = body.local("i32");
  const again = body.loop();
  tail();
  const value = body.local(stored === "f64" ? "f64" : stored === "f32" ? "f32" : "i32");
  if (type === "bool") {
    body.localSet(value);
    body.i32Const(0);
    body.localGet(value);
    body.op("i32.sub");
  }
  body.localSet(value);
  body.localGet(index);
  body.localGet(end);
  body.op("i32.sub");
  body.i32Const(size);
  body.op("i32.mul");
  body.localTee(place);
  body.localGet(place);
  body.memory(loadOf(stored), memory);
  const [name, other] = [`@sum${place}`, `@value${place}`];
  const sum = body.local(stored === "f64" ? "f64" : stored === "f32" ? "f32" : "i32");
  body.localSet(sum);
  frame.locals.set(name, { type: stored, index: sum });
  frame.locals.set(other, { type: stored, index: value });
  emitScalar(build.combine(stmt.op, build.local(stored, name), build.local(stored, other)), frame);
  body.memory(storeOf(stored), memory);
  body.localGet(index);
  body.i32Const(1);
  body.op("i32.add");
  body.localTee(index);
  body.localGet(to);
  body.op("i32.lt_s");
  body.brIf(again);
  body.end();
}

const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const secondWord = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7];

/** Lane j takes in lane j + 4, then j + 2, then j + 1; what lane 0 has then is the result. */
function combineLanes(stmt: Reduce, regs: readonly number[], lanes: Lanes, target: number): void {
  const { body } = lanes.frame;
  const { type } = stmt.value;
  const width: Width = type === "f64" ? 64 : 32;
  const one: Lanes = { ...lanes, base: 0 };
  const single = (reg: number): Vec => ({ type, width, isPlain: true, emit: () => body.localGet(reg) });
  const combined = (x: number, y: Vec): void => {
    binaryVec(stmt.op, single(x), y, one).emit(0);
    body.localSet(x);
  };
  let left = [...regs];
  while (left.length > 1) {
    const half = left.length / 2;
    for (let j = 0; j < half; j++) combined(left[j]!, single(left[j + half]!));
    left = left.slice(0, half);
  }
  const last = left[0]!;
  const shuffled = (order: readonly number[]): Vec => ({
    type,
    width,
    isPlain: false,
    emit() {
      body.localGet(last);
      body.localGet(last);
      body.shuffle(order);
    },
  });
  combined(last, keepOne(shuffled(highHalf), body));
  if (width === 32) combined(last, keepOne(shuffled(secondWord), body));
  body.localGet(last);
  body.lane(`${shapeOf(type)}.extract_lane`, 0);
  if (type === "bool") {
    body.i32Const(1);
    body.op("i32.and");
  }
  body.localSet(target);
}

function keepOne(vec: Vec, body: Body): Vec {
  const reg = body.local("v128");
  vec.emit(0);
  body.localSet(reg);
  return { ...vec, isPlain: true, emit: () => body.localGet(reg) };
}

/** Lanes a turn, so that two vectors hold each value: with float64 four, else eight. Two vectors hide what one waits for. */
function lanesFor(
  block: readonly Stmt[],
  results: readonly Expr[],
  leavesOut: boolean,
): Pick<Lanes, "count" | "isNarrow"> {
  return usesDouble(block, results, leavesOut) ? { count: 4, isNarrow: false } : { count: 8, isNarrow: true };
}

/** Whether a block or a procedure that it calls has branches that few take. */
function hasRare(block: readonly Stmt[]): boolean {
  let found = false;
  const stmt = (inner: Stmt): void => {
    if (inner.kind === "if" && inner.rare === true) found = true;
  };
  walkBlock(block, { stmt });
  for (const procedure of reachedBy(block, []).procedures) walkBlock(procedure.body, { stmt });
  return found;
}

/** The locals that indices are made of, directly and through others. */
function namesInIndices(block: readonly Stmt[]): Set<string> {
  const names = new Set<string>();
  const note = (x: Expr): void => {
    if (x.kind === "local") names.add(x.name);
  };
  const lets: { readonly name: string; readonly value: Expr }[] = [];
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "store") walkExpr(stmt.index, note);
      else if (stmt.kind === "let" && stmt.value.type === "i32") lets.push(stmt);
    },
    expr(x) {
      if (x.kind === "load" || x.kind === "table") walkExpr(x.index, note);
    },
  });
  for (const { name, value } of lets.toReversed()) if (names.has(name)) walkExpr(value, note);
  return names;
}
