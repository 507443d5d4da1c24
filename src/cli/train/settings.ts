import { DownhillError } from "../../errors/index.ts";
import { adam, type Optimizer, sgd } from "../../optim/index.ts";
import { didYouMean } from "../../util/suggest.ts";

/** What `downhill train` was asked for, as it was written. */
export interface TrainRequest {
  readonly dataset: string | undefined;
  readonly data: string | undefined;
  readonly target: string | undefined;
  readonly features: string | undefined;
  readonly task: string | undefined;
  readonly noHeader: boolean;
  readonly images: string | undefined;
  readonly labels: string | undefined;
  readonly optimizer: string;
  readonly lr: string | undefined;
  readonly momentum: string | undefined;
  readonly batch: string | undefined;
  readonly epochs: string | undefined;
  readonly hidden: string | undefined;
  readonly seed: string;
  readonly out: string;
  readonly json: boolean;
}

/** Where the data come from. */
export type Source =
  | { readonly kind: "digits" }
  | {
      readonly kind: "table";
      readonly file: string;
      readonly target: string;
      readonly features: readonly string[] | undefined;
      readonly header: "auto" | false;
      readonly task: "auto" | "classification" | "regression";
    }
  | { readonly kind: "images"; readonly images: string; readonly labels: string };

/** How to train. */
export interface Settings {
  readonly optimizer: "sgd" | "adam";
  readonly learningRate: number;
  /** `undefined` for adam, which has its own. */
  readonly momentum: number | undefined;
  readonly batch: number | "full";
  readonly epochs: number;
  readonly hidden: readonly number[];
  readonly seed: number;
}

interface Defaults {
  readonly rate: { readonly sgd: number; readonly adam: number };
  readonly batch: number;
  readonly epochs: number;
  readonly hidden: readonly number[];
}

/** Chosen on parts of training data, never by a test part. The options' descriptions tell them. */
const defaults: Readonly<Record<Source["kind"], Defaults>> = {
  digits: { rate: { sgd: 0.2, adam: 0.003 }, batch: 32, epochs: 30, hidden: [128] },
  table: { rate: { sgd: 0.02, adam: 0.003 }, batch: 32, epochs: 100, hidden: [32] },
  images: { rate: { sgd: 0.1, adam: 0.001 }, batch: 64, epochs: 10, hidden: [128] },
};

/**
 * Where the data are from.
 *
 * @throws DownhillError `option` for a name that is none, and for options that need one another.
 */
export function readSource(request: TrainRequest): Source {
  const { dataset, data, target, images, labels } = request;
  const given = [
    ...(dataset === undefined ? [] : [dataset]),
    ...(data === undefined ? [] : ["--data"]),
    ...(images === undefined && labels === undefined ? [] : ["--images"]),
  ];
  if (given.length > 1) throw option(`${given.join(" and ")} name two data sets. Give one of them.`);
  if (dataset !== undefined && dataset !== "digits") throw unknownDataset(dataset);
  if (data !== undefined) {
    if (target === undefined) throw option("--data needs --target, the column to predict.");
    const task = choice("--task", request.task ?? "auto", ["auto", "classification", "regression"]);
    const features = request.features?.split(",").map((name) => name.trim());
    return { kind: "table", file: data, target, features, header: request.noHeader ? false : "auto", task };
  }
  for (const [name, value] of [
    ["--target", target],
    ["--features", request.features],
    ["--task", request.task],
    ["--no-header", request.noHeader ? "" : undefined],
  ] as const) {
    if (value !== undefined) throw option(`${name} is for tables: name one with --data.`);
  }
  if (images === undefined && labels === undefined) return { kind: "digits" };
  if (images === undefined) throw option("--labels needs --images, the file of the images.");
  if (labels === undefined) throw option("--images needs --labels, the file of their labels.");
  return { kind: "images", images, labels };
}

/**
 * How to train, with the defaults for such data.
 *
 * @throws DownhillError `option` for words that are no numbers, and for numbers out of range.
 */
