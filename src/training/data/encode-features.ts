import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { isMissing } from "../io/cells.ts";
import { columnOf, type Table, type TableColumn } from "../io/index.ts";
import type { Column } from "./column.ts";
import { momentsOf } from "./standardise.ts";
import { placeOf } from "./table-fields.ts";
import { naturalOrder } from "./natural-order.ts";

/** Rule that converts one column of a table to numbers. */
export type FeatureRule =
  | {
      readonly kind: "number";
      readonly column: string;
      /** Replacement for missing values; without it they are errors. */
      readonly fill?: number;
      /** Whether to add a second input that is 1 where the value was missing. */
      readonly indicator?: boolean;
    }
  | {
      readonly kind: "category";
      readonly column: string;
      /**
       * Categories, one input each, which is 1 where the column has the category and 0 elsewhere. The empty string is
       * the category of missing values.
       */
      readonly categories: readonly string[];
      /** Treatment of missing values that are not a category: an error, or zeros in all inputs. */
      readonly missing: "error" | "none";
    };

/**
 * Rules that convert the columns of a table to the inputs of a network. Plain data, so that it can be saved with the
 * parameters.
 */
export interface FeatureEncoder {
  readonly columns: readonly FeatureRule[];
}

/** Options of `fitFeatures`. */
export interface FitFeaturesOptions {
  /** Names of the columns. Default: all. */
  readonly features?: readonly string[];
  /** Rows to learn from, such as those of the training part. Default: all. */
  readonly rows?: ArrayLike<number>;
  /**
   * Treatment of missing values: NaN in a column of numbers; in a text column, the empty text and the words that
   * `readTable` also treats as missing in numbers. Default `"error"`. With `"mean"` and `"median"`, the mean or median
   * of the column over `rows` replaces missing numbers, and missing texts become a separate category. To remove rows
   * with missing values, use `dropMissing`.
   */
  readonly missing?: "error" | "mean" | "median";
  /** Whether columns with replaced values get a second input, which is 1 where the value was missing. Default false. */
  readonly indicator?: boolean;
  /**
   * Largest number of categories of a text column. Default 100, and at most half the number of rows, because nothing
   * can be learnt from names and serial numbers.
   */
  readonly maxCategories?: number;
}

/** Inputs computed from a table. */
export interface EncodedFeatures {
  /** Inputs, float64 of shape `[rows, inputs]`. */
  readonly x: Column;
  readonly inputs: readonly FeatureInput[];
  /** Values of text columns that are not among the categories; all inputs of such a value are 0. */
  readonly unknown: readonly UnknownCategory[];
}

/** One input of a network. */
export interface FeatureInput {
  /** Name of the input: the name of a column of numbers, `column=category`, or `column missing`. */
  readonly name: string;
  /** `"number"` for a numeric column, `"flag"` for an input of 0 and 1. */
  readonly kind: "number" | "flag";
}

const mostCategories = 100;

/**
 * Learns rules that convert the columns of a table to inputs: numbers unchanged, texts as one input per category
 * (one-hot).
 *
 * @throws DownhillError `data`, naming the column: for too many categories, missing values without a rule for them, a
 *   column without a value to learn from, unknown columns. `option` for invalid options.
 * @example
 * const trees = readTable("height,site\n9,north\n7,south\n8,north\n,south\n", { missing: "keep" });
 * const encoder = fitFeatures(trees, { rows: [0, 1, 2], missing: "mean" });
 * const { x, inputs } = encodeFeatures(trees, encoder);
 * inputs.map(({ name }) => name); // ["height", "site=north", "site=south"]
 * [...x.data].slice(9); // [8, 0, 1]
 */
