import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill lr-find`. */
export const lrFindEntry: LazyCommand = {
  description: "Find learning rates that are worth a try: train while the rate rises",
  examples: [
    ["downhill lr-find digits", "the loss against the rate, with a lowest and a highest rate to use"],
    ["downhill lr-find digits --optimizer adam --out rates.html", "another optimiser, drawn on a page"],
    [
      "downhill lr-find --data iris.csv --target species --from 1e-4 --to 1 --linear --json",
      "a table of your own, linear rates, for programs",
    ],
  ],
  computes: true,
  load: async () => anyCommand((await import("./command.ts")).lrFindCommand),
};
