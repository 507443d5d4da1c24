import { hasRare } from "../../../../codegen/branches.ts";
import type { LanePlan } from "../../../../codegen/plan.ts";
import { namesInIndices } from "../../../../codegen/vectorise.ts";
import { internalError } from "../../../../errors/index.ts";
import type { ForStmt, Stmt } from "../../../../kernel/scalar.ts";
import { usesOfBlock } from "../../../../kernel/uses.ts";
import type { FunctionBody, Fragment } from "../../encode/body.ts";
import { clearVectors } from "../../engines/cleared-vectors.ts";
import type { FunctionFrame } from "../frame.ts";
import { localIndex } from "../frame.ts";
import type { LaneBinding, VectorLoopContext, LaneCode } from "./lanes.ts";
import { eitherMask, emitAny } from "./lanes.ts";
import { flushAll } from "./memory.ts";
import { emitVectorCall } from "./procedures.ts";
import { emitVectorBlock } from "./statement.ts";

/** Loop bounds in locals. */
export interface VectorLoopBounds {
  readonly from: number;
  readonly to: number;
  /** Number known to divide the number of iterations; 1 if nothing is known. */
  readonly multipleOf: number;
  /** Number of iterations, if known. */
  readonly count?: number | undefined;
}

/** Code for the iterations that remain after a vector loop, one index at a time. */
export interface RemainderLoop {
  /** Writes a loop from the index in local `from` to the end; this local is also the loop's index. */
  readonly rest: (from: number) => void;
  /**
   * Creates a function that runs iterations one by one. Returns a writer of calls of this function, for the indices
   * between two numbers on the stack.
   */
  readonly again: () => (body: FunctionBody, pushFrom: () => void, pushTo: () => void) => void;
}

/** Writes an independent loop in lanes. The loop must satisfy `canVectorise`. */
export function emitVectorFor(
  stmt: ForStmt,
  plan: LanePlan,
  bounds: VectorLoopBounds,
  frame: FunctionFrame,
  oneByOne: RemainderLoop,
): void {
  const { body } = frame;
  const index = localIndex(frame, stmt.index, "i32");
  const isOnce = bounds.count === plan.count && !plan.leavesRareOut;
  if (isOnce && stmt.from.kind === "const") frame.constants.set(stmt.index, stmt.from.value);
  const made = openIteration(stmt.body, frame, plan.leavesRareOut);
  const { code, iteration } = made;
  const lanes = openLanes(stmt.body, stmt.index, frame, made, plan);
  emitVectorBlock(stmt.body, lanes, emitVectorCall);
  const step = plan.count;
  const { rare = [] } = iteration;
  if (plan.leavesRareOut && iteration.hasStored) throw internalError("stores before a rare branch");
  const end = emitEnd(body, bounds, index, step);
  if (rare.length === 0) {
    flushAll(lanes);
    if (bounds.count === step) return runOnce(body, made);
    runIterations(body, made, end, index, step);
    if (bounds.multipleOf % step !== 0) oneByOne.rest(index);
    return;
  }
  const again = oneByOne.again();
  const isRare = rare.slice(1).reduce((any, mask) => eitherMask(any, mask, lanes), rare[0]!);
  emitAny(isRare, lanes);
  code.if();
  again(
    code,
    () => code.localGet(index),
    () => {
      code.localGet(index);
      code.i32Const(step);
      code.op("i32.add");
    },
  );
  code.else();
  flushAll(lanes);
  code.end();
  runIterations(body, made, end, index, step);
  if (bounds.multipleOf % step !== 0) {
    again(
      body,
      () => body.localGet(index),
      () => body.localGet(bounds.to),
    );
  }
}

/** Code of an iteration, separate from the function that will contain it. */
export interface IterationCode {
  readonly code: Fragment;
  readonly iteration: VectorLoopContext;
}

export function openIteration(
  block: readonly Stmt[],
  frame: FunctionFrame,
  leavesOut: boolean,
): IterationCode {
  const { stored } = usesOfBlock(block);
  return {
    code: frame.body.fragment(),
    iteration: {
      before: frame.body.fragment(),
      hoisted: new Map(),
      stored,
      rare: leavesOut ? [] : undefined,
      isApart: frame.unit.settings.peepholes.separateStores && !leavesOut && hasRare(block),
      hasStored: false,
      clears: frame.unit.settings.peepholes.clearedVectors,
    },
  };
}

export function openLanes(
  block: readonly Stmt[],
  index: string,
  frame: FunctionFrame,
  { code, iteration }: IterationCode,
  { count, isNarrow }: Pick<LaneCode, "count" | "isNarrow">,
): LaneCode {
  return {
    count,
    isNarrow,
    frame: { ...frame, body: code },
    base: 0,
    scope: new Map<string, LaneBinding>([[index, { kind: "scalar", stride: 1 }]]),
    set: usesOfBlock(block).set,
    indices: namesInIndices(block),
    mask: undefined,
    pending: [],
    iteration,
    isConditional: false,
    parts: { regs: [], used: 0 },
    inlined: { weight: 0 },
    open: new Set(),
  };
}

/** Sets `index` to the first index. Returns the local that holds the end of the whole groups of `step` indices. */
export function emitEnd(
  body: FunctionBody,
  { from, to, multipleOf }: VectorLoopBounds,
  index: number,
  step: number,
): number {
  body.localGet(from);
  if (multipleOf % step === 0) {
    body.localSet(index);
    return to;
  }
  const end = body.local("i32");
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

/** Writes the only iteration without a loop, so that engines know the value of its index. */
function runOnce(body: FunctionBody, { code, iteration }: IterationCode): void {
  body.append(iteration.before);
  if (iteration.clears) clearVectors(code);
  body.append(code);
}

/** Writes `if (index < end) { before; do { code; index += step } while (index < end) }`. */
export function runIterations(
  body: FunctionBody,
  { code, iteration }: IterationCode,
  end: number,
  index: number,
  step: number,
): void {
  const isBelow = (): void => {
    body.localGet(end);
    body.op("i32.lt_s");
  };
  body.localGet(index);
  isBelow();
  body.if();
  body.append(iteration.before);
  const again = body.loop();
  if (iteration.clears) clearVectors(code);
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
