import { canRunWasm, wasmArena } from "../backends/wasm/index.ts";
import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import type { ConcreteValue } from "../ir/storage.ts";
import type { Backend } from "../kernel/executable.ts";
import { addHolder } from "../kernel/reclaim.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import { now } from "../util/now.ts";
import type { DeviceCode } from "./device.ts";
import { codeBy, cpu, currentDevice } from "./cpu.ts";
import { engine } from "./engine.ts";
import type { Executable } from "./run.ts";
import { makeRunner, CapacityError } from "./run.ts";
import { requireImmediate, requireTypes } from "./transfer.ts";
import type { WatchedProgram } from "./verify.ts";
import { currentVerifier } from "./verify.ts";

/** What to compile: `donated` marks inputs that the code may change, `given` those whose memory results may take. */
export interface Recipe {
  readonly program: Program;
  readonly donated: readonly boolean[];
  readonly given: readonly boolean[];
}

/** A program as it was compiled once. */
interface Compilation extends Executable {
  /** Gives its memory back; it cannot run afterwards. */
  readonly drop: () => void;
}

/** What all that run equal programs have in common. */
interface CachedProgram extends WatchedProgram {
  readonly key: string;
  readonly backend: string;
  readonly compileTime: number;
  /** `undefined` once it was dropped; `run` is its `run`. */
  made: Compilation | undefined;
  run: Executable["run"] | undefined;
  /** As many bytes as are kept for it, see `bytesOf`. */
  readonly bytes: number;
  /** Whether it ran since it was passed over the last time. */
  wasUsed: boolean;
}

/** How many compiled programs are kept; the one used longest ago goes first. */
const mostKept = 1024;
/** Bytes that they may take in all, as `bytesOf` counts them. */
const mostBytes = 256 * 2 ** 20;
/**
 * What the engine and we take for a compiled program, beside its memory: resident bytes of 150 to 600 programs of Node 20, from a
 * sum (82 kB) to a step of training (215 kB for 12.6 kB of code) and a gradient of 200 functions as text (657 kB for 55 kB).
 */
const bytesPerProgram = 64_000;
const bytesPerByteOfCode = 12;

/** Number of programs compiled so far, of those kept, and their bytes. For tests that count. */
export function compilationStats(): {
  readonly compiled: number;
  readonly kept: number;
  readonly bytes: number;
} {
  const { kept = 0, bytes = 0 } = engine.programs?.stats() ?? {};
  return { compiled: engine.compilations, kept, bytes };
}

/**
 * The executable of a program: compiled once for all programs of the same structure. `donated` marks inputs that the code may
 * change, `given` those whose memory results may take. What it was compiled to may be dropped, but for the one that runs, when
 * there is much of it, memory is needed, or programs are compiled in another way; it is compiled again when it is called again.
 */
export function executableOf(
  program: Program,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
): Executable {
  engine.programs ??= makeProgramCache();
  return engine.programs.executableOf({ program, donated, given });
}

/** Compiled programs by their structure, bounded in number and in bytes. */
export interface ProgramCache {
  readonly executableOf: (recipe: Recipe) => Executable;
  /** How many are kept, and their bytes. */
  readonly stats: () => { readonly kept: number; readonly bytes: number };
  /** Drops all. */
  readonly clear: () => void;
}

