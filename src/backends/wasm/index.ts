import type { Backend } from "../../kernel/executable.ts";
import { wasmArena } from "./arena.ts";
import { callableProcedure, callableRoutine, instantiate } from "./call.ts";
import { wasmFeatures } from "./features.ts";
import { compileProcedure, compileRoutine } from "./routine.ts";
import { threadPool } from "./threads/pool.ts";
import type { Settings } from "./unit.ts";

export { wasmArena } from "./arena.ts";
export { wasmFeatures } from "./features.ts";
export { mostThreads } from "./threads/layout.ts";
export { closePools, usefulThreads } from "./threads/pool.ts";

/** Choices of a WebAssembly backend. Those left out are what is quickest here without changing a bit. */
export type WasmOptions = Partial<Settings>;

/** Weight that one function may have before it is cut into parts. */
const partLimit = 3000;

/** Work, in weight, that one call of a kernel does. */
const chunkWork = 65536;

function settingsOf(options: WasmOptions): Settings {
  const { simd } = wasmFeatures();
  const isRecent = "Float16Array" in globalThis; // V8 from Node 24 on, and others of that time
  return {
    limit: partLimit,
    simd,
    relaxed: false,
    loadConstants: isRecent,
    manyRegisters: isRecent,
    wide: false,
    threads: 1,
    chunkWork,
    ...options,
  };
}

/** Runs kernels as WebAssembly, with the interpreter's bits. Only where `canRunWasm()`. */
export const wasmBackend: Backend = /* @__PURE__ */ makeWasmBackend();

/** A backend that generates code by these settings; `relaxed: true` lets `mulAdd` and contractions round once. */
export function makeWasmBackend(options: WasmOptions = {}): Backend {
  return {
    name: options.relaxed === true ? "wasm, relaxed" : "wasm",
    usesKernelMemory: true,
    compile(routine) {
      const arena = wasmArena();
      const settings = settingsOf(options);
      const program = compileRoutine(routine, arena, settings);
      const pool = program.shared && threadPool(settings.threads, arena);
      const run = instantiate(program, arena, pool);
      return callableRoutine(routine, program, run, arena);
    },
    moduleOf(routine) {
      const arena = wasmArena();
      const program = compileRoutine(routine, arena, settingsOf(options));
      for (const address of program.regions) arena.free(address);
      return program.bytes;
    },
    compileProcedure(procedure) {
      const arena = wasmArena();
      const program = compileProcedure(procedure, arena, settingsOf(options));
      return callableProcedure(procedure, instantiate(program, arena));
    },
  };
}

let isAllowed: boolean | undefined;

/** Whether there is WebAssembly and it may be compiled here: strict content security policies forbid it. */
export function canRunWasm(): boolean {
  return (isAllowed ??= tryToCompile());
}

function tryToCompile(): boolean {
  try {
    const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    return (
      typeof WebAssembly !== "undefined" && new WebAssembly.Module(emptyModule) instanceof WebAssembly.Module
    );
  } catch {
    return false;
  }
}
