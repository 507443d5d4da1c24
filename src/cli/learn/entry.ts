import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill learn`. */
export const learnEntry: LazyCommand = {
  description: "Open the course: how automatic differentiation and gradient descent work",
  examples: [
    ["downhill learn", "serves it to this machine only, without a network, and opens the browser"],
    ["downhill learn reverse-mode", "begins with that chapter"],
    ["downhill learn --port 8080 --no-open", "at that port, for a browser that you open yourself"],
  ],
  load: async () => anyCommand((await import("./command.ts")).learnCommand),
};
