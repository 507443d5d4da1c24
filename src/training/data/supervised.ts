import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkNeededOptions } from "../../engine/errors/options.ts";
import { columnOf, type Table, type TableColumn } from "../io/index.ts";
import type { Column } from "./column.ts";
import { encodeFeatures, type FeatureEncoder, fitFeatures } from "./encode-features.ts";
import { encodeLabels } from "./labels.ts";
import { finiteNumbers } from "./table-fields.ts";

/** Features and target of a table, ready to be learnt from. */
export type Supervised = Classification | Regression;

/** Which class does an item belong to? */
export interface Classification extends FeatureData {
  readonly task: "classification";
  /** The number of the class of each item, int32 of shape `[n]`. */
  readonly y: Column;
  /** The names of the classes, as they stand in the table. */
  readonly classes: readonly string[];
}

/** What number belongs to an item? */
export interface Regression extends FeatureData {
  readonly task: "regression";
  /** The target of each item, float64 of shape `[n]`. */
  readonly y: Column;
}

interface FeatureData {
  /** float64 of shape `[n, features]`. */
  readonly x: Column;
  /** The names of the features: of columns of numbers, and `column=category` for each category of a text. */
  readonly features: readonly string[];
  /** The name of the target. */
  readonly target: string;
}

/** Options of `supervised`. */
export interface SupervisedOptions {
  /** Name of the column to predict. */
  readonly target: string;
  /**
   * What to predict. Default `"auto"`: classes if the target is text, or if its values are integers, at most
   * 20 different ones, and at least twice as many items; else numbers.
   */
  readonly task?: "auto" | "classification" | "regression";
  /**
   * Names of the columns to predict from, or rules that `fitFeatures` has learnt. Default: all but the target. Texts have
   * one input a category, found in all rows: where a part of them is held out, learn rules from the others.
   */
  readonly features?: readonly string[] | FeatureEncoder;
}

/**
 * Features and target from the columns of a table.
 *
 * @throws DownhillError `data`, naming the table and the column: for columns that are not there, text of too many
 * categories, values that are missing or not finite (naming the line), a target that is the same in all rows.
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

/** Refuses features that are none. */
export function checkFeatures(table: Table, target: string, names: readonly string[]): void {
  if (names.length === 0)
    throw new DownhillError("data", `${table.name}: there is no column to predict ${show(target)} from.`);
  if (!names.includes(target)) return;
  throw new DownhillError(
    "data",
    `${table.name}: ${show(target)} is the target and cannot be a feature too.`,
  );
}

/** What is to be predicted, without what it is predicted from. */
export type PredictionTarget =
  Pick<Classification, "task" | "y" | "classes"> | Pick<Regression, "task" | "y">;

/** The target of each row, as `supervised` has it. */
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
    `${table.name}: ${all}: there is nothing to learn. Take rows of other classes or values too.`,
  );
}

function show(name: string): string {
  return JSON.stringify(name);
}
