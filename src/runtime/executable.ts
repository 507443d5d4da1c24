import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import type { Backend, Cell, CodeSize, Compiled, Slot } from "../kernel/executable.ts";
import type { Routine, ScalarType } from "../kernel/scalar.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";
import { sizeOf } from "../util/shape.ts";
import { backendFor, deviceGeneration } from "./device.ts";
import { usedAfterDonation } from "./donation.ts";
import { allocate, allocateResident, isLarge, keepResident } from "./memory.ts";

/** A program that can be run on slots. */
export interface Executable {
  readonly run: (inputs: readonly Slot[]) => readonly Tensor[];
  readonly backend: string;
  readonly size: () => CodeSize | undefined;
  /** Milliseconds that passes, lowering and code generation took. */
  readonly compileTime: number;
}

/** How many compiled programs are kept; the one used longest ago goes first. */
const capacity = 1024;
let executables: Lru<string, Executable & { readonly drop: () => void }> | undefined;
let compilations = 0;

/** Number of programs compiled so far, and of those kept. For tests that count. */
export function compilationStats(): { readonly compiled: number; readonly kept: number } {
  return { compiled: compilations, kept: executables?.size() ?? 0 };
}

/** The executable of a program: compiled once for all programs of the same structure. */
export function executableOf(program: Program, donated: readonly boolean[] = []): Executable {
  executables ??= makeLru(capacity, (_, evicted) => evicted.drop());
  const generation = deviceGeneration();
  const key = `${hashProgram(program)} ${generation} ${donated.includes(true) ? donated.join() : ""}`;
  let executable = executables.get(key);
  if (executable === undefined) {
    executable = compileProgram(program, undefined, donated);
    executables.set(key, executable);
  }
  return executable;
}

/** Compiles a program, with the backend that suits it best if none is given, without looking at what is kept. */
export function compileProgram(
  program: Program,
  backend?: Backend,
  donated: readonly boolean[] = [],
): Executable & { readonly drop: () => void } {
  compilations++;
  const start = performance.now();
  const { routine, aliases } = lowerProgram(optimize(program), donated);
  const chosen = backend ?? backendFor(routine);
  const types = program.outs.map((v) => v.type);
  let compiled: Compiled | undefined = chosen.compile(routine);
  const compileTime = performance.now() - start;
  // one that was dropped is compiled again, should someone still hold it
  const run: Compiled = (inputs, outputs) => (compiled ??= chosen.compile(routine))(inputs, outputs);
  return {
    run: runner(() => compiled ?? run, routine, chosen.usesKernelMemory === true, types, aliases),
    backend: chosen.name,
    size: () => compiled?.size,
    compileTime,
    drop() {
      compiled?.release?.();
      compiled = undefined;
    },
  };
}

/** Runs compiled code on slots: makes room for the results, and tensors of them. */
function runner(
  current: () => Compiled,
  routine: Routine,
  usesKernelMemory: boolean,
  types: readonly ArrayType[],
  aliases: readonly (number | undefined)[],
): Executable["run"] {
  const n = types.length;
  const sizes = types.map((type) => (type.shape.length === 0 ? -1 : sizeOf(type.shape)));
  const isAliased = aliases.some((alias) => alias !== undefined);
  const own = types.map((_, i) => i).filter((i) => aliases[i] === undefined);
  const make = usesKernelMemory ? allocateResident : allocate;
  const place = (i: number): Slot => (sizes[i] === -1 ? 0 : make(types[i]!.dtype, sizes[i]!));
  const large = usesKernelMemory ? largeInputs(routine, aliases) : [];
  const buffers = routine.inputs.flatMap((input, k) => (input.kind === "buffer" ? [k] : []));
  return (inputs) => {
    for (let k = 0; k < buffers.length; k++)
      if ((inputs[buffers[k]!] as Cell).donated === true) throw usedAfterDonation(routine.name);
    for (let k = 0; k < large.length; k++) {
      const { slot, type, size, isChanged } = large[k]!;
      keepResident(inputs[slot] as Cell, type, size, isChanged);
    }
    const outputs = new Array<Slot>(own.length);
    for (let i = 0; i < own.length; i++) outputs[i] = place(own[i]!);
    current()(inputs, outputs);
    const tensors = new Array<Tensor>(n);
    if (isAliased) {
      for (let i = 0; i < n; i++) {
        const alias = aliases[i];
        const slot = alias === undefined ? outputs[own.indexOf(i)] : inputs[alias];
        tensors[i] = new Tensor(types[i]!, slot, undefined);
      }
    } else for (let i = 0; i < n; i++) tensors[i] = new Tensor(types[i]!, outputs[i], undefined);
    return tensors;
  };
}

interface LargeInput {
  readonly slot: number;
  readonly type: ScalarType;
  readonly size: number;
  /** Whether a result takes its place. */
  readonly isChanged: boolean;
}

/** The inputs that are worth keeping where kernels reach them. */
function largeInputs(routine: Routine, aliases: readonly (number | undefined)[]): LargeInput[] {
  return routine.inputs.flatMap((input, slot) => {
    if (input.kind === "scalar" || !isLarge(input.buffer.type, input.buffer.size)) return [];
    return [{ slot, type: input.buffer.type, size: input.buffer.size, isChanged: aliases.includes(slot) }];
  });
}
