import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Mpi } from "./mpi.ts";

/** More processors than machines have. */
const mostProcessors = 4096;

/**
 * How many processors there are for each rank on this machine: those that any of its ranks may use, shared out. Launchers that
 * bind a rank to some of them and launchers that do not give the same.
 */
export function coresPerRank(mpi: Mpi): number {
  const flags = new Int32Array(mostProcessors);
  for (const processor of allowedProcessors()) flags[processor] = 1;
  const ranks = mpi.amongNeighbours(flags);
  return Math.max(1, Math.floor(flags.reduce((sum, flag) => sum + flag, 0) / ranks));
}

/** The numbers of the processors that this process may use; where the system does not tell, the first of them. */
function allowedProcessors(): readonly number[] {
  let list: string | undefined;
  try {
    list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  } catch {
    // no Linux
  }
  const ranges = (list ?? `0-${availableParallelism() - 1}`).split(",");
  return ranges.flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}
