import { weightOf } from "../../../codegen/cost.ts";
import type { LanePlan, LoopPlan } from "../../../codegen/plan.ts";
import type { RepeatedStatement } from "../../../codegen/repeats.ts";
import type { BlockPiece, BlockSplit } from "../../../codegen/split.ts";
import { splitBlock } from "../../../codegen/split.ts";
import { constant, local } from "../../../kernel/build.ts";
import { knownIterations } from "../../../kernel/iterations.ts";
import type {
  BufferPointer,
  Contract,
  Expr,
  ForStmt,
  Reduce,
  Stmt,
  WhileStmt,
} from "../../../kernel/scalar.ts";
import { bindingsOf } from "../../../kernel/uses.ts";
import { checkDepth } from "../../../kernel/walk.ts";
import { assertNever, must } from "../../../util/assert-never.ts";
import { emitKernel, emitSequence, emitWhileSequence } from "./calls.ts";
import { addContract } from "./contract/index.ts";
import type { BufferAddress, FunctionFrame } from "./frame.ts";
import {
  bufferOf,
  emitAddress,
  isResident,
  localIndex,
  noteIndex,
  noteLet,
  openFrame,
  plansOf,
  scratch,
} from "./frame.ts";
import { outlined } from "./outline.ts";
import { emitScalar, setResident, storeOf } from "./scalar.ts";
import { emitSharedContract } from "./shared.ts";
import { reload, spill } from "./spill.ts";
import type { VectorLoopBounds, RemainderLoop } from "./vector/loop.ts";
import { emitVectorFor } from "./vector/loop.ts";
import { emitVectorReduce } from "./vector/reduce.ts";

/** Writes the code of a block. `results` are expressions that are read in its scope afterwards. */
export function emitBlock(
  block: readonly Stmt[],
  results: readonly Expr[],
  frame: FunctionFrame,
  depth = 0,
): void {
  checkDepth(depth);
  const { repeats, settings } = frame.unit;
  const weigh = (stmt: Stmt): number => repeats.get(stmt)?.buffers.length ?? weightOf(stmt);
  const split = splitBlock(block, results, settings.limit, weigh);
  if (split) emitParts(split, frame, depth);
  else for (const stmt of block) emitStmt(stmt, frame, depth, bindingsOf(block).set);
}

/** Writes a statement, as a call of a function if equal statements share one. `set` is as for `emitCode`. */
function emitStmt(stmt: Stmt, frame: FunctionFrame, depth: number, set?: ReadonlySet<string>): void {
  const repeat = frame.unit.repeats.get(stmt);
  if (repeat === undefined) emitCode(stmt, frame, depth, set);
  else emitRepeat(repeat, frame, depth);
}

/** Writes a call of the function that equal statements share. It receives the addresses of the buffers. */
function emitRepeat({ first, buffers }: RepeatedStatement, frame: FunctionFrame, depth: number): void {
  const { unit } = frame;
  const shared = unit.once(first, "repeated", () => {
    const own = must(unit.repeats.get(first), "the buffers of the first").buffers;
    const made = unit.module.function(unit.fresh("repeated"), {
      params: own.map(() => "i32"),
      paramNames: own.map(({ name }) => name),
    });
    const places = own.map(({ name, type, size }, k): readonly [string, BufferAddress] => [
      name,
      { type, size, address: undefined, local: k },
    ]);
    emitCode(first, openFrame(unit, made.body, frame.owner, new Map(places)), depth);
    return made;
  });
  for (const { name } of buffers) pushAddress({ buffer: name, offset: constant("i32", 0) }, frame);
  frame.body.call(shared);
}

/**
 * Writes the code of a statement. `set` contains the locals of its block that are set after their declaration, if
 * known.
 */
function emitCode(stmt: Stmt, frame: FunctionFrame, depth: number, set?: ReadonlySet<string>): void {
  const { body } = frame;
  switch (stmt.kind) {
    case "let":
    case "set":
      if (stmt.kind === "set" && isResident(frame, stmt.name)) return setResident(stmt, frame);
      if (stmt.kind === "let" && set?.has(stmt.name) === false) noteLet(stmt, frame);
      emitScalar(stmt.value, frame);
      return body.localSet(localIndex(frame, stmt.name, stmt.value.type));
    case "store": {
      const offset = emitAddress(frame, stmt.buffer, stmt.index, (x) => emitScalar(x, frame));
      emitScalar(stmt.value, frame);
      return body.memory(storeOf(bufferOf(frame, stmt.buffer).type), offset);
    }
    case "for":
      return emitLoop(stmt, frame, depth);
    case "reduce":
      return emitReduce(stmt, frame, depth);
    case "contract":
      return emitContract(stmt, frame, depth);
    case "while":
      return emitWhile(stmt, frame, depth);
    case "if":
      emitScalar(stmt.condition, frame);
      body.if();
      emitBlock(stmt.then, [], frame, depth + 1);
      if (stmt.otherwise.length > 0) {
        body.else();
        emitBlock(stmt.otherwise, [], frame, depth + 1);
      }
      return body.end();
    case "comment":
      return;
    default:
      return assertNever(stmt, "emitStmt");
  }
}

