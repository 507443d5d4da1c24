import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill predict`. */
export const predictEntry: LazyCommand = {
  description: "Predict the rows of a new table by a trained network",
  examples: [
    [
      "downhill predict model.safetensors new.csv",
      "the table with added predictions, by the network that downhill train saved with --save",
    ],
    [
      "downhill predict runs/a new.csv --out predicted.csv",
      "by the run saved with --checkpoint runs/a, to a file",
    ],
    ["downhill predict runs/a new.csv --unknown none", "categories unknown to the run count as none"],
    [
      "downhill predict runs/a new.csv --escape --out predicted.csv",
      "for a spreadsheet: texts such as =1+1 stay texts",
    ],
    ["downhill predict runs/a new.csv --json", "one JSON object, for programs"],
  ],
  load: async () => anyCommand((await import("./command.ts")).predictCommand),
};
