import type { Backend } from "../../kernel/executable.ts";
import { wasmArena } from "./host/arena.ts";
import { callableProcedure, callableRoutine, instantiate } from "./host/call.ts";
import { wasmFeatures } from "./host/features.ts";
import { compileProcedure, compileRoutine } from "./emit/routine.ts";
import { functionLimits } from "./emit/tuning.ts";
import { withModuleMemory } from "./host/module-memory.ts";
import type { WasmObstacle } from "./host/state.ts";
import { hostState } from "./host/state.ts";
import { chunkWork, partLimit } from "./host/tuning.ts";
import { threadPool } from "./host/threads/pool.ts";
import type { EmitSettings } from "./emit/unit.ts";
import type { Peepholes } from "./engines/peepholes.ts";
import { peepholesFor } from "./engines/peepholes.ts";
import type { EngineTraits } from "./engines/peephole.ts";
import { engineOf } from "./host/engine.ts";
import type { WasmFeatures } from "./host/features.ts";

export { limitArena, wasmArena } from "./host/arena.ts";
export type { WasmObstacle } from "./host/state.ts";
export { wasmFeatures } from "./host/features.ts";
export { mostThreads } from "./emit/threads/layout.ts";
export { closePools, usefulThreads } from "./host/threads/pool.ts";

/** Options of a WebAssembly backend. The defaults suit the running engine and change no bit of any result. */
export type WasmOptions = Partial<Omit<EmitSettings, "peepholes">> & {
  readonly peepholes?: Partial<Peepholes>;
};

/** Complete code generation settings from options, for an engine (by default the running one). */
export function settingsOf(
  options: WasmOptions,
  engine: EngineTraits = engineOf(options.wide ?? false),
  { simd }: Pick<WasmFeatures, "simd"> = wasmFeatures(),
): EmitSettings {
  return {
    limit: partLimit,
    ...functionLimits,
    simd,
    relaxed: false,
    manyRegisters: engine.isRecent,
    wide: false,
    threads: 1,
    chunkWork,
    namesLocals: false,
    ...options,
    peepholes: { ...peepholesFor(engine), ...options.peepholes },
  };
}

/** Runs kernels as WebAssembly, with the interpreter's bits. Available only if `canRunWasm()`. */
export const wasmBackend: Backend = /* @__PURE__ */ makeWasmBackend();

/** Creates a backend with these settings. `relaxed: true` allows `mulAdd` and contractions to round once. */
export function makeWasmBackend(options: WasmOptions = {}): Backend {
  return {
    name: options.relaxed === true ? "wasm, relaxed" : "wasm",
    usesKernelMemory: true,
    compile(routine) {
      const arena = wasmArena();
      const settings = settingsOf(options);
      return withModuleMemory(arena, (memory) => {
        const program = compileRoutine(routine, memory, settings);
        const pool = program.shared && threadPool(settings.threads, arena);
        return callableRoutine(routine, program, instantiate(program, arena, pool), memory);
      });
    },
    moduleOf(routine) {
      return withModuleMemory(wasmArena(), (memory) => {
        const { bytes } = compileRoutine(routine, memory, settingsOf({ ...options, namesLocals: true }));
        memory.release();
        return bytes;
      });
    },
    compileProcedure(procedure) {
      const arena = wasmArena();
      return withModuleMemory(arena, (memory) => {
        const program = compileProcedure(procedure, memory, settingsOf(options));
        return callableProcedure(procedure, instantiate(program, arena));
      });
    },
  };
}

/**
 * Reason why WebAssembly is unavailable, if it is: the engine lacks it, compilation is forbidden (by a strict content
 * security policy), or there is no memory for it. Determined once, by allocating the memory of kernels.
 */
export function wasmObstacle(): WasmObstacle | undefined {
  const obstacle = (hostState.obstacle ??= findObstacle());
  return obstacle === "none" ? undefined : obstacle;
}

/** True if kernels can run as WebAssembly here. */
export function canRunWasm(): boolean {
  return wasmObstacle() === undefined;
}

function findObstacle(): WasmObstacle | "none" {
  if (typeof WebAssembly === "undefined") return "absent";
  try {
    void new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    return "forbidden";
  }
  try {
    wasmArena();
  } catch {
    return "memory";
  }
  return "none";
}
