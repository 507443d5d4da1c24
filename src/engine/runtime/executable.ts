import { canRunWasm, wasmArena } from "../backends/wasm/index.ts";
import { hashProgram } from "../ir/hash.ts";
import { identityOf } from "../ir/key.ts";
import type { Program } from "../ir/program.ts";
import type { ConcreteValue } from "../ir/storage.ts";
import type { Backend } from "../kernel/executable.ts";
import { addHolder } from "../kernel/reclaim.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import { now } from "../util/now.ts";
import type { Device, DeviceCode } from "./device.ts";
import { codeBy, cpu, currentDevice } from "./cpu.ts";
import { engine } from "./engine.ts";
import type { Executable } from "./run.ts";
import { makeRunner, CapacityError } from "./run.ts";
import { requireImmediate, requireTypes } from "./transfer.ts";
import type { WatchedProgram } from "./verify.ts";
import { currentVerifier } from "./verify.ts";

/**
 * A program to compile. `donated` marks inputs that the code may overwrite. `given` marks inputs whose memory results
 * may reuse.
 */
export interface Recipe {
  readonly program: Program;
  readonly donated: readonly boolean[];
  readonly given: readonly boolean[];
  /** The device that runs the program; undefined for the current one. */
  readonly device?: Device | undefined;
}

/** Code of a program that was compiled without use of the cache. */
interface Compilation extends Executable {
  /** Frees the memory of the code, which cannot run afterwards. */
  readonly drop: () => void;
}

/** Cache entry shared by the executables of structurally equal programs. */
interface CachedProgram extends WatchedProgram {
  readonly key: string;
  readonly backend: string;
  readonly compileTime: number;
  /** The compiled code, with `run` equal to `made.run`; undefined after the code was dropped. */
  made: Compilation | undefined;
  run: Executable["run"] | undefined;
  /** Estimated size in bytes of the cached code (`bytesOf`). */
  readonly bytes: number;
  /** True if the program has run since the scan for programs to evict last passed it. */
  wasUsed: boolean;
}

/** Maximum number of cached programs; the least recently used one is evicted first. */
const mostKept = 1024;
/** Maximum total size in bytes of cached programs, as estimated by `bytesOf`. */
const mostBytes = 256 * 2 ** 20;
/**
 * Resident bytes per compiled program besides its kernel memory. Measured on 150 to 600 programs in Node 20: 82 kB for
 * a sum and 215 kB for a training step with 12.6 kB of code. The gradient of 200 functions as text, with 55 kB of code,
 * takes 657 kB.
 */
const bytesPerProgram = 64_000;
const bytesPerByteOfCode = 12;

/** Number of programs compiled so far, number of programs in the cache, and their estimated bytes. For tests. */
export function compilationStats(): {
  readonly compiled: number;
  readonly kept: number;
  readonly bytes: number;
} {
  const { kept = 0, bytes = 0 } = engine.programs?.stats() ?? {};
  return { compiled: engine.compilations, kept, bytes };
}

/**
 * Returns the executable of a program. Structurally equal programs share one compilation. `donated` marks inputs that
 * the code may overwrite, `given` inputs whose memory results may reuse. The cache may drop code that is not running
 * when the cache is full, when memory is needed, or when settings change. Dropped code is compiled again at the next
 * call.
 */
export function executableOf(
  program: Program,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
  device?: Device,
): Executable {
  engine.programs ??= makeProgramCache();
  return engine.programs.executableOf({ program, donated, given, device });
}

/** Compiled programs keyed by structure, bounded in number and in bytes. */
export interface ProgramCache {
  readonly executableOf: (recipe: Recipe) => Executable;
  /** Number of cached programs and their estimated bytes. */
  readonly stats: () => { readonly kept: number; readonly bytes: number };
  /** Drops all code. */
  readonly clear: () => void;
}

