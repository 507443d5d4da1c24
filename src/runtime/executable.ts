import { interpBackend } from "../backends/interp/index.ts";
import { canGenerateCode, jsBackend } from "../backends/js/index.ts";
import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import type { Backend, Compiled, Slot } from "../kernel/executable.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";
import { sizeOf } from "../util/shape.ts";
import { allocate } from "./memory.ts";

/** A program that can be run on slots. */
export interface Executable {
  readonly run: (inputs: readonly Slot[]) => readonly Tensor[];
}

/** How many compiled programs are kept; the one used longest ago goes first. */
const capacity = 1024;
let executables: Lru<string, Executable> | undefined;
let compilations = 0;

/** Where generated code is forbidden (a strict content security policy) kernels are interpreted. */
function defaultBackend(): Backend {
  return canGenerateCode() ? jsBackend : interpBackend;
}

/** Number of programs compiled so far, and of those kept. For tests that count. */
export function compilationStats(): { readonly compiled: number; readonly kept: number } {
  return { compiled: compilations, kept: executables?.size() ?? 0 };
}

/** The executable of a program: compiled once for all programs of the same structure. */
export function executableOf(program: Program, donated: readonly boolean[] = []): Executable {
  executables ??= makeLru(capacity);
  const key = donated.includes(true) ? `${hashProgram(program)} ${donated.join()}` : hashProgram(program);
  let executable = executables.get(key);
  if (executable === undefined) {
    executable = compileProgram(program, defaultBackend(), donated);
    executables.set(key, executable);
  }
  return executable;
}

/** Compiles a program with a backend, without looking at what is kept. */
export function compileProgram(
  program: Program,
  backend: Backend,
  donated: readonly boolean[] = [],
): Executable {
  compilations++;
  const { routine, aliases } = lowerProgram(optimize(program), donated);
  const types = program.outs.map((v) => v.type);
  return makeExecutable(backend.compile(routine), types, aliases);
}

function makeExecutable(
  compiled: Compiled,
  types: readonly ArrayType[],
  aliases: readonly (number | undefined)[],
): Executable {
  const n = types.length;
  const sizes = types.map((type) => (type.shape.length === 0 ? -1 : sizeOf(type.shape)));
  if (aliases.every((alias) => alias === undefined)) {
    return {
      run(inputs) {
        const outputs = new Array<Slot>(n);
        for (let i = 0; i < n; i++) outputs[i] = sizes[i] === -1 ? 0 : allocate(types[i]!.dtype, sizes[i]!);
        compiled(inputs, outputs);
        const tensors = new Array<Tensor>(n);
        for (let i = 0; i < n; i++) tensors[i] = new Tensor(types[i]!, outputs[i], undefined);
        return tensors;
      },
    };
  }
  const own = types.map((_, i) => i).filter((i) => aliases[i] === undefined);
  return {
    run(inputs) {
      const outputs = own.map((i): Slot => (sizes[i] === -1 ? 0 : allocate(types[i]!.dtype, sizes[i]!)));
      compiled(inputs, outputs);
      return types.map((type, i) => {
        const alias = aliases[i];
        return new Tensor(type, alias === undefined ? outputs[own.indexOf(i)] : inputs[alias], undefined);
      });
    },
  };
}
