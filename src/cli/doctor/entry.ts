import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill doctor`. */
export const doctorEntry: LazyCommand = {
  description: "Report the GPU of this computer: limits, features, accuracy",
  examples: [
    ["downhill doctor", "the adapter, or the reason for its absence and what to try"],
    ["downhill doctor --time", "also measures products and a training step, there and on the processor"],
    ["downhill doctor --json", "one JSON object, for bug reports"],
  ],
  load: async () => anyCommand((await import("./command.ts")).doctorCommand),
};
