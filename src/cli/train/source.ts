import type { DownhillError } from "../../errors/index.ts";
import { didYouMean } from "../../util/suggest.ts";
import { optionError, quote, readChoice } from "../shared/words.ts";

/** What was asked for as data, as it was written. */
export interface SourceRequest {
  readonly dataset: string | undefined;
  readonly data: string | undefined;
  readonly target: string | undefined;
  readonly features: string | undefined;
  readonly task: string | undefined;
  readonly noHeader: boolean;
  readonly images: string | undefined;
  readonly labels: string | undefined;
}

/** Tables that are part of the library. */
const sets = ["iris", "wine", "penguins"] as const;

/** Where the data come from. */
export type Source =
  | { readonly kind: "digits" }
  | { readonly kind: "set"; readonly name: (typeof sets)[number] }
  | {
      readonly kind: "table";
      readonly file: string;
      readonly target: string;
      readonly features: readonly string[] | undefined;
      readonly header: "auto" | false;
      readonly task: "auto" | "classification" | "regression";
    }
  | { readonly kind: "images"; readonly images: string; readonly labels: string };

/**
 * Where the data are from.
 *
 * @throws DownhillError `option` for a name that is none, and for options that need one another.
 */
export function readSource(request: SourceRequest): Source {
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
    const task = readChoice("--task", request.task ?? "auto", ["auto", "classification", "regression"]);
    const features = request.features?.split(",").map((name) => name.trim());
    return { kind: "table", file: data, target, features, header: request.noHeader ? false : "auto", task };
  }
  for (const [name, value] of [
    ["--target", target],
    ["--features", request.features],
    ["--task", request.task],
    ["--no-header", request.noHeader ? "" : undefined],
  ] as const) {
    if (value !== undefined) throw optionError(`${name} is for tables: name one with --data.`);
  }
  if (set !== undefined) return { kind: "set", name: set };
  if (images === undefined && labels === undefined) return { kind: "digits" };
  if (images === undefined) throw optionError("--labels needs --images, the file of the images.");
  if (labels === undefined) throw optionError("--images needs --labels, the file of their labels.");
  return { kind: "images", images, labels };
}

/** The words that name it on a command line. */
export function sourceWords(source: Source): string[] {
  switch (source.kind) {
    case "digits":
      return ["digits"];
    case "set":
      return [source.name];
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

function unknownDataset(name: string): DownhillError {
  if (/\.(csv|tsv|txt)(\.gz)?$/i.test(name)) {
    return optionError(
      `${JSON.stringify(name)} is no data set. For a table write --data ${quote(name)} --target COLUMN.`,
    );
  }
  const names = ["digits", ...sets];
  const near = didYouMean(name, names);
  const all = ` There are ${names.join(", ")}; for files of your own see --data and --images.`;
  return optionError(`${JSON.stringify(name)} is no data set.${near === "" ? all : near}`);
}
