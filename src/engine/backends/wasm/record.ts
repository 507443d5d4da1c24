// Compiled routines as data that another process can run.
import type { Compiled } from "../../kernel/executable.ts";
import type { Routine } from "../../kernel/scalar.ts";
import type { RelocatableProgram } from "./emit/relocate.ts";
import { emitRelocatable, placeProgram } from "./emit/relocate.ts";
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

/** All that the bytes of a module depend on beside its routine. */
function targetOf(options: WasmOptions): string {
  const { threads, ...settings } = settingsOf(options);
  const { isShared } = wasmArena();
  return JSON.stringify({ ...settings, isShared, shares: isShared && threads > 1 });
}

/** Compiles a routine to data; `undefined` where it needs too much memory for that. */
export function recordWasm(routine: Routine, options: WasmOptions): WasmRecord | undefined {
  const program = emitRelocatable(routine, wasmArena().isShared, settingsOf(options));
  return program && { target: targetOf(options), program };
}

/**
 * A routine that was compiled to data, of which the statements are no longer needed; `undefined` where it was compiled for another
 * engine or other options.
 */
export function loadWasm(routine: Routine, record: WasmRecord, options: WasmOptions): Compiled | undefined {
  if (!canRunWasm() || record.target !== targetOf(options)) return undefined;
  const arena = wasmArena();
  return withModuleMemory(arena, (memory) => {
    const program = placeProgram(record.program, memory);
    const pool = program.shared && threadPool(settingsOf(options).threads, arena);
    return callableRoutine(routine, program, instantiate(program, arena, pool), memory);
  });
}
