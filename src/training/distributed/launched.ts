import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noProgress, type RankProgress, progressIn } from "./progress.ts";

/** What `downhill launch` tells the ranks that it starts, by variables of their environment. */
export const launchVariables = {
  /**
   * The signal to be taken for Ctrl-C: mpirun of Open MPI ends its ranks on Ctrl-C within half a second, without time to save
   * anything, and hands no such signal on.
   */
  interrupt: "DOWNHILL_INTERRUPT",
  /**
   * A folder in which each rank has a file, named by its number, until it ends in order: mpirun of MPICH sometimes ends with
   * exit code 0 where a rank was killed (7 times of 60 with version 4.2.1). The file counts its calls, by which a rank that leaves knows
   * whether others wait for it.
   */
  running: "DOWNHILL_RUNNING",
  /** Set if what the ranks write does not reach a terminal. Under Open MPI their own standard output is one all the same. */
  noTerminal: "DOWNHILL_NO_TERMINAL",
  /** Set for ranks whose module `watchExit` reports an end before MPI was opened. Their own children do not have it. */
  watched: "DOWNHILL_WATCHED",
  /** How long a rank that ends out of order waits for the others, in milliseconds, in place of the usual 10 s. */
  patience: "DOWNHILL_PATIENCE",
} as const;

/** A signal that launchers hand on and that programs seldom use; Node keeps SIGUSR1 for itself. */
export const interruptStandIn = "SIGUSR2";

/** Names of files in the folder of a run that tell the launcher where ranks are which have not opened MPI. */
export const beforeOpening = { opening: "opening-", gone: "gone-" } as const;

/**
 * Reports to the launcher that this rank is about to open MPI, which waits for all ranks. The result is to be called when it is open, or has
 * failed to.
 */
export function announceOpening(rank: number | undefined): () => void {
  const folder = process.env[launchVariables.running] ?? "";
  if (folder === "" || rank === undefined) return () => {};
  const file = join(folder, `${beforeOpening.opening}${rank}`);
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}

/** Does what the launcher asked of its ranks. `end` of the result is to be called when this rank ends in order. */
export function heedLauncher(rank: number, size: number): RankProgress {
  if (process.env[launchVariables.interrupt] === interruptStandIn)
    process.on(interruptStandIn, () => process.kill(process.pid, "SIGINT"));
  const folder = process.env[launchVariables.running] ?? "";
  return folder === "" ? noProgress : progressIn(folder, rank, size);
}
