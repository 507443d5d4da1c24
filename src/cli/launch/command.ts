import { readNumber } from "../shared/words.ts";
import { readCount, usualGrace } from "./counts.ts";
import type { Command } from "../run.ts";

const args = {
  program: {
    type: "positional",
    required: true,
    valueHint: "program",
    description: "a module for Node, which opens MPI with openMpi(); words after it are its arguments",
  },
  ranks: { type: "string", alias: "n", valueHint: "N", description: "how many processes" },
  restarts: {
    type: "string",
    valueHint: "N",
    description: "number of restarts after a death by signal, or a crash with a new\ncheckpoint (default 0)",
  },
  checkpoint: {
    type: "string",
    valueHint: "folder",
    description: "checkpoint folder of the program; a checkpoint newer than the start permits a restart",
  },
  grace: {
    type: "string",
    valueHint: "seconds",
    description: "time that ranks have to end themselves after the first signal (default 30)",
  },
  mpirun: {
    type: "string",
    valueHint: "path",
    description: "the launcher of Open MPI or MPICH (default: the first mpirun found)",
  },
  "allow-run-as-root": { type: "boolean", description: "start as root too, as in a container" },
} as const;

/** `downhill launch`: starts the ranks of a run on this machine. */
export const launchCommand: Command<typeof args> = {
  args,
  async run(given, _, words) {
    const { launch } = await import("./run.ts");
    return launch({
      program: given.program,
      words: words.slice(1),
      ranks: readCount("--ranks", given.ranks, 1),
      restarts: readCount("--restarts", given.restarts ?? "0", 0),
      checkpoint: given.checkpoint,
      grace:
        given.grace === undefined ? usualGrace : readNumber("--grace", given.grace, { from: 0, to: 86_400 }),
      mpirun: given.mpirun,
      allowRunAsRoot: given["allow-run-as-root"],
    });
  },
};
