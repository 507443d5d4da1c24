import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkChoice, checkNeededOptions } from "../errors/options.ts";
import { columnOf, type Table, type TableColumn } from "../io/index.ts";
import type { Column } from "./column.ts";
import { encodeLabels } from "./labels.ts";
import { finiteNumbers } from "./table-fields.ts";

/** Features and target of a table, ready to be learnt from. */
export type Supervised = Classification | Regression;

/** Which class does an item belong to? */
export interface Classification extends Features {
  readonly task: "classification";
  /** The number of the class of each item, int32 of shape `[n]`. */
  readonly y: Column;
  /** The names of the classes, as they stand in the table. */
  readonly classes: readonly string[];
}

/** What number belongs to an item? */
export interface Regression extends Features {
  readonly task: "regression";
  /** The target of each item, float64 of shape `[n]`. */
  readonly y: Column;
}

interface Features {
  /** float64 of shape `[n, features]`. */
  readonly x: Column;
  /** The names of the features. */
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
  /** Names of the columns to predict from. Default: all but the target. */
  readonly features?: readonly string[];
}

/**
 * Features and target from the columns of a table.
 *
 * @throws DownhillError `data`, naming the table and the column: for columns that are not there, features
 * that are text, values that are not finite (naming the line), a target that is the same in all rows.
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
  const { task = "auto" } = options;
  checkChoice("supervised", "task", task, ["auto", "classification", "regression"]);
  const target = columnOf(table, options.target);
  const names =
    options.features ?? table.columns.map((column) => column.name).filter((name) => name !== target.name);
  const columns = names.map((name) => columnOf(table, name));
  if (columns.length === 0)
    throw new DownhillError(
      "data",
      `${table.name}: there is no column to predict ${show(target.name)} from.`,
    );
  if (columns.includes(target)) {
    throw new DownhillError(
      "data",
      `${table.name}: ${show(target.name)} is the target and cannot be a feature too.`,
    );
  }

  const x = new Float64Array(table.rows * columns.length);
  columns.forEach((column, feature) => {
    const values = finiteNumbers(table, column);
    for (let row = 0; row < table.rows; row++) x[row * columns.length + feature] = values[row]!;
  });
  const shared = {
    x: { shape: [table.rows, columns.length], dtype: "float64", data: x },
    features: names,
    target: target.name,
  } as const;
  const isClasses = task === "classification" || (task === "auto" && looksLikeClasses(target));
  if (!isClasses) {
    const y = finiteNumbers(table, target, `Is task: "classification" meant?`);
    if (y.every((value) => value === y[0])) throw nothingToLearn(table, target, y[0]!);
    return { ...shared, task: "regression", y: { shape: [table.rows], dtype: "float64", data: y } };
  }
  const encoded =
    target.kind === "text" ? encodeLabels(target.values) : encodeLabels(finiteNumbers(table, target));
  if (encoded.classes.length === 1) throw nothingToLearn(table, target, encoded.classes[0]!);
  return {
    ...shared,
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
