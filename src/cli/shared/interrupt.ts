/** Handling of signals that ask the process to end: Ctrl-C, a request of the system, or a closed terminal. */
export interface Interruption {
  /** Abort signal that the first received signal triggers. */
  readonly signal: AbortSignal;
  /** Returns the exit code for the received signal; `undefined` before one was received. */
  readonly exitCode: () => number | undefined;
  /** Restores the default handling of signals. */
  dispose(): void;
}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const; // 128 and the number of the signal
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns the first signal that asks the process to end into an abort; a second signal ends the process at once. */
export function onInterrupt(announce: () => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handle = (name: NodeJS.Signals): void => {
    const code = exitCodes[name as (typeof signals)[number]];
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    announce();
    controller.abort();
  };
  for (const name of signals) process.on(name, handle);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose() {
      for (const name of signals) process.off(name, handle);
    },
  };
}
