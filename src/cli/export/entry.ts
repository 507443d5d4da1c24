import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill export`. */
export const exportEntry: LazyCommand = {
  description: "Write a trained network as an ONNX model, for other engines",
  examples: [
    [
      "downhill export runs/a --out model.onnx",
      "the predictions of the run that downhill train saved by --checkpoint runs/a",
    ],
    ["downhill export runs/a --what step --out step.onnx", "a whole step of training, optimiser included"],
    ["downhill export runs/a --what gradient --batch 32", "loss and gradient of 32 items at a time"],
    ["downhill export runs/a --json", "names and types of inputs and outputs, for programs"],
  ],
  load: async () => anyCommand((await import("./command.ts")).exportCommand),
};
