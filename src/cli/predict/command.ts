import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  model: {
    type: "positional",
    required: true,
    valueHint: "model",
    description: "output of downhill train: the file of --save, or the folder of --checkpoint",
  },
  table: {
    type: "positional",
    required: true,
    valueHint: "table",
    description:
      "a file with the columns that the network predicts from, in any order and among others:\nCSV, JSON Lines or Parquet, by its name",
  },
  out: {
    type: "string",
    valueHint: "file.csv",
    description: "where to write the table (default: standard output)",
  },
  unknown: {
    type: "string",
    valueHint: "word",
    description:
      "treatment of a category that the network has not learned: error (default), or none:\nit counts as none of the known categories",
  },
  header: {
    type: "boolean",
    default: true,
    description:
      "the first line of the table holds values: its columns are\ncolumn1, column2, … (default: by what the line holds)",
  },
  decimal: {
    type: "string",
    valueHint: "mark",
    description: "decimal separator, point or comma (default: by the numbers of the table)",
  },
  escape: {
    type: "boolean",
    description:
      "put an apostrophe before texts that begin with =, +, - or @, which spreadsheets would\nevaluate; numbers stay as they are",
  },
  json: {
    type: "boolean",
    description:
      "write one JSON object: the predictions, the classes with their probabilities, and\nrows without a prediction as failed",
  },
} as const;

/** Values of the options of `downhill predict`. */
export type PredictRequest = OptionValues<typeof args>;

/** `downhill predict`: predicts the rows of a new table with a trained network. */
export const predictCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { predictTable } = await import("./run.ts");
    return predictTable(given, terminal);
  },
};