function makeProgramCache(): ProgramCache {
  const byKey = new Map<string, CachedProgram>(); // most recently compiled or skipped last
  let running: CachedProgram | undefined; // runs now or ran last; its memory must not be freed meanwhile
  let bytesKept = 0;

  const drop = (code: CachedProgram): void => {
    byKey.delete(code.key);
    bytesKept -= code.bytes;
    code.made?.drop();
    code.made = undefined;
    code.run = undefined;
  };
  /** Yields entries to evict (second-chance order): an entry that ran since the last scan is skipped once. */
  function* idle(): Iterable<CachedProgram> {
    for (const code of byKey.values()) {
      if (code === running) continue;
      if (code.wasUsed) {
        code.wasUsed = false;
        byKey.delete(code.key);
        byKey.set(code.key, code); // moves to the end and is visited again
      } else yield code;
    }
  }
  /** Evicts entries until `bytes` of kernel memory are free, all if infinite. Returns whether one was evicted. */
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
  /** Evicts entries beyond the limits, except the latest. */
  const dropSurplus = (latest: CachedProgram): void => {
    const isOverLimit = (): boolean => byKey.size > mostKept || bytesKept > mostBytes;
    if (!isOverLimit()) return;
    for (const code of idle()) {
      if (code !== latest) drop(code);
      if (!isOverLimit()) return;
    }
  };
  /** Returns the cache entry of a program, which is compiled if the cache does not contain it. */
  const codeOf = (recipe: Recipe): CachedProgram => {
    running = undefined; // nothing runs during compilation
    const key = keyOf(recipe);
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const made = compileProgram(recipe.program, undefined, recipe.donated, recipe.given, recipe.device);
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
    currentVerifier().watchProgram?.(code, recipe, recipe.device ?? currentDevice());
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
        run(inputs: readonly ConcreteValue[], captured?: number) {
          if (code.run === undefined) code = codeOf(recipe);
          if (running !== code) {
            running = code;
            code.wasUsed = true;
          }
          return code.run!(inputs, captured);
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
        prepare: async () => (code.run === undefined ? (code = codeOf(recipe)) : code).made!.prepare?.(),
      };
    },
    stats: () => ({ kept: byKey.size, bytes: bytesKept }),
    clear() {
      for (const code of byKey.values()) drop(code);
    },
  };
}

function keyOf({ program, donated, given, device }: Recipe): string {
  const on = device === undefined ? "" : `on ${identityOf(device)} `;
  return `${on}${hashProgram(program)} ${donated.includes(true) ? donated.join() : ""} ${given.join()}`;
}

/** Estimates the bytes that a compiled program retains, without memory shared with other programs. */
function bytesOf({ size }: Compilation): number {
  const { codeBytes = 0, ownBytes = 0 } = size() ?? {};
  return bytesPerProgram + bytesPerByteOfCode * codeBytes + ownBytes;
}

/**
 * Compiles a program for the current device, or by the given backend of the processor. Bypasses the cache.
 *
 * @throws DownhillError `dtype` for a dtype that the device does not support.
 */
export function compileProgram(
  program: Program,
  backend?: Backend,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
  chosen?: Device,
): Compilation {
  engine.compilations++;
  const start = now();
  const device = backend === undefined ? (chosen ?? currentDevice()) : cpu;
  if (device !== cpu) requireTypes(device, program);
  const optimized = optimize(program);
  const types = program.outs.map((v) => v.type);
  const make = (): Pick<Compilation, "run"> & { readonly code: DeviceCode } => {
    let lowered = lowerProgram(optimized, donated);
    const mayFail = lowered.failures.length > 0;
    // the arguments of a failed call must be unchanged, so no result may reuse their memory
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
    run(inputs, captured) {
      for (;;) {
        try {
          return made.run(inputs, captured);
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
    prepare: () => made.code.prepare?.() ?? Promise.resolve(),
    drop: () => made.code.release(),
  };
}
