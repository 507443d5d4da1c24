import type { FoldPlan, LanePlan } from "../../../../codegen/plan.ts";
import { singleOf } from "../../../../codegen/plan.ts";
import { knownIterations } from "../../../../kernel/iterations.ts";
import type { Expr, Reduce } from "../../../../kernel/scalar.ts";
import { reduceLanes } from "../../../../kernel/scalar.ts";
import type { FunctionFrame } from "../frame.ts";
import { localIndex } from "../frame.ts";
import { valueTypeOf } from "../unit.ts";
import type { VectorAccumulator } from "./accumulator.ts";
import { openAccumulator } from "./accumulator.ts";
import type { WriteLoop } from "./blocks.ts";
import { emitBlocks, openBlocks } from "./blocks.ts";
import { vecOf } from "./expression.ts";
import type { LaneCode, Vec, Width } from "./lanes.ts";
import { constantVec, inRegs, laneAt, newRegs, shapeOf, toWidth } from "./lanes.ts";
import type { VectorLoopBounds, IterationCode } from "./loop.ts";
import { emitEnd, openIteration, openLanes, runIterations } from "./loop.ts";
import { flushAll, isPromotedLoad, promotedLoad } from "./memory.ts";
import { binaryVec, convertVec } from "./operations.ts";
import { emitVectorCall } from "./procedures.ts";
import { emitVectorBlock } from "./statement.ts";

/**
 * Code for the values of a fold that remain after the last full vector, or that vectors cannot compute, one index at a
 * time.
 */
export interface SingleIndexCode {
  /** Writes code that computes the value at the index in the fold's index local, and pushes this value. */
  readonly value: () => void;
  /** Writes a vectorised loop, for the loop that computes a block of values before they are folded. */
  readonly loop: WriteLoop;
}

/** Writes a fold as planned, with the eight lanes of its definition per iteration. */
export function emitVectorReduce(
  stmt: Reduce,
  plan: FoldPlan & { readonly kind: "fold" },
  bounds: VectorLoopBounds,
  frame: FunctionFrame,
  alone: SingleIndexCode,
): void {
  const { body } = frame;
  const index = localIndex(frame, stmt.index, "i32");
  const blocks = plan.blocks && openBlocks(plan.blocks, frame, alone.loop);
  const fold = openFold(plan.blocks?.fold ?? stmt, plan.lanes, blocks?.frame ?? frame);
  const { runs, outside, width } = fold;
  for (const run of runs) run.begin();
  const end = emitEnd(body, bounds, index, reduceLanes);
  if (blocks === undefined) runIterations(body, fold.iterations, end, index, reduceLanes);
  else emitBlocks(blocks, fold.iterations, end, index, frame, knownIterations(stmt));
  emitRest(stmt, runs, width, outside, {
    index,
    to: bounds.to,
    tail: alone.value,
    isShort: plan.isShort,
  });
  for (const run of runs) run.finish();
  combineLanes(
    stmt,
    runs.flatMap((run) => run.regs),
    outside,
    localIndex(frame, stmt.name, stmt.value.type),
  );
}

/** A fold whose vectorised iterations were written to a fragment of code, with its accumulators. */
interface VectorFold {
  readonly iterations: IterationCode;
  readonly runs: readonly VectorAccumulator[];
  readonly width: Width;
  readonly outside: LaneCode;
}

/** Writes the vectorised iterations of a fold to a fragment of code that can be placed later. */
function openFold(stmt: Reduce, plan: LanePlan, frame: FunctionFrame): VectorFold {
  const { type } = stmt.value;
  const iterations = openIteration(stmt.body, frame, plan.leavesRareOut);
  const single = singleOf(stmt.value);
  const lanes = openLanes(stmt.body, stmt.index, frame, iterations, plan);
  const { count } = lanes;
  const width: Width = type === "f64" ? 64 : 32;
  const outside: LaneCode = { ...lanes, frame, iteration: undefined };
  const runs = Array.from({ length: reduceLanes / count }, () => openAccumulator(stmt, width, outside));
  for (const [run, accumulator] of runs.entries()) {
    const inner: LaneCode = { ...lanes, scope: new Map(lanes.scope), base: run * count };
    emitVectorBlock(stmt.body, inner, emitVectorCall);
    const raw =
      single === undefined || !plan.isNarrow
        ? vecOf(stmt.value, inner, emitVectorCall, width)
        : widened(stmt.value, single, inner);
    accumulator.add(type === "f64" || type === "f32" ? raw : toWidth(raw, width, inner), inner);
  }
  flushAll(lanes);
  return { iterations, runs, width, outside };
}

