// Compiled routines as data that another process can run.
import type { CompiledRoutine } from "../../kernel/executable.ts";
import type { Routine } from "../../kernel/scalar.ts";
import type { RelocatableProgram } from "./emit/relocate.ts";
import { emitRelocatable, placeProgram } from "./emit/relocate.ts";
import type { EmitSettings } from "./emit/unit.ts";
import { wasmArena } from "./host/arena.ts";
import { callableRoutine, instantiate } from "./host/call.ts";
import { withModuleMemory } from "./host/module-memory.ts";
import { threadPool } from "./host/threads/pool.ts";
import type { WasmOptions } from "./index.ts";
import { canRunWasm, settingsOf } from "./index.ts";

/** A routine as a module that fits to any memory, for engines of one kind. */
export interface WasmRecord {
  /** What the engine, the memory and the options had to be alike in. */
  readonly target: string;
  readonly program: RelocatableProgram;
}

/** What code is written for. */
export interface WasmTarget {
  readonly settings: EmitSettings;
  /** Whether several threads have the memory. */
  readonly isShared: boolean;
}

/** The engine and the memory that run us, by these options. */
export function ownTarget(options: WasmOptions): WasmTarget {
  return { settings: settingsOf(options), isShared: wasmArena().isShared };
}

/** V8 of the last years, in pages that are not isolated from other origins, as most are. */
export function pageTarget(reproducible: boolean): WasmTarget {
  const engine = { isRecent: true, wide: false, mayWiden: true };
  return {
    settings: settingsOf({ relaxed: !reproducible, wide: false, threads: 1 }, engine, { simd: true }),
    isShared: false,
  };
}

/** All that the bytes of a module depend on beside its routine. */
function textOf({ settings: { threads, ...settings }, isShared }: WasmTarget): string {
  return JSON.stringify({ ...settings, isShared, shares: isShared && threads > 1 });
}

/** Compiles a routine to data; `undefined` where it needs too much memory for that. */
export function recordWasm(routine: Routine, target: WasmTarget): WasmRecord | undefined {
  const program = emitRelocatable(routine, target.isShared, target.settings);
  return program && { target: textOf(target), program };
}

/**
 * A routine that was compiled to data, of which the statements are no longer needed; `undefined` where it was compiled for another
 * engine or other options.
 */
export function loadWasm(
  routine: Routine,
  record: WasmRecord,
  options: WasmOptions,
): CompiledRoutine | undefined {
  if (!canRunWasm() || record.target !== textOf(ownTarget(options))) return undefined;
  const arena = wasmArena();
  return withModuleMemory(arena, (memory) => {
    const program = placeProgram(record.program, memory);
    const pool = program.shared && threadPool(settingsOf(options).threads, arena);
    return callableRoutine(routine, program, instantiate(program, arena, pool), memory);
  });
}
