import { type Command, defineCommand } from "../run.ts";
import { momentumHelp } from "../shared/optimizer-help.ts";

const args = {
  dataset: {
    type: "positional",
    required: false,
    valueHint: "data set",
    description: "digits (default), iris, wine or penguins",
  },
  data: { type: "string", valueHint: "file.csv", description: "a table instead; needs --target" },
  target: { type: "string", valueHint: "column", description: "the column of the table to predict" },
  features: {
    type: "string",
    valueHint: "a,b,…",
    description: "the columns to predict from (default: all others)",
  },
  without: { type: "string", valueHint: "a,b,…", description: "columns to leave out of all others" },
  header: {
    type: "boolean",
    default: true,
    description: "the first line of the table holds values (default: by what it holds)",
  },
  task: {
    type: "string",
    valueHint: "task",
    description: "classification or regression (default: by what the target holds)",
  },
  missing: {
    type: "string",
    valueHint: "word",
    description: "cells without a value: error (default), drop, mean or median",
  },
  indicator: { type: "boolean", description: "an input more a column that was filled in, as of train" },
  categories: { type: "string", valueHint: "a,b,…", description: "columns of names that look like numbers" },
  "max-categories": { type: "string", valueHint: "N", description: "the most categories of a column" },
  decimal: { type: "string", valueHint: "word", description: "point or comma stands before decimals" },
  images: { type: "string", valueHint: "file", description: "images in an IDX file; needs --labels" },
  labels: { type: "string", valueHint: "file", description: "the labels of the images, an IDX file" },
  optimizer: {
    type: "string",
    valueHint: "name",
    description: 'as downhill train has it: sgd (default), "adam(beta1=0.8)", …',
  },
  momentum: {
    type: "string",
    valueHint: "β",
    description: momentumHelp,
  },
  clip: { type: "string", valueHint: "norm", description: "shorten gradients that are longer" },
  batch: {
    type: "string",
    valueHint: "N",
    description: "items a step, or full (default: digits and tables 32, images 64)",
  },
  hidden: {
    type: "string",
    valueHint: "sizes",
    description: "units of the hidden layers (default: digits and images 128, tables 32)",
  },
  seed: { type: "string", valueHint: "N", description: "seed of split, parameters and order (default 0)" },
  from: { type: "string", valueHint: "rate", description: "the rate of the first step (default 1e-6)" },
  to: { type: "string", valueHint: "rate", description: "the rate of the last step (default 10)" },
  steps: { type: "string", valueHint: "N", description: "steps from the one to the other (default 100)" },
  linear: { type: "boolean", description: "let the rate rise in a straight line, not by a factor" },
  smoothing: {
    type: "string",
    valueHint: "N",
    description: "average each loss with N before and N after it (default a twentieth of the steps)",
  },
  divergence: {
    type: "string",
    valueHint: "f",
    description: "stop where the loss is f times what it began at (default 2)",
  },
  out: { type: "string", valueHint: "file", description: "draw it to a file: out.svg or out.html" },
  json: { type: "boolean", description: "write one JSON object" },
} as const;

/** `downhill lr-find`: the learning rate range test. */
export const lrFindCommand: Command = defineCommand({
  args,
  async run({ header, indicator, linear, json, ...rest }, terminal) {
    const { findRates } = await import("./run.ts");
    const texts = Object.entries(rest).filter(
      (entry): entry is [string, string] => Object.hasOwn(args, entry[0]) && typeof entry[1] === "string",
    );
    const request = {
      texts: new Map(texts),
      noHeader: !header,
      indicator: indicator === true,
      isLinear: linear === true,
      json: json === true,
    };
    return findRates(request, terminal);
  },
});
