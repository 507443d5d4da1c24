/** Ctrl-C, and the wish of the system that the process end. */
export interface Interruption {
  /** Raised by the first signal. */
  readonly signal: AbortSignal;
  /** The exit code that tells of the signal, once there was one. */
  readonly exitCode: () => number | undefined;
  /** Leaves signals to Node again. */
  dispose(): void;
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const; // 128 and the number of the signal

/** Turns the first Ctrl-C into an abort; the second ends the process at once. */
export function onInterrupt(announce: () => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handle = (name: NodeJS.Signals): void => {
    const code = name === "SIGTERM" ? exitCodes.SIGTERM : exitCodes.SIGINT;
    if (exitCode !== undefined) process.exit(code);
    exitCode = code;
    announce();
    controller.abort();
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose() {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}
