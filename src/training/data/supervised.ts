import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkNeededOptions } from "../../engine/errors/options.ts";
import { columnOf, type Table, type TableColumn } from "../io/index.ts";
import type { Column } from "./column.ts";
import { encodeFeatures, type FeatureEncoder, fitFeatures } from "./encode-features.ts";
import { encodeLabels } from "./labels.ts";
import { finiteNumbers } from "./table-fields.ts";

/** Features and target of a table for supervised learning. */
export type Supervised = Classification | Regression;

/** Data for predicting the class of an item. */
export interface Classification extends FeatureData {
  readonly task: "classification";
  /** Index of the class of each item, int32 of shape `[n]`. */
  readonly y: Column;
  /** Names of the classes as in the table. */
  readonly classes: readonly string[];
}

/** Data for predicting a number for an item. */
export interface Regression extends FeatureData {
  readonly task: "regression";
  /** Target of each item, float64 of shape `[n]`. */
  readonly y: Column;
}

interface FeatureData {
  /** Features, float64 of shape `[n, features]`. */
  readonly x: Column;
  /** Names of the features: numeric columns, and `column=category` for each category of a text column. */
  readonly features: readonly string[];
  /** Name of the target. */
  readonly target: string;
}

/** Options of `supervised`. */
export interface SupervisedOptions {
  /** Name of the column to predict. */
  readonly target: string;
  /**
   * Kind of prediction. Default `"auto"`: classes if the target is text, or if its values are integers with at most 20
   * distinct values and at least twice as many items; otherwise numbers.
   */
  readonly task?: "auto" | "classification" | "regression";
  /**
   * Names of the columns to predict from, or rules that `fitFeatures` has learnt. Default: all but the target. Text
   * columns have one input per category found in any row. If part of the rows is held out, learn the rules from the
   * others.
   */
  readonly features?: readonly string[] | FeatureEncoder;
}

/**
 * Extracts features and target from the columns of a table.
 *
 * @throws DownhillError `data`, naming the table and the column: for unknown columns, text with too many categories,
 *   values that are missing or not finite (naming the line), a target that is equal in all rows.
 * @example
 * ```text
 * const table = readTable("height,girth,kind\n9,1,oak\n7,2,ash\n8,1,oak\n");
 * const { x, y } = supervised(table, { target: "kind" });
 * x.shape; // [3, 2]
 * y.data; // Int32Array [1, 0, 1], for the classes ash and oak
 * ```
 */
export function supervised(table: Table, options: SupervisedOptions): Supervised {
  if (arguments.length > 2) refuseExtra("supervised", arguments, 2);
  checkNeededOptions("supervised", options, ["target", "task", "features"]);
  const { task = "auto", features } = options;
  checkChoice("supervised", "task", task, ["auto", "classification", "regression"]);
  const target = columnOf(table, options.target).name;
  const chosen = features ?? table.columns.map(({ name }) => name).filter((name) => name !== target);
  const names = "columns" in chosen ? chosen.columns.map(({ column }) => column) : chosen;
  checkFeatures(table, target, names);
  const encoder = "columns" in chosen ? chosen : fitFeatures(table, { features: names });
  const { x, inputs } = encodeFeatures(table, encoder);
  return { x, features: inputs.map(({ name }) => name), target, ...targetOf(table, target, task) };
}

/** Checks that there are features and that the target is not one of them. */
export function checkFeatures(table: Table, target: string, names: readonly string[]): void {
  if (names.length === 0)
    throw new DownhillError("data", `${table.name}: there is no column to predict ${show(target)} from.`);
  if (!names.includes(target)) return;
  throw new DownhillError(
    "data",
    `${table.name}: ${show(target)} is the target and cannot be a feature too.`,
  );
}

/** Target of a prediction without the features. */
export type PredictionTarget =
  Pick<Classification, "task" | "y" | "classes"> | Pick<Regression, "task" | "y">;

/** Extracts the target of each row, like `supervised`. */
export function targetOf(
  table: Table,
  name: string,
  task: "auto" | "classification" | "regression",
): PredictionTarget {
  const target = columnOf(table, name);
  const isClasses = task === "classification" || (task === "auto" && looksLikeClasses(target));
  if (!isClasses) {
    const y = finiteNumbers(table, target, `Is task: "classification" meant?`);
    if (y.every((value) => value === y[0])) throw nothingToLearn(table, target, y[0]!);
    return { task: "regression", y: { shape: [table.rows], dtype: "float64", data: y } };
  }
  const encoded =
    target.kind === "text" ? encodeLabels(target.values) : encodeLabels(finiteNumbers(table, target));
  if (encoded.classes.length === 1) throw nothingToLearn(table, target, encoded.classes[0]!);
  return {
    task: "classification",
    y: { shape: [table.rows], dtype: "int32", data: encoded.labels },
    classes: encoded.classes.map(String),
  };
}

function looksLikeClasses(target: TableColumn): boolean {
  if (target.kind === "text") return true;
  const different = new Set(target.values).size;
  return target.values.every(Number.isInteger) && different <= 20 && target.values.length >= 2 * different;
}

function nothingToLearn(table: Table, target: TableColumn, value: number | string): DownhillError {
  const all = `column ${show(target.name)} is ${JSON.stringify(value)} in all ${table.rows} rows`;
  return new DownhillError(
    "data",
    `${table.name}: ${all}: there is nothing to learn. Add rows of other classes or values.`,
  );
}

function show(name: string): string {
  return JSON.stringify(name);
}
