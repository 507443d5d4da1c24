import { internalError } from "../errors/index.ts";
import type { FailureReport, ReadView, SubProgramPort, WriteView } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { FailureLocals } from "../kernel/failure.ts";
import { makeFailures } from "../kernel/failure.ts";
import type { Expr, Routine } from "../kernel/scalar.ts";
import { settleBlock } from "../kernel/settle.ts";
import { observed } from "../util/after-pass.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";
import { whileRead, writeLoop } from "./element-loops.ts";
import { elementAt, elementOf, readElement } from "./elements.ts";
import type { ElementLoop, FusedProgram, FusedSubProgram, FusedStep } from "./fuse.ts";
import { fuse } from "./fuse.ts";
import type { MemoryPlan, ProgramMemory, StepMemory } from "./plan-memory.ts";
import { planMemory } from "./plan-memory.ts";
import { flatIndex } from "../prims/reduce-loops.ts";
import { makeNames } from "../kernel/fresh-names.ts";
import {
  bufferOf,
  bufferView,
  copyView,
  inputView,
  localTarget,
  partOf,
  portOf,
  valueView,
} from "./views.ts";

/**
 * Program lowered to one routine. Results that reuse the memory of a donated input are listed in `aliases` and are not
 * outputs of the routine.
 */
export interface LoweredProgram {
  readonly routine: Routine;
  /** For each result of the program, the index of the input whose memory it reuses; `undefined` for other results. */
  readonly aliases: readonly (number | undefined)[];
  /** Sites at which a call may fail. The last three outputs of the routine report a failure (see `FailureLocals`). */
  readonly failures: readonly FailureReport[];
  /** Results of the planning before code is written: the steps with fused loops, and the memory plan. */
  readonly fused: FusedProgram;
  readonly plan: MemoryPlan;
}

/**
 * Lowers a program to the kernel vocabulary by writing out the decisions of `fuse` and `planMemory`. Scalars are stored
 * in locals. `donated` marks inputs whose memory may be overwritten.
 */
export function lowerProgram(program: Program, donated: readonly boolean[] = []): LoweredProgram {
  const fused = fuse(program);
  const fresh = makeNames();
  const ins = program.ins.map((v, i) => inputView(v.type, fresh(v.name ?? `in${i}`)));
  const targets = program.outs.map((v, i) =>
    v.type.shape.length === 0 ? undefined : bufferView(v.type, fresh(v.name ?? `out${i}`)),
  );
  const plan = planMemory(fused, donated, fresh);
  const { temps, arenaBytes, memory, aliases } = plan;
  const block = k.makeBlock();
  const failures = makeFailures<FailureReport>(fresh);
  // with donated inputs, results are computed wherever the plan puts them and copied to their buffers at the end
  const outs = donated.includes(true) ? targets.map(() => undefined) : targets;
  const results = writeProgram(
    { fused, memory, ins, outs, fresh, failure: failures.locals, copy: k.i32(0) },
    block,
  );
  const outputs = program.outs.flatMap((_, i): Routine["outputs"][number][] => {
    if (aliases[i] !== undefined) return [];
    const [target, result] = [targets[i], results[i]!];
    if (target === undefined) return [{ kind: "scalar", value: result.read(k.i32(0)) }];
    copyView(block, target, result, fresh);
    return [{ kind: "buffer", buffer: bufferOf(target) }];
  });
  const prelude = k.makeBlock();
  failures.declare(prelude);
  const routine: Routine = {
    name: program.name,
    inputs: ins.map(portOf),
    outputs: [...outputs, ...failures.outputs()],
    temps,
    arenaBytes,
    body: [...prelude.statements, ...settleBlock(block.statements)],
  };
  return {
    routine: observed(routine, "lower", donated),
    aliases,
    failures: failures.sites,
    fused,
    plan,
  };
}

/** A program to lower, with its steps, its memory, its inputs, and the targets of its results. */
interface LoweringTask {
  readonly fused: FusedProgram;
  readonly memory: ProgramMemory;
  readonly ins: readonly ReadView[];
  readonly outs: readonly (WriteView | undefined)[];
  readonly failure: FailureLocals<FailureReport>;
  /** Index of the program's copy of its temporaries, if they exist once per iteration of a parallel loop. */
  readonly copy: Expr;
  fresh(hint: string): string;
}

/** State while the steps of a program are being written: the views of the values computed so far. */
interface LoweringScope extends LoweringTask {
  readonly views: Map<Var, ReadView>;
  viewOf(v: Var): ReadView;
}

