import type { ParsedArgs } from "citty";
import { parseArgs } from "citty";
import { normaliseArguments } from "../arguments.ts";
import { type Command, defineCommand } from "../run.ts";
import { batchHelp, momentumHelp, optimizerHelp, rateHelp } from "../shared/optimizer-help.ts";
import { takeTurbo, turboOption } from "../turbo.ts";
import { textNames, trainRequest } from "./request.ts";
import type { TrainRequest } from "./settings.ts";

const args = {
  dataset: {
    type: "positional",
    required: false,
    valueHint: "data set",
    description:
      "digits: 1,797 handwritten digits (default); iris, wine, penguins: tables; all are\npart of downhill",
  },
  data: {
    type: "string",
    valueHint: "file.csv",
    description: "train from a table instead (CSV, .jsonl or .parquet); needs --target",
  },
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
    description:
      "the first line of the table holds values: its columns are\ncolumn1, column2, … (default: by what the line holds)",
  },
  task: {
    type: "string",
    valueHint: "task",
    description:
      "classification or regression (default: classification if the target is\ntext or a few different whole numbers)",
  },
  missing: {
    type: "string",
    valueHint: "word",
    description:
      "cells of the table without a value, empty ones, NA, ? and the like: error (default),\ndrop their rows, or fill in the mean or median; of texts they are a category then",
  },
  indicator: {
    type: "boolean",
    description: "with --missing mean or median: one more input a column, 1 where it was missing",
  },
  categories: {
    type: "string",
    valueHint: "a,b,…",
    description: "columns of names that look like numbers, as zip codes; columns of text are such",
  },
  "max-categories": {
    type: "string",
    valueHint: "N",
    description:
      "the most categories of a column, each of which is an input\n(default 100, and half as many as rows to train on)",
  },
  decimal: {
    type: "string",
    valueHint: "word",
    description: "what stands before decimals, point or comma (default: by the numbers of the table)",
  },
  images: {
    type: "string",
    valueHint: "file",
    description: "train from images in an IDX file, gz or not; needs --labels",
  },
  labels: { type: "string", valueHint: "file", description: "the labels of the images, an IDX file" },
  optimizer: {
    type: "string",
    valueHint: "name",
    description: optimizerHelp,
  },
  lr: {
    type: "string",
    valueHint: "rate",
    description: rateHelp,
  },
  momentum: {
    type: "string",
    valueHint: "β",
    description: momentumHelp,
  },
  schedule: {
    type: "string",
    valueHint: "text",
    description:
      'how the rate moves, from --lr on: cosine, "step every=10 factor=0.5 per-epoch",\n"one-cycle", "cosine warmup=100"; downhill schedule lists and draws them',
  },
  plateau: {
    type: "string",
    valueHint: "N",
    description:
      'lower the rate to a tenth when the loss got no better in N + 1 epochs in a row;\nmore as in "patience=5 factor=0.5 cooldown=2 floor=1e-5"',
  },
  clip: { type: "string", valueHint: "norm", description: "shorten gradients that are longer" },
  batch: {
    type: "string",
    valueHint: "N",
    description: batchHelp,
  },
  accumulate: {
    type: "string",
    valueHint: "N",
    description: "make one step of N batches, as of one that is N times as large (default 1)",
  },
  epochs: {
    type: "string",
    valueHint: "N",
    description:
      "times through the training data (default: digits 30, tables 100, images 10;\nrprop ten times as many, lbfgs 10)",
  },
  hidden: {
    type: "string",
    valueHint: "sizes",
    description:
      "units of the hidden layers, as in 128 or 64,32; none for a linear model\n(default: digits and images 128, tables 32)",
  },
  augment: {
    type: "string",
    valueHint: "text",
    description:
      "other random changes of the items in each epoch, as rotate=10,noise=0.05,shift=1:\ndegrees, standard deviation, pixels; tables take noise",
  },
  val: {
    type: "string",
    valueHint: "share",
    description:
      "hold out a share of the training items, as 0.1, to decide by: plateaus, when to\nstop, which epoch is best (default none; with --patience 0.1)",
  },
  patience: {
    type: "string",
    valueHint: "N",
    description: "stop after N epochs in a row without a better validation loss",
  },
  divergence: {
    type: "string",
    valueHint: "f",
    description:
      "stop a run that is lost: its loss was f times that of the beginning (default 10) for\nhalf of the epochs so far, does not come down, and it is no better than a guess;\noff goes on",
  },
  tune: {
    type: "string",
    valueHint: "a,b,…",
    description:
      "first descend on these hyper-parameters, as lr,momentum, by differentiating\nthrough steps of training; then train with what was found",
  },
  seed: {
    type: "string",
    valueHint: "N",
    description:
      "seed of the split, the first parameters and the order of the items;\nthe same seed gives the same run (default 0)",
  },
  ranks: {
    type: "string",
    valueHint: "N",
    description:
      "share the work of each batch among N processes of this machine, over MPI:\n1, 2, 4, 8, … (see downhill launch)",
  },
  shards: {
    type: "string",
    valueHint: "N",
    description:
      "cut each batch into N parts, a power of two (default: as many as ranks): the bits\nof a run depend on it, and not on --ranks",
  },
  mpi: {
    type: "boolean",
    description: "be one of the ranks that mpirun or srun has started by this command",
  },
  "allow-run-as-root": { type: "boolean", description: "start ranks as root too, as in a container" },
  checkpoint: {
    type: "string",
    valueHint: "folder",
    description: "save the run after each epoch, and when it ends in any way",
  },
  resume: { type: "boolean", description: "go on where the run in --checkpoint has ended, or begin it" },
  until: {
    type: "string",
    valueHint: "N",
    description:
      "stop after N batches of the whole run, though epochs are left, as Ctrl-C does;\nwith --checkpoint, --resume goes on from there",
  },
  tensorboard: {
    type: "string",
    valueHint: "folder",
    description: "write event files for TensorBoard, of each step and epoch",
  },
  save: {
    type: "string",
    valueHint: "file",
    description: "write the network as safetensors, as in network.safetensors",
  },
  config: {
    type: "string",
    valueHint: "file.json",
    description: "options from a file, an object by their names; the command line wins",
  },
  out: {
    type: "string",
    valueHint: "file.html",
    description: "where to write the report (default downhill-report.html)",
  },
  json: {
    type: "boolean",
    description: "write JSON lines: start, one an epoch (and a round of --tune), done",
  },
} as const;

