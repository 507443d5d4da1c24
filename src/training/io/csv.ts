import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { type DecimalMark, isMissing, looksLikeNumber } from "./cells.ts";
import { columnBuilder, type ColumnBuilder, type TableColumn } from "./column-builder.ts";
import { numberReader } from "./decimal-mark.ts";
import { detectSeparator, records, type TextRecord } from "./records.ts";

/** A table, stored by columns. */
export interface Table {
  /** Name of the source, used in error messages. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly rows: number;
  /** Line of the file on which each row begins, counted from 1, for messages. */
  readonly lines?: ArrayLike<number>;
  /**
   * Remarks about cells whose value differs from the text: integers above 2^53 that were rounded. Absent if there are
   * none.
   */
  readonly notes?: readonly string[];
}

/** Options of `readTable`. */
export interface ReadTableOptions {
  /** Name of the text in messages, such as a file name. Default `"table"`. */
  readonly name?: string;
  /** Separator of cells, one character. Default `"auto"`: the most frequent of `,` `;` tab `|` in the first line. */
  readonly separator?: string;
  /**
   * Whether the first line contains names. Default `"auto"`: true if none of its cells is a number, or if one of them
   * is not a number while the cell below it is. Without a header the columns are named `column1`, `column2`, …
   */
  readonly header?: boolean | "auto";
  /**
   * Decimal mark. Spaces, apostrophes, or the one of `.` and `,` that is not the decimal mark may separate thousands:
   * `1,234.5` or `1.234,5`. Default `"auto"`: the first unambiguous number of the table determines it. If there is
   * none, `1.234` is a decimal number and `1,234` an error.
   */
  readonly decimal?: DecimalMark | "auto";
  /** Names of columns to keep as text even if they look like numbers. */
  readonly text?: readonly string[];
  /**
   * Treatment of a missing value: an empty cell, and in a numeric column also `NA`, `N/A`, `NaN`, `null` and `?`.
   * Default `"error"`, whose message names the line; `"keep"` returns NaN or empty text.
   */
  readonly missing?: "error" | "keep";
}

/**
 * Reads a table from separated text (CSV), with quotes as in RFC 4180 and any line ends. Skips a byte order mark and
 * blank lines.
 *
 * A column whose first value is a number is numeric, and then all its values must be numbers. Other columns are text,
 * with surrounding spaces removed. Numbers are float64. Integers above 2^53 may be rounded, which `notes` of the table
 * reports.
 *
 * @throws DownhillError `data`, naming file, line and column: for rows of another length than the first, cells that are
 *   not finite numbers, mixed decimal points and commas, missing values, duplicate column names, no rows, broken
 *   quotes. `option` for unknown options.
 * @example
 * const table = readTable("height,species\n1.5,oak\n2,ash\n");
 * columnOf(table, "height"); // { kind: "number", name: "height", values: Float64Array [1.5, 2] }
 */
export function readTable(text: string, options: ReadTableOptions = {}): Table {
  if (arguments.length > 2) refuseExtra("readTable", arguments, 2);
  if (typeof text !== "string") {
    throw new DownhillError(
      "option",
      `readTable: expected the text of a table, got ${typeof text}. For the path of a file use readTableFile.`,
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

/** Checks the options of `readTable` and of the functions that read tables in parts. */
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

/** Builds tables from rows. The first two rows determine the names of the columns. */
export interface TableBuilder {
  /**
   * Takes a row and returns the rows that are known to hold values. The first row waits for the second, because it may
   * be the header.
   */
  readonly settle: (row: TextRecord) => readonly TextRecord[];
  /** Adds a row of values. */
  readonly add: (row: TextRecord) => void;
  /** Marks the end of the rows. */
  readonly end: () => void;
  /** Number of rows added since the last `take`. */
  readonly pending: () => number;
  /** Returns the rows added since the last `take` as a table. */
  readonly take: () => Table;
}

/** Creates a builder of tables. The options are already checked; `mostRows` is an upper bound of the rows, 0 if unknown. */
export function tableBuilder(options: ReadTableOptions, mostRows = 0): TableBuilder {
  const { name = "table", header = "auto", decimal = "auto", missing = "error" } = options;
  const reader = numberReader(name, decimal);
  let first: TextRecord | undefined; // waits for the second row, which shows whether it is a header
  let firstLine = 0;
  let builders: readonly ColumnBuilder[] | undefined;
  let lines: number[] = [];
  let count = 0;

  /**
   * Determines the names of the columns from the first two rows, and creates the column builders. Returns the first row
   * if it contains values instead of names.
   */
  const begin = (head: TextRecord, second: TextRecord | undefined): readonly TextRecord[] => {
    const hasHeader = header === "auto" ? looksLikeHeader(head.cells, second?.cells) : header;
    const names = hasHeader ? headerNames(name, head) : head.cells.map((_, i) => `column${i + 1}`);
    firstLine = head.line;
    const made = names.map((column) => columnBuilder(column, name, missing, reader, mostRows));
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
        `${name}: there is a header but no row after it. Is header: false meant?`,
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
 * Returns the column of that name.
 *
 * @throws DownhillError `data` if there is none, with the most similar name.
 */
export function columnOf(table: Table, name: string): TableColumn {
  if (arguments.length > 2) refuseExtra("columnOf", arguments, 2);
  if (!Array.isArray((table as Partial<Table> | null | undefined)?.columns))
    throw new DownhillError("option", "columnOf: expected a table as returned by readTable.");
  const column = table.columns.find((c) => c.name === name);
  if (column !== undefined) return column;
  throw new DownhillError("data", `${table.name}: ${noColumn(name, table.columns)}`);
}

/**
 * Creates a filter that drops blank lines. In a table of one column, blank lines between other lines are empty cells.
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

/** Describes an unknown column name, with the available names. */
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
