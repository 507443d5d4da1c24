import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { checkRows } from "./array-stream.ts";
import { type ByteSource, nameOfSource } from "./byte-source.ts";
import { showCell } from "./cells.ts";
import { noColumn, type Table } from "./csv.ts";
import { unpackLimit, type UnpackOptions } from "./gzip.ts";
import { checkNames } from "./names.ts";
import { skipMark } from "./records.ts";
import { textParts } from "./text-parts.ts";
import { valueColumn, type ValueColumn } from "./value-column.ts";

/** Options of functions that read tables with typed values: JSON Lines and Parquet. */
export interface ReadValuesOptions {
  /** Name of the data in messages, such as a file name. Default `"table"`, or the path. */
  readonly name?: string;
  /** Names of the columns to read, in the order of the result. Default: all. */
  readonly columns?: readonly string[];
  /** Names of columns to treat as text even if they contain numbers. */
  readonly text?: readonly string[];
  /**
   * Treatment of a missing value: `null`, a key that a line lacks, empty text, and in a numeric column also `"NA"`,
   * `"N/A"`, `"NaN"`, `"null"` and `"?"`. Default `"error"`, whose message names the line; `"keep"` returns NaN or
   * empty text.
   */
  readonly missing?: "error" | "keep";
}

/** Options of `streamJsonLines`. */
export interface StreamJsonLinesOptions extends ReadValuesOptions, UnpackOptions {
  /** Number of rows per part; the last may have fewer. Default 1024. */
  readonly rows?: number;
}

const longestLine = 1 << 24; // characters; a file without line ends is not JSON Lines

/**
 * Number of cells per part that may all be missing. In a part with more cells, at least one of `mostCellsAValue` cells
 * must have a value.
 */
const freeCells = 1 << 20;
const mostCellsAValue = 100;

/**
 * Reads a table from JSON Lines (NDJSON): one object per line, whose keys are the columns in the order of their first
 * occurrence. Blank lines are skipped.
 *
 * A column whose first value is a number is numeric, and then all its values must be numbers. Other columns are text,
 * including `true` and `false`. A string such as `"012"` stays text.
 *
 * @throws DownhillError `data`, naming file, line and column: for lines that are not JSON objects, values that are
 *   lists or objects (except in columns that are not read), numbers that are not finite, missing values, no rows, names
 *   in `columns` and `text` that no line has. `option` for unknown options.
 * @example
 * const table = readJsonLines('{"height": 1.5, "species": "oak"}\n{"height": 2, "species": "ash"}\n');
 * columnOf(table, "height"); // { kind: "number", name: "height", values: Float64Array [1.5, 2] }
 */
export function readJsonLines(text: string, options: ReadValuesOptions = {}): Table {
  if (arguments.length > 2) refuseExtra("readJsonLines", arguments, 2);
  checkValueOptions("readJsonLines", options);
  const { name = "table" } = options;
  const table = objectTable({ ...options, name });
  let line = 1;
  for (let at = skipMark(text); at < text.length; line++) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    table.add(text.slice(at, end), line);
    at = end + 1;
  }
  table.end();
  return table.take();
}

/**
 * Reads the table of a JSON Lines file in parts, so that a file of any size needs only the memory of one part. Unpacks
 * gzip while reading.
 *
 * The rules of `readJsonLines` apply to the file as a whole. The first value of a column determines its kind for all
 * parts; a column without a value in the first part is numeric. The columns are those of the first part, or those named
 * by `columns`; a later additional one is an error.
 *
 * @throws DownhillError like `readJsonLines`, when reading reaches the fault, after the complete parts before it.
 * @example
 * const lines = new TextEncoder().encode('{"x": 1}\n{"x": 2}\n{"x": 3}\n');
 * const parts = [];
 * for await (const table of streamJsonLines([lines], { rows: 2 })) parts.push(columnOf(table, "x").values);
 * parts; // [Float64Array [1, 2], Float64Array [3]]
 */
export async function* streamJsonLines(
  source: ByteSource,
  options: StreamJsonLinesOptions = {},
): AsyncGenerator<Table, undefined> {
  if (arguments.length > 2) refuseExtra("streamJsonLines", arguments, 2);
  checkValueOptions("streamJsonLines", options, ["rows", "maxUnpackedBytes"]);
  const { rows = 1024 } = options;
  checkRows("streamJsonLines", rows);
  const name = options.name ?? nameOfSource(source, "table");
  const table = objectTable({ ...options, name });
  let [rest, line] = ["", 1];
  for await (const part of textParts(
    "streamJsonLines",
    source,
    name,
    unpackLimit("streamJsonLines", options),
  )) {
    const lines = part.split("\n");
    for (let i = 0; i < lines.length - 1; i++) {
      const whole = i === 0 ? rest + lines[0]! : lines[i]!;
      table.add(line === 1 ? whole.slice(skipMark(whole)) : whole, line++);
      if (table.pending() >= rows) yield table.take();
    }
    rest = lines.length === 1 ? rest + part : lines.at(-1)!;
    if (rest.length > longestLine) {
      const what = `the line that begins here has more than ${longestLine} characters`;
      throw new DownhillError("data", `${name}: line ${line}: ${what}. Is there one object per line?`);
    }
  }
  table.add(line === 1 ? rest.slice(skipMark(rest)) : rest, line);
  table.end();
  if (table.pending() > 0) yield table.take();
  return undefined;
}

