import { bytesPerElement } from "../../../kernel/executable.ts";
import { internalError } from "../../../errors/index.ts";
import type { CallSizes } from "../../../kernel/call-sizes.ts";
import { callSizes } from "../../../kernel/call-sizes.ts";
import { copyElements } from "../../../kernel/copy-elements.ts";
import { withRoom } from "../../../kernel/reclaim.ts";
import type { Cell, Compiled, CompiledProcedure, Slot, TypedArray } from "../../../kernel/executable.ts";
import type { Buffer, Procedure, Routine, ScalarType } from "../../../kernel/scalar.ts";
import { isConstant } from "../../../kernel/sizes.ts";
import { must } from "../../../util/assert-never.ts";
import type { Arena } from "./arena.ts";
import type { ModuleMemory } from "./module-memory.ts";
import type { Program } from "../emit/routine.ts";
import { storedBuffers } from "../emit/stored.ts";
import { poolImport } from "../emit/threads/layout.ts";
import type { Pool } from "./threads/pool.ts";
import { ownExport } from "../emit/threads/share.ts";
import { mostKeptCopy } from "./tuning.ts";

type Run = (...args: number[]) => number;

/** The function `run` of a module, some of whose work the threads of a pool may share. Compiling is synchronous: modules are small. */
export function instantiate({ bytes, shared }: Program, arena: Arena, pool?: Pool): Run {
  const imports = {
    env: { memory: arena.memory, remainder: (x: number, y: number): number => x % y },
    ...(pool && { [poolImport]: pool.importsFor(shared?.tasks ?? 0) }),
  };
  const { exports } = withRoom(
    "compiled code",
    bytes.length,
    () => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  );
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
  /** Elements, and their bytes; calls change them where they compute them. */
  size: number;
  bytes: number;
  /** Whether memory for a copy is kept between calls. */
  readonly isKept: boolean;
  /** Memory to copy to where the caller's array lies elsewhere; 0 while there is none. */
  staging: number;
  /** The array over it, for as long as it stays. */
  view: TypedArray | undefined;
  viewAddress: number;
  /** Whether the routine changes it: a donated input, which must be copied back. */
  readonly isWritten: boolean;
}

/** A compiled routine as what callers run. */
export function callableRoutine(
  routine: Routine,
  program: Program,
  run: Run,
  memory: ModuleMemory,
): Compiled {
  const { name } = routine;
  const { arena } = memory;
  const stored = storedBuffers(routine.body);
  const sizes = callSizes(routine);
  const ins = ports(
    routine.inputs.map((input) => (input.kind === "buffer" ? input.buffer : undefined)),
    stored,
    sizes,
  );
  const outs = ports(
    routine.outputs.map((output) => (output.kind === "buffer" ? output.buffer : undefined)),
    stored,
    sizes,
  );
  const written = ins.filter((port) => port.isWritten);
  const args = new Array<number>(program.argumentTypes.length).fill(0);
  const passed = program.argumentBlock === undefined ? undefined : program.argumentTypes;
  const writers = passed?.map((type, k) => writer(type, program.argumentBlock! + 8 * k, arena));
  const firstOut = routine.inputs.length;
  const copies = makeCopies(memory);
  const putScalars = scalarResults(routine, program, arena);
  let isReleased = false;

  /** Finds the addresses of all arrays; false where there is no room for a copy. */
  const place = (inputs: readonly Slot[], outputs: readonly Slot[]): boolean => {
    for (let k = 0; k < ins.length; k++) {
      const port = ins[k]!;
      const address = copies.addressOf(port, inputs[port.slot] as Cell);
      if (address === 0) return false;
      args[port.slot] = address;
    }
    for (let k = 0; k < outs.length; k++) {
      const port = outs[k]!;
      const address = copies.addressOf(port, outputs[port.slot] as Cell);
      if (address === 0) return false;
      args[firstOut + k] = address;
    }
    return true;
  };
  const call = (inputs: readonly Slot[], outputs: Slot[]): void => {
    if (isReleased) throw internalError(`routine ${JSON.stringify(name)} is called after its release`);
    for (let k = 0; k < firstOut; k++) {
      const slot = inputs[k]!;
      if (typeof slot === "number") args[k] = slot;
    }
    try {
      while (!place(inputs, outputs)) copies.makeRoom();
      for (let k = 0; k < ins.length; k++) {
        const port = ins[k]!;
        if (args[port.slot] !== port.staging) continue;
        const { array, offset } = inputs[port.slot] as Cell;
        copyElements(copies.elements(port), 0, array, offset, port.size);
      }
      if (writers !== undefined) for (let k = 0; k < writers.length; k++) writers[k]!(args[k]!);
      const result = writers === undefined ? invoke(run, args) : run();
      for (let k = 0; k < written.length; k++) {
        const port = written[k]!;
        if (args[port.slot] !== port.staging) continue;
        const { array, offset } = inputs[port.slot] as Cell;
        copyElements(array, offset, copies.elements(port), 0, port.size);
      }
      for (let k = 0; k < outs.length; k++) {
        const port = outs[k]!;
        if (args[firstOut + k] !== port.staging) continue;
        const { array, offset } = outputs[port.slot] as Cell;
        copyElements(array, offset, copies.elements(port), 0, port.size);
      }
      putScalars(result, outputs);
    } finally {
      copies.giveBack();
    }
  };
  const kept = [...ins, ...outs].filter(({ isKept }) => isKept);
  return Object.assign(
    sizes.update === undefined ? call : measuring(routine, sizes, [ins, outs], args, arena, call),
    {
      size: {
        kernels: program.kernels,
        shared: program.shared?.tasks ?? 0,
        codeBytes: program.bytes.length,
        ownBytes: memory.ownBytes() + kept.reduce((sum, { bytes }) => sum + bytes, 0),
        get memoryBytes(): number {
          return memory.bytes();
        },
      },
      release(): void {
        isReleased = true;
        memory.release();
      },
    },
  );
}

