import type { Arena } from "./arena.ts";
import type { WasmFeatures } from "./features.ts";
import type { ThreadPool } from "./threads/pool.ts";

/** Why there is no WebAssembly: see `wasmObstacle`. */
export type WasmObstacle = "absent" | "forbidden" | "memory";

/** What all executables have in common. One record, so that whoever owns an engine can own it. */
export interface HostState {
  /** What the engine can do, and what stands in the way of WebAssembly; found out once. */
  features: WasmFeatures | undefined;
  obstacle: WasmObstacle | "none" | undefined;
  /** The one memory, and how many bytes it may grow to. */
  arena: Arena | undefined;
  arenaLimit: number;
  /** Threads, by how many there are to be. */
  readonly pools: Map<number, ThreadPool>;
  /** Whether it was told that there are addresses for too few threads. */
  hasWarned: boolean;
  /** Whether this thread may wait for others: that of a page may not. Found out once. */
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
