import { commands } from "./commands.ts";
import { run } from "./run.ts";
import { processTerminal } from "./shared/terminal.ts";
import { reasonOf } from "./shared/write-file.ts";

/** Runs the command given by the arguments of this process, and sets its exit code. */
export async function runInProcess(): Promise<void> {
  // A reader that closes the pipe early (`| head`) needs no more output. The command continues silently, because it may
  // have files to write and an exit code to report. Output lost in other ways, such as on a full disk, is reported
  // once.
  let isLost = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || isLost) return;
    isLost = true;
    process.exitCode ||= 1;
    process.stderr.write(
      `error: the output cannot be written: ${reasonOf(error)}. The command continues without it.\n`,
    );
  });
  process.stderr.on("error", () => {}); // there is nowhere left to report it
  const code = await run(process.argv.slice(2), commands, processTerminal());
  process.exitCode = code === 0 && isLost ? 1 : code;
}
