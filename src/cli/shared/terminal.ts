import { readFileSync } from "node:fs";
import { launchVariables } from "../../training/distributed/launched.ts";

/** Where a command writes text: a terminal, a pipe, a file, or what a program that calls it collects. */
export interface TextOutput {
  readonly write: (text: string) => unknown;
  /** Whether it is a terminal, which shows colours, and what is drawn over. */
  readonly isTTY?: boolean;
  /** Of a terminal; 0 where it does not know. */
  readonly columns?: number;
}

/** What a command reads and writes beside files. */
export interface Terminal {
  /** All of standard input. */
  readonly stdin: () => string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
}

/** That of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const isPiped = env[launchVariables.noTerminal] !== undefined;
  return {
    stdin: () => readFileSync(0, "utf8"),
    stdout: isPiped ? { write: (text) => stdout.write(text) } : stdout,
    stderr,
  };
}
