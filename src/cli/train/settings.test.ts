import { describe, expect, test } from "vitest";
import { optimizerNames } from "../shared/optimizer-table.ts";
import { kindOf } from "./defaults.ts";
import { type TrainRequest, trainRequest, writtenOption } from "./options.ts";
import { commandOf, readPlaces, readSettings } from "./settings.ts";
import { readSource } from "./source.ts";
import { readTuned } from "./tuning.ts";

const read = (request: Partial<TrainRequest>): string => {
  const all = trainRequest(request);
  const source = readSource(all);
  const settings = readSettings(all, kindOf(source));
  readPlaces(all);
  readTuned(all.tune, settings.method);
  return commandOf(source, settings);
};

test.each<[string, Partial<TrainRequest>, string]>([
  [
    "the defaults, digits",
    {},
    "downhill train digits --optimizer sgd --lr 0.2 --momentum 0.9 --batch 32 --epochs 30 --hidden 128 --seed 0",
  ],
  [
    "adam",
    { dataset: "digits", optimizer: "adam", seed: "-3" },
    "downhill train digits --optimizer adam --lr 0.003 --batch 32 --epochs 30 --hidden 128 --seed -3",
  ],
  [
    "all options given",
    { lr: "1e-2", momentum: "0", batch: "full", epochs: "7", hidden: "64, 32", seed: "12" },
    "downhill train digits --optimizer sgd --lr 0.01 --momentum 0 --batch full --epochs 7 --hidden 64,32 --seed 12",
  ],
  [
    "a table, with names that a shell must not touch",
    { data: "my data.csv", target: "it's", features: "a b,$c", task: "regression", hidden: "none" },
    "downhill train --data 'my data.csv' --target 'it'\\''s' --features 'a b,$c' --task regression --optimizer sgd --lr 0.02 --momentum 0.9 --batch 32 --epochs 100 --hidden none --seed 0",
  ],
  [
    "a table, and omitted columns",
    { data: "t.csv", target: "y", without: "id, day" },
    "downhill train --data t.csv --target y --without id,day --optimizer sgd --lr 0.02 --momentum 0.9 --batch 32 --epochs 100 --hidden 32 --seed 0",
  ],
  [
    "a table without names",
    { data: "t.csv", target: "column2", header: false },
    "downhill train --data t.csv --no-header --target column2 --optimizer sgd --lr 0.02 --momentum 0.9 --batch 32 --epochs 100 --hidden 32 --seed 0",
  ],
  [
    "images",
    { images: "i.gz", labels: "l.gz" },
    "downhill train --images i.gz --labels l.gz --optimizer sgd --lr 0.1 --momentum 0.9 --batch 64 --epochs 10 --hidden 128 --seed 0",
  ],
  [
    "options of the optimiser, a rate and a momentum among them",
    { optimizer: "sgd(lr=0.05, momentum=0.8, nesterov, weight-decay=1e-4)" },
    "downhill train digits --optimizer 'sgd(nesterov=true, weightDecay=0.0001)' --lr 0.05 --momentum 0.8 --batch 32 --epochs 30 --hidden 128 --seed 0",
  ],
  [
    "a schedule from the rate, with all other training options",
    {
      optimizer: "adam(beta1=0.8)",
      schedule: "cosine warmup=20",
      plateau: "patience=3 factor=0.5",
      clip: "1",
      accumulate: "4",
      patience: "5",
      augment: "rotate=10, shift=1",
    },
    "downhill train digits --optimizer 'adam(beta1=0.8)' --lr 0.003 --schedule 'cosine warmup=20' --plateau 'patience=3 factor=0.5' --clip 1 --batch 32 --accumulate 4 --epochs 30 --hidden 128 --augment shift=1,rotate=10 --val 0.1 --patience 5 --seed 0",
  ],
  [
    "a schedule with rates of its own, written as an option of the optimiser",
    { optimizer: "sgd(lr=cyclic(base=0.01, max=0.1))", val: "0.25" },
    "downhill train digits --optimizer sgd --schedule 'cyclic(base=0.01, max=0.1)' --batch 32 --epochs 30 --hidden 128 --val 0.25 --seed 0",
  ],
  [
    "ranks, of which only the shards are listed: the bits depend on them",
    { ranks: "4" },
    "downhill train digits --optimizer sgd --lr 0.2 --momentum 0.9 --batch 32 --epochs 30 --hidden 128 --seed 0 --shards 4",
  ],
  [
    "more shards than ranks",
    { ranks: "2", shards: "8" },
    "downhill train digits --optimizer sgd --lr 0.2 --momentum 0.9 --batch 32 --epochs 30 --hidden 128 --seed 0 --shards 8",
  ],
])("the command of a run is complete: %s", (_, request, command) => {
  expect(read(request)).toBe(command);
});

