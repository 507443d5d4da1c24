import type { CodegenTarget } from "../../../codegen/plan.ts";
import { hasShareable, openPlan, planRoutine } from "../../../codegen/plan.ts";
import { repeatsIn, withoutRepeats } from "../../../codegen/repeats.ts";
import { constant } from "../../../kernel/build.ts";
import { bytesPerElement } from "../../../kernel/executable.ts";
import type { Buffer, Expr, Procedure, Routine, ScalarType, Stmt, Temp } from "../../../kernel/scalar.ts";
import { constantSize, sizeExpr } from "../../../kernel/sizes.ts";
import { reachedBy, usesOf, usesOfBlock } from "../../../kernel/uses.ts";
import { blocksIn } from "../../../kernel/walk.ts";
import type { BufferAddress, FunctionFrame, MemoryLocal } from "./frame.ts";
import { openFrame } from "./frame.ts";
import { procedureFunction } from "./procedure.ts";
import { emitScalar, loadOf, storeOf } from "./scalar.ts";
import { emitBlock } from "./statement.ts";
import { descriptor } from "./threads/layout.ts";
import type { CodeMemory } from "./memory.ts";
import { mostPassed, sharedTemporaries } from "./tuning.ts";
import type { EmitSettings, ModuleContext } from "./unit.ts";
import { openUnit, valueTypeOf } from "./unit.ts";

/** Module whose function `run` takes the arguments of a routine: scalars by value, buffers as addresses. */
export interface RoutineModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Address of the scalar results, 8 bytes each, if there are several. A single scalar result is returned by `run`. */
  readonly results: number;
  /** Number of loops that became functions. */
  readonly kernels: number;
  /** Address where `run` expects its arguments, 8 bytes each, if they are too many to be passed. */
  readonly argumentBlock: number | undefined;
  readonly argumentTypes: readonly ScalarType[];
  /** Data for threads that share its work, if any work is shared. */
  readonly shared: SharedPart | undefined;
}

export interface SharedPart {
  /** Number of functions of the module that threads run together, each on some of its units. */
  readonly tasks: number;
  /** Address of the module's descriptor. */
  readonly descriptor: number;
  /** Address of the block of memory that only the calling thread uses; every other thread gets a block of its own. */
  readonly own: number;
  /** Bytes of memory that each other thread needs for itself. */
  readonly bytes: number;
}

/**
 * Compiles a routine to bytes, and publishes them for other threads.
 * @throws DownhillError `oom` if the arena cannot provide the memory that the module needs.
 */
export function compileRoutine(routine: Routine, memory: CodeMemory, settings: EmitSettings): RoutineModule {
  return published(emitRoutine(routine, memory, settings), memory);
}

/**
 * True if a statement of a block, or of a nested block, uses more locals from outside of the statement than a function
 * may have. Such locals stay in memory, where other threads would not find them.
 */
function hasWideStatement(block: readonly Stmt[], mostIncoming: number): boolean {
  if (usesOfBlock(block).touched.size <= mostIncoming) return false;
  return block.some((stmt) => {
    const { touched, declared } = usesOf([stmt]);
    let outer = 0;
    for (const name of touched.keys()) if (!declared.has(name)) outer++;
    return outer > mostIncoming || blocksIn(stmt).some((inner) => hasWideStatement(inner, mostIncoming));
  });
}

/** Opens the module of a routine, and plans the code of its distinct statements. `values` are its scalar results. */
function openRoutineUnit(
  routine: Routine,
  values: readonly Expr[],
  memory: CodeMemory,
  settings: EmitSettings,
): ModuleContext {
  const wanted = targetOf(memory, settings);
  const repeats = repeatsIn(routine);
  const distinct = withoutRepeats(routine, repeats);
  const shares = wanted.shares && !hasWideStatement(distinct.body, settings.mostIncoming);
  const target = { ...wanted, shares };
  return openUnit(
    routine.name,
    memory,
    settings,
    planRoutine(distinct, target),
    {
      needsRemainder: usesRemainder(distinct.body, values),
      mayShare: shares && hasShareable(distinct, target),
    },
    procedureFunction,
    repeats,
  );
}

