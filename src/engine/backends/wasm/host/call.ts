import { internalError } from "../../../errors/index.ts";
import type { CallSizes } from "../../../kernel/call-sizes.ts";
import { callSizes } from "../../../kernel/call-sizes.ts";
import { withRoom } from "../../../kernel/reclaim.ts";
import type { CompiledRoutine, CompiledProcedure, KernelValue } from "../../../kernel/executable.ts";
import type { Procedure, Routine, ScalarType } from "../../../kernel/scalar.ts";
import { isConstant } from "../../../kernel/sizes.ts";
import type { Arena } from "./arena.ts";
import type { ModuleMemory } from "./module-memory.ts";
import type { RoutineModule } from "../emit/routine.ts";
import { poolImport } from "../emit/threads/layout.ts";
import type { ThreadPool } from "./threads/pool.ts";
import { ownExport } from "../emit/threads/share.ts";
import { largePorts, roomFor } from "./large-ports.ts";
import { isSmallPort, type PortBinding, type PortLists, portsOf } from "./ports.ts";
import { smallPorts } from "./small-ports.ts";
import { mostKeptCopy } from "./tuning.ts";

type EntryPoint = (...args: number[]) => number;

/**
 * Instantiates a module and returns its function `run`; the threads of a pool may share some of its work. Compilation
 * is synchronous because modules are small.
 */
export function instantiate({ bytes, shared }: RoutineModule, arena: Arena, pool?: ThreadPool): EntryPoint {
  const imports = {
    env: { memory: arena.memory, remainder: (x: number, y: number): number => x % y },
    ...(pool && { [poolImport]: pool.importsFor(shared?.tasks ?? 0) }),
  };
  const { exports } = withRoom(
    () => "compiled code",
    bytes.length,
    () => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  );
  const run = exports["run"] as EntryPoint;
  if (shared === undefined || pool === undefined) return run;
  (exports[ownExport] as WebAssembly.Global<"i32">).value = shared.own;
  if (shared.tasks === 0) return run;
  pool.reserve(shared.bytes);
  return (a?: number, b?: number, c?: number, d?: number, e?: number, f?: number, g?: number, h?: number) => {
    try {
      return run(a!, b!, c!, d!, e!, f!, g!, h!);
    } catch (problem) {
      pool.settle();
      throw problem;
    }
  };
}

/**
 * Returns a compiled procedure as a function of numbers. A uint32 result, which WebAssembly returns as an int32, is
 * made nonnegative.
 */
export function callableProcedure({ params, result }: Procedure, run: EntryPoint): CompiledProcedure {
  if (result.type !== "u32") return run;
  if (params.length === 1) return (x) => run(x) >>> 0;
  return (...args) => run(...args) >>> 0;
}

/**
 * Returns the function that runs a compiled routine. It passes scalars and addresses to `run`, and copies arrays that
 * are outside of the kernel memory.
 */
export function callableRoutine(
  routine: Routine,
  program: RoutineModule,
  run: EntryPoint,
  memory: ModuleMemory,
): CompiledRoutine {
  const { name } = routine;
  const { arena } = memory;
  const sizes = callSizes(routine);
  const { ins, outs } = portsOf(routine, sizes);
  const only = (isOne: (port: PortBinding) => boolean): PortLists => ({
    ins: ins.filter(isOne),
    outs: outs.filter(isOne),
  });
  const [small, large] = [only(isSmallPort), only((port) => !isSmallPort(port))];
  const args = new Array<number>(program.argumentTypes.length).fill(0);
  const passed = program.argumentBlock === undefined ? undefined : program.argumentTypes;
  const writers = passed?.map((type, k) => writer(type, program.argumentBlock! + 8 * k, arena));
  const smallCopies = smallPorts(
    memory,
    small.ins,
    small.outs,
    writers && ((argument, address) => writers[argument]!(address)),
  );
  const copies = largePorts(memory, large.ins, large.outs, args);
  const scalars = routine.inputs.flatMap(({ kind }, k) => (kind === "scalar" ? [k] : []));
  // addresses of small arrays never change
  const fixed = new Set([...small.ins, ...small.outs].map(({ argument }) => argument));
  const changing = args.flatMap((_, k) => (fixed.has(k) ? [] : [k]));
  const putScalars = scalarResults(routine, program, arena);
  let isReleased = false;

  /**
   * Determines the addresses of all arrays and writes them to the arguments; returns false if there is no memory for a
   * copy.
   */
  const place = (inputs: readonly KernelValue[], outputs: readonly KernelValue[]): boolean => {
    if (smallCopies.place(args)) return copies.place(inputs, outputs);
    copies.note(smallCopies.bytes);
    return false;
  };
  const call = (inputs: readonly KernelValue[], outputs: KernelValue[]): void => {
    if (isReleased) throw internalError(`routine ${JSON.stringify(name)} is called after its release`);
    for (let k = 0; k < scalars.length; k++) args[scalars[k]!] = inputs[scalars[k]!] as number;
    try {
      while (!place(inputs, outputs)) copies.makeRoom();
      smallCopies.copyIn(inputs);
      copies.copyIn(inputs);
      if (writers !== undefined)
        for (let k = 0; k < changing.length; k++) writers[changing[k]!]!(args[changing[k]!]!);
      const result = writers === undefined ? invoke(run, args) : run();
      smallCopies.copyBack(inputs);
      copies.copyBack(inputs);
      smallCopies.copyOut(outputs);
      copies.copyOut(outputs);
      putScalars(result, outputs);
    } finally {
      copies.giveBack();
    }
  };
  return Object.assign(sizes.update === undefined ? call : measuring(routine, sizes, args, memory, call), {
    takesNumbers: small.ins.length === 0,
    size: {
      kernels: program.kernels,
      shared: program.shared?.tasks ?? 0,
      codeBytes: program.bytes.length,
      ownBytes: memory.ownBytes() + smallCopies.bytes + copies.keptBytes,
      get memoryBytes(): number {
        return memory.bytes();
      },
    },
    release(): void {
      isReleased = true;
      memory.release();
    },
  });
}