export function fitFeatures(table: Table, options: FitFeaturesOptions = {}): FeatureEncoder {
  if (arguments.length > 2) refuseExtra("fitFeatures", arguments, 2);
  checkOptions("fitFeatures", options, ["features", "rows", "missing", "indicator", "maxCategories"]);
  const { missing = "error", indicator = false, maxCategories } = options;
  checkChoice("fitFeatures", "missing", missing, ["error", "mean", "median"]);
  if (typeof indicator !== "boolean" || (indicator && missing === "error")) {
    const what =
      typeof indicator === "boolean" ? `needs missing: "mean" or "median"` : "must be true or false";
    throw new DownhillError("option", `fitFeatures: indicator ${what}.`);
  }
  if (maxCategories !== undefined && !(Number.isInteger(maxCategories) && maxCategories >= 1)) {
    throw new DownhillError(
      "option",
      `fitFeatures: maxCategories must be an integer of 1 or more, got ${String(maxCategories)}.`,
    );
  }
  const names = options.features ?? table.columns.map(({ name }) => name);
  const rows = options.rows ?? Array.from({ length: table.rows }, (_, row) => row);
  if (rows.length === 0) throw new DownhillError("data", "fitFeatures: there are no rows to learn from.");
  const columns = names.map((name): FeatureRule => {
    const column = columnOf(table, name);
    if (column.kind === "number") return numberRule(table, column, rows, missing, indicator);
    const categories = categoriesOf(table, column, rows, missing, maxCategories);
    return { kind: "category", column: name, categories, missing: missing === "error" ? "error" : "none" };
  });
  return { columns };
}

/**
 * Computes the inputs of a table by rules learnt from this table or another one. A text that is not among the
 * categories has 0 in all their inputs and is listed in `unknown`.
 *
 * @throws DownhillError `data`, naming table, line and column: for columns that are missing or of another kind, and for
 *   missing values without a rule.
 */
export function encodeFeatures(table: Table, encoder: FeatureEncoder): EncodedFeatures {
  if (arguments.length > 2) refuseExtra("encodeFeatures", arguments, 2);
  const given: unknown = (encoder as Partial<FeatureEncoder> | undefined)?.columns;
  if (!Array.isArray(given))
    throw new DownhillError("option", "encodeFeatures: the encoder must be the result of fitFeatures.");
  return encodeTable(table, encoder, adviceOfFeatures);
}

/**
 * Parts of the error messages about a table that does not fit the rules, in the words of the function that called
 * `encodeTable`.
 */
export interface EncodingAdvice {
  /** Sentence with the remedy for a missing value. */
  readonly repair: string;
  /** Origin of the rules, in the words of the caller; inserted after `and was a column of numbers`. */
  readonly learnt: string;
}

/** A value of a text column that is not among its categories. */
export interface UnknownCategory {
  readonly row: number;
  readonly column: string;
  readonly value: string;
}

/** Like `encodeFeatures`, with error messages completed by `advice`. */
export function encodeTable(table: Table, encoder: FeatureEncoder, advice: EncodingAdvice): EncodedFeatures {
  const inputs = inputsOf(encoder);
  const x = new Float64Array(table.rows * inputs.length);
  const unknown: UnknownCategory[] = [];
  let first = 0; // index of the first input of the column
  for (const rule of encoder.columns) {
    const offset = first;
    const put: InputWriter = (row, input, value) => (x[row * inputs.length + offset + input] = value);
    for (const one of encodeColumn(table, rule, put, advice)) unknown.push(one);
    first += sizeOfRule(rule);
  }
  return { x: { shape: [table.rows, inputs.length], dtype: "float64", data: x }, inputs, unknown };
}

/**
 * Passes the inputs that one rule produces to `put`, except zeros of flags, in the order of the rows.
 *
 * @returns the values that are not among the categories
 * @throws DownhillError like `encodeFeatures`
 */
export function encodeColumn(
  table: Table,
  rule: FeatureRule,
  put: InputWriter,
  advice: EncodingAdvice = adviceOfFeatures,
): UnknownCategory[] {
  const column = columnOf(table, rule.column);
  const unknown: UnknownCategory[] = [];
  const missing = (row: number, value: number | ""): DownhillError =>
    missingValue(table, row, column, value, advice.repair);
  if (rule.kind === "category")
    encodeCategories(column, rule, put, missing, (row, value) =>
      unknown.push({ row, column: column.name, value }),
    );
  else if (column.kind === "text")
    throw wrongKind(table, column, "is text", `a column of numbers ${advice.learnt}`);
  else encodeNumbers(column, rule, put, missing);
  return unknown;
}