/** Checks the options of functions that read JSON Lines and Parquet. */
export function checkValueOptions(
  operation: string,
  options: ReadValuesOptions,
  more: readonly string[] = [],
): void {
  checkOptions(operation, options, ["name", "columns", "text", "missing", ...more]);
  const { columns, text, missing = "error" } = options;
  checkNames(operation, "columns", "columns", columns);
  checkNames(operation, "text", "columns", text);
  checkChoice(operation, "missing", missing, ["error", "keep"]);
}

/** Builds tables from objects, each in a line of JSON. */
interface ObjectTable {
  /** Adds the row of a line, unless it is blank. */
  readonly add: (line: string, place: number) => void;
  /** Marks the end of the lines. */
  readonly end: () => void;
  /** Number of rows added since the last `take`. */
  readonly pending: () => number;
  /** Returns the rows added since the last `take` as a table. After the first call there can be no new columns. */
  readonly take: () => Table;
}

function objectTable(options: ReadValuesOptions & { readonly name: string }): ObjectTable {
  const { name, columns: only, text = [], missing = "error" } = options;
  const columns = new Map<string, ValueColumn>();
  const wanted = only === undefined ? undefined : new Set(only);
  const seen = new Set<string>(); // keys of the first part
  let lines: number[] = [];
  let isFixed = false;
  let count = 0;
  let [cells, values] = [0, 0];

  const begin = (column: string): ValueColumn => {
    const made = valueColumn(column, { file: name, unit: "line", missing });
    if (text.includes(column)) made.keepText();
    columns.set(column, made);
    return made;
  };
  for (const column of wanted ?? []) begin(column);

  const beginLater = (column: string, line: number): void => {
    if (isFixed) {
      const what = `there was no column ${JSON.stringify(column)} in the first part`;
      throw new DownhillError(
        "data",
        `${name}: line ${line}: ${what}. Name the columns to read with columns: […], or read larger parts with rows.`,
      );
    }
    const made = begin(column);
    cells += lines.length;
    for (const before of lines) made.add(undefined, before);
  };

  return {
    add(line, place) {
      if (line.trim() === "") return;
      const row = parseLine(line, name, place);
      for (const key of Object.keys(row)) {
        if (!isFixed) seen.add(key);
        if (wanted !== undefined && !wanted.has(key)) continue;
        if (!columns.has(key)) beginLater(key, place);
        values++;
      }
      cells += columns.size;
      if (cells > freeCells && cells > mostCellsAValue * values) {
        const what = `of ${cells} cells up to here ${values} have a value`;
        throw new DownhillError(
          "data",
          `${name}: line ${place}: ${what}. Name the columns to read with columns: […].`,
        );
      }
      for (const column of columns.values())
        column.add(Object.hasOwn(row, column.name) ? row[column.name] : undefined, place);
      lines.push(place);
      count++;
    },
    end() {
      if (count > 0) return;
      throw new DownhillError("data", `${name}: there are no lines: the file is empty.`);
    },
    pending: () => lines.length,
    take() {
      if (!isFixed) {
        const unknown = [...(only ?? []), ...text].find((column) => !seen.has(column));
        const known = [...seen].map((key) => ({ name: key }));
        if (unknown !== undefined) throw new DownhillError("data", `${name}: ${noColumn(unknown, known)}`);
      }
      isFixed = true;
      const taken = {
        name,
        columns: [...columns.values()].map((column) => column.take()),
        rows: lines.length,
      };
      const table: Table = { ...taken, lines: Int32Array.from(lines) };
      lines = [];
      [cells, values] = [0, 0];
      return table;
    },
  };
}

function parseLine(line: string, name: string, place: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    throw new DownhillError("data", `${name}: line ${place}: ${showCell(line.trim())} is not JSON${why}.`, {
      cause,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  const what = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
  throw new DownhillError(
    "data",
    `${name}: line ${place} is ${what}, where each line is an object such as {"x": 1, "y": 2}.`,
  );
}
