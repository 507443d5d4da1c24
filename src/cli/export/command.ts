import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  run: {
    type: "positional",
    required: true,
    valueHint: "folder",
    description: "the checkpoint folder of downhill train",
  },
  out: {
    type: "string",
    valueHint: "file.onnx",
    description: "where to write the model (default model.onnx)",
  },
  what: {
    type: "string",
    valueHint: "word",
    description:
      "predictions (default): from pixels, or raw columns of the table (the model standardises\nand fills in), to probabilities and the class, or to a number;\nloss of items and targets; gradient: loss and gradient by the parameters;\nstep: of training, from parameters and state of the optimiser to the next ones",
  },
  batch: {
    type: "string",
    valueHint: "N",
    description: "a model for N items at a time (default: any number of items)",
  },
  json: {
    type: "boolean",
    description: "write one JSON object: inputs and outputs, and the metadata of the model",
  },
} as const;

/** Values of the options of `downhill export`. */
export type ExportRequest = OptionValues<typeof args>;

/** `downhill export`: writes a trained network as an ONNX model. */
export const exportCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { exportRun } = await import("./run.ts");
    await exportRun(given, terminal);
    return 0;
  },
};