/** Writes a program into a block. Returns its results, at their targets or else where they were computed. */
function writeProgram(task: LoweringTask, block: Block): readonly ReadView[] {
  const { fused, memory, ins, outs, fresh } = task;
  const { program, steps } = fused;
  const views = new Map<Var, ReadView>(program.ins.map((v, i) => [v, ins[i]!]));
  const viewOf = (v: Var): ReadView => must(views.get(v), "an operand");
  const scope: LoweringScope = { ...task, views, viewOf };
  for (const result of memory.before) copyView(block, outs[result]!, viewOf(program.outs[result]!), fresh);
  steps.forEach((step, i) => writeStep(scope, block, step, memory.steps[i]!));
  writeFinalCopies(scope, block);
  return program.outs.map((v, i) => outs[i] ?? viewOf(v));
}

function writeStep(scope: LoweringScope, block: Block, step: FusedStep, memory: StepMemory): void {
  const { views, viewOf } = scope;
  switch (step.kind) {
    case "alias": {
      const [v] = step.eqn.outs;
      views.set(v!, partOf(viewOf(step.eqn.ins[0]!), v!.type, startOf(scope, block, step.eqn)));
      return;
    }
    case "scalar":
      views.set(step.eqn.outs[0]!, writeScalar(scope, block, step.eqn));
      return;
    case "loop":
      writeElementLoop(scope, block, step, memory);
      return;
    case "equation":
      writeEquation(scope, block, step.eqn, step.programs, memory);
      return;
  }
}

/**
 * Flat index, in the operand of an equation, of the first element of its result, which is a contiguous part of the
 * operand.
 */
function startOf({ viewOf, fresh }: LoweringScope, block: Block, { prim, params, ins }: Equation): Expr {
  if (prim.lowering.kind !== "map") return k.i32(0);
  const types = ins.map((v) => v.type);
  const start = must(prim.lowering.part?.(params, types), "a part");
  return block.let(
    fresh("from"),
    start((operand, place) => readElement(viewOf(ins[operand]!), place)),
  );
}

/** Stores the result of a scalar equation in a local. A constant is returned as it is. */
function writeScalar({ viewOf, fresh }: LoweringScope, block: Block, eqn: Equation): ReadView {
  const [v] = eqn.outs;
  const value = elementOf(
    eqn,
    (operand) => viewOf(eqn.ins[operand]!).read(k.i32(0)),
    (operand, place) => readElement(viewOf(eqn.ins[operand]!), place),
    [],
  );
  if (value.kind === "const" || value.kind === "local") return valueView(v!.type, value);
  return valueView(v!.type, block.let(fresh(v!.name ?? "v"), value));
}

function writeElementLoop(scope: LoweringScope, block: Block, loop: ElementLoop, memory: StepMemory): void {
  const { fused, views, viewOf, fresh } = scope;
  const places = new Map<Var, WriteView>();
  for (const { outs } of loop.members) {
    const place = placeOf(scope, outs[0]!);
    if (place !== undefined) places.set(outs[0]!, place);
  }
  const loopViews = { viewOf, fresh, places, deferred: fused.deferred };
  if (loop.reader === undefined) writeLoop(block, loop, loopViews);
  else emit(scope, block, loop.reader, [whileRead(loop, loopViews)], [], memory);
  for (const [v, place] of places) views.set(v, place);
}

function writeEquation(
  scope: LoweringScope,
  block: Block,
  eqn: Equation,
  programs: readonly FusedSubProgram[],
  memory: StepMemory,
): void {
  const { deferred } = scope.fused;
  const values = { viewOf: scope.viewOf, deferred };
  const operands = eqn.ins.map((v): ReadView =>
    deferred.has(v)
      ? { type: v.type, read: (place) => elementAt(v, [place], values) } // a vector
      : scope.viewOf(v),
  );
  emit(scope, block, eqn, operands, programs, memory);
}

