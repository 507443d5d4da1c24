import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { vi } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/run.ts";
import type { TextOutput } from "../../src/cli/shared/terminal.ts";
import { root } from "./snippets.ts";

/** Exit status and output of a run of the command. */
export interface Ended {
  /** Exit code; `null` if a signal ended the process. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Setting {
  /** Working directory. */
  readonly cwd?: string;
  /** Content of standard input. */
  readonly input?: string;
}

/** Records output written for a terminal of `columns` columns, or for a pipe if omitted. */
export function recordOutput(columns?: number): TextOutput & { readonly text: () => string } {
  let text = "";
  const stream = { write: (part: string) => void (text += part), text: () => text };
  return columns === undefined ? stream : { ...stream, isTTY: true, columns };
}

let isRunning = false;
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const stateOf = (): string =>
  JSON.stringify([process.exitCode, process.cwd(), ...signals.map((name) => process.listenerCount(name))]);

/**
 * Runs the command from the sources, in this process, which is fast. `installedDownhill` tests behaviour of the process
 * itself (signals, pipes, switches of the engine).
 *
 * @throws Error if the command changed the exit code, folder or listeners of the process.
 */
export async function downhill(words: readonly string[], { cwd, input = "" }: Setting = {}): Promise<Ended> {
  if (isRunning) throw new Error("one command at a time: they share the folder of the process");
  const [stdout, stderr] = [recordOutput(), recordOutput()];
  const before = stateOf();
  const folder = process.cwd();
  const { NO_COLOR } = process.env;
  // destination of the library's warnings
  const warn = vi.spyOn(console, "warn").mockImplementation((text) => void stderr.write(`${String(text)}\n`));
  isRunning = true;
  process.env["NO_COLOR"] = "1";
  if (cwd !== undefined) process.chdir(cwd);
  const status = await run(words, commands, { stdin: () => input, stdout, stderr }); // which never throws
  process.chdir(folder);
  if (NO_COLOR === undefined) delete process.env["NO_COLOR"];
  else process.env["NO_COLOR"] = NO_COLOR;
  isRunning = false;
  warn.mockRestore();
  const after = stateOf();
  if (after !== before) throw new Error(`the command left the process as ${after}; it was ${before}`);
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

/** Path of the command that the package installs, in dist/. */
export const bin: string = join(root, "dist/cli/main.js");

/** Runs the installed command in its own process. */
export function installedDownhill(words: readonly string[], { cwd, input = "" }: Setting = {}): Ended {
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
    encoding: "utf8",
    input,
    env,
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { status, stdout, stderr };
}