/** Converts float32 values, computed in 32-bit lanes, to float64 in 64-bit lanes. */
function widened(value: Expr, single: Expr, lanes: LaneCode): Vec {
  if (value.kind === "convert" && isPromotedLoad(value, lanes)) return promotedLoad(value.x, lanes);
  return convertVec("f64", vecOf(single, lanes, emitVectorCall, 32), lanes);
}

interface RemainderRange {
  readonly index: number;
  readonly to: number;
  readonly tail: () => void;
  /** True if the code that computes a value is so short that it may be written once for each remaining value. */
  readonly isShort: boolean;
}

/**
 * Folds the values that remain after the last full vector into the first lanes: they are inserted into vectors of
 * neutral elements, which are folded once.
 */
function emitRest(
  stmt: Reduce,
  runs: readonly VectorAccumulator[],
  width: Width,
  lanes: LaneCode,
  { index, to, tail, isShort }: RemainderRange,
): void {
  const count = knownIterations(stmt);
  const left = count === undefined ? reduceLanes - 1 : count % reduceLanes;
  if (left === 0) return;
  const { body } = lanes.frame;
  const { type } = stmt.value;
  const start = constantVec(type, (stmt.start as Expr & { value: number }).value, width, lanes);
  const used = runs.slice(0, Math.ceil(left / lanes.count));
  const values = used.map(() => newRegs(lanes, width));
  for (const reg of values.flat()) {
    start.emit(0);
    body.localSet(reg);
  }
  const isMore = (): void => {
    body.localGet(index);
    body.localGet(to);
    body.op("i32.lt_s");
  };
  const value = body.local(valueTypeOf(type));
  const compute = (): void => {
    tail();
    if (type === "bool") {
      body.localSet(value);
      body.i32Const(0);
      body.localGet(value);
      body.op("i32.sub");
    }
    body.localSet(value);
    body.localGet(index);
    body.i32Const(1);
    body.op("i32.add");
    body.localSet(index);
  };
  const put = (lane: number): void => {
    const { k, at } = laneAt(type, width, lane % lanes.count);
    const reg = values[Math.floor(lane / lanes.count)]![k]!;
    body.localGet(reg);
    body.localGet(value);
    body.lane(`${shapeOf(type)}.replace_lane`, at);
    body.localSet(reg);
  };
  if (count !== undefined && isShort) {
    for (let lane = 0; lane < left; lane++) {
      compute();
      put(lane);
    }
  } else if (isShort) {
    const out = body.block();
    for (let lane = 0; lane < left; lane++) {
      isMore();
      body.op("i32.eqz");
      body.brIf(out);
      compute();
      put(lane);
    }
    body.end();
  } else {
    // one copy of the body, with the lane selected by its number
    const lane = body.local("i32");
    body.i32Const(0);
    body.localSet(lane);
    const out = body.block();
    const again = body.loop();
    isMore();
    body.op("i32.eqz");
    body.brIf(out);
    compute();
    for (let j = 0; j < left; j++) {
      body.localGet(lane);
      body.i32Const(j);
      body.op("i32.eq");
      body.if();
      put(j);
      body.end();
    }
    body.localGet(lane);
    body.i32Const(1);
    body.op("i32.add");
    body.localSet(lane);
    body.br(again);
    body.end();
    body.end();
  }
  used.forEach((run, k) => run.add(inRegs(type, width, values[k]!, lanes), lanes));
}

const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const secondWord = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7];

/** Combines lane j with lane j + 4, then j + 2, then j + 1; lane 0 then holds the result. */
function combineLanes(stmt: Reduce, regs: readonly number[], lanes: LaneCode, target: number): void {
  const { body } = lanes.frame;
  const { type } = stmt.value;
  const width: Width = type === "f64" ? 64 : 32;
  const single = (reg: number): Vec => ({ type, width, isPlain: true, emit: () => body.localGet(reg) });
  const combined = (x: number, y: Vec): void => {
    binaryVec(stmt.op, single(x), y, lanes).emit(0);
    body.localSet(x);
  };
  let left = [...regs];
  while (left.length > 1) {
    const half = left.length / 2;
    for (let j = 0; j < half; j++) combined(left[j]!, single(left[j + half]!));
    left = left.slice(0, half);
  }
  const last = left[0]!;
  const shuffled = (order: readonly number[]): Vec => {
    const reg = body.local("v128");
    body.localGet(last);
    body.localGet(last);
    body.shuffle(order);
    body.localSet(reg);
    return single(reg);
  };
  combined(last, shuffled(highHalf));
  if (width === 32) combined(last, shuffled(secondWord));
  body.localGet(last);
  body.lane(`${shapeOf(type)}.extract_lane`, 0);
  if (type === "bool") {
    body.i32Const(1);
    body.op("i32.and");
  }
  body.localSet(target);
}