test.each(optimizerNames)("%s has a rate for each kind of data", (optimizer) => {
  for (const source of [{}, { data: "t.csv", target: "y" }, { images: "i", labels: "l" }]) {
    const rate = Number(/--lr (\S+)/.exec(read({ ...source, optimizer }))![1]);
    expect(rate).toBeGreaterThan(0);
  }
});

test("--momentum overrides the preset momentum of an alias, and a second momentum is refused", () => {
  expect(read({ optimizer: "nesterov" })).toContain(
    "--optimizer 'sgd(nesterov=true)' --lr 0.2 --momentum 0.9",
  );
  expect(read({ optimizer: "nesterov", momentum: "0.8" })).toContain("--momentum 0.8");
  expect(() => read({ optimizer: "momentum(momentum=0.5)", momentum: "0.8" })).toThrow("set the same option");
});

/** Options that the command of a run does not have, with the reason. */
const notRepeated = {
  config: "its options are in the command",
  tune: "the result is in the command",
  ranks: "the bits of a run depend on the shards only",
  mpi: "the launcher adds it",
  "allow-run-as-root": "does not change the run",
  checkpoint: "an output",
  resume: "the command begins from the start",
  until: "the command goes to the end",
  tensorboard: "an output",
  save: "an output",
  out: "an output",
  json: "an output",
} as const;

const table = { data: "t.csv", target: "y" };
/** Requests with each of the other options. */
const repeated: Readonly<
  Record<Exclude<keyof TrainRequest, keyof typeof notRepeated>, Partial<TrainRequest>>
> = {
  dataset: { dataset: "wine" },
  data: table,
  target: table,
  features: { ...table, features: "a,b" },
  without: { ...table, without: "a" },
  header: { ...table, header: false },
  task: { ...table, task: "regression" },
  missing: { ...table, missing: "drop" },
  indicator: { ...table, missing: "mean", indicator: true },
  categories: { ...table, categories: "a" },
  "max-categories": { ...table, "max-categories": "7" },
  decimal: { ...table, decimal: "comma" },
  images: { images: "i", labels: "l" },
  labels: { images: "i", labels: "l" },
  optimizer: { optimizer: "adam" },
  lr: { lr: "0.3" },
  momentum: { momentum: "0.3" },
  schedule: { schedule: "cosine" },
  plateau: { plateau: "3" },
  clip: { clip: "2" },
  batch: { batch: "7" },
  accumulate: { accumulate: "2" },
  epochs: { epochs: "3" },
  hidden: { hidden: "5" },
  augment: { augment: "shift=1" },
  val: { val: "0.2" },
  patience: { patience: "4" },
  divergence: { divergence: "20" },
  seed: { seed: "3" },
  shards: { shards: "2" },
};

test.each(Object.entries(repeated))(
  "the command of a run has the option %s, if it is given",
  (name, request) => {
    const value = request[name as keyof TrainRequest];
    const option = name === "dataset" ? "" : ` ${writtenOption(name as keyof TrainRequest)}`;
    expect(`${read(request)} `).toContain(`${option}${typeof value === "string" ? ` ${value}` : ""} `);
  },
);

