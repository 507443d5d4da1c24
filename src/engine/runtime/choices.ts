import { interpBackend } from "../backends/interp/index.ts";
import {
  canRunWasm,
  closePools,
  limitArena,
  makeWasmBackend,
  usefulThreads,
  wasmArena,
  wasmFeatures,
  wasmObstacle,
} from "../backends/wasm/index.ts";
import type { WasmObstacle } from "../backends/wasm/index.ts";
import type { Backend, CompiledRoutine } from "../kernel/executable.ts";
import { addHolder, addReport } from "../kernel/reclaim.ts";
import type { Routine } from "../kernel/scalar.ts";
import { elementsMoved, workOf } from "../codegen/cost.ts";
import { currentDevice } from "./cpu.ts";
import type { Switches } from "./engine.ts";
import { engine, installedGenerator, startGeneration } from "./engine.ts";
import { ResultPool } from "./pool/result-pool.ts";

/** Options that determine how compiled functions run. */
export interface RuntimeOptions {
  /**
   * Target of kernels. `auto` (default) chooses by the program alone. It takes WebAssembly for work on arrays, calls
   * with very many arrays, loop nests, and long loops of functions such as `sin`. It takes JavaScript for work on a few
   * numbers. Without WebAssembly, `auto` warns once and uses JavaScript for everything, or the interpreter if code
   * generation is forbidden.
   */
  readonly backend?: "auto" | "wasm" | "js" | "interpreter";
  /**
   * Whether results have the same bits on every machine and engine. Default false: if the processor has fused
   * multiply-add, a product that is added is rounded once, which is faster and may change the last bit.
   */
  readonly reproducible?: boolean;
  /**
   * Number of threads, including the calling one, that share long loops and large products: 1 (no workers) to 32.
   * Default: the number of processors, at most 8. The threads start after about 10 ms of work that could have been
   * shared, and end with the program. Results have the same bits with any number. Pages without cross-origin isolation
   * (headers `Cross-Origin-Opener-Policy: same-origin`, `Cross-Origin-Embedder-Policy: require-corp`) have one thread.
   */
  readonly threads?: number;
  /**
   * Maximum size in bytes of the memory that kernels share. It holds large results, copies of arguments, temporaries,
   * constants, and data of threads; JavaScript arrays do not count. Default: the engine's maximum, at most 4 GiB. When
   * the memory is full, downhill frees the memory of dead tensors and moves pooled arrays to JavaScript. It also drops
   * the least recently called functions, which are recompiled at their next call. If that does not suffice, the call
   * throws `oom`.
   */
  readonly memoryLimit?: number;
  /**
   * Compares compiled code with an oracle: at the first call of each compiled function, or at each call (`"always"`).
   * The oracle of tensor programs is the interpreter on the program as traced. Plain functions are compared with the
   * JavaScript function, and their derivatives with directional derivatives. A difference throws code `internal`, with
   * all the data that reproduces it. Needs `import "downhill/testing"`. Default: the environment variable
   * `DOWNHILL_VERIFY`, else `"off"`.
   */
  readonly verify?: "off" | "first-call" | "always";
  /**
   * Maximum number of scalar operations per comparison (default 10⁷). More expensive functions are compared with
   * shorter loops if their shapes allow it; otherwise `stats()` counts them as unverified.
   */
  readonly verifyBudget?: number;
}

/** Options with defaults filled in, except those whose default depends on the machine or the environment. */
export type ResolvedOptions = Required<Pick<RuntimeOptions, "backend" | "reproducible">> & RuntimeOptions;

/** Minimum number of array operations for which WebAssembly repays the cost of its call. */
const wideWork = 4096;
/**
 * Minimum number of operations inside calls of scalar functions (a few hundred calls) for which WebAssembly pays,
 * because JavaScript boxes the numbers that functions return.
 */
const calledWork = 2048;
/**
 * Minimum number of sequential operations that JavaScript does not support directly (about a thousand elements) for
 * which WebAssembly pays.
 */
const foreignWork = 2048;
/**
 * Minimum number of sequential operations for which WebAssembly pays if each element of the inputs and outputs takes
 * part in many of them, as in loop nests. Aligning two series of length 60 takes 0.62 of the JavaScript time, mixtures
 * of Gaussians 0.43. Below this limit, the copies and the call (1 to 2 µs) cost more than they save.
 */
const nestedWork = 32_768;
const operationsPerElement = 256;
/**
 * Maximum number of input and output arrays for which the generated JavaScript is used: with more, engines leave it
 * unoptimised. A step of 60 arrays took 256 ns per array in JavaScript and 73 ns in WebAssembly; one of 40 arrays took
 * 56 and 72 ns.
 */
const mostArrays = 40;
/** Maximum bytes of large arrays in kernel memory, and the maximum fraction of `memoryLimit` for them. */
const poolBudget = 64 * 2 ** 20;
const poolPart = 1 / 4;

/** Fills in the defaults of options that are left out. */
export function withDefaults(given: RuntimeOptions): ResolvedOptions {
  return { backend: "auto", reproducible: false, ...engine.defaults, ...given };
}

/** Sets the options for all later compilations. Functions compiled before are recompiled at their next call. */
export function setChoices(choices: RuntimeOptions): void {
  engine.options = choices;
  engine.verifier = undefined;
  limitArena(choices.memoryLimit ?? Infinity);
  startGeneration();
  closePools();
}

