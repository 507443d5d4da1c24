import type { RaceChecker } from "./races.ts";

/** Counters of elements read, elements written, and float operations. Comparisons and conversions do not count. */
export interface AccessCounts {
  loads: number;
  stores: number;
  flops: number;
}

/** Observers of a run, for tests. The usual interpreter has none. */
export interface Observers {
  readonly counts?: AccessCounts;
  readonly races?: RaceChecker;
}