/** Compiles a routine to bytes. */
export function emitRoutine(routine: Routine, memory: CodeMemory, settings: EmitSettings): RoutineModule {
  const values = routine.outputs.flatMap((output) => (output.kind === "scalar" ? [output.value] : []));
  const { mostIncoming } = settings;
  const unit = openRoutineUnit(routine, values, memory, settings);
  const total = constantSize(routine.arenaBytes);
  const tempsAt = total === undefined ? undefined : placeTemps(total, unit);
  const args: { readonly name: string; readonly type: ScalarType; readonly buffer: Buffer | undefined }[] = [
    ...routine.inputs.map((input) =>
      input.kind === "scalar"
        ? { name: input.name, type: input.type, buffer: undefined }
        : { name: input.buffer.name, type: "i32" as const, buffer: input.buffer },
    ),
    ...routine.outputs.flatMap((output) =>
      output.kind === "buffer"
        ? [{ name: output.buffer.name, type: "i32" as const, buffer: output.buffer }]
        : [],
    ),
    ...(tempsAt === undefined ? [{ name: "temporaries", type: "i32" as const, buffer: undefined }] : []),
  ];
  const isPassed = args.length <= mostPassed;
  const [single] = values;
  const isSingle = values.length === 1 && single !== undefined;
  const run = unit.module.function("run", {
    params: isPassed ? args.map((arg) => valueTypeOf(arg.type)) : [],
    paramNames: isPassed ? args.map((arg) => arg.name) : [],
    results: isSingle ? [valueTypeOf(single.type)] : [],
    exported: true,
  });
  const argumentBlock = isPassed ? undefined : unit.reserve(8 * args.length);
  const buffers = new Map<string, BufferAddress>();
  const residents = new Map<string, MemoryLocal>();
  const frame = openFrame(unit, run.body, routine, buffers, false, residents);
  let tempsLocal: number | undefined;
  args.forEach(({ name, type, buffer }, k) => {
    let index = k;
    const isTemporaries = buffer === undefined && k >= routine.inputs.length;
    if (argumentBlock !== undefined && args.length > mostIncoming && !isTemporaries) {
      const slot = argumentBlock + 8 * k;
      if (buffer === undefined) residents.set(name, { address: slot, isOwn: false });
      else
        buffers.set(name, {
          type: buffer.type,
          size: buffer.size,
          address: undefined,
          local: undefined,
          slot,
        });
      return;
    }
    if (argumentBlock !== undefined) {
      index = run.body.local(valueTypeOf(type), name);
      run.body.i32Const(0);
      run.body.memory(loadOf(type), argumentBlock + 8 * k);
      run.body.localSet(index);
    }
    if (buffer !== undefined)
      buffers.set(name, { type: buffer.type, size: buffer.size, address: undefined, local: index });
    else if (k < routine.inputs.length) frame.locals.set(name, { type, index });
    else tempsLocal = index;
  });
  const starts = new Map<Expr, number>();
  const areMany = routine.temps.length > mostIncoming;
  for (const temp of routine.temps)
    buffers.set(temp.name, placeOfTemp(temp, tempsAt, tempsLocal, starts, areMany, frame));
  const results = values.length > 1 ? unit.reserve(8 * values.length) : 0;
  if (values.length > mostIncoming) {
    emitBlock([...routine.body, ...storesOf(values, results, buffers)], [], frame);
  } else emitBlock(routine.body, values, frame);
  if (isSingle) {
    emitScalar(single, frame);
  } else if (values.length <= mostIncoming) {
    values.forEach((value, k) => {
      run.body.i32Const(0);
      emitScalar(value, frame);
      run.body.memory(storeOf(value.type), results + 8 * k);
    });
  }
  const bytes = unit.module.finish(settings.namesLocals);
  return {
    bytes,
    kernels: unit.kernels(),
    results,
    argumentBlock,
    argumentTypes: args.map((arg) => arg.type),
    shared: sharedPart(unit),
  };
}

/**
 * Stores of the results, which can be split into parts like other statements. `address` is that of the first result.
 */
function storesOf(values: readonly Expr[], address: number, buffers: Map<string, BufferAddress>): Stmt[] {
  return values.map((value, k): Stmt => {
    const { type } = value;
    const buffer = `@results ${type}`;
    if (!buffers.has(buffer))
      buffers.set(buffer, { type, size: 8 * values.length, address, local: undefined });
    return { kind: "store", buffer, index: constant("i32", (8 / bytesPerElement[type]) * k), value };
  });
}

