import type { BlockPlan, LanePlan } from "../../../../codegen/plan.ts";
import { blockBuffer } from "../../../../codegen/plan.ts";
import { blockLength } from "../../../../codegen/tuning.ts";
import { bytesPerElement } from "../../../../kernel/executable.ts";
import { reduceLanes, type ForStmt } from "../../../../kernel/scalar.ts";
import type { Fragment } from "../../encode/body.ts";
import type { BufferAddress, FunctionFrame } from "../frame.ts";
import { pushNextBound } from "../frame.ts";
import type { VectorLoopBounds, IterationCode } from "./loop.ts";
import { runIterations } from "./loop.ts";

/** State of the code generator for a blocked fold; see `BlockPlan`. */
export interface BlockedFold {
  /**
   * Code of the loop that computes the values of a block: those of the indices from the local `at` to the local `stop`.
   */
  readonly code: Fragment;
  readonly at: number;
  readonly stop: number;
  /** Local with the address at which the value of index 0 would be stored, and the number of bytes per value. */
  readonly origin: number;
  readonly bytes: number;
  /** Frame in which the buffer of the values is accessible. */
  readonly frame: FunctionFrame;
}

/** Writes an independent loop in lanes. */
export type WriteLoop = (
  stmt: ForStmt,
  lanes: LanePlan,
  bounds: VectorLoopBounds,
  frame: FunctionFrame,
) => void;

/** Writes the loop that computes the values of a block. */
export function openBlocks(
  { loop, lanes, type }: BlockPlan,
  frame: FunctionFrame,
  writeLoop: WriteLoop,
): BlockedFold {
  const { body } = frame;
  const [origin, at, stop] = [body.local("i32", "values"), body.local("i32"), body.local("i32")];
  const place: BufferAddress = { type, size: 0, address: undefined, local: origin };
  const code = body.fragment();
  const inner: FunctionFrame = { ...frame, buffers: new Map([...frame.buffers, [blockBuffer, place]]) };
  writeLoop(loop, lanes, { from: at, to: stop, multipleOf: reduceLanes }, { ...inner, body: code });
  return { code, at, stop, origin, bytes: bytesPerElement[type], frame: inner };
}

/**
 * Iterates from `index` to `end` in blocks; `iterations` fold the stored values. `count` is the total number, if known.
 */
export function emitBlocks(
  { code, at, stop, origin, bytes }: BlockedFold,
  iterations: IterationCode,
  end: number,
  index: number,
  { body, unit }: FunctionFrame,
  count: number | undefined,
): void {
  const isOne = count !== undefined && count < blockLength + reduceLanes;
  body.localGet(index);
  body.localGet(end);
  body.op("i32.lt_s");
  body.if();
  const again = isOne ? undefined : body.loop();
  body.localGet(index);
  body.localSet(at);
  if (isOne) {
    body.localGet(end);
  } else {
    pushNextBound(body, at, end, blockLength);
  }
  body.localSet(stop);
  unit.pushSpillBase(body);
  body.i32Const(unit.spillSlot(unit, "values of a block", blockLength * 8));
  body.op("i32.add");
  body.localGet(at);
  body.i32Const(Math.log2(bytes));
  body.op("i32.shl");
  body.op("i32.sub");
  body.localSet(origin);
  body.append(code);
  body.localGet(at);
  body.localSet(index);
  runIterations(body, iterations, stop, index, reduceLanes);
  if (again !== undefined) {
    body.localGet(index);
    body.localGet(end);
    body.op("i32.lt_s");
    body.brIf(again);
    body.end();
  }
  body.end();
}