function makeProgramCache(): ProgramCache {
  const byKey = new Map<string, CachedProgram>(); // what was made or passed over last at the end
  let running: CachedProgram | undefined; // the one that runs, or ran last: what it needs must not be given back meanwhile
  let bytesKept = 0;

  const drop = (code: CachedProgram): void => {
    byKey.delete(code.key);
    bytesKept -= code.bytes;
    code.made?.drop();
    code.made = undefined;
    code.run = undefined;
  };
  /** Those that may be dropped: each that ran since the last time is passed over once, so the one used longest ago is among the first. */
  function* idle(): Iterable<CachedProgram> {
    for (const code of byKey.values()) {
      if (code === running) continue;
      if (code.wasUsed) {
        code.wasUsed = false;
        byKey.delete(code.key);
        byKey.set(code.key, code); // comes again at the end
      } else yield code;
    }
  }
  /** Drops some for so many bytes of the memory of kernels, or all; whether there was one. */
  const dropFor = (bytes: number): boolean => {
    const used = (): number => (canRunWasm() ? wasmArena().stats().used : 0);
    const before = used();
    let count = 0;
    for (const code of idle()) {
      if (before - used() >= bytes) break;
      drop(code);
      count++;
    }
    return count > 0;
  };
  /** Drops what there is too much of, but for what was made last. */
  const dropSurplus = (latest: CachedProgram): void => {
    const isTooMuch = (): boolean => byKey.size > mostKept || bytesKept > mostBytes;
    if (!isTooMuch()) return;
    for (const code of idle()) {
      if (code !== latest) drop(code);
      if (!isTooMuch()) return;
    }
  };
  /** What a program was compiled to, compiled now if that is not kept. */
  const codeOf = (recipe: Recipe): CachedProgram => {
    running = undefined; // nothing runs while something is compiled
    const key = keyOf(recipe);
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const made = compileProgram(recipe.program, undefined, recipe.donated, recipe.given);
    const { backend, compileTime, run } = made;
    const code: CachedProgram = {
      key,
      backend,
      compileTime,
      made,
      run,
      bytes: bytesOf(made),
      wasUsed: false,
    };
    currentVerifier().watchProgram?.(code, recipe, currentDevice());
    byKey.set(key, code);
    bytesKept += code.bytes;
    dropSurplus(code);
    return code;
  };

  addHolder({ giveBack: (bytes, place) => dropFor(place === "kernels" ? bytes : Infinity) });
  return {
    executableOf(recipe) {
      let code = codeOf(recipe);
      return {
        run(inputs: readonly ConcreteValue[]) {
          if (code.run === undefined) code = codeOf(recipe);
          if (running !== code) {
            running = code;
            code.wasUsed = true;
          }
          return code.run!(inputs);
        },
        get backend() {
          return code.backend;
        },
        get compileTime() {
          return code.compileTime;
        },
        get verification() {
          return code.verification;
        },
        size: () => code.made?.size(),
      };
    },
    stats: () => ({ kept: byKey.size, bytes: bytesKept }),
    clear() {
      for (const code of byKey.values()) drop(code);
    },
  };
}

function keyOf({ program, donated, given }: Recipe): string {
  return `${hashProgram(program)} ${donated.includes(true) ? donated.join() : ""} ${given.join()}`;
}

/** What is kept for a compiled program, but for memory that it has in common with others. */
function bytesOf({ size }: Compilation): number {
  const { codeBytes = 0, ownBytes = 0 } = size() ?? {};
  return bytesPerProgram + bytesPerByteOfCode * codeBytes + ownBytes;
}

/**
 * Compiles a program for the current device, or by a backend of the processor, without looking at what is kept.
 *
 * @throws DownhillError `dtype` for what the device cannot compute.
 */
export function compileProgram(
  program: Program,
  backend?: Backend,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
): Compilation {
  engine.compilations++;
  const start = now();
  const device = backend === undefined ? currentDevice() : cpu;
  if (device !== cpu) requireTypes(device, program);
  const optimized = optimize(program);
  const types = program.outs.map((v) => v.type);
  const make = (): Pick<Compilation, "run"> & { readonly code: DeviceCode } => {
    let lowered = lowerProgram(optimized, donated);
    const mayFail = lowered.failures.length > 0;
    // arguments of a call that fails are what they were, so nothing may lie where they do
    if (mayFail && donated.includes(true)) lowered = lowerProgram(optimized);
    if (mayFail) requireImmediate(device, program);
    const { routine } = lowered;
    const free = mayFail ? [] : given;
    const code = backend === undefined ? device.compile(routine, free) : codeBy(backend, routine, free);
    return { code, run: makeRunner(device, code, routine, types, lowered) };
  };
  let made = make();
  const compileTime = now() - start;
  return {
    run(inputs) {
      for (;;) {
        try {
          return made.run(inputs);
        } catch (problem) {
          if (!(problem instanceof CapacityError)) throw problem;
          made.code.release();
          made = make();
        }
      }
    },
    backend: made.code.backend,
    size: () => made.code.size(),
    compileTime,
    drop: () => made.code.release(),
  };
}
