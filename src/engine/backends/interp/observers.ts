import type { RaceChecker } from "./races.ts";

/** Numbers of elements read and written, and of float operations other than comparisons. */
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
