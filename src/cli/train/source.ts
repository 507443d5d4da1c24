import type { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { readDecimal } from "../shared/table-words.ts";
import { optionError, quote, readChoice, readCount } from "../shared/words.ts";
import { isGiven, optionsWhere, type TrainRequest, writtenOption } from "./options.ts";

/** Names of the built-in tables. */
const sets = ["iris", "wine", "penguins"] as const;

/** The source of the training data: built-in digits, a built-in table, a table file, or files of images and labels. */
export type DataSource =
  | { readonly kind: "digits" }
  | { readonly kind: "set"; readonly name: (typeof sets)[number] }
  | {
      readonly kind: "table";
      readonly file: string;
      readonly target: string;
      /** The columns to predict from; `undefined` for all except the target and those of `without`. */
      readonly features: readonly string[] | undefined;
      readonly without: readonly string[];
      readonly header: "auto" | false;
      readonly task: "auto" | "classification" | "regression";
      /** The decimal separator. */
      readonly decimal: "auto" | "." | ",";
      /** Columns of categories, even if they look like numbers. */
      readonly categories: readonly string[];
      /** The maximal number of categories of a column; `undefined` for the default of the library. */
      readonly maxCategories: number | undefined;
      readonly missing: "error" | "drop" | "mean" | "median";
      readonly indicator: boolean;
    }
  | { readonly kind: "images"; readonly images: string; readonly labels: string };

/**
 * Reads the source of the data.
 *
 * @throws DownhillError `option` for an unknown name, and for options that require others.
 */
export function readSource(request: TrainRequest): DataSource {
  const { dataset, data, target, images, labels } = request;
  const given = [
    ...(dataset === undefined ? [] : [dataset]),
    ...(data === undefined ? [] : ["--data"]),
    ...(images === undefined && labels === undefined ? [] : ["--images"]),
  ];
  if (given.length > 1) throw optionError(`${given.join(" and ")} name two data sets. Give one of them.`);
  const set = sets.find((name) => name === dataset);
  if (dataset !== undefined && dataset !== "digits" && set === undefined) throw unknownDataset(dataset);
  if (data !== undefined) {
    if (target === undefined) throw optionError("--data needs --target, the column to predict.");
    return readTableSource(request, data, target);
  }
  for (const name of optionsWhere(({ source }) => source === "table"))
    if (isGiven(name, request[name]))
      throw optionError(`${writtenOption(name)} is for tables: name one with --data.`);
  if (set !== undefined) return { kind: "set", name: set };
  if (images === undefined && labels === undefined) return { kind: "digits" };
  if (images === undefined) throw optionError("--labels needs --images, the file of the images.");
  if (labels === undefined) throw optionError("--images needs --labels, the file of their labels.");
  return { kind: "images", images, labels };
}

function readTableSource(request: TrainRequest, file: string, target: string): DataSource {
  const list = (text: string | undefined): string[] | undefined =>
    text?.split(",").map((name) => name.trim());
  const missing = readChoice("--missing", request.missing ?? "error", ["error", "drop", "mean", "median"]);
  if (request.indicator && missing !== "mean" && missing !== "median")
    throw optionError("--indicator needs --missing mean or --missing median.");
  if (request.features !== undefined && request.without !== undefined)
    throw optionError(
      "--features names the columns to predict from, --without those to leave out. Give one of them.",
    );
  const most = request["max-categories"];
  return {
    kind: "table",
    file,
    target,
    features: list(request.features),
    without: list(request.without) ?? [],
    header: request.header ? "auto" : false,
    task: readChoice("--task", request.task ?? "auto", ["auto", "classification", "regression"]),
    decimal: readDecimal(request.decimal),
    categories: list(request.categories) ?? [],
    maxCategories: most === undefined ? undefined : readCount("--max-categories", most),
    missing,
    indicator: request.indicator,
  };
}

/** Returns the words of a command line that select this source of data. */
export function sourceWords(source: DataSource): string[] {
  switch (source.kind) {
    case "digits":
      return ["digits"];
    case "set":
      return [source.name];
    case "table":
      return tableWords(source);
    case "images":
      return ["--images", source.images, "--labels", source.labels];
    default:
      return source satisfies never;
  }
}

/** Returns the files from which the data are read; empty for built-in data. */
export function filesOfSource(source: DataSource): readonly string[] {
  switch (source.kind) {
    case "digits":
    case "set":
      return [];
    case "table":
      return [source.file];
    case "images":
      return [source.images, source.labels];
    default:
      return source satisfies never;
  }
}

function tableWords(source: DataSource & { readonly kind: "table" }): string[] {
  const { file, target, features, without, header, task } = source;
  const { decimal, categories, maxCategories, missing } = source;
  return [
    ["--data", file],
    header === false ? ["--no-header"] : [],
    ["--target", target],
    features === undefined ? [] : ["--features", features.join(",")],
    without.length === 0 ? [] : ["--without", without.join(",")],
    task === "auto" ? [] : ["--task", task],
    decimal === "auto" ? [] : ["--decimal", decimal === "," ? "comma" : "point"],
    categories.length === 0 ? [] : ["--categories", categories.join(",")],
    maxCategories === undefined ? [] : ["--max-categories", String(maxCategories)],
    missing === "error" ? [] : ["--missing", missing],
    source.indicator ? ["--indicator"] : [],
  ].flat();
}

function unknownDataset(name: string): DownhillError {
  if (/\.(csv|tsv|txt|jsonl|ndjson|parquet)(\.gz)?$/i.test(name)) {
    return optionError(
      `${JSON.stringify(name)} is not a data set. For a table write --data ${quote(name)} --target COLUMN.`,
    );
  }
  const names = ["digits", ...sets];
  const near = didYouMean(name, names);
  const all = ` There are ${names.join(", ")}; for files of your own see --data and --images.`;
  return optionError(`${JSON.stringify(name)} is not a data set.${near === "" ? all : near}`);
}