/** Compiles a procedure to a module whose function `run` is the procedure. */
export function compileProcedure(
  procedure: Procedure,
  memory: CodeMemory,
  settings: EmitSettings,
): RoutineModule {
  const needsRemainder = usesRemainder(procedure.body, [procedure.result]);
  const unit: ModuleContext = openUnit(
    procedure.name,
    memory,
    settings,
    openPlan(targetOf(memory, settings)),
    { needsRemainder, mayShare: false },
    procedureFunction,
  );
  procedureFunction(procedure, unit, true);
  return {
    bytes: unit.module.finish(settings.namesLocals),
    kernels: 0,
    results: 0,
    argumentBlock: undefined,
    argumentTypes: [],
    shared: undefined,
  };
}

/** Number of the module that was published last. Numbers identify modules in shared memory. */
let modules = 0;

function sharedPart({ sharing, reserve, spillBytes, workBytes }: ModuleContext): SharedPart | undefined {
  if (sharing === undefined) return undefined;
  return {
    tasks: sharing.tasks.length,
    descriptor: sharing.descriptor,
    own: reserve(Math.max(16, spillBytes()), 64),
    bytes: Math.max(spillBytes(), workBytes()),
  };
}

/** Copies a finished module and its descriptor to memory, where other threads find them. */
export function published(program: RoutineModule, { reserve, view }: CodeMemory): RoutineModule {
  const { bytes, shared } = program;
  if (shared === undefined || shared.tasks === 0) return program;
  const address = reserve(bytes.length);
  view("bool", address, bytes.length).set(bytes);
  const words = view("i32", shared.descriptor, descriptor.bytes / 4);
  words[descriptor.id / 4] = ++modules;
  words[descriptor.address / 4] = address;
  words[descriptor.length / 4] = bytes.length;
  return program;
}

/** Target of planning: properties of the engine and of the memory that plans depend on. */
function targetOf({ isShared }: CodeMemory, { simd, wide, chunkWork, threads }: EmitSettings): CodegenTarget {
  return { simd, wide, chunkWork, shares: isShared && threads > 1 };
}

/** Allocates memory for temporaries: for the lifetime of the module or, for large ones, for the duration of a call. */
function placeTemps(bytes: number, { memory, reserve }: ModuleContext): number {
  if (bytes >= sharedTemporaries) return memory.shared("temporaries", bytes);
  return bytes > 0 ? reserve(bytes, 64) : 0;
}

/**
 * Address of a temporary: a constant, an address relative to a local, or, if there are many temporaries, an address
 * stored in memory. `starts` maps the offsets of earlier temporaries to their locals or memory addresses, from which
 * the new offset is computed. Computing each offset from scratch would make code grow with the square of the number of
 * temporaries.
 */
function placeOfTemp(
  { type, size, offset }: Temp,
  address: number | undefined,
  local: number | undefined,
  starts: Map<Expr, number>,
  areMany: boolean,
  frame: FunctionFrame,
): BufferAddress {
  const distance = constantSize(offset);
  if (distance !== undefined) return { type, size, address: (address ?? 0) + distance, local };
  const { body, unit } = frame;
  const start = areMany ? unit.reserve(4) : body.local("i32");
  const whole = sizeExpr(offset);
  const [before, added] = whole.kind === "binary" && whole.op === "add" ? [starts.get(whole.x), whole.y] : [];
  if (areMany) body.i32Const(0);
  emitScalar(before === undefined ? whole : added!, frame);
  if (before !== undefined && areMany) {
    body.i32Const(0);
    body.memory("i32.load", before);
    body.op("i32.add");
  } else if ((before ?? local) !== undefined) {
    body.localGet((before ?? local)!);
    body.op("i32.add");
  }
  starts.set(whole, start);
  if (areMany) {
    body.memory("i32.store", start);
    return { type, size, address, local: undefined, slot: start };
  }
  body.localSet(start);
  return { type, size, address, local: start };
}

/** True if statements, expressions or the procedures that they call use the remainder of floats. */
function usesRemainder(block: readonly Stmt[], results: readonly Expr[]): boolean {
  const divides = (stmts: readonly Stmt[], exprs: readonly Expr[]): boolean =>
    usesOfBlock(stmts).hasRemainder || usesOf([], exprs).hasRemainder;
  if (divides(block, results)) return true;
  return reachedBy(block, results).procedures.some(({ body, result }) => divides(body, [result]));
}
