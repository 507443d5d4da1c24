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
  /** How many rows a part has; the last may have fewer. Default 1024. */
  readonly rows?: number;
}

/** Characters by which separator and line ends are known. */
const beginning = 1 << 16;

/** No record is as long as this; where one seems to be, a quote is open. */
const longestRecord = 1 << 24;

/**
 * The table of a CSV file, part by part: a file of any size is read in the memory of a part. Gzip is unpacked
 * on the way, text is UTF-8, or UTF-16 with a byte order mark.
 *
 * What `readTable` says holds for the file as a whole: the first value of a column decides its kind, once and
 * for all parts (a column without a value in the first part is a column of numbers), and errors name the line
 * of the file. Each part is a table of its own, so the decimal mark must be known by the end of the first part that
 * needs it.
 *
 * @throws DownhillError as `readTable`, once reading has come to the fault; rows before it have been given.
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

/** The records of a text that comes in parts, those of each part together. */
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