/** Writes a loop. Long loops become separate functions, and some loops are vectorised. */
function emitLoop(stmt: ForStmt, frame: FunctionFrame, depth: number): void {
  const plan = must(plansOf(frame).loops.get(stmt), "the plan of a loop");
  const { calls } = plan;
  const write = (inner: FunctionFrame, bounds: VectorLoopBounds): void =>
    emitIterations(stmt, plan, bounds, inner, depth);
  if (calls?.kind === "kernel") return emitKernel(stmt, calls, frame, write);
  if (calls?.kind === "sequence") return emitSequence(stmt, calls, frame, write);
  write(frame, emitBounds(stmt, frame));
}

/** Writes a `while` loop. A long loop becomes a function that runs some iterations per call. */
function emitWhile(stmt: WhileStmt, frame: FunctionFrame, depth: number): void {
  const { iterationsPerCall } = must(plansOf(frame).whiles.get(stmt), "the plan of a while loop");
  const writeBody = (inner: FunctionFrame): void => emitBlock(stmt.body, [], inner, depth + 1);
  if (iterationsPerCall !== undefined) return emitWhileSequence(stmt, iterationsPerCall, frame, writeBody);
  const { body } = frame;
  const out = body.block();
  const again = body.loop();
  emitScalar(stmt.condition, frame);
  body.op("i32.eqz");
  body.brIf(out);
  writeBody(frame);
  body.br(again);
  body.end();
  body.end();
}

/** Writes a fold, in lanes or as plain loops. */
function emitReduce(stmt: Reduce, frame: FunctionFrame, depth: number): void {
  const plan = must(plansOf(frame).folds.get(stmt), "the plan of a fold");
  if (plan.kind === "expanded")
    return emitBlock(plan.statements, [local(stmt.value.type, stmt.name)], frame, depth + 1);
  noteIndex(stmt, frame);
  frame.body.reusingVectors(() =>
    emitVectorReduce(stmt, plan, emitBounds(stmt, frame), frame, {
      value() {
        emitBlock(stmt.body, [stmt.value], frame, depth + 1);
        emitScalar(stmt.value, frame);
      },
      loop: (loop, lanes, bounds, inner) => emitVectorIterations(loop, lanes, bounds, inner, depth),
    }),
  );
}

/** Writes a product of arrays as a call of its own function, or as plain loops. */
function emitContract(stmt: Contract, frame: FunctionFrame, depth: number): void {
  const plan = must(plansOf(frame).products.get(stmt), "the plan of a product");
  if (plan.kind === "expanded") return emitBlock(plan.statements, [], frame, depth + 1);
  const { body, unit } = frame;
  const { relaxed, manyRegisters, wide } = unit.settings;
  const mode = { relaxed, manyRegisters, wide, partProducts: plan.partProducts };
  const made = addContract(unit.module, unit.contracts, unit.fresh(stmt.name), plan.statement, mode);
  if (made.units === 0) return;
  const operands = [stmt.out, stmt.left, stmt.right];
  if (plan.isShared && made.units > 1) {
    const addresses = operands.map((operand) => {
      pushAddress(operand, frame);
      const address = scratch(frame, "i32");
      body.localSet(address);
      return address;
    });
    return emitSharedContract(made, stmt, frame, addresses);
  }
  for (const operand of operands) pushAddress(operand, frame);
  pushWorkMemory(stmt, made.workBytes, frame);
  body.i32Const(0);
  body.i32Const(made.units);
  body.i32Const(0);
  body.call(made);
}

/** Pushes the address of an element. */
function pushAddress({ buffer, offset }: BufferPointer, frame: FunctionFrame): void {
  const bytes = emitAddress(frame, buffer, offset, (x) => emitScalar(x, frame));
  if (bytes === 0) return;
  frame.body.i32Const(bytes);
  frame.body.op("i32.add");
}

/**
 * Pushes the address of work memory. Several threads may run a kernel at once, so each thread has its own work memory
 * there.
 */
function pushWorkMemory(stmt: Contract, bytes: number, { body, unit, isKernel }: FunctionFrame): void {
  if (bytes === 0 || unit.sharing === undefined || !isKernel) return body.i32Const(unit.workMemory(bytes));
  unit.pushSpillBase(body);
  body.i32Const(unit.spillSlot(stmt, "work", bytes));
  body.op("i32.add");
}

/**
 * Evaluates bounds once and stores them in locals, because the body of a loop might change the values they depend on.
 */
function emitBounds(stmt: ForStmt | Reduce, frame: FunctionFrame): VectorLoopBounds {
  const { body } = frame;
  const [from, to] = [scratch(frame, "i32"), scratch(frame, "i32")];
  emitScalar(stmt.from, frame);
  body.localSet(from);
  emitScalar(stmt.to, frame);
  body.localSet(to);
  const count = knownIterations(stmt);
  return { from, to, multipleOf: count ?? 1, count };
}