/** Lists the inputs that rules produce, in order. */
export function inputsOf({ columns }: FeatureEncoder): FeatureInput[] {
  return columns.flatMap((rule): FeatureInput[] => {
    if (rule.kind === "category") {
      return rule.categories.map((category) => ({
        name: category === "" ? `${rule.column} missing` : `${rule.column}=${category}`,
        kind: "flag",
      }));
    }
    const flag: FeatureInput = { name: `${rule.column} missing`, kind: "flag" };
    return [{ name: rule.column, kind: "number" }, ...(rule.indicator === true ? [flag] : [])];
  });
}

/** Returns the number of inputs that a rule produces. */
export function sizeOfRule(rule: FeatureRule): number {
  return rule.kind === "category" ? rule.categories.length : rule.indicator === true ? 2 : 1;
}

/** Receives a value: `input` is the index among the inputs of the column. */
type InputWriter = (row: number, input: number, value: number) => void;
type MissingErrorFactory = (row: number, value: number | "") => DownhillError;

function encodeNumbers(
  column: TableColumn & { kind: "number" },
  { fill, indicator }: FeatureRule & { kind: "number" },
  put: InputWriter,
  missing: MissingErrorFactory,
): void {
  column.values.forEach((value, row) => {
    const isThere = Number.isFinite(value);
    if (!isThere && (fill === undefined || !Number.isNaN(value))) throw missing(row, value);
    put(row, 0, isThere ? value : fill!);
    if (indicator === true && !isThere) put(row, 1, 1);
  });
}

function encodeCategories(
  column: TableColumn,
  rule: FeatureRule & { kind: "category" },
  put: InputWriter,
  missing: MissingErrorFactory,
  tellUnknown: (row: number, value: string) => void,
): void {
  const places = new Map(rule.categories.map((category, i) => [category, i]));
  for (let row = 0; row < column.values.length; row++) {
    // The table may have read numeric categories as numbers.
    const value = categoryOf(String(column.values[row]));
    const place = places.get(value);
    if (place !== undefined) put(row, place, 1);
    else if (value === "" && rule.missing === "error") throw missing(row, "");
    else tellUnknown(row, value);
  }
}

function numberRule(
  table: Table,
  column: TableColumn & { kind: "number" },
  rows: ArrayLike<number>,
  missing: "error" | "mean" | "median",
  indicator: boolean,
): FeatureRule {
  const { name } = column;
  if (missing === "error") return { kind: "number", column: name };
  const there = Float64Array.from(rows, (row) => column.values[row]!).filter(Number.isFinite);
  if (there.length === 0) {
    throw new DownhillError(
      "data",
      `${table.name}: column ${JSON.stringify(name)} has no value in the rows to learn from. Leave the column out.`,
    );
  }
  const fill = missing === "mean" ? momentsOf(there).mean : medianOf(there);
  return {
    kind: "number",
    column: name,
    fill,
    ...(indicator && there.length < rows.length ? { indicator } : {}),
  };
}

function categoriesOf(
  table: Table,
  column: TableColumn & { kind: "text" },
  rows: ArrayLike<number>,
  missing: "error" | "mean" | "median",
  most: number | undefined,
): readonly string[] {
  const found = new Set<string>();
  for (let i = 0; i < rows.length; i++) {
    const category = categoryOf(column.values[rows[i]!]!);
    if (category === "" && missing === "error") throw missingValue(table, rows[i]!, column, "");
    found.add(category);
  }
  const count = found.has("") ? found.size - 1 : found.size;
  const limit = most ?? Math.min(mostCategories, Math.max(2, Math.floor(rows.length / 2)));
  if (count > limit) {
    const shown = [...found].slice(0, 3).map((category) => JSON.stringify(category));
    throw new DownhillError(
      "data",
      `${table.name}: column ${JSON.stringify(column.name)} is text with ${count} categories in ${rows.length} rows ` +
        `(${shown.join(", ")}, …): more than ${limit}, too many to learn from. Leave the column out, or set maxCategories: ${count}.`,
    );
  }
  return [...found].sort(naturalOrder);
}

