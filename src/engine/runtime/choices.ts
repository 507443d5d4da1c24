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
import type { Backend } from "../kernel/executable.ts";
import { addHolder, addReport } from "../kernel/reclaim.ts";
import type { Routine } from "../kernel/scalar.ts";
import { elementsMoved, workOf } from "../codegen/cost.ts";
import { currentDevice } from "./cpu.ts";
import type { Switches } from "./engine.ts";
import { engine, installedGenerator, startGeneration } from "./engine.ts";
import { ResultPool } from "./pool/result-pool.ts";

/** How compiled functions run. */
export interface RuntimeOptions {
  /**
   * What kernels become. `auto` (default): WebAssembly for what computes on arrays, takes or gives very many of them, for nests of loops and long
   * loops of functions such as `sin`, JavaScript for what computes on a handful of numbers and, after a warning, for all where there is no WebAssembly; the
   * interpreter where neither may be generated. The choice depends on the program alone.
   */
  readonly backend?: "auto" | "wasm" | "js" | "interpreter";
  /**
   * Whether results have the same bits on every machine and engine. Default false: where the processor multiplies and adds
   * in one step, products are rounded once, which is quicker and differs in the last bit.
   */
  readonly reproducible?: boolean;
  /**
   * How many threads share long loops and large products, the calling one among them: from 1, which starts none, to 32.
   * Default: as many as the machine has processors, but at most 8. They start after some 10 ms of work that could have been
   * shared, and end with the program; results have the same bits with any number. On pages that are not isolated from other
   * origins (headers `Cross-Origin-Opener-Policy: same-origin`, `Cross-Origin-Embedder-Policy: require-corp`) there is one.
   */
  readonly threads?: number;
  /**
   * The most bytes of memory that kernels share: for large results that rest there, copies of arguments, what functions compute
   * with, their constants, and threads. Arrays of JavaScript are not counted. Default: what the engine gives, at most 4 GiB. Where
   * it does not suffice, what no live tensor needs is given back, arrays at rest move to JavaScript, and functions that were
   * called longest ago are compiled again when they are called next; where even that does not help, a call throws `oom`.
   */
  readonly memoryLimit?: number;
  /**
   * Compares what is compiled with an oracle: the first call of each compiled function, or each call (`"always"`). Programs over tensors
   * are compared with the interpreter on the program as traced; plain functions with the JavaScript function, and their derivatives
   * with directional derivatives. A difference is an error of code `internal` that holds all that is needed to repeat it. Needs
   * `import "downhill/testing"`. Default: the environment variable `DOWNHILL_VERIFY`, else `"off"`.
   */
  readonly verify?: "off" | "first-call" | "always";
  /**
   * The most scalar operations of a comparison (10⁷). Functions that take more are compared with shorter loops where their
   * shapes allow it, and count as unverified in `stats()` otherwise.
   */
  readonly verifyBudget?: number;
}

/** Options with their defaults, but for those whose default depends on the machine or the environment. */
export type ResolvedOptions = Required<Pick<RuntimeOptions, "backend" | "reproducible">> & RuntimeOptions;

/** Operations on arrays that make WebAssembly worth its call. */
const wideWork = 4096;
/** Operations in calls of functions on numbers, some hundred calls, that make it so too: JavaScript boxes what they return. */
const calledWork = 2048;
/** Operations one after another on numbers that JavaScript has not, some thousand elements, that make it so too. */
const foreignWork = 2048;
/**
 * Operations one after another that make it so too where each element of the arrays that the routine takes or gives has its part in many
 * of them, as in nests of loops: alignments of two series of 60 take 0.62 of the time as JavaScript, mixtures of Gaussians 0.43. Below, copies
 * to and fro and the call, 1 to 2 µs, cost more.
 */
const nestedWork = 32_768;
const operationsPerElement = 256;
/**
 * Arrays that a routine takes or gives, beyond which engines leave its JavaScript unoptimised: a step of 150 arrays there and back took
 * 210 ns an array, as WebAssembly 78; of 100 arrays it took 62 and 80.
 */
