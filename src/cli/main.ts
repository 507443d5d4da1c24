#!/usr/bin/env node
import { commands } from "./commands.ts";
import { run } from "./run.ts";

// A reader that closes the pipe early (`| head`) has what it wanted. The work goes on in silence: files are still to be
// written, and the exit code tells of it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
void run(process.argv.slice(2), commands).then((code) => {
  process.exitCode = code;
});
