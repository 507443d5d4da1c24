import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, internalError } from "../../engine/errors/index.ts";
import { checkRows } from "./array-stream.ts";
import { type ByteSource, fileParts, nameOfSource } from "./byte-source.ts";
import { blankFilter, checkedTableOptions, type ReadTableOptions, type Table, tableBuilder } from "./csv.ts";
import { isGzip, unpackLimit, type UnpackOptions } from "./gzip.ts";
import { detectSeparator, type TextPosition, recordsFrom, type TextRecord, skipMark } from "./records.ts";
import { textParts } from "./text-parts.ts";

/** Options of `streamTable`. */
export interface StreamTableOptions extends ReadTableOptions, UnpackOptions {
  /** Number of rows per part; the last may have fewer. Default 1024. */
  readonly rows?: number;
}

/** Number of characters from which separator and line ends are detected. */
const beginning = 1 << 16;

/** Largest length of a record in characters. A longer one indicates an open quote. */
const longestRecord = 1 << 24;

/**
 * Reads the table of a CSV file in parts, so that a file of any size needs only the memory of one part. Unpacks gzip
 * while reading. Text is UTF-8, or UTF-16 with a byte order mark.
 *
 * The rules of `readTable` apply to the file as a whole. The first value of a column determines its kind for all parts;
 * a column without a value in the first part is numeric. Errors name the line of the file. Each part is a separate
 * table, so the decimal mark must be known by the end of the first part that needs it.
 *
 * @throws DownhillError like `readTable`, when reading reaches the fault, after the complete parts before it.
 * @example
 * const csv = new TextEncoder().encode("x,y\n1,2\n3,4\n5,6\n");
 * const sums = [];
 * for await (const table of streamTable([csv], { rows: 2 })) {
 *   sums.push(columnOf(table, "y").values.reduce((a, b) => a + b));
 * }
 * sums; // [6, 6]
 */
export async function* streamTable(
  source: ByteSource,
  options: StreamTableOptions = {},
): AsyncGenerator<Table, undefined> {
  if (arguments.length > 2) refuseExtra("streamTable", arguments, 2);
  const { rows = 1024 } = options;
  const name = options.name ?? nameOfSource(source, "table");
  const { separator } = checkedTableOptions("streamTable", options, ["rows", "maxUnpackedBytes"]);
  checkRows("streamTable", rows);
  yield* tablesOf(source, { ...options, name }, { separator, rows, mostRows: 0 });
  return undefined;
}

/**
 * Reads the table of a file as a whole, like `readTable` but from its path, and without the text in memory. A regular file
 * is read twice: first to count its lines, so that each column of numbers takes its final memory only.
 */
export async function readTableByParts(path: string, options: ReadTableOptions): Promise<Table> {
  const { separator } = checkedTableOptions("readTable", options);
  const fs = globalThis.process?.getBuiltinModule?.("node:fs");
  const mostRows =
    fs?.statSync(path, { throwIfNoEntry: false })?.isFile() === true ? await countLines(path) : 0;
  const limits = { separator, rows: Number.MAX_SAFE_INTEGER, mostRows };
  const { value } = await tablesOf(path, { ...options, name: options.name ?? path }, limits).next();
  if (value === undefined) throw internalError(`${path} has no rows`);
  return value;
}

/** Returns the number of lines of a file, 0 if it is compressed. */
async function countLines(path: string): Promise<number> {
  let count = 1;
  for await (const part of fileParts(path)) {
    if (count === 1 && isGzip(part)) return 0;
    for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) count++;
  }
  return count;
}

async function* tablesOf(
  source: ByteSource,
  options: StreamTableOptions & { readonly name: string },
  {
    separator,
    rows,
    mostRows,
  }: { readonly separator: string; readonly rows: number; readonly mostRows: number },
): AsyncGenerator<Table, undefined> {
  const builder = tableBuilder(options, mostRows);
  const { name } = options;
  const limit = unpackLimit("streamTable", options);
  for await (const records of rowsOfText(textParts("streamTable", source, name, limit), separator, name)) {
    for (const record of records) {
      for (const row of builder.settle(record)) {
        builder.add(row);
        if (builder.pending() >= rows) yield builder.take();
      }
    }
  }
  builder.end();
  if (builder.pending() > 0) yield builder.take();
  return undefined;
}

/** Yields the records of a text that arrives in parts, grouped by part. */
async function* rowsOfText(
  parts: AsyncIterable<string>,
  separator: string,
  name: string,
): AsyncGenerator<Iterable<TextRecord>, undefined> {
  let text = "";
  let place: TextPosition = { at: 0, line: 1 };
  let form: { readonly between: string; readonly lineEnd: "\n" | "\r" } | undefined;
  const passBlanks = blankFilter();

  function* read(isLast: boolean): Generator<TextRecord, undefined> {
    if (form === undefined) {
      place = { at: skipMark(text), line: 1 };
      const between = separator === "auto" ? detectSeparator(text) : separator;
      form = { between, lineEnd: text.includes("\n") ? "\n" : "\r" };
    }
    const records = recordsFrom(text, place, form.between, form.lineEnd, name, isLast);
    for (let next = records.next(); ; next = records.next()) {
      if (next.done === true) {
        place = next.value;
        break;
      }
      yield* passBlanks(next.value);
    }
    text = text.slice(place.at);
    place = { at: 0, line: place.line };
    return undefined;
  }

  for await (const part of parts) {
    text += part;
    if (form !== undefined || (text.length >= beginning && /[\r\n]./s.test(text))) yield read(false);
    if (text.length > longestRecord) {
      const what = `the record that begins here has more than ${longestRecord} characters`;
      throw new DownhillError("data", `${name}: line ${place.line}: ${what}. Is a quote " never closed?`);
    }
  }
  yield read(true);
  return undefined;
}
