/**
 * mpirun of Open MPI ends its ranks on Ctrl-C within half a second, without time to save anything, and hands no such signal on.
 * So `downhill launch` sends it one that it does hand on, and ranks that it started, which the variable tells, take that for Ctrl-C.
 */
export const interruptStandIn = { variable: "DOWNHILL_INTERRUPT", signal: "SIGUSR2" } as const;

/** Has this process take the signal in place of Ctrl-C for Ctrl-C, if it was started so. */
export function heedStandIn(): void {
  const { variable, signal } = interruptStandIn;
  if (process.env[variable] === signal) process.on(signal, () => process.kill(process.pid, "SIGINT"));
}
