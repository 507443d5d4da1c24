import { DownhillError } from "../../engine/errors/index.ts";
import { isMissing, notANumber, showCell } from "./cells.ts";
import type { TableColumn } from "./column-builder.ts";

/** Properties shared by the columns of one table. */
export interface ValueTable {
  /** Name of the table in messages. */
  readonly file: string;
  /** Word for a row in messages: a line of a text, or a row counted from 1. */
  readonly unit: "line" | "row";
  readonly missing: "error" | "keep";
}

/**
 * Collects typed values, such as those of JSON and Parquet, in a column of a table. The first value determines its
 * kind. Numbers and integers that float64 represents exactly form a numeric column. Strings, booleans and dates form a
 * text column, in which later numbers become text. `null`, `undefined` and NaN are missing values, and so are, in a
 * numeric column, words such as `NA` that mean a missing value in text tables.
 */
export interface ValueColumn {
  readonly name: string;
  /** Makes the column treat all values as text. */
  readonly keepText: () => void;
  readonly add: (value: unknown, place: number) => void;
  /**
   * Returns the values added since the last `take`. The kind, once known, stays; a column with only missing values is
   * numeric.
   */
  readonly take: () => TableColumn;
}

/** Creates an empty column. */
export function valueColumn(name: string, { file, unit, missing }: ValueTable): ValueColumn {
  let kind: TableColumn["kind"] | undefined;
  let waiting: { readonly value: unknown; readonly place: number }[] = []; // missing values before the first value
  let numbers: number[] = [];
  let texts: string[] = [];

  const fail = (place: number, what: string): DownhillError =>
    new DownhillError("data", `${file}: ${unit} ${place}, column ${JSON.stringify(name)}: ${what}`);

  const failMissing = (value: unknown, place: number): DownhillError => {
    const what =
      typeof value === "string" && value.trim() !== ""
        ? `the value is missing (${showCell(value)})`
        : "the value is missing";
    return fail(
      place,
      `${what}. Fill it in, take the row out, or keep such cells as they are with missing: "keep".`,
    );
  };

  const number = (value: unknown, place: number): number => {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "bigint") {
      if (BigInt(Number(value)) === value) return Number(value);
      const what = `${value} has more digits than float64 represents`;
      throw fail(place, `${what}. Read the column as text with text: [${JSON.stringify(name)}].`);
    }
    if (isAbsent(value) || (typeof value === "string" && isMissing(value))) {
      if (missing === "error") throw failMissing(value, place);
      return Number.NaN;
    }
    throw fail(place, notANumber(text(value, place), name));
  };

  const text = (value: unknown, place: number): string => {
    const word = textOf(value);
    if (word === undefined) throw fail(place, notACell(value));
    if (word.trim() === "" && missing === "error") throw failMissing(value, place);
    return word;
  };

  const decide = (as: TableColumn["kind"]): void => {
    kind = as;
    for (const { value, place } of waiting) add(value, place);
    waiting = [];
  };

  const add = (value: unknown, place: number): void => {
    if (kind === "number") numbers.push(number(value, place));
    else if (kind === "text") texts.push(text(value, place));
    else {
      waiting.push({ value, place });
      if (isAbsent(value) || (typeof value === "string" && isMissing(value))) return;
      decide(typeof value === "number" || typeof value === "bigint" ? "number" : "text");
    }
  };

  return {
    name,
    keepText: () => decide("text"),
    add,
    take: () => {
      if (kind === undefined) decide("number");
      const [values, words] = [numbers, texts];
      [numbers, texts] = [[], []];
      return kind === "text"
        ? { kind, name, values: words }
        : { kind: "number", name, values: Float64Array.from(values) };
    },
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || Number.isNaN(value);
}

/** Converts a value to text; `undefined` if it is not a single value. */
function textOf(value: unknown): string | undefined {
  if (isAbsent(value)) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  return undefined;
}

function notACell(value: unknown): string {
  const what = Array.isArray(value) ? "a list" : ArrayBuffer.isView(value) ? "bytes" : "an object";
  return `${what}, where a table needs a number or text. Name the columns to read with columns: […], or store its parts in separate columns.`;
}
