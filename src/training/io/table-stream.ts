import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkRows } from "./array-stream.ts";
import { type ByteSource, nameOfSource } from "./byte-source.ts";
import { blankFilter, checkedTableOptions, type ReadTableOptions, type Table, tableBuilder } from "./csv.ts";
import { unpackLimit, type UnpackOptions } from "./gzip.ts";
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
  const builder = tableBuilder({ ...options, name });
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
