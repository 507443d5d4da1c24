import type { Arena } from "./arena.ts";
import type { WasmFeatures } from "./features.ts";
import type { ThreadPool } from "./threads/pool.ts";

/** Reason why WebAssembly is unavailable; see `wasmObstacle`. */
export type WasmObstacle = "absent" | "forbidden" | "memory";

/** State that all executables share. It is one record, so that the owner of the engine can also own this state. */
export interface HostState {
  /** Features of the engine, determined once. */
  features: WasmFeatures | undefined;
  /** Reason why WebAssembly is unavailable, determined once. */
  obstacle: WasmObstacle | "none" | undefined;
  /** The WebAssembly memory, shared by all executables. */
  arena: Arena | undefined;
  /** Maximum size of the memory in bytes. */
  arenaLimit: number;
  /** Thread pools by number of threads. */
  readonly pools: Map<number, ThreadPool>;
  /** True after the warning that address space suffices for fewer threads than requested. */
  hasWarned: boolean;
  /** True if this thread may block, which the main thread of a page may not. Determined once. */
  maySleep: boolean | undefined;
}

export const hostState: HostState = {
  features: undefined,
  obstacle: undefined,
  arena: undefined,
  arenaLimit: Infinity,
  pools: new Map(),
  hasWarned: false,
  maySleep: undefined,
};
