import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { type DecimalMark, isMissing, looksLikeNumber } from "./cells.ts";
import { columnBuilder, type ColumnBuilder, type TableColumn } from "./column-builder.ts";
import { numberReader } from "./decimal-mark.ts";
import { detectSeparator, records, type TextRecord } from "./records.ts";

/** A table, column by column. */
export interface Table {
  /** What the table was read from, as its error messages name it. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly rows: number;
  /** The line of the file on which each row begins, from 1; for messages about rows. */
  readonly lines?: ArrayLike<number>;
  /** Sentences about cells that were read otherwise than they are written: integers above 2^53 that were rounded. Absent if there are none. */
  readonly notes?: readonly string[];
}

/** Options of `readTable`. */
export interface ReadTableOptions {
  /** What messages call the text: a file name, for instance. Default `"table"`. */
  readonly name?: string;
  /**
   * What stands between cells, one character; default `"auto"`: that of `,` `;` tab `|` which the first line
   * has most often.
   */
  readonly separator?: string;
  /**
   * Whether the first line holds names. Default `"auto"`: it does if none of its cells is a number, or if one
   * of them is not while the cell below it is. Without a header the columns are `column1`, `column2`, …
   */
  readonly header?: boolean | "auto";
  /**
   * What stands before decimals: the other mark, blanks or apostrophes may then stand between thousands, `1,234.5` or
   * `1.234,5`. Default `"auto"`: by the first number of the table that has one reading only, for all of them; where none
   * has, `1.234` is a number with decimals and `1,234` an error.
   */
  readonly decimal?: DecimalMark | "auto";
  /** Names of columns to keep as text even if they look like numbers. */
  readonly text?: readonly string[];
  /**
   * What to do with a missing value: an empty cell, and in a column of numbers also `NA`, `N/A`, `NaN`,
   * `null` and `?`. Default `"error"`, which names the line; `"keep"` gives NaN, or empty text.
   */
  readonly missing?: "error" | "keep";
}

/**
 * The table in separated text (CSV): quotes as in RFC 4180, any line ends, a byte order mark, blank lines
 * passed over.
 *
 * A column whose first value is a number is a column of numbers, and then all its values must be; other
 * columns are text, without the spaces around it. Numbers are float64: integers above 2^53 may be rounded, which `notes` of the table says.
 *
 * @throws DownhillError `data`, naming file, line and column: for rows of another length than the first,
 * cells that are no finite numbers, decimal points beside decimal commas, missing values, two columns of one name, no
 * rows, broken quotes. `option` for unknown options.
 * @example
 * const table = readTable("height,species\n1.5,oak\n2,ash\n");
 * columnOf(table, "height"); // { kind: "number", name: "height", values: Float64Array [1.5, 2] }
 */
export function readTable(text: string, options: ReadTableOptions = {}): Table {
  if (arguments.length > 2) refuseExtra("readTable", arguments, 2);
  if (typeof text !== "string") {
    throw new DownhillError(
      "option",
      `readTable: expected the text of a table, got ${typeof text}. For the path of a file there is readTableFile.`,
    );
  }
  const { name, separator } = checkedTableOptions("readTable", options);
  const between = separator === "auto" ? detectSeparator(text) : separator;
  const builder = tableBuilder(options);
  const passBlanks = blankFilter();
  for (const record of records(text, between, name))
    for (const row of passBlanks(record)) for (const item of builder.settle(row)) builder.add(item);
  builder.end();
  return builder.take();
}

/** Checks the options of `readTable` and of what reads tables part by part. */
export function checkedTableOptions(
  operation: string,
  options: ReadTableOptions,
  more: readonly string[] = [],
): { readonly name: string; readonly separator: string } {
  checkOptions(operation, options, ["name", "separator", "header", "decimal", "text", "missing", ...more]);
  const {
    name = "table",
    separator = "auto",
    header = "auto",
    decimal = "auto",
    missing = "error",
  } = options;
  checkChoice(operation, "missing", missing, ["error", "keep"]);
  checkChoice(operation, "decimal", decimal, ["auto", ".", ","]);
  if (typeof header !== "boolean" && header !== "auto") {
    throw new DownhillError(
      "option",
      `${operation}: header must be true, false or "auto", got ${String(header)}.`,
    );
  }
  return { name, separator: separator === "auto" ? separator : checkedSeparator(operation, separator) };
}

/** Makes tables of rows; the first two decide what the columns are called. */
export interface TableBuilder {
  /** The rows that are known to hold values, with this one: the first waits for the second, and may be the header. */
  readonly settle: (row: TextRecord) => readonly TextRecord[];
  /** Adds a row of values. */
  readonly add: (row: TextRecord) => void;
  /** Says that there are no more rows. */
  readonly end: () => void;
  /** Rows added since the last `take`. */
  readonly pending: () => number;
  /** The rows added since the last `take`, as a table. */
  readonly take: () => Table;
}