const mostArrays = 128;
/** Bytes of large arrays that may rest in the memory of kernels, and at most which part of its limit. */
const poolBudget = 64 * 2 ** 20;
const poolPart = 1 / 4;

/** These options and, where they are left out, their defaults. */
export function withDefaults(given: RuntimeOptions): ResolvedOptions {
  return { backend: "auto", reproducible: false, ...engine.defaults, ...given };
}

/** Compiles by these options from now on; what was compiled before is compiled again when it is called. */
export function setChoices(choices: RuntimeOptions): void {
  engine.options = choices;
  engine.verifier = undefined;
  limitArena(choices.memoryLimit ?? Infinity);
  startGeneration();
  closePools();
}

/** Has at most so many threads share long computations from now on, unless their number was or will be chosen. */
export function limitThreads(most: number): void {
  const threads = Math.min(most, usefulThreads());
  engine.defaults = { ...engine.defaults, threads };
  if (engine.options.threads === undefined) setChoices({ ...engine.options, threads });
}

/** Runs something by kernels that have the same bits on every machine. */
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

/** Whether products that are added are rounded once by what is compiled now, which differs in the last bit. */
export function isRelaxed(): boolean {
  if (engine.options.reproducible === true || !canRunWasm()) return false;
  return wasmFeatures().relaxed || engine.switches?.relaxed === true;
}

/** How many threads share long computations, or would; one where they cannot share memory. */
export function threadCount(): number {
  if (!canRunWasm() || !wasmArena().isShared) return 1;
  return engine.options.threads ?? usefulThreads();
}

/** Whether code is compiled in turbo mode. */
export function isTurbo(): boolean {
  return engine.switches !== undefined && (engine.switches.wide || engine.switches.relaxed);
}

/** Notes that switches of the JavaScript engine were changed. */
export function setSwitches(switches: Switches): void {
  engine.switches = switches;
  startGeneration();
}

/** How WebAssembly is written. */
export function wasmChoices(): {
  readonly relaxed: boolean;
  readonly wide: boolean;
  readonly threads: number;
} {
  return { relaxed: isRelaxed(), wide: engine.switches?.wide === true, threads: threadCount() };
}

/** The backend that writes WebAssembly. Only where `canRunWasm()`. */
export function wasmBackend(): Backend {
  return (engine.wasm ??= makeWasmBackend(wasmChoices()));
}

/** The backend of a routine: by its work, and never by anything that changes from run to run. */
export function backendFor(routine: Routine): Backend {
  const { backend = "auto" } = engine.options;
  switch (backend) {
    case "wasm":
      return wasmBackend();
    case "js":
      return installedGenerator() ?? interpBackend; // `configure` has made sure of it
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

/** JavaScript is several times slower on arrays, interpreting some fifty times: say so, once. */
function warnOnce(obstacle: WasmObstacle, isGenerated: boolean): void {
  if (engine.hasWarned) return;
  engine.hasWarned = true;
  // oxlint-disable-next-line no-console -- the one place where a user is told
  console.warn(
    obstacle === "forbidden" && !isGenerated
      ? "downhill: this page's content security policy forbids generated code, so functions are interpreted, which is slow. " +
          "Allow 'wasm-unsafe-eval' in script-src to compile them to WebAssembly."
      : `downhill: ${causes[obstacle]}, so functions of arrays are ` +
          `${isGenerated ? "compiled to JavaScript" : "interpreted"}, which is ${isGenerated ? "several" : "some fifty"} times slower.`,
  );
}

const causes: Readonly<Record<WasmObstacle, string>> = {
  absent: "this engine runs without WebAssembly (Node does under --jitless)",
  forbidden: "WebAssembly may not be compiled here",
  memory:
    "the engine has no memory for WebAssembly: it may reserve too few addresses (ulimit -v; " +
    "node --disable-wasm-trap-handler asks for fewer)",
};

/** Where large results rest, if kernels share a memory whose growth leaves arrays valid. */
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
