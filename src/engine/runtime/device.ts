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
import { addHolder } from "../kernel/reclaim.ts";
import type { Routine } from "../kernel/scalar.ts";
import { workOf } from "../codegen/cost.ts";
import { installedGenerator, startGeneration } from "./engine.ts";
import type { Heap } from "./heap.ts";
import { makeHeap } from "./heap.ts";
import { onGiveAway } from "./memory.ts";

/** How compiled functions run. */
export interface RuntimeOptions {
  /**
   * What kernels become. `auto` (default): WebAssembly for what computes on arrays and for long loops of functions such as
   * `sin`, JavaScript for what computes on a handful of numbers and, after a warning, for all where there is no WebAssembly; the
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
}

/** Options with their defaults; threads and memory go by the machine where they are not given. */
export type Choices = Required<Omit<RuntimeOptions, "threads" | "memoryLimit">> & RuntimeOptions;

let defaults: Choices = { backend: "auto", reproducible: false };
let options = defaults;

/** Operations on arrays that make WebAssembly worth its call. */
const wideWork = 4096;
/** Operations in calls of functions on numbers, some hundred calls, that make it so too: JavaScript boxes what they return. */
const calledWork = 2048;
/** Operations one after another on numbers that JavaScript has not, some thousand elements, that make it so too. */
const foreignWork = 2048;
/** Bytes of large arrays that may rest in the memory of kernels, and at most which part of its limit. */
const heapBudget = 64 * 2 ** 20;
const heapPart = 1 / 4;

/** These options and, where they are left out, their defaults. */
export function withDefaults(given: RuntimeOptions): Choices {
  return { ...defaults, ...given };
}

/** Compiles by these options from now on; what was compiled before is compiled again when it is called. */
export function setChoices(choices: Choices): void {
  options = choices;
  limitArena(choices.memoryLimit ?? Infinity);
  startAnew();
  closePools();
}

/** Has at most so many threads share long computations from now on, unless their number was or will be chosen. */
export function limitThreads(most: number): void {
  const threads = Math.min(most, usefulThreads());
  defaults = { ...defaults, threads };
  if (options.threads === undefined) setChoices({ ...options, threads });
}

/** Runs something by kernels that have the same bits on every machine. */
export function reproducibly<T>(run: () => T): T {
  if (options.reproducible || !(canRunWasm() && (wasmFeatures().relaxed || turbo.relaxed))) return run();
  const before = options;
  options = { ...before, reproducible: true };
  startAnew();
  try {
    return run();
  } finally {
    options = before;
    startAnew();
  }
}

/** How many threads share long computations, or would; one where they cannot share memory. */
export function threadCount(): number {
  if (!canRunWasm() || !wasmArena().isShared) return 1;
  return options.threads ?? usefulThreads();
}

/** What the engine was told to do beyond its defaults. */
let turbo = { wide: false, relaxed: false };

/** Notes that the engine's switches were changed; what was compiled before is compiled anew. */
/** Whether code is compiled in turbo mode. */
export function isTurbo(): boolean {
  return turbo.wide || turbo.relaxed;
}

export function setTurbo(mode: typeof turbo): void {
  turbo = mode;
  startAnew();
}

/** What was compiled before is out of date. */
function startAnew(): void {
  startGeneration();
  wasm = undefined;
}

let wasm: Backend | undefined;
let heap: Heap | undefined;

function wasmBackend(): Backend {
  const relaxed = (wasmFeatures().relaxed || turbo.relaxed) && !options.reproducible;
  return (wasm ??= makeWasmBackend({ relaxed, wide: turbo.wide, threads: threadCount() }));
}

/** The backend of a routine: by its work, and never by anything that changes from run to run. */
export function backendFor(routine: Routine): Backend {
  switch (options.backend) {
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
  const { wide, narrow, called, foreign } = workOf(routine);
  if (wide >= wideWork && wide >= narrow / 4) return true;
  if (foreign >= foreignWork && foreign >= (wide + narrow) / 8) return true;
  return called >= calledWork && called >= (wide + narrow) / 4;
}

let isWarned = false;

/** JavaScript is several times slower on arrays, interpreting some fifty times: say so, once. */
function warnOnce(obstacle: WasmObstacle, isGenerated: boolean): void {
  if (isWarned) return;
  isWarned = true;
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
export function residentHeap(): Heap | undefined {
  if (heap !== undefined) return heap;
  if (!canRunWasm()) return undefined;
  const arena = wasmArena();
  if (!arena.isShared) return undefined;
  const { tryAllocate, free, view } = arena;
  const made = makeHeap({ tryAllocate: (bytes) => tryAllocate(bytes, "results"), free, view }, () =>
    Math.min(heapBudget, heapPart * (options.memoryLimit ?? Infinity)),
  );
  onGiveAway((cell) => made.release(cell));
  addHolder({ giveBack: (bytes, place) => place === "kernels" && made.giveBack(bytes) }, true);
  return (heap = made);
}