/** A builder for checked options. */
export function tableBuilder(options: ReadTableOptions): TableBuilder {
  const { name = "table", header = "auto", decimal = "auto", missing = "error" } = options;
  const reader = numberReader(name, decimal);
  let first: TextRecord | undefined; // waits for the second, which shows whether it is a header
  let firstLine = 0;
  let builders: readonly ColumnBuilder[] | undefined;
  let lines: number[] = [];
  let count = 0;

  /** Names the columns, and gives the first row back if it holds values. */
  const begin = (head: TextRecord, second: TextRecord | undefined): readonly TextRecord[] => {
    const hasHeader = header === "auto" ? looksLikeHeader(head.cells, second?.cells) : header;
    const names = hasHeader ? headerNames(name, head) : head.cells.map((_, i) => `column${i + 1}`);
    firstLine = head.line;
    const made = names.map((column) => columnBuilder(column, name, missing, reader));
    for (const column of options.text ?? []) {
      const builder = made.find((b) => b.name === column);
      if (builder === undefined) throw new DownhillError("data", `${name}: ${noColumn(column, made)}`);
      builder.keepText();
    }
    builders = made;
    return hasHeader ? [] : [head];
  };
  const add = (row: TextRecord): void => {
    if (builders === undefined) throw new Error("a row of values before its columns are known");
    if (row.cells.length !== builders.length) throw ragged(name, row, builders.length, firstLine);
    for (let i = 0; i < builders.length; i++) builders[i]!.add(row.cells[i]!, row.line);
    lines.push(row.line);
    count++;
  };

  return {
    settle(row) {
      if (builders !== undefined) return [row];
      if (first !== undefined) return [...begin(first, row), row];
      first = row;
      return [];
    },
    add,
    end() {
      if (first === undefined) throw new DownhillError("data", `${name}: the file is empty.`);
      if (builders === undefined) for (const row of begin(first, undefined)) add(row);
      if (count > 0) return;
      throw new DownhillError(
        "data",
        `${name}: there is a header but no row below it. Is header: false meant?`,
      );
    },
    pending: () => lines.length,
    take() {
      const rows = lines.length;
      reader.settle();
      const notes = (builders ?? []).flatMap((b) => b.takeNotes());
      const table = {
        name,
        columns: (builders ?? []).map((b) => b.take()),
        rows,
        lines: Int32Array.from(lines),
        ...(notes.length === 0 ? {} : { notes }),
      };
      lines = [];
      return table;
    },
  };
}

/**
 * The column of that name.
 *
 * @throws DownhillError `data` if there is none, with the nearest name there is.
 */
export function columnOf(table: Table, name: string): TableColumn {
  if (arguments.length > 2) refuseExtra("columnOf", arguments, 2);
  if (!Array.isArray((table as Partial<Table> | null | undefined)?.columns))
    throw new DownhillError("option", "columnOf: expected a table, as readTable gives.");
  const column = table.columns.find((c) => c.name === name);
  if (column !== undefined) return column;
  throw new DownhillError("data", `${table.name}: ${noColumn(name, table.columns)}`);
}

/**
 * Passes records on but for blank lines; in a table of one column, blank lines between others are empty
 * cells.
 */
export function blankFilter(): (row: TextRecord) => readonly TextRecord[] {
  let blanks: TextRecord[] = [];
  let begun = false;
  return (row) => {
    if (row.cells.length === 1 && row.cells[0]!.trim() === "") {
      if (begun) blanks.push(row);
      return [];
    }
    const passed = row.cells.length === 1 && blanks.length > 0 ? [...blanks, row] : [row];
    if (blanks.length > 0) blanks = [];
    begun = true;
    return passed;
  };
}

function looksLikeHeader(first: readonly string[], second: readonly string[] | undefined): boolean {
  const isNumber = first.map(looksLikeNumber);
  if (!isNumber.includes(true)) return true;
  return isNumber.some((number, i) => !number && !isMissing(first[i]!) && looksLikeNumber(second?.[i] ?? ""));
}

function headerNames(file: string, row: TextRecord): string[] {
  const seen = new Map<string, number>();
  return row.cells.map((cell, i) => {
    const name = cell.trim() || `column${i + 1}`;
    const before = seen.get(name);
    if (before !== undefined) {
      const which = `columns ${before + 1} and ${i + 1} are both named ${JSON.stringify(name)}`;
      throw new DownhillError("data", `${file}: line ${row.line}: ${which}. Rename one of them.`);
    }
    seen.set(name, i);
    return name;
  });
}

/** What is wrong with a name of a column that is none, with the names that there are. */
export function noColumn(name: string, columns: readonly { readonly name: string }[]): string {
  const names = columns.map((column) => column.name);
  const more = names.length > 20 ? `, and ${names.length - 20} more` : "";
  const list = names.slice(0, 20).join(", ") + more;
  return `there is no column ${JSON.stringify(name)}.${didYouMean(name, names)} The columns are ${list}.`;
}

function ragged(file: string, row: TextRecord, expected: number, firstLine: number): DownhillError {
  const cells = row.cells.length === 1 ? "1 cell" : `${row.cells.length} cells`;
  const repair =
    row.cells.length > expected ? `Put quotes around cells that hold the separator.` : `Fill in the others.`;
  return new DownhillError(
    "data",
    `${file}: line ${row.line} has ${cells}, but line ${firstLine} has ${expected}. ${repair}`,
  );
}

function checkedSeparator(operation: string, separator: unknown): string {
  if (typeof separator === "string" && separator.length === 1 && !/["\r\n]/.test(separator)) return separator;
  const got = typeof separator === "string" ? JSON.stringify(separator) : String(separator);
  throw new DownhillError(
    "option",
    `${operation}: separator must be one character such as "," or ";", got ${got}.`,
  );
}
