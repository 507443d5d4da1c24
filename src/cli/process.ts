import { commands } from "./commands.ts";
import { run } from "./run.ts";
import { processTerminal } from "./shared/terminal.ts";
import { reasonOf } from "./shared/write-file.ts";

/** Runs the command that the words of this process name, and sets its exit code. */
export async function runInProcess(): Promise<void> {
  // A reader that closes the pipe early (`| head`) has what it wanted. The work goes on in silence: files are still to be
  // written, and the exit code tells of it. Where the output is lost in another way, on a full disk, that is told once.
  let isLost = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || isLost) return;
    isLost = true;
    process.exitCode ||= 1;
    process.stderr.write(
      `error: the output cannot be written: ${reasonOf(error)}. The work goes on without it.\n`,
    );
  });
  process.stderr.on("error", () => {}); // there is nowhere left to tell it
  const code = await run(process.argv.slice(2), commands, processTerminal());
  process.exitCode = code === 0 && isLost ? 1 : code;
}