/** Limits the default number of threads to `most`. An explicit `threads` option keeps precedence. */
export function limitThreads(most: number): void {
  const threads = Math.min(most, usefulThreads());
  engine.defaults = { ...engine.defaults, threads };
  if (engine.options.threads === undefined) setChoices({ ...engine.options, threads });
}

/** Calls `run` with kernels that have the same bits on every machine. */
export function reproducibly<T>(run: () => T): T {
  if (currentDevice().bits === "exact" || engine.options.reproducible === true) return run();
  const before = engine.options;
  engine.options = { ...before, reproducible: true };
  startGeneration();
  try {
    return run();
  } finally {
    engine.options = before;
    startGeneration();
  }
}

/** True if code compiled now uses fused multiply-add, which may differ in the last bit. */
export function isRelaxed(): boolean {
  if (engine.options.reproducible === true || !canRunWasm()) return false;
  return wasmFeatures().relaxed || engine.switches?.relaxed === true;
}

/** Number of threads for long computations; 1 if threads cannot share memory. */
export function threadCount(): number {
  if (!canRunWasm() || !wasmArena().isShared) return 1;
  return engine.options.threads ?? usefulThreads();
}

/** True if code is compiled in turbo mode. */
export function isTurbo(): boolean {
  return engine.switches !== undefined && (engine.switches.wide || engine.switches.relaxed);
}

/** Stores the engine switches that `enableTurbo` has set, and invalidates compiled code. */
export function setSwitches(switches: Switches): void {
  engine.switches = switches;
  startGeneration();
}

/** Options of the WebAssembly code generator: fused multiply-add, 256-bit vectors, and the number of threads. */
export function wasmChoices(): {
  readonly relaxed: boolean;
  readonly wide: boolean;
  readonly threads: number;
} {
  return { relaxed: isRelaxed(), wide: engine.switches?.wide === true, threads: threadCount() };
}

/** Returns the WebAssembly backend, created on first use. Requires `canRunWasm()`. */
export function wasmBackend(): Backend {
  return (engine.wasm ??= makeWasmBackend(wasmChoices()));
}

/** Chooses the backend of a routine by its work only, never by state that changes from run to run. */
export function backendFor(routine: Routine): Backend {
  const { backend = "auto" } = engine.options;
  switch (backend) {
    case "wasm":
      return wasmBackend();
    case "js":
      return installedGenerator() ?? interpBackend; // `configure` has checked it
    case "interpreter":
      return interpBackend;
    case "auto": {
      const generator = installedGenerator();
      if (generator !== undefined && !isForWasm(routine)) return generator;
      const obstacle = wasmObstacle();
      if (obstacle === undefined) return wasmBackend();
      warnOnce(obstacle, generator !== undefined);
      return generator ?? interpBackend;
    }
  }
}

/** Compiles a routine for the processor, outside of any cache. */
export function compileRoutine(routine: Routine): CompiledRoutine {
  return backendFor(routine).compile(routine);
}

function isForWasm(routine: Routine): boolean {
  for (const list of [routine.inputs, routine.outputs])
    if (list.length > mostArrays && list.filter(({ kind }) => kind === "buffer").length > mostArrays)
      return true;
  const { wide, narrow, called, foreign } = workOf(routine);
  if (wide >= wideWork && wide >= narrow / 4) return true;
  const all = wide + narrow;
  if (all >= nestedWork && all >= operationsPerElement * elementsMoved(routine)) return true;
  if (foreign >= foreignWork && foreign >= all / 8) return true;
  return called >= calledWork && called >= all / 4;
}

/**
 * Warns once that there is no WebAssembly: JavaScript is several times slower on arrays, the interpreter about fifty
 * times.
 */
function warnOnce(obstacle: WasmObstacle, isGenerated: boolean): void {
  if (engine.hasWarned) return;
  engine.hasWarned = true;
  // oxlint-disable-next-line no-console -- the one place where a user is told
  console.warn(
    obstacle === "forbidden" && !isGenerated
      ? "downhill: this page's content security policy forbids generated code, so functions are interpreted, which is slow. " +
          "Allow 'wasm-unsafe-eval' in script-src to compile them to WebAssembly."
      : `downhill: ${causes[obstacle]}, so functions of arrays are ` +
          `${isGenerated ? "compiled to JavaScript" : "interpreted"}, which is ${isGenerated ? "several" : "about fifty"} times slower.`,
  );
}

const causes: Readonly<Record<WasmObstacle, string>> = {
  absent: "this engine runs without WebAssembly (Node does under --jitless)",
  forbidden: "WebAssembly may not be compiled here",
  memory:
    "the engine has no memory for WebAssembly: it may reserve too few addresses (ulimit -v; " +
    "node --disable-wasm-trap-handler reserves fewer)",
};

/**
 * Returns the pool of large results, created on first use. Undefined without WebAssembly, and if kernel memory is not
 * shared, because arrays would become invalid when it grows.
 */
export function resultPool(): ResultPool | undefined {
  if (engine.pool !== undefined) return engine.pool;
  if (!canRunWasm()) return undefined;
  const arena = wasmArena();
  if (!arena.isShared) return undefined;
  const { tryAllocate, free, view } = arena;
  const pool = new ResultPool({ tryAllocate: (bytes) => tryAllocate(bytes, "results"), free, view }, () =>
    Math.min(poolBudget, poolPart * (engine.options.memoryLimit ?? Infinity)),
  );
  addHolder({ giveBack: (bytes, place) => place === "kernels" && pool.giveBack(bytes) }, true);
  addReport(() => pool.describe());
  return (engine.pool = pool);
}
