import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import type { Backend, Compiled } from "../kernel/executable.ts";
import { outputsInPlace } from "../kernel/in-place.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import type { Lru } from "../util/lru.ts";
import { makeLru } from "../util/lru.ts";
import { now } from "../util/now.ts";
import { backendFor } from "./device.ts";
import { deviceGeneration } from "./engine.ts";
import { makeResidence } from "./resident.ts";
import type { Executable } from "./run.ts";
import { makeRunner } from "./run.ts";

/** How many compiled programs are kept; the one used longest ago goes first. */
const capacity = 1024;
let executables: Lru<string, Executable & { readonly drop: () => void }> | undefined;
/**
 * The first program that was compiled, until another one is asked for: only then does its hash matter, and in a process that
 * has one function it never does.
 */
let first:
  { readonly key: () => string; readonly executable: Executable & { readonly drop: () => void } } | undefined;
let compilations = 0;

/** Number of programs compiled so far, and of those kept. For tests that count. */
export function compilationStats(): { readonly compiled: number; readonly kept: number } {
  return { compiled: compilations, kept: (executables?.size() ?? 0) + (first === undefined ? 0 : 1) };
}

/**
 * The executable of a program: compiled once for all programs of the same structure. `donated` marks inputs that the code may
 * change, `given` those whose memory results may take.
 */
export function executableOf(
  program: Program,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
): Executable {
  const generation = deviceGeneration();
  const keyOf = (): string =>
    `${hashProgram(program)} ${generation} ${donated.includes(true) ? donated.join() : ""} ${given.join()}`;
  if (executables === undefined && first === undefined) {
    const executable = compileProgram(program, undefined, donated, given);
    first = { key: keyOf, executable };
    return executable;
  }
  executables ??= makeLru(capacity, (_, evicted) => evicted.drop());
  if (first !== undefined) {
    executables.set(first.key(), first.executable);
    first = undefined;
  }
  const key = keyOf();
  let executable = executables.get(key);
  if (executable === undefined) {
    executable = compileProgram(program, undefined, donated, given);
    executables.set(key, executable);
  }
  return executable;
}

/** Compiles a program, with the backend that suits it best if none is given, without looking at what is kept. */
export function compileProgram(
  program: Program,
  backend?: Backend,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
): Executable & { readonly drop: () => void } {
  compilations++;
  const start = now();
  const { routine, aliases } = lowerProgram(optimize(program), donated);
  const chosen = backend ?? backendFor(routine);
  const types = program.outs.map((v) => v.type);
  let compiled: Compiled | undefined = chosen.compile(routine);
  const compileTime = now() - start;
  // one that was dropped is compiled again, should someone still hold it
  const run: Compiled = (inputs, outputs) => (compiled ??= chosen.compile(routine))(inputs, outputs);
  return {
    run: makeRunner(
      () => compiled ?? run,
      routine,
      types,
      aliases,
      chosen.usesKernelMemory === true ? makeResidence(outputsInPlace(routine, given)) : undefined,
    ),
    backend: chosen.name,
    size: () => compiled?.size,
    compileTime,
    drop() {
      compiled?.release?.();
      compiled = undefined;
    },
  };
}
