import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill compare`. */
export const compareEntry: LazyCommand = {
  description: "Compare runs: overlaid curves and differing settings",
  examples: [
    [
      "downhill compare runs/a runs/b --out compare.html",
      "runs that downhill train saved by --checkpoint runs/a and runs/b: a table here, curves on a page",
    ],
    ["downhill compare runs/*", "all runs of a folder"],
    ["downhill compare runs/a runs/b --json", "one JSON object: settings and curves of each"],
  ],
  takesMany: true,
  load: async () => anyCommand((await import("./command.ts")).compareCommand),
};