export function readSettings(request: TrainRequest, kind: Source["kind"]): Settings {
  const initial = defaults[kind];
  const optimizer = choice("--optimizer", request.optimizer, ["sgd", "adam"]);
  if (optimizer === "adam" && request.momentum !== undefined) {
    throw option("--momentum is for sgd: adam has averages of its own.");
  }
  const momentum = number("--momentum", request.momentum, 0.9, { from: 0, to: 1 });
  return {
    optimizer,
    learningRate: number("--lr", request.lr, initial.rate[optimizer], { from: 0 }),
    momentum: optimizer === "sgd" ? momentum : undefined,
    batch: request.batch === "full" ? "full" : whole("--batch", request.batch, initial.batch, `, or "full"`),
    epochs: whole("--epochs", request.epochs, initial.epochs),
    hidden: sizes(request.hidden, initial.hidden),
    seed: seed(request.seed),
  };
}

/** A learning rate to try where that of these settings was too high: the default, or a tenth where that was no lower. */
export function lowerRate({ optimizer, learningRate }: Settings, kind: Source["kind"]): number {
  const initial = defaults[kind].rate[optimizer];
  return learningRate > initial ? initial : Number((learningRate / 10).toPrecision(2));
}

/** The optimiser of these settings. */
export function optimizerOf<P>({ optimizer, learningRate, momentum = 0 }: Settings): Optimizer<P, unknown> {
  return optimizer === "sgd" ? sgd({ learningRate, momentum }) : adam({ learningRate });
}

/** The command that repeats a run, whatever its defaults were. */
export function commandOf(source: Source, settings: Settings): string {
  const { optimizer, learningRate, momentum, batch, epochs, hidden, seed } = settings;
  const words = ["downhill", "train"].concat(
    sourceWords(source),
    ["--optimizer", optimizer, "--lr", String(learningRate)],
    momentum === undefined ? [] : ["--momentum", String(momentum)],
    ["--batch", String(batch), "--epochs", String(epochs)],
    ["--hidden", hidden.length === 0 ? "none" : hidden.join(","), "--seed", String(seed)],
  );
  return words.map(quote).join(" ");
}

function sourceWords(source: Source): string[] {
  switch (source.kind) {
    case "digits":
      return ["digits"];
    case "table": {
      const features = source.features === undefined ? [] : ["--features", source.features.join(",")];
      const task = source.task === "auto" ? [] : ["--task", source.task];
      const header = source.header === false ? ["--no-header"] : [];
      return ["--data", source.file, ...header, "--target", source.target, ...features, ...task];
    }
    case "images":
      return ["--images", source.images, "--labels", source.labels];
    default:
      return source satisfies never;
  }
}

/** A word as a shell takes it back. */
function quote(word: string): string {
  return /^[\w./:,=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function unknownDataset(name: string): DownhillError {
  if (/\.(csv|tsv|txt)(\.gz)?$/i.test(name)) {
    return option(
      `${JSON.stringify(name)} is no data set. For a table write --data ${quote(name)} --target COLUMN.`,
    );
  }
  const near = didYouMean(name, ["digits"]);
  const all = ` There is digits; for files of your own see --data and --images.`;
  return option(`${JSON.stringify(name)} is no data set.${near === "" ? all : near}`);
}

function choice<const W extends string>(name: string, value: string, words: readonly W[]): W {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  const near = didYouMean(value, words);
  throw option(
    `${name} must be ${words.filter((word) => word !== "auto").join(" or ")}, got ${JSON.stringify(value)}.${near}`,
  );
}

function number(
  name: string,
  text: string | undefined,
  initial: number,
  { from, to = Infinity }: { readonly from: number; readonly to?: number },
): number {
  if (text === undefined) return initial;
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= from && value <= to) return value;
  const range = to === Infinity ? `a number of ${from} or more` : `a number from ${from} to ${to}`;
  throw option(`${name} must be ${range}, got ${JSON.stringify(text)}.`);
}

function whole(name: string, text: string | undefined, initial: number, also = ""): number {
  if (text === undefined) return initial;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw option(`${name} must be a whole number of 1 or more${also}, got ${JSON.stringify(text)}.`);
}

function seed(text: string): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw option(`--seed must be a whole number, got ${JSON.stringify(text)}.`);
}

function sizes(text: string | undefined, initial: readonly number[]): readonly number[] {
  if (text === undefined) return initial;
  if (text === "none") return [];
  const parts = text.split(",").map((part) => part.trim());
  const most = 1_000_000;
  if (parts.every((part) => /^\d+$/.test(part) && Number(part) >= 1 && Number(part) <= most))
    return parts.map(Number);
  throw option(`--hidden must be sizes, as in 128 or 64,32, or "none"; got ${JSON.stringify(text)}.`);
}

function option(message: string): DownhillError {
  return new DownhillError("option", message);
}