/** `downhill train`: trains a small network and reports the results. */
export const trainCommand: Command = defineCommand({
  args,
  async run(given, terminal) {
    const asked = askedBy(given);
    const { readConfig, withConfig } = await import("./config.ts");
    const request = given.config === undefined ? asked : withConfig(asked, readConfig(given.config));
    const { train } = await import("./run.ts");
    return train(trainRequest(request), terminal, given.config);
  },
});

/**
 * Parses the words after `downhill train`, which checkpoints store.
 *
 * @throws DownhillError `option` for words that are not a valid command.
 */
export function requestOfWords(words: readonly string[]): TrainRequest {
  const normal = normaliseArguments(words, { ...args, ...turboOption });
  return trainRequest(askedBy(parseArgs<typeof args>([...takeTurbo(normal, {}).words], args)));
}

function askedBy({
  header,
  indicator,
  resume,
  json,
  mpi,
  ...rest
}: ParsedArgs<typeof args>): Partial<TrainRequest> {
  const texts: Partial<Record<(typeof textNames)[number], string | undefined>> = {};
  for (const name of textNames) if (Object.hasOwn(rest, name)) texts[name] = textAt(rest, name);
  return {
    ...texts,
    noHeader: !header,
    indicator: indicator === true,
    resume: resume === true,
    json: json === true,
    mpi: mpi === true,
    allowRunAsRoot: rest["allow-run-as-root"] === true,
  };
}

function textAt(words: object, name: string): string | undefined {
  const value: unknown = Object.entries(words).find(([key]) => key === name)?.[1];
  return typeof value === "string" ? value : undefined;
}