/** Returns the category of the text in a cell. All words for a missing value map to the empty string. */
function categoryOf(text: string): string {
  return isMissing(text) ? "" : text;
}

function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  const [a, b] = [sorted[middle - 1]!, sorted[middle]!];
  return a + (b / 2 - a / 2);
}

const repairOfMissing = 'Fill it in, remove such rows with dropMissing, or replace it with missing: "mean".';

const adviceOfFeatures: EncodingAdvice = { repair: repairOfMissing, learnt: "when the rules were learned" };

/** Creates the error for a missing value without a rule, or for an infinite number. */
export function missingValue(
  table: Table,
  row: number,
  column: TableColumn,
  value: number | "",
  repair: string = repairOfMissing,
): DownhillError {
  const where = `${table.name}: ${placeOf(table, row)}, column ${JSON.stringify(column.name)}`;
  if (typeof value === "number" && !Number.isNaN(value))
    return new DownhillError("data", `${where} is ${value}. Correct it or remove the row.`);
  return new DownhillError("data", `${where}: the value is missing. ${repair}`);
}

function wrongKind(table: Table, column: TableColumn, is: string, was: string): DownhillError {
  return new DownhillError(
    "data",
    `${table.name}: column ${JSON.stringify(column.name)} ${is}, but was ${was}.`,
  );
}

/** Options of `dropMissing`. */
export interface DropMissingOptions {
  /** Names of the columns to check. Default: all. */
  readonly columns?: readonly string[];
}

/**
 * Returns the table without the rows that lack a value: NaN; for text, the empty string and the words that `readTable`
 * also treats as missing in numbers.
 *
 * @throws DownhillError `data` if every row lacks a value, and for unknown columns.
 * @example
 * const trees = readTable("height,site\n9,north\n,south\n8,NA\n", { missing: "keep" });
 * const { table, dropped } = dropMissing(trees);
 * [table.rows, dropped]; // [1, [{ row: 1, missing: ["height"] }, { row: 2, missing: ["site"] }]]
 */
export function dropMissing(
  table: Table,
  options: DropMissingOptions = {},
): {
  readonly table: Table;
  /** Removed rows, with the columns in which they lack a value. */
  readonly dropped: readonly { readonly row: number; readonly missing: readonly string[] }[];
} {
  if (arguments.length > 2) refuseExtra("dropMissing", arguments, 2);
  checkOptions("dropMissing", options, ["columns"]);
  const names = options.columns ?? table.columns.map(({ name }) => name);
  const columns = names.map((name) => columnOf(table, name));
  const lacks = (column: TableColumn, row: number): boolean =>
    column.kind === "text" ? isMissing(column.values[row]!) : Number.isNaN(column.values[row]!);
  const dropped: { row: number; missing: string[] }[] = [];
  const kept: number[] = [];
  for (let row = 0; row < table.rows; row++) {
    const missing = columns.filter((column) => lacks(column, row)).map(({ name }) => name);
    if (missing.length === 0) kept.push(row);
    else dropped.push({ row, missing });
  }
  if (dropped.length === 0) return { table, dropped };
  if (kept.length === 0) {
    throw new DownhillError("data", `${table.name}: every row lacks a value in one of ${names.join(", ")}.`);
  }
  return { table: rowsOfTable(table, kept), dropped };
}

function rowsOfTable({ name, columns, lines }: Table, rows: readonly number[]): Table {
  return {
    name,
    rows: rows.length,
    columns: columns.map((column) =>
      column.kind === "text"
        ? { ...column, values: rows.map((row) => column.values[row]!) }
        : { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) },
    ),
    ...(lines === undefined ? {} : { lines: Int32Array.from(rows, (row) => lines[row]!) }),
  };
}
