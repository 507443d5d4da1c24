import { readFileSync } from "node:fs";
import { launchVariables } from "../../training/distributed/launched.ts";

/** Destination of a command's text: a terminal, a pipe, a file, or a buffer of the calling program. */
export interface TextOutput {
  readonly write: (text: string) => unknown;
  /** True for a terminal, which shows colours and can be drawn over. */
  readonly isTTY?: boolean;
  /** Width of a terminal; 0 if it is unknown. */
  readonly columns?: number;
}

/** Standard streams of a command. */
export interface Terminal {
  /** All of standard input. */
  readonly stdin: () => string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
}

/** Returns the standard streams of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const isPiped = env[launchVariables.noTerminal] !== undefined;
  return {
    stdin: () => readFileSync(0, "utf8"),
    stdout: isPiped ? { write: (text) => stdout.write(text) } : stdout,
    stderr,
  };
}
