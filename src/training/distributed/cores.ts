import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Mpi } from "./mpi.ts";

/** Upper bound of the number of processors of a machine. */
const mostProcessors = 4096;

/**
 * Returns the number of processors per rank on this machine: those that any of its ranks may use, divided by the number
 * of ranks. The result does not depend on whether the launcher binds ranks to processors.
 */
export function coresPerRank(mpi: Mpi): number {
  const flags = new Int32Array(mostProcessors);
  for (const processor of allowedProcessors()) flags[processor] = 1;
  const ranks = mpi.amongNeighbours(flags);
  return Math.max(1, Math.floor(flags.reduce((sum, flag) => sum + flag, 0) / ranks));
}

/**
 * Returns the numbers of the processors that this process may use. If the system does not report them (only Linux
 * does), returns 0, 1, 2, … up to the number that Node reports.
 */
function allowedProcessors(): readonly number[] {
  let list: string | undefined;
  try {
    list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  } catch {
    // not Linux
  }
  const ranges = (list ?? `0-${availableParallelism() - 1}`).split(",");
  return ranges.flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