test("the command of a run is parsed to the same run", () => {
  const requests: Partial<TrainRequest>[] = [
    { optimizer: "muon(nsCoefficients=3,-4,2, nesterov=false)", lr: "0.01" },
    { optimizer: "lbfgs(lineSearch=strong-wolfe)", batch: "full" },
    { optimizer: "sgd", schedule: "one-cycle rise=0.2", lr: "0.4" },
    { schedule: "sequential(parts=linear from=0 to=0.1; cosine)", momentum: "0.5" },
  ];
  for (const request of requests) {
    const command = read(request);
    const words = [...command.matchAll(/--([\w-]+) (?:'([^']*)'|(\S+))/g)];
    const again: Record<string, string> = {};
    for (const [, name, quoted, plain] of words) again[name!] = quoted ?? plain!;
    expect(read(again)).toBe(command);
  }
});

describe("misuse", () => {
  test.each<[Partial<TrainRequest>, string]>([
    [{ dataset: "digts" }, '"digts" is not a data set. Did you mean "digits"?'],
    [
      { dataset: "mnist" },
      '"mnist" is not a data set. There are digits, iris, wine, penguins; for files of your own see --data and --images.',
    ],
    [
      { dataset: "a b.csv" },
      `"a b.csv" is not a data set. For a table write --data 'a b.csv' --target COLUMN.`,
    ],
    [{ dataset: "digits", data: "x.csv" }, "digits and --data name two data sets. Give one of them."],
    [{ data: "x.csv" }, "--data needs --target, the column to predict."],
    [{ target: "x" }, "--target is for tables: name one with --data."],
    [{ ranks: "3" }, "--ranks must be a power of two, because sums are added in pairs; got 3."],
    [{ ranks: "4", shards: "2" }, "--shards must be at least 4, the number of ranks, got 2."],
    [{ ranks: "2", optimizer: "lbfgs" }, "lbfgs evaluates the loss of whole batches along its steps"],
    [{ features: "x" }, "--features is for tables"],
    [{ without: "x" }, "--without is for tables"],
    [{ data: "t", target: "y", features: "x", without: "z" }, "Give one of them."],
    [{ task: "regression" }, "--task is for tables"],
    [{ header: false }, "--no-header is for tables: name one with --data."],
    [{ images: "x" }, "--images needs --labels"],
    [{ labels: "x" }, "--labels needs --images"],
    [
      { data: "x", target: "y", task: "ranking" },
      '--task must be classification or regression, got "ranking".',
    ],
    [{ optimizer: "adma" }, '--optimizer: "adma" is not an optimiser. Did you mean "adam"?'],
    [
      { optimizer: "adam", momentum: "0.9" },
      '--momentum is for sgd, rmsprop and muon: adam has beta1: write --optimizer "adam(beta1=0.8)".',
    ],
    [{ optimizer: "adagrad", momentum: "0.9" }, "--momentum is for sgd, rmsprop and muon: adagrad has none."],
    [{ optimizer: "adam(beta1=1)" }, "adam: beta1 must be a number from 0 to 1, 1 excluded, got 1."],
    [{ optimizer: "adam(beta=0.5)" }, 'adam: unknown option "beta". Did you mean "beta1"?'],
    [{ optimizer: "adam(lr=0.1)", lr: "0.2" }, "--lr and learningRate in --optimizer set the same option."],
    [{ optimizer: "adam(lr=0.1, learningRate=0.2)" }, "--optimizer: adam has learningRate twice."],
    [
      { optimizer: "sgd(momentum=0.5)", momentum: "0.9" },
      "--momentum and momentum in --optimizer set the same option.",
    ],
    [
      { optimizer: "sgd(lr=cosine)", schedule: "cosine" },
      "--schedule and a schedule in --optimizer set the same option.",
    ],
    [{ tune: "foo" }, '--tune: sgd: unknown option "foo".'],
    [{ tune: "lr,momentum", optimizer: "adam" }, '--tune: adam: unknown option "momentum".'],
    [
      { tune: "lr,beta-1", optimizer: "adam" },
      '--tune: adam: unknown option "beta-1". Did you mean "beta1"?',
    ],
    [
      { tune: "beta1", optimizer: "adam" },
      '--tune: there is no number "beta1" to start from. To start from a number, write --optimizer "adam(beta1=…)".',
    ],
    [{ optimizer: "rprop", schedule: "cosine" }, "rprop: learningRate must be a finite number of 0 or more"],
    [{ schedule: "cosin" }, '"cosin" is not a schedule. Did you mean "cosine"?'],
    [{ schedule: "cosine form=1" }, 'cosine has no form. Did you mean "from"?'],
    [{ schedule: "plateau" }, "--schedule: plateau depends on a metric instead of the step"],
    [{ schedule: "" }, "--schedule: a schedule is missing."],
    [
      { schedule: "cosine from=0.1", lr: "0.2" },
      "--lr 0.2 is not used: the schedule 'cosine from=0.1' sets its own rates.",
    ],
    [{ plateau: "patience=x" }, '--plateau: patience must be an integer of 0 or more, got "x".'],
    [{ plateau: "patients=3" }, '--plateau: unknown option "patients". Did you mean "patience"?'],
    [{ plateau: "factor=1" }, "--plateau: factor must be a number from 0 to 1, 1 excluded"],
    [{ clip: "0" }, '--clip must be a number above 0, got "0".'],
    [{ clip: "1", optimizer: "lbfgs" }, "--clip does not go with lbfgs"],
    [{ accumulate: "1.5" }, '--accumulate must be an integer of 1 or more, got "1.5".'],
    [{ accumulate: "2", optimizer: "lbfgs" }, "--accumulate does not go with lbfgs"],
    [{ augment: "shifts=1" }, '--augment has no "shifts". Did you mean "shift"?'],
    [{ augment: "rotate=200" }, '--augment: rotate must be a number from 0 to 180, got "200".'],
    [{ augment: "shift=1.5" }, "--augment: shift must be an integer number of pixels."],
    [{ augment: "shift" }, "--augment: shift must be a number, as in shift=1."],
    [{ augment: "" }, "--augment needs changes, as in shift=1,rotate=10,noise=0.05."],
    [{ dataset: "iris", augment: "shift=1" }, "--augment shift is for images; tables take noise."],
    [{ dataset: "irish" }, '"irish" is not a data set. Did you mean "iris"?'],
    [{ dataset: "iris", target: "x" }, "--target is for tables: name one with --data."],
    [{ val: "0.6" }, '--val must be a number from 0 to 0.5, got "0.6".'],
    [{ patience: "0" }, '--patience must be an integer of 1 or more, got "0".'],
    [{ patience: "3", val: "0" }, "--patience needs validation items"],
    [{ resume: true }, "--resume needs --checkpoint, the folder that the run was saved in."],
    [{ resume: true, checkpoint: "runs", tune: "lr" }, "--tune and --resume do not go together"],
    [{ tune: "momentun" }, '--tune: sgd: unknown option "momentun". Did you mean "momentum"?'],
    [{ tune: "lr", optimizer: "rprop" }, "--tune: rprop finds its step lengths itself"],
    [{ tune: "lr", optimizer: "lbfgs" }, "--tune: lbfgs finds its step lengths itself"],
    [{ tune: "momentum", momentum: "0" }, "--tune momentum: it must start above 0, and is 0."],
    [{ tune: "lr", lr: "0" }, "--tune lr: it must start above 0, and is 0."],
    [{ tune: "lr,lr" }, "--tune names lr twice."],
    [
      { tune: "beta2", optimizer: "adam" },
      '--tune: there is no number "beta2" to start from. To start from a number, write --optimizer "adam(beta2=…)".',
    ],
    [{ lr: "-0.1" }, '--lr must be a number of 0 or more, got "-0.1".'],
    [{ lr: "" }, '--lr must be a number of 0 or more, got "".'],
    [{ lr: "Infinity" }, "--lr must be a number of 0 or more"],
    [{ momentum: "1.01" }, '--momentum must be a number from 0 to 1, got "1.01".'],
    [{ batch: "0" }, '--batch must be an integer of 1 or more, or "full", got "0".'],
    [{ batch: "all" }, '--batch must be an integer of 1 or more, or "full", got "all".'],
    [{ epochs: "1e3" }, '--epochs must be an integer of 1 or more, got "1e3".'],
    [{ hidden: "12,0" }, '--hidden must be sizes, as in 128 or 64,32, or "none"; got "12,0".'],
    [{ seed: "1.5" }, '--seed must be an integer, got "1.5".'],
  ])("%j", (request, message) => {
    expect(() => read(request)).toThrow(message);
  });
});
