import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill launch`. */
export const launchEntry: LazyCommand = {
  description: "Start a program as several processes of one run, over MPI",
  examples: [
    [
      "downhill launch -n 4 train.mjs --epochs 10",
      "four ranks on this machine; words after the program are its arguments",
    ],
    [
      "downhill launch -n 4 --restarts 3 --checkpoint runs/a train.mjs",
      "restarts after a death by signal, and after a crash with a new checkpoint",
    ],
    ["downhill launch -n 2 --mpirun mpirun.mpich train.mjs", "with another mpirun than the first one found"],
  ],
  startsProgram: true,
  load: async () => anyCommand((await import("./command.ts")).launchCommand),
};
