import type { CallPlan } from "../../../codegen/plan.ts";
import { knownIterations } from "../../../kernel/iterations.ts";
import type { FunctionFrame } from "./frame.ts";
import { pushNextBound, scratch } from "./frame.ts";
import type { RangeCall, WriteIterations } from "./outline.ts";
import { outline, outlineIterations, rangeCall } from "./outline.ts";
import { emitScalar } from "./scalar.ts";
import { emitSharedIterations } from "./shared.ts";
import { reload, spill } from "./spill.ts";
import type { ForStmt, WhileStmt } from "../../../kernel/scalar.ts";

/** Moves the body of an independent loop to a function, and writes calls of it, each for some of the iterations. */
export function emitKernel(
  stmt: ForStmt,
  plan: CallPlan,
  frame: FunctionFrame,
  write: WriteIterations,
): void {
  frame.unit.noteKernel();
  const { multipleOf, iterations, sharedFrom } = plan;
  const kernel = outlineIterations(stmt, frame, { hint: "loop", multipleOf }, write);
  const alone = (): void => emitCalls(stmt, iterations, frame, rangeCall(kernel));
  if (sharedFrom === undefined) alone();
  else emitSharedIterations(stmt, { iterations, sharedFrom }, frame, kernel, alone);
}

/**
 * Moves the body of any loop to a function that runs some iterations in order, and writes calls of it until all are
 * done.
 */
export function emitSequence(
  stmt: ForStmt,
  plan: CallPlan,
  frame: FunctionFrame,
  write: WriteIterations,
): void {
  const options = { name: `steps ${stmt.index}`, params: ["from", "to"], results: [], isKernel: false };
  const made = outline(stmt, frame, options, (inner, shared) => {
    write(inner, { from: 0, to: 1, multipleOf: 1 });
    for (const one of shared) spill(one, inner);
  });
  for (const one of made.carried) spill(one, frame);
  emitCalls(stmt, plan.iterations, frame, rangeCall(made));
  for (const one of made.carried) reload(one, frame);
}

/**
 * Makes a `while` loop a function that runs up to `iterations` iterations per call. Each call returns 1 if iterations
 * may remain, 0 if the condition is false.
 */
export function emitWhileSequence(
  stmt: WhileStmt,
  iterations: number,
  frame: FunctionFrame,
  writeBody: (inner: FunctionFrame) => void,
): void {
  const { body } = frame;
  const options = { name: "steps", params: [], results: ["i32" as const], isKernel: false };
  const { call, carried } = outline(stmt, frame, options, (inner, shared) => {
    const code = inner.body;
    const left = scratch(inner, "i32");
    const leave = (isMore: boolean): void => {
      for (const one of shared) spill(one, inner);
      code.i32Const(isMore ? 1 : 0);
    };
    code.i32Const(iterations);
    code.localSet(left);
    const again = code.loop();
    emitScalar(stmt.condition, inner);
    code.op("i32.eqz");
    code.if();
    leave(false);
    code.return();
    code.end();
    writeBody(inner);
    code.localGet(left);
    code.i32Const(1);
    code.op("i32.sub");
    code.localTee(left);
    code.brIf(again);
    code.end();
    leave(true);
  });
  for (const one of carried) spill(one, frame);
  const again = body.loop();
  call(body, () => {});
  body.brIf(again);
  body.end();
  for (const one of carried) reload(one, frame);
}

/** Writes the calls for all iterations of a loop, some at a time, in order. */
function emitCalls(stmt: ForStmt, chunk: number, frame: FunctionFrame, call: RangeCall): void {
  const { body } = frame;
  if ((knownIterations(stmt) ?? Infinity) <= chunk) {
    return call(
      body,
      () => emitScalar(stmt.from, frame),
      () => emitScalar(stmt.to, frame),
    );
  }
  const [from, to] = [scratch(frame, "i32"), scratch(frame, "i32")];
  emitScalar(stmt.from, frame);
  body.localSet(from);
  emitScalar(stmt.to, frame);
  body.localSet(to);
  // while (from < to): run the first or last iterations, then advance from or to; differences do not overflow as uint32
  const out = body.block();
  const again = body.loop();
  body.localGet(from);
  body.localGet(to);
  body.op("i32.ge_s");
  body.brIf(out);
  const moved = stmt.reverse ? to : from;
  const next = scratch(frame, "i32");
  const pushNext = (): void => {
    pushNextBound(body, from, to, chunk, stmt.reverse);
    body.localTee(next);
  };
  const pushMoved = (): void => body.localGet(moved);
  call(body, stmt.reverse ? pushNext : pushMoved, stmt.reverse ? pushMoved : pushNext);
  body.localGet(next);
  body.localSet(moved);
  body.br(again);
  body.end();
  body.end();
}
