import type { Expr, Stmt } from "../../../../kernel/scalar.ts";
import { usesOf } from "../../../../kernel/split.ts";
import { reachedBy, walkBlock, walkExpr } from "../../../../kernel/walk.ts";
import type { Body, Fragment } from "../../encode/body.ts";
import { clearVectors } from "../../engines/cleared-vectors.ts";
import type { Frame } from "../frame.ts";
import { localIndex } from "../frame.ts";
import { storedBuffers } from "../stored.ts";
import type { Settings } from "../unit.ts";
import { usesDouble } from "./double.ts";
import type { Binding, Lanes, Iteration } from "./lanes.ts";
import { eitherMask, emitAny, NotVectorisable } from "./lanes.ts";
import { flushAll } from "./memory.ts";
import { emitVectorCall } from "./procedures.ts";
import { emitVectorBlock } from "./statement.ts";

/** A loop between bounds that are in locals. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
  /** A number that divides that of the iterations from one to the other, whatever the bounds are then; 1 where nothing is known. */
  readonly multipleOf: number;
}

export type For = Stmt & { readonly kind: "for" };

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
  const made = attempt(() => iterationOf(stmt, frame));
  if (made === undefined) return false;
  const { code, lanes, step } = made;
  const { rare = [] } = code.iteration;
  const end = emitEnd(body, bounds, index, step);
  if (rare.length === 0) {
    flushAll(lanes);
    runIterations(body, code, end, index, step);
    if (bounds.multipleOf % step !== 0) oneByOne.rest(index);
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
  runIterations(body, code, end, index, step);
  if (bounds.multipleOf % step !== 0) {
    again(
      body,
      () => body.localGet(index),
      () => body.localGet(bounds.to),
    );
  }
  return true;
}

/** What `write` gives; `undefined` where it finds that the code cannot be written for lanes. */
export function attempt<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (problem) {
    if (problem instanceof NotVectorisable) return undefined;
    throw problem;
  }
}

/** The code of one iteration of a loop, without the stores that wait for its end. */
function iterationOf(stmt: For, frame: Frame): { code: IterationCode; lanes: Lanes; step: number } {
  const write = (leavesOut: boolean): { code: IterationCode; lanes: Lanes; step: number } => {
    const code = openIteration(stmt.body, frame, leavesOut);
    const kind = lanesFor(stmt.body, [], leavesOut);
    const count = leavesManyOver(stmt, frame.unit.settings) ? 4 : kind.count;
    const lanes = openLanes(stmt.body, stmt.index, frame, code, { ...kind, count });
    emitVectorBlock(stmt.body, lanes, emitVectorCall);
    return { code, lanes, step: lanes.count };
  };
  if (hasRare(stmt.body)) {
    const made = attempt(() => write(true));
    if (made !== undefined && !made.code.iteration.hasStored) return made;
  }
  return write(false);
}

/** Code of an iteration, apart from the function that it will stand in. */
export interface IterationCode {
  readonly code: Fragment;
  readonly iteration: Iteration;
}

export function openIteration(block: readonly Stmt[], frame: Frame, leavesOut: boolean): IterationCode {
  const stored = storedBuffers(block);
  return {
    code: frame.body.fragment(),
    iteration: {
      before: frame.body.fragment(),
      hoisted: new Map(),
      stored,
      rare: leavesOut ? [] : undefined,
      isApart:
        frame.unit.settings.peepholes.separateStores && stored.size > 0 && !leavesOut && hasRare(block),
      hasStored: false,
      clears: frame.unit.settings.peepholes.clearedVectors,
    },
  };
}

export function openLanes(
  block: readonly Stmt[],
  index: string,
  frame: Frame,
  { code, iteration }: IterationCode,
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
    iteration,
    isConditional: false,
    parts: { regs: [], used: 0 },
    inlined: { weight: 0 },
    open: new Set(),
  };
}

/** Sets `index` to the first index, and gives the local that holds where whole iterations of `step` indices end. */
export function emitEnd(body: Body, { from, to, multipleOf }: Bounds, index: number, step: number): number {
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

/** `if (index < end) { before; do { code; index += step } while (index < end) }`. */
export function runIterations(
  body: Body,
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

/** Lanes an iteration, so that two vectors hold each value: with float64 four, else eight. Two vectors hide what one waits for. */
export function lanesFor(
  block: readonly Stmt[],
  results: readonly Expr[],
  leavesOut: boolean,
): Pick<Lanes, "count" | "isNarrow"> {
  return usesDouble(block, results, leavesOut) ? { count: 4, isNarrow: false } : { count: 8, isNarrow: true };
}

/**
 * Whether a loop of few iterations leaves so many over after groups of eight that groups of four are quicker. Loops within need
 * two vectors, each of which goes on while the other waits.
 */
function leavesManyOver({ from, to, body }: For, { wide }: Settings): boolean {
  if (from.kind !== "const" || to.kind !== "const") return false;
  if (body.some(({ kind }) => kind === "for" || kind === "while" || kind === "reduce")) return false;
  const iterations = to.value - from.value;
  // in vectors; one iteration by itself takes about the time of one
  const byEight = (wide ? 1 : 2) * Math.floor(iterations / 8) + (iterations % 8);
  const byFour = 1.2 * Math.floor(iterations / 4) + (iterations % 4);
  return byFour < byEight;
}

/** Whether a block or a procedure that it calls has branches that few take. */
export function hasRare(block: readonly Stmt[]): boolean {
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
