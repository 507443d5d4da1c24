import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What `downhill launch` tells the ranks that it starts, by variables of their environment. */
export const launchVariables = {
  /**
   * The signal to be taken for Ctrl-C: mpirun of Open MPI ends its ranks on Ctrl-C within half a second, without time to save
   * anything, and hands no such signal on.
   */
  interrupt: "DOWNHILL_INTERRUPT",
  /**
   * A folder in which each rank has a file, named by its number, until it ends in order: mpirun of MPICH sometimes ends with
   * exit code 0 where a rank was killed (7 times of 60 with version 4.2.1).
   */
  running: "DOWNHILL_RUNNING",
  /** How long a rank that ends out of order waits for the others, in milliseconds, in place of the usual 10 s. */
  patience: "DOWNHILL_PATIENCE",
} as const;

/** A signal that launchers hand on and that programs seldom use; Node keeps SIGUSR1 for itself. */
export const interruptStandIn = "SIGUSR2";

/** Does what the launcher asked of its ranks. The function that it gives is to be called when this one ends in order. */
export function heedLauncher(rank: number): () => void {
  if (process.env[launchVariables.interrupt] === interruptStandIn)
    process.on(interruptStandIn, () => process.kill(process.pid, "SIGINT"));
  const folder = process.env[launchVariables.running] ?? "";
  if (folder === "") return () => {};
  const file = join(folder, String(rank));
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}
