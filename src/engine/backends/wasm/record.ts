// Serialises compiled routines so that another process can run them.
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

/** Relocatable module of a routine, for one kind of engine. */
export interface WasmRecord {
  /** Key of the engine, memory and options that it was compiled for. */
  readonly target: string;
  readonly program: RelocatableProgram;
}

/** Target of code generation. */
export interface WasmTarget {
  readonly settings: EmitSettings;
  /** True if several threads share the memory. */
  readonly isShared: boolean;
}

/** Returns the target for the running engine and its memory, with these options. */
export function ownTarget(options: WasmOptions): WasmTarget {
  return { settings: settingsOf(options), isShared: wasmArena().isShared };
}

/** Returns the target for recent V8 in pages without cross-origin isolation, which most pages lack. */
export function pageTarget(reproducible: boolean): WasmTarget {
  const engine = { isRecent: true, wide: false, mayWiden: true };
  return {
    settings: settingsOf({ relaxed: !reproducible, wide: false, threads: 1 }, engine, { simd: true }),
    isShared: false,
  };
}

/** Serialises a target as a key. It contains everything that the bytes of a module depend on, except the routine. */
function textOf({ settings: { threads, ...settings }, isShared }: WasmTarget): string {
  return JSON.stringify({ ...settings, isShared, shares: isShared && threads > 1 });
}

/** Compiles a routine to a record; `undefined` if the routine needs too much memory for a relocatable module. */
export function recordWasm(routine: Routine, target: WasmTarget): WasmRecord | undefined {
  const program = emitRelocatable(routine, target.isShared, target.settings);
  return program && { target: textOf(target), program };
}

/**
 * Restores a routine from its record, without its statements. Returns `undefined` if the record was compiled for
 * another engine or other options, or if this engine cannot run WebAssembly.
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
