import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noProgress, type RankProgress, progressIn } from "./progress.ts";

/** Environment variables by which `downhill launch` configures the ranks that it starts. */
export const launchVariables = {
  /**
   * Signal to treat like Ctrl-C. On Ctrl-C, mpirun of Open MPI ends its ranks within half a second, without time to
   * save anything, and does not forward the signal.
   */
  interrupt: "DOWNHILL_INTERRUPT",
  /**
   * Folder in which each rank has a file, named by its number, until it ends in order. It is needed because mpirun of
   * MPICH sometimes ends with exit code 0 after a rank was killed (7 of 60 times with version 4.2.1). The file counts
   * the rank's calls, from which a rank that leaves knows whether others wait for it.
   */
  running: "DOWNHILL_RUNNING",
  /**
   * Set if the output of the ranks does not reach a terminal. Under Open MPI their own standard output is a terminal
   * even then.
   */
  noTerminal: "DOWNHILL_NO_TERMINAL",
  /**
   * Set for ranks whose module `watchExit` reports an end before MPI was opened. Their child processes do not have it.
   */
  watched: "DOWNHILL_WATCHED",
  /**
   * Time in milliseconds for which a rank that does not end in order waits for the others, instead of the default of 10
   * s.
   */
  patience: "DOWNHILL_PATIENCE",
} as const;

/** A signal that launchers forward and programs rarely use; Node reserves SIGUSR1. */
export const interruptStandIn = "SIGUSR2";

/** Prefixes of files in the folder of a run that report the state of ranks that have not opened MPI. */
export const beforeOpening = { opening: "opening-", gone: "gone-" } as const;

/**
 * Reports to the launcher that this rank is about to open MPI, which waits for all ranks. The caller must call the
 * result when MPI is open, or failed to open.
 */
export function announceOpening(rank: number | undefined): () => void {
  const folder = process.env[launchVariables.running] ?? "";
  if (folder === "" || rank === undefined) return () => {};
  const file = join(folder, `${beforeOpening.opening}${rank}`);
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}

/** Applies the settings of the launcher. The caller must call `end` of the result when this rank ends as intended. */
export function heedLauncher(rank: number, size: number): RankProgress {
  if (process.env[launchVariables.interrupt] === interruptStandIn)
    process.on(interruptStandIn, () => process.kill(process.pid, "SIGINT"));
  const folder = process.env[launchVariables.running] ?? "";
  return folder === "" ? noProgress : progressIn(folder, rank, size);
}
