import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill schedule`. */
export const scheduleEntry: LazyCommand = {
  description: "Print and draw a schedule of the learning rate",
  examples: [
    ["downhill schedule cosine --warmup 10", "half a cosine after ten steps of warm-up: chart and table"],
    [
      "downhill schedule cyclic --base 0.001 --max 0.006 --step-size-up 4 --steps 12 --json",
      "the rate and the momentum of each step, for programs",
    ],
    [
      'downhill schedule sequential --parts "linear from=0 to=0.1; cosine" --at 20 --out rates.html',
      "one after another, drawn on a page; .svg for the picture alone",
    ],
    ["downhill schedule lambda --formula 0.1*0.95^t", "a formula of your own"],
    [
      "downhill schedule plateau --metrics 1,0.8,0.8,0.8,0.8 --patience 2",
      "the rates that such losses lead to: lowered after three epochs without improvement",
    ],
    ["downhill schedule", "lists them all"],
  ],
  load: async () => anyCommand((await import("./command.ts")).scheduleCommand),
};
