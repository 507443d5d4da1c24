import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill demo`. */
export const demoEntry: LazyCommand = {
  description: "See what downhill does, in a few seconds",
  examples: [["downhill demo", "the traces of a formula, then a network trained on handwritten digits"]],
  computes: true,
  load: async () => anyCommand((await import("./command.ts")).demoCommand),
};