/** Memory for copies of arrays that lie elsewhere: some of it stays from call to call, the rest is lent for one. */
interface Copies {
  /** The address of an array if it lies in the memory, else that of a copy, which is not made yet; 0 where there is no room. */
  readonly addressOf: (port: Port, cell: Cell) => number;
  /** The elements of a copy. */
  readonly elements: (port: Port) => TypedArray;
  /** Has others make the room that was missing. */
  readonly makeRoom: () => void;
  /** Gives back what was lent for one call. */
  readonly giveBack: () => void;
}

function makeCopies(memory: ModuleMemory): Copies {
  const { arena } = memory;
  const lent: Port[] = [];
  let missing = 0; // bytes that there was no room for

  /** Sees to memory for a copy; whether there is some. */
  const stage = (port: Port): boolean => {
    if (port.staging !== 0) return true;
    port.staging = arena.tryAllocate(port.bytes, "copies");
    if (port.staging === 0) {
      missing = port.bytes;
      return false;
    }
    if (port.isKept) memory.own(port.staging);
    else lent.push(port);
    return true;
  };
  const giveBack = (): void => {
    if (lent.length === 0) return;
    for (const port of lent) {
      arena.free(port.staging);
      port.staging = 0;
    }
    lent.length = 0;
  };
  return {
    giveBack,
    addressOf(port, cell) {
      if (cell.isOutside !== true) {
        const { array, offset } = cell;
        if (offset + port.size > array.length) throw misfit(port, cell);
        if (arena.holds(array)) return array.byteOffset + offset * array.BYTES_PER_ELEMENT;
      }
      return stage(port) ? port.staging : 0;
    },
    elements(port) {
      const { size: n } = port;
      let { view } = port;
      if (view === undefined || port.viewAddress !== port.staging || view.length < n) {
        view = arena.view(port.buffer.type, port.staging, n); // anew where growth has detached it
        port.view = view;
        port.viewAddress = port.staging;
      }
      return view;
    },
    makeRoom() {
      const taken = lent.reduce((sum, { bytes }) => sum + bytes, 0);
      giveBack(); // what makes room may move the arrays of this very call
      arena.makeRoom(missing, "copies", taken);
    },
  };
}

/** Puts the scalar results of a call to their places: the one that it returns, or all from memory. */
function scalarResults(
  { outputs }: Routine,
  { results }: Program,
  arena: Arena,
): (result: number, slots: Slot[]) => void {
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

/** A call whose sizes it computes itself: its temporaries have their memory for its length. */
function measuring(
  { arenaBytes }: Routine,
  sizes: CallSizes,
  all: readonly (readonly Port[])[],
  args: number[],
  arena: Arena,
  call: Compiled,
): Compiled {
  return (inputs, outputs) => {
    sizes.update?.(inputs, outputs);
    for (const list of all) for (const port of list) measure(port, sizes);
    const bytes = isConstant(arenaBytes) ? 0 : sizes.arenaBytes();
    const address = bytes === 0 ? 0 : arena.allocate(bytes, "scratch");
    if (!isConstant(arenaBytes)) args[args.length - 1] = address;
    try {
      call(inputs, outputs);
    } finally {
      if (address > 0) arena.free(address);
    }
  };
}

function ports(
  buffers: readonly (Buffer | undefined)[],
  stored: ReadonlySet<string>,
  sizes: CallSizes,
): Port[] {
  return buffers.flatMap((buffer, slot) => {
    if (buffer === undefined) return [];
    const { name, size } = buffer;
    const port = { buffer, slot, size: 0, bytes: 0, staging: 0, view: undefined, viewAddress: 0 };
    measure(port, sizes);
    return [{ ...port, isKept: isConstant(size) && port.bytes <= mostKeptCopy, isWritten: stored.has(name) }];
  });
}

/** Takes over the size that a buffer has at this call. */
function measure(port: Pick<Port, "buffer" | "size" | "bytes">, { extents }: CallSizes): void {
  const { name, type } = port.buffer;
  port.size = must(extents.get(name), `the size of "${name}"`).size;
  port.bytes = port.size * bytesPerElement[type];
}

function misfit({ buffer, size }: Port, { array, offset }: Cell): Error {
  return internalError(
    `buffer "${buffer.name}" needs ${size} elements of ${buffer.type}, got ` +
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