/** Writes the loops of an equation. */
function emit(
  scope: LoweringScope,
  block: Block,
  { prim, params, outs: results }: Equation,
  ins: readonly ReadView[],
  programs: readonly FusedSubProgram[],
  memory: StepMemory,
): void {
  const { views, fresh, failure } = scope;
  if (prim.lowering.kind !== "loops") throw internalError(`${prim.name} has no loops of its own`);
  const declared = prim.lowering.scratch?.(params, ins.map((x) => x.type)) ?? []; // prettier-ignore
  const outs = results.map((v) => placeOf(scope, v) ?? declareScalar(block, v, fresh));
  prim.lowering.emit(
    {
      block,
      ins,
      outs,
      scratch: declared.map(({ type }, i) => temporaryView(scope, type, memory.scratch[i]!)),
      fresh,
      failure,
      copy: (inner, target, view) => copyView(inner, target, view, fresh),
      write(inner, n, iteration, own = k.i32(0)) {
        const copy = flatIndex([scope.copy, own], [programs[n]!.copies ?? 1, 1]);
        const given: SubProgramContext = { ins, outs, iteration, failure, copy, fresh };
        return writeProgram(taskOf(programs[n]!, memory.programs[n]!, inner, given), inner);
      },
    },
    params,
  );
  results.forEach((v, i) => views.set(v, outs[i]!));
}

function declareScalar(block: Block, { type, name }: Var, fresh: (hint: string) => string): WriteView {
  const local = fresh(name ?? "s");
  block.let(local, k.constant(scalarTypeOf(type.dtype), 0));
  return localTarget(type, local);
}

/** Facts with which an equation writes its sub-programs: views of its operands and results, and parameters. */
interface SubProgramContext {
  readonly ins: readonly ReadView[];
  readonly outs: readonly WriteView[];
  readonly iteration: Expr | undefined;
  readonly failure: FailureLocals<FailureReport>;
  readonly copy: Expr;
  fresh(hint: string): string;
}

/**
 * Creates the task of writing a sub-program. A scalar input that is an element of an array is first read into a local.
 */
function taskOf(
  { program, fused, ins, outs }: FusedSubProgram,
  memory: ProgramMemory,
  block: Block,
  given: SubProgramContext,
): LoweringTask {
  const { fresh, failure, copy } = given;
  const viewAt = ({ of, index, isPart }: SubProgramPort, type: ArrayType): ReadView => {
    const view = of === "operand" ? given.ins[index]! : given.outs[index]!;
    if (isPart !== true) return view;
    const iteration = must(given.iteration, "the iteration of a part");
    const size = sizeOf(type.shape);
    return partOf(view, type, size === 1 ? iteration : k.mul(iteration, k.i32(size)));
  };
  return {
    fused,
    memory,
    fresh,
    failure,
    copy,
    ins: ins.map((from, i) => {
      const { type } = program.ins[i]!;
      const view = viewAt(from, type);
      if (from.isPart !== true || type.shape.length > 0) return view;
      return valueView(type, block.let(fresh("x"), view.read(k.i32(0))));
    }),
    outs: outs.map((to, i) => to && (viewAt(to, program.outs[i]!.type) as WriteView)),
  };
}

/** View of the memory that the plan assigns to a value; `undefined` if it has none. */
function placeOf(task: LoweringTask, v: Var): WriteView | undefined {
  const { memory, ins, outs } = task;
  const place = memory.values.get(v)?.place;
  switch (place?.kind) {
    case undefined:
      return undefined;
    case "input":
      return partOf(ins[place.index]!, v.type, k.i32(0));
    case "result": {
      const out = outs[place.index];
      return out && partOf(out, v.type, k.i32(0)); // the value may have another shape than the result
    }
    case "temporary":
      return temporaryView(task, v.type, place.name);
  }
}

/** View of a temporary; if it holds several copies, of the copy that the program uses. */
function temporaryView({ copy }: LoweringTask, type: ArrayType, name: string): WriteView {
  return bufferView(type, name, flatIndex([copy], [sizeOf(type.shape)]));
}

/** Copies results to their targets. A source that an earlier copy would overwrite is saved to a temporary first. */
function writeFinalCopies(scope: LoweringScope, block: Block): void {
  const { fused, memory, outs, viewOf, fresh } = scope;
  const locals = memory.after.map(({ result }) => outs[result]!.local);
  const sources = memory.after.map(({ result, saved }, i): ReadView => {
    const view = viewOf(fused.program.outs[result]!);
    const { local } = view as WriteView;
    if (saved !== undefined) {
      const copy = temporaryView(scope, view.type, saved);
      copyView(block, copy, view, fresh);
      return copy;
    }
    if (local === undefined || !locals.slice(0, i).includes(local)) return view;
    return valueView(view.type, block.let(fresh("old"), view.read(k.i32(0))));
  });
  memory.after.forEach(({ result }, i) => copyView(block, outs[result]!, sources[i]!, fresh));
}
