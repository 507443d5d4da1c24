import { internalError } from "../../errors/index.ts";
import { copyElements } from "../../kernel/copy-elements.ts";
import type { Cell, Compiled, CompiledProcedure, Slot, TypedArray } from "../../kernel/executable.ts";
import type { Buffer, Procedure, Routine, ScalarType } from "../../kernel/scalar.ts";
import type { Arena } from "./arena.ts";
import { bytesOf } from "./arena.ts";
import type { Program } from "./routine.ts";
import { storedBuffers } from "./stored.ts";
import { poolImport } from "./threads/layout.ts";
import type { Pool } from "./threads/pool.ts";
import { ownExport } from "./threads/share.ts";

type Run = (...args: number[]) => number;

/** The function `run` of a module, some of whose work the threads of a pool may share. Compiling is synchronous: modules are small. */
export function instantiate({ bytes, shared }: Program, arena: Arena, pool?: Pool): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory: arena.memory, remainder: (x: number, y: number): number => x % y },
    ...(pool && { [poolImport]: pool.importsFor(shared?.tasks ?? 0) }),
  });
  const run = exports["run"] as Run;
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

/** A compiled procedure as a function of numbers. */
export function callableProcedure({ params, result }: Procedure, run: Run): CompiledProcedure {
  if (result.type !== "u32") return run;
  if (params.length === 1) return (x) => run(x) >>> 0;
  return (...args) => run(...args) >>> 0;
}

/** Where a buffer of a routine lies during a call. */
interface Port {
  readonly buffer: Buffer;
  /** Its place among the routine's inputs or outputs. */
  readonly slot: number;
  /** Memory to copy to where the caller's array lies elsewhere, taken when it is needed first. */
  staging: number | undefined;
  view: TypedArray | undefined;
  /** Whether the routine changes it: a donated input, which must be copied back. */
  readonly isWritten: boolean;
}

/** A compiled routine as what callers run. */
export function callableRoutine(routine: Routine, program: Program, run: Run, arena: Arena): Compiled {
  const stored = storedBuffers(routine.body);
  const ins = ports(
    routine.inputs.map((input) => (input.kind === "buffer" ? input.buffer : undefined)),
    stored,
  );
  const outs = ports(
    routine.outputs.map((output) => (output.kind === "buffer" ? output.buffer : undefined)),
    stored,
  );
  const written = ins.filter((port) => port.isWritten);
  const regions = [...program.regions];
  const types = routine.outputs.map((output) => (output.kind === "scalar" ? output.value.type : undefined));
  const scalarSlots = types.flatMap((type, k) => (type === undefined ? [] : [k]));
  const args = new Array<number>(routine.inputs.length + outs.length).fill(0);
  const passed = program.argumentBlock === undefined ? undefined : program.argumentTypes;
  const readers = scalarSlots.map((slot, k) => reader(types[slot]!, program.results + 8 * k, arena));
  const writers = passed?.map((type, k) => writer(type, program.argumentBlock! + 8 * k, arena));
  const single = scalarSlots.length === 1 ? scalarSlots[0]! : -1;
  const isUnsigned = single >= 0 && types[single] === "u32";
  const firstOut = routine.inputs.length;
  let isReleased = false;

  const stage = (port: Port): TypedArray => {
    const { type, size } = port.buffer;
    if (port.staging === undefined) {
      port.staging = arena.allocate(size * bytesOf(type));
      regions.push(port.staging);
    }
    if (port.view === undefined || (!arena.isShared && port.view.length !== size)) {
      port.view = arena.view(type, port.staging, size); // anew where growth has detached it
    }
    return port.view;
  };
  const inputAddress = (port: Port, cell: Cell): number => {
    const { array, offset } = cell;
    const { size } = port.buffer;
    if (cell.isOutside !== true) {
      if (offset + size > array.length) throw misfit(port, cell);
      if (arena.holds(array)) return array.byteOffset + offset * array.BYTES_PER_ELEMENT;
    }
    const view = stage(port);
    copyElements(view, 0, array, offset, size);
    return port.staging!;
  };
  const outputAddress = (port: Port, cell: Cell): number => {
    const { array, offset } = cell;
    if (cell.isOutside !== true) {
      if (offset + port.buffer.size > array.length) throw misfit(port, cell);
      if (arena.holds(array)) return array.byteOffset + offset * array.BYTES_PER_ELEMENT;
    }
    stage(port);
    return port.staging!;
  };

  const compiled = (inputs: readonly Slot[], outputs: Slot[]): void => {
    if (isReleased)
      throw internalError(`routine ${JSON.stringify(routine.name)} is called after its release`);
    for (let k = 0; k < firstOut; k++) {
      const slot = inputs[k]!;
      if (typeof slot === "number") args[k] = slot;
    }
    for (let k = 0; k < ins.length; k++) {
      const port = ins[k]!;
      args[port.slot] = inputAddress(port, inputs[port.slot] as Cell);
    }
    for (let k = 0; k < outs.length; k++) {
      const port = outs[k]!;
      args[firstOut + k] = outputAddress(port, outputs[port.slot] as Cell);
    }
    if (writers !== undefined) for (let k = 0; k < writers.length; k++) writers[k]!(args[k]!);
    const result = writers === undefined ? invoke(run, args) : run();
    for (let k = 0; k < written.length; k++) {
      const port = written[k]!;
      if (args[port.slot] !== port.staging) continue;
      const { array, offset } = inputs[port.slot] as Cell;
      copyElements(array, offset, stage(port), 0, port.buffer.size);
    }
    for (let k = 0; k < outs.length; k++) {
      const port = outs[k]!;
      if (args[firstOut + k] !== port.staging) continue;
      const { array, offset } = outputs[port.slot] as Cell;
      copyElements(array, offset, stage(port), 0, port.buffer.size);
    }
    if (single >= 0) outputs[single] = isUnsigned ? result >>> 0 : result;
    else for (let k = 0; k < scalarSlots.length; k++) outputs[scalarSlots[k]!] = readers[k]!();
  };
  return Object.assign(compiled, {
    size: {
      kernels: program.kernels,
      shared: program.shared?.tasks ?? 0,
      codeBytes: program.bytes.length,
      get memoryBytes(): number {
        return regions.reduce((sum, address) => sum + arena.sizeOf(address), 0);
      },
    },
    release(): void {
      isReleased = true;
      for (const address of regions.splice(0)) arena.free(address);
    },
  });
}

function ports(buffers: readonly (Buffer | undefined)[], stored: ReadonlySet<string>): Port[] {
  return buffers.flatMap((buffer, slot) =>
    buffer === undefined
      ? []
      : [{ buffer, slot, staging: undefined, view: undefined, isWritten: stored.has(buffer.name) }],
  );
}

function misfit({ buffer }: Port, { array, offset }: Cell): Error {
  return internalError(
    `buffer "${buffer.name}" needs ${buffer.size} elements of ${buffer.type}, got ` +
      `${array.constructor.name} of ${array.length} at ${offset}`,
  );
}

/** A call without an array of arguments on the way. */
function invoke(run: Run, args: readonly number[]): number {
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
