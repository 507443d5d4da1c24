import { DownhillError } from "../../engine/errors/index.ts";
import { isMissing, notANumber, showCell } from "./cells.ts";
import type { TableColumn } from "./column-builder.ts";

/** What the columns of one table have in common. */
export interface ValueTable {
  /** What messages call the table. */
  readonly file: string;
  /** What its rows are to its readers: lines of a text, or rows counted from 1. */
  readonly unit: "line" | "row";
  readonly missing: "error" | "keep";
}

/**
 * Collects values that have types of their own, as JSON and Parquet have them, to a column as tables of text have it: its
 * first value decides its kind. Numbers, and integers that a float64 holds, make a column of numbers; texts, booleans and
 * dates one of texts, where later numbers count as texts. `null`, `undefined`, NaN, and in a column of numbers the words
 * that stand for them in tables of text, are missing values.
 */
export interface ValueColumn {
  readonly name: string;
  /** Takes all values as texts. */
  readonly keepText: () => void;
  readonly add: (value: unknown, place: number) => void;
  /** What was added since the last `take`. The kind, once known, stays; with nothing but missing values it is number. */
  readonly take: () => TableColumn;
}

/** An empty column. */
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
      const what = `${value} has more digits than a number of a table keeps`;
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

/** A value as a text of a table; `undefined` for what is no single value. */
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
  return `${what}, where a table has a number or a text. Name the columns to read with columns: […], or make columns of its own of what is in it.`;
}
