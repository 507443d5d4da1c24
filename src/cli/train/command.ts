import type { CommandDef } from "citty";
import { defineCommand } from "citty";

const args = {
  dataset: {
    type: "positional",
    required: false,
    valueHint: "data set",
    description: "digits: 1,797 handwritten digits, part of downhill (default)",
  },
  data: { type: "string", valueHint: "file.csv", description: "train from a table instead; needs --target" },
  target: { type: "string", valueHint: "column", description: "the column of the table to predict" },
  features: {
    type: "string",
    valueHint: "a,b,…",
    description: "the columns to predict from (default: all others)",
  },
  header: {
    type: "boolean",
    default: true,
    description:
      "the first line of the table holds values: its columns are\ncolumn1, column2, … (default: by what the line holds)",
  },
  task: {
    type: "string",
    valueHint: "task",
    description:
      "classification or regression (default: classification if the target is\ntext or a few different whole numbers)",
  },
  images: {
    type: "string",
    valueHint: "file",
    description: "train from images in an IDX file, gz or not; needs --labels",
  },
  labels: { type: "string", valueHint: "file", description: "the labels of the images, an IDX file" },
  optimizer: { type: "string", valueHint: "name", description: "sgd or adam", default: "sgd" },
  lr: {
    type: "string",
    valueHint: "rate",
    description:
      "learning rate (default, for sgd: digits 0.2, tables 0.02, images 0.1;\nfor adam: digits and tables 0.003, images 0.001)",
  },
  momentum: { type: "string", valueHint: "β", description: "momentum of sgd, from 0 to 1 (default 0.9)" },
  batch: {
    type: "string",
    valueHint: "N",
    description:
      "items a step: a number, 1 for stochastic, full for plain gradient descent\n(default: digits and tables 32, images 64)",
  },
  epochs: {
    type: "string",
    valueHint: "N",
    description: "times through the training data (default: digits 30, tables 100, images 10)",
  },
  hidden: {
    type: "string",
    valueHint: "sizes",
    description:
      "units of the hidden layers, as in 128 or 64,32; none for a linear model\n(default: digits and images 128, tables 32)",
  },
  seed: {
    type: "string",
    valueHint: "N",
    description:
      "seed of the split, the first parameters and the order of the items;\nthe same seed gives the same run",
    default: "0",
  },
  out: {
    type: "string",
    valueHint: "file.html",
    description: "where to write the report",
    default: "downhill-report.html",
  },
  json: { type: "boolean", description: "write JSON lines: start, one an epoch, done" },
} as const;

/** `downhill train`: trains a small network and reports on it. */
export const trainCommand: CommandDef<typeof args> = /* @__PURE__ */ defineCommand({
  meta: { name: "train", description: "Train a small network and write a report" },
  args,
  async run({ args: { dataset, json, header, ...words } }) {
    const { train } = await import("./run.ts");
    await train({ ...words, dataset, noHeader: !header, json: json === true });
  },
});