/** Writes the iterations of a loop between bounds in locals. */
function emitIterations(
  stmt: ForStmt,
  { lanes }: LoopPlan,
  bounds: VectorLoopBounds,
  frame: FunctionFrame,
  depth: number,
): void {
  noteIndex(stmt, frame);
  if (lanes !== undefined) emitVectorIterations(stmt, lanes, bounds, frame, depth);
  else emitFor(stmt, bounds, frame, depth);
}

/** Writes the iterations of a loop in lanes. */
function emitVectorIterations(
  stmt: ForStmt,
  lanes: LanePlan,
  bounds: VectorLoopBounds,
  frame: FunctionFrame,
  depth: number,
): void {
  const oneByOne: RemainderLoop = {
    rest: (from) => emitFor(stmt, { ...bounds, from }, frame, depth),
    again: () => outlined(stmt, frame, "rare", (inner, range) => emitFor(stmt, range, inner, depth)),
  };
  frame.body.reusingVectors(() => emitVectorFor(stmt, lanes, bounds, frame, oneByOne));
}

/** Writes a scalar loop. Iterations run in ascending order of the index, or descending if `stmt.reverse` is set. */
function emitFor(stmt: ForStmt, { from, to }: VectorLoopBounds, frame: FunctionFrame, depth: number): void {
  const { body } = frame;
  const index = localIndex(frame, stmt.index, "i32");
  const [start, end] = stmt.reverse ? [to, from] : [from, to];
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
  if (start !== index) {
    body.localGet(start);
    body.localSet(index);
  }
  goesOn();
  body.if();
  const again = body.loop();
  if (stmt.reverse) step(-1);
  emitBlock(stmt.body, [], frame, depth + 1);
  if (!stmt.reverse) step(1);
  goesOn();
  body.brIf(again);
  body.end();
  body.end();
}

/** Writes a split block: each part is a function, and locals are stored in memory between them. */
function emitParts(split: BlockSplit, frame: FunctionFrame, depth: number): void {
  const { body, unit } = frame;
  for (const shared of split.incoming) spill(shared, frame);
  for (const piece of split.pieces) {
    const pointers = pointersOf(piece, frame);
    const isPassed = pointers.length <= unit.settings.mostParams;
    const params = isPassed ? pointers : [];
    const part = unit.module.function(unit.fresh("part"), {
      params: params.map(() => "i32"),
      paramNames: params.map(([name]) => name),
    });
    const buffers = new Map(pointers.length === 0 ? [] : frame.buffers);
    const inner = openFrame(
      unit,
      part.body,
      frame.owner,
      pointers.length === 0 ? frame.buffers : buffers,
      frame.isKernel,
      residentsOf(piece, frame),
    );
    pointers.forEach(([name, place], index) => {
      const address = isPassed ? index : handPointer(name, place, inner, frame);
      buffers.set(name, { ...place, local: address });
    });
    for (const shared of piece.incoming) reload(shared, inner);
    for (const stmt of piece.statements) emitStmt(stmt, inner, depth + 1);
    for (const shared of piece.outgoing) spill(shared, inner);
    for (const [, place] of params) body.localGet(place.local!);
    body.call(part);
  }
  for (const shared of split.outgoing) reload(shared, frame);
}

/**
 * Locals that a piece accesses in memory: locals of other pieces, if they are too many for locals of the function. Code
 * that threads share receives them as locals instead, because threads have different spill bases.
 */
function residentsOf(
  { incoming }: BlockPiece,
  { unit, owner, residents }: FunctionFrame,
): FunctionFrame["residents"] {
  if (incoming.length <= unit.settings.mostIncoming || unit.sharing !== undefined) return residents;
  const all = new Map(residents);
  for (const { name } of incoming)
    if (!all.has(name)) all.set(name, { address: unit.spillSlot(owner, name), isOwn: true });
  return all;
}

/** Stores the address of a buffer in memory, for another function that loads it into a local with the buffer's name. */
function handPointer(
  name: string,
  { local: from }: BufferAddress,
  to: FunctionFrame,
  { unit, body, owner }: FunctionFrame,
): number {
  const slot = unit.spillSlot(owner, `address of ${name}`);
  unit.pushSpillBase(body);
  body.localGet(must(from, "the address of a buffer"));
  body.memory("i32.store", slot);
  const received = to.body.local("i32", name);
  unit.pushSpillBase(to.body);
  to.body.memory("i32.load", slot);
  to.body.localSet(received);
  return received;
}

/**
 * Buffers of a piece whose addresses are in locals, with these locals. The functions of the pieces receive the
 * addresses as arguments.
 */
function pointersOf(piece: BlockPiece, frame: FunctionFrame): (readonly [string, BufferAddress])[] {
  return piece.buffers.flatMap((name) => {
    const place = bufferOf(frame, name);
    return place.local === undefined ? [] : [[name, place] as const];
  });
}