/** Returns a function that writes the scalar results of a call: the returned one, or all from memory. */
function scalarResults(
  { outputs }: Routine,
  { results }: RoutineModule,
  arena: Arena,
): (result: number, slots: KernelValue[]) => void {
  const types = outputs.map((output) => (output.kind === "scalar" ? output.value.type : undefined));
  const places = types.flatMap((type, k) => (type === undefined ? [] : [k]));
  const [single] = places;
  if (places.length === 1 && single !== undefined) {
    return types[single] === "u32"
      ? (result, slots) => void (slots[single] = result >>> 0)
      : (result, slots) => void (slots[single] = result);
  }
  const readers = places.map((slot, k) => reader(types[slot]!, results + 8 * k, arena));
  return (_, slots) => {
    for (let k = 0; k < places.length; k++) slots[places[k]!] = readers[k]!();
  };
}

/**
 * Creates the function that runs a routine whose calls compute their own sizes. Large temporaries are allocated for the
 * duration of the call, small ones are kept.
 */
function measuring(
  { arenaBytes }: Routine,
  sizes: CallSizes,
  args: number[],
  memory: ModuleMemory,
  call: CompiledRoutine,
): CompiledRoutine {
  const { arena } = memory;
  let [kept, room] = [0, 0];
  const keptFor = (bytes: number): number => {
    if (bytes <= room) return kept;
    if (room > 0) memory.disown(kept);
    room = 0;
    kept = arena.allocate(roomFor(bytes), "scratch");
    memory.own(kept);
    room = roomFor(bytes);
    return kept;
  };
  return (inputs, outputs) => {
    sizes.update?.(inputs, outputs);
    if (isConstant(arenaBytes)) return call(inputs, outputs);
    const bytes = sizes.arenaBytes();
    if (bytes <= mostKeptCopy) {
      args[args.length - 1] = bytes === 0 ? 0 : keptFor(bytes);
      return call(inputs, outputs);
    }
    const address = arena.allocate(bytes, "scratch");
    args[args.length - 1] = address;
    try {
      call(inputs, outputs);
    } finally {
      arena.free(address);
    }
  };
}

/**
 * Calls `run` with the given arguments, of which there are at most eight. A case per number of arguments avoids
 * spreading an array.
 */
function invoke(run: EntryPoint, args: readonly number[]): number {
  const [a, b, c, d, e, f, g, h] = args as [number, number, number, number, number, number, number, number];
  switch (args.length) {
    case 0:
      return run();
    case 1:
      return run(a);
    case 2:
      return run(a, b);
    case 3:
      return run(a, b, c);
    case 4:
      return run(a, b, c, d);
    case 5:
      return run(a, b, c, d, e);
    case 6:
      return run(a, b, c, d, e, f);
    case 7:
      return run(a, b, c, d, e, f, g);
    default:
      return run(a, b, c, d, e, f, g, h);
  }
}

/** Reads a scalar result from memory. */
function reader(type: ScalarType, address: number, arena: Arena): () => number {
  let view = arena.view(type, address, 1);
  return () => {
    if (view.length === 0) view = arena.view(type, address, 1);
    return view[0]!;
  };
}

/** Writes an argument to memory. */
function writer(type: ScalarType, address: number, arena: Arena): (x: number) => void {
  let view = arena.view(type, address, 1);
  return (x) => {
    if (view.length === 0) view = arena.view(type, address, 1);
    view[0] = x;
  };
}
