/* oxlint-disable typescript/no-unnecessary-type-assertion -- isolatedDeclarations infers no type of an imported text without it */
import type { ArgDef } from "citty";
import { optionName } from "../help.ts";
import { batchHelp, momentumHelp, optimizerHelp, rateHelp } from "../shared/optimizer-help.ts";
import { type OptionValues, optionValues, valueLeftOut } from "../shared/option-values.ts";

/** Further uses of an option of `downhill train`. */
interface OptionFacts {
  /** The kind of data source that the option belongs to. */
  readonly source?: "dataset" | "table" | "images";
  /**
   * True if `downhill lr-find` has the option too, with the same help text; a string if it has another help text there.
   */
  readonly lrFind?: true | string;
  /** False if a file of `--config` must not contain it. */
  readonly isFromFile?: false;
}

/**
 * The options of `downhill train`. This declaration determines types, help, files of options and `downhill lr-find`.
 */
export const trainOptions = {
  dataset: {
    type: "positional",
    required: false,
    valueHint: "data set",
    description:
      "digits: 1,797 handwritten digits (default); iris, wine, penguins: tables; all are\nbuilt in",
    source: "dataset",
    lrFind: "digits (default), iris, wine or penguins",
  },
  data: {
    type: "string",
    valueHint: "file.csv",
    description: "train from a table instead (CSV, .jsonl or .parquet); needs --target",
    source: "table",
    lrFind: "a table instead; needs --target",
  },
  target: {
    type: "string",
    valueHint: "column",
    description: "the column of the table to predict",
    source: "table",
    lrFind: true,
  },
  features: {
    type: "string",
    valueHint: "a,b,…",
    description: "the columns to predict from (default: all others)",
    source: "table",
    lrFind: true,
  },
  without: {
    type: "string",
    valueHint: "a,b,…",
    description: "columns to leave out of all others",
    source: "table",
    lrFind: true,
  },
  header: {
    type: "boolean",
    default: true,
    description:
      "the first line of the table holds values: its columns are\ncolumn1, column2, … (default: by what the line holds)",
    source: "table",
    lrFind: "the first line of the table holds values (default: detected)",
  },
  task: {
    type: "string",
    valueHint: "task",
    description:
      "classification or regression (default: classification if the target is\ntext or a few different integers)",
    source: "table",
    lrFind: "classification or regression (default: by the values of the target)",
  },
  missing: {
    type: "string",
    valueHint: "word",
    description:
      "cells of the table without a value, empty ones, NA, ? and the like: error (default),\ndrop their rows, or fill in mean or median; in text columns they become a category",
    source: "table",
    lrFind: "cells without a value: error (default), drop, mean or median",
  },
  indicator: {
    type: "boolean",
    description: "with --missing mean or median: one more input per column, 1 for missing values",
    source: "table",
    lrFind: "one more input per filled column, as in train",
  },
  categories: {
    type: "string",
    valueHint: "a,b,…",
    description: "columns of categories that look like numbers, as zip codes; text columns always are",
    source: "table",
    lrFind: "columns of names that look like numbers",
  },
  "max-categories": {
    type: "string",
    valueHint: "N",
    description:
      "the most categories of a column, each of which is an input\n(default 100, and half as many as rows to train on)",
    source: "table",
    lrFind: "the most categories of a column",
  },
  decimal: {
    type: "string",
    valueHint: "word",
    description: "decimal separator, point or comma (default: by the numbers of the table)",
    source: "table",
    lrFind: "decimal separator: point or comma",
  },
  images: {
    type: "string",
    valueHint: "file",
    description: "train from images in an IDX file, gz or not; needs --labels",
    source: "images",
    lrFind: "images in an IDX file; needs --labels",
  },
  labels: {
    type: "string",
    valueHint: "file",
    description: "the labels of the images, an IDX file",
    source: "images",
    lrFind: true,
  },
  optimizer: {
    type: "string",
    valueHint: "name",
    description: optimizerHelp as string,
    lrFind: 'as downhill train has it: sgd (default), "adam(beta1=0.8)", …',
  },
  lr: {
    type: "string",
    valueHint: "rate",
    description: rateHelp as string,
  },
  momentum: {
    type: "string",
    valueHint: "β",
    description: momentumHelp as string,
    lrFind: true,
  },
  schedule: {
    type: "string",
    valueHint: "text",
    description:
      'schedule of the rate, from --lr on: cosine, "step every=10 factor=0.5 per-epoch",\n"one-cycle", "cosine warmup=100"; downhill schedule lists and draws them',
  },
  plateau: {
    type: "string",
    valueHint: "N",
    description:
      'lower the rate to a tenth when the loss got no better in N + 1 epochs in a row;\nmore as in "patience=5 factor=0.5 cooldown=2 floor=1e-5"',
  },
  clip: { type: "string", valueHint: "norm", description: "shorten gradients that are longer", lrFind: true },
  batch: {
    type: "string",
    valueHint: "N",
    description: batchHelp as string,
    lrFind: "items per step, or full (default: digits and tables 32, images 64)",
  },
  accumulate: {
    type: "string",
    valueHint: "N",
    description: "make one step of N batches, like a batch N times as large (default 1)",
  },
  epochs: {
    type: "string",
    valueHint: "N",
    description:
      "passes over the training data (default: digits 30, tables 100, images 10;\nrprop ten times as many, lbfgs 10)",
  },
  hidden: {
    type: "string",
    valueHint: "sizes",
    description:
      "units of the hidden layers, as in 128 or 64,32; none for a linear model\n(default: digits and images 128, tables 32)",
    lrFind: "units of the hidden layers (default: digits and images 128, tables 32)",
  },
  augment: {
    type: "string",
    valueHint: "text",
    description:
      "random changes of the items, new in each epoch, as rotate=10,noise=0.05,shift=1:\ndegrees, standard deviation, pixels; tables take noise",
  },
  val: {
    type: "string",
    valueHint: "share",
    description:
      "hold out a share of the training items, as 0.1, for validation: plateaus, when to\nstop, which epoch is best (default none; with --patience 0.1)",
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
      "stop a diverged run: its loss was f times the first loss (default 10) for half of\nthe epochs so far, does not fall, and it is no better than a guess;\noff disables this",
  },
  tune: {
    type: "string",
    valueHint: "a,b,…",
    description:
      "first descend on these hyper-parameters, as lr,momentum, by differentiating\nthrough steps of training; then train with the result",
  },
  seed: {
    type: "string",
    valueHint: "N",
    description:
      "seed of the split, the first parameters and the order of the items;\nthe same seed gives the same run (default 0)",
    lrFind: "seed of split, parameters and order (default 0)",
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
      "cut each batch into N parts, a power of two (default: as many as ranks): the bits\nof a run depend on N, but not on --ranks",
  },
  mpi: {
    type: "boolean",
    description: "run as one of the ranks that mpirun or srun starts with this command",
    isFromFile: false,
  },
  "allow-run-as-root": {
    type: "boolean",
    description: "start ranks as root too, as in a container",
    isFromFile: false,
  },
  checkpoint: {
    type: "string",
    valueHint: "folder",
    description: "save the run after each epoch, and at any end",
  },
  resume: { type: "boolean", description: "continue the run in --checkpoint, or begin it" },
  until: {
    type: "string",
    valueHint: "N",
    description:
      "stop after N batches of the whole run even if epochs are left, like Ctrl-C;\nwith --checkpoint, --resume continues from there",
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
    description: "options from a JSON file, an object by option name; the command line takes precedence",
    isFromFile: false,
  },
  out: {
    type: "string",
    valueHint: "file.html",
    description: "where to write the report (default downhill-report.html)",
  },
  json: {
    type: "boolean",
    description: "write JSON lines: start, one per epoch (and round of --tune), done",
  },
} as const;

/** Arguments of `downhill train` as written on the command line or in a file. */
export type TrainRequest = OptionValues<typeof trainOptions>;

type OptionName = keyof TrainRequest;

/** Returns a request with these values; all other options have their defaults. */
export function trainRequest(asked: Partial<TrainRequest>): TrainRequest {
  return optionValues(trainOptions, asked);
}

/** Returns the names of the options that satisfy the condition. */
export function optionsWhere(condition: (option: ArgDef & OptionFacts) => boolean): readonly OptionName[] {
  return (Object.keys(trainOptions) as OptionName[]).filter((name) => condition(trainOptions[name]));
}

/** Returns an option as written on the command line: `--without`, `--no-header`. */
export function writtenOption(name: OptionName): string {
  return optionName(name, trainOptions[name]);
}

/** True if the value of an option differs from its value when left out. */
export function isGiven(name: OptionName, value: string | boolean | undefined): boolean {
  return value !== undefined && value !== valueLeftOut(trainOptions[name]);
}
