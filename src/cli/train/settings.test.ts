import { describe, expect, test } from "vitest";
import { commandOf, readSettings, readSource, type TrainRequest } from "./settings.ts";

const nothing: TrainRequest = {
  dataset: undefined,
  data: undefined,
  target: undefined,
  features: undefined,
  task: undefined,
  noHeader: false,
  images: undefined,
  labels: undefined,
  optimizer: "sgd",
  lr: undefined,
  momentum: undefined,
  batch: undefined,
  epochs: undefined,
  hidden: undefined,
  seed: "0",
  out: "report.html",
  json: false,
};
const read = (request: Partial<TrainRequest>): string => {
  const all = { ...nothing, ...request };
  const source = readSource(all);
  return commandOf(source, readSettings(all, source.kind));
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
    "everything said",
    { lr: "1e-2", momentum: "0", batch: "full", epochs: "7", hidden: "64, 32", seed: "12" },
    "downhill train digits --optimizer sgd --lr 0.01 --momentum 0 --batch full --epochs 7 --hidden 64,32 --seed 12",
  ],
  [
    "a table, with names that a shell must not touch",
    { data: "my data.csv", target: "it's", features: "a b,$c", task: "regression", hidden: "none" },
    "downhill train --data 'my data.csv' --target 'it'\\''s' --features 'a b,$c' --task regression --optimizer sgd --lr 0.02 --momentum 0.9 --batch 32 --epochs 100 --hidden none --seed 0",
  ],
  [
    "a table without names",
    { data: "t.csv", target: "column2", noHeader: true },
    "downhill train --data t.csv --no-header --target column2 --optimizer sgd --lr 0.02 --momentum 0.9 --batch 32 --epochs 100 --hidden 32 --seed 0",
  ],
  [
    "images",
    { images: "i.gz", labels: "l.gz" },
    "downhill train --images i.gz --labels l.gz --optimizer sgd --lr 0.1 --momentum 0.9 --batch 64 --epochs 10 --hidden 128 --seed 0",
  ],
])("the command of a run says it all: %s", (_, request, command) => {
  expect(read(request)).toBe(command);
});

describe("misuse", () => {
  test.each<[Partial<TrainRequest>, string]>([
    [{ dataset: "digts" }, '"digts" is no data set. Did you mean "digits"?'],
    [
      { dataset: "mnist" },
      '"mnist" is no data set. There is digits; for files of your own see --data and --images.',
    ],
    [{ dataset: "a b.csv" }, `"a b.csv" is no data set. For a table write --data 'a b.csv' --target COLUMN.`],
    [{ dataset: "digits", data: "x.csv" }, "digits and --data name two data sets. Give one of them."],
    [{ data: "x.csv" }, "--data needs --target, the column to predict."],
    [{ target: "x" }, "--target is for tables: name one with --data."],
    [{ features: "x" }, "--features is for tables"],
    [{ task: "regression" }, "--task is for tables"],
    [{ noHeader: true }, "--no-header is for tables: name one with --data."],
    [{ images: "x" }, "--images needs --labels"],
    [{ labels: "x" }, "--labels needs --images"],
    [
      { data: "x", target: "y", task: "ranking" },
      '--task must be classification or regression, got "ranking".',
    ],
    [{ optimizer: "adma" }, '--optimizer must be sgd or adam, got "adma". Did you mean "adam"?'],
    [{ optimizer: "adam", momentum: "0.9" }, "--momentum is for sgd: adam has averages of its own."],
    [{ lr: "-0.1" }, '--lr must be a number of 0 or more, got "-0.1".'],
    [{ lr: "" }, '--lr must be a number of 0 or more, got "".'],
    [{ lr: "Infinity" }, "--lr must be a number of 0 or more"],
    [{ momentum: "1.01" }, '--momentum must be a number from 0 to 1, got "1.01".'],
    [{ batch: "0" }, '--batch must be a whole number of 1 or more, or "full", got "0".'],
    [{ batch: "all" }, '--batch must be a whole number of 1 or more, or "full", got "all".'],
    [{ epochs: "1e3" }, '--epochs must be a whole number of 1 or more, got "1e3".'],
    [{ hidden: "12,0" }, '--hidden must be sizes, as in 128 or 64,32, or "none"; got "12,0".'],
    [{ seed: "1.5" }, '--seed must be a whole number, got "1.5".'],
  ])("%j", (request, message) => {
    expect(() => read(request)).toThrow(message);
  });
});
