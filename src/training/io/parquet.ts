import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkRows } from "./array-stream.ts";
import { checkBytes } from "./bytes.ts";
import { noColumn, type Table } from "./csv.ts";
import { tooMuch, type UnpackLimit, unpackLimit, type UnpackOptions } from "./gzip.ts";
import {
  type AsyncBuffer,
  type Hyparquet,
  type ParquetChild,
  loadHyparquet,
  type ParquetElement,
  type ParquetMetadata,
  type ParquetValues,
} from "./hyparquet.ts";
import { checkValueOptions, type ReadValuesOptions } from "./json-lines.ts";
import { unpackPages } from "./parquet-pages.ts";
import { openBlob, openFile, openInMemory, type RandomBytes } from "./random-bytes.ts";
import { readThrift } from "./thrift.ts";
import { valueColumn, type ValueColumn } from "./value-column.ts";

/** Options of `readParquet`. */
export interface ReadParquetOptions extends ReadValuesOptions, UnpackOptions {
  /** Module hyparquet, if it cannot be imported by name: in bundles for browsers, `await import("hyparquet")`. */
  readonly hyparquet?: unknown;
}

/** Options of `streamParquet`. */
export interface StreamParquetOptions extends ReadParquetOptions {
  /** Number of rows per part; the last may have fewer. Default 1024. */
  readonly rows?: number;
}

const own = ["hyparquet", "maxUnpackedBytes"];
const cellSize = 8; // least number of bytes per value after reading

/**
 * Reads the table of a Parquet file through hyparquet (`npm install hyparquet`, an optional peer dependency).
 *
 * Numbers become numeric columns, including 64-bit integers that float64 represents exactly. Strings, booleans (`true`,
 * `false`), dates and times (ISO 8601) become text columns. Unpacks Snappy and gzip, in Node also Brotli and, since
 * 22.15, Zstandard.
 *
 * @throws DownhillError `option`, with the command to install it, if hyparquet is missing, and for unknown options.
 *   `data`, naming file, row group, column or row: for a file that is damaged, not Parquet, uses an unsupported codec,
 *   or unpacks to more than `maxUnpackedBytes` (each value counts as 8 bytes); for columns of lists or structs that
 *   `columns` does not exclude, missing values, non-finite numbers, and integers that float64 cannot represent.
 */
export async function readParquet(bytes: Uint8Array, options: ReadParquetOptions = {}): Promise<Table> {
  if (arguments.length > 2) refuseExtra("readParquet", arguments, 2);
  checkBytes("readParquet", bytes);
  checkValueOptions("readParquet", options, own);
  return readAll("readParquet", openInMemory(bytes), { name: "table", ...options });
}

/** Like `readParquet`, for a file. Messages name the path unless `name` is given. */
export async function readParquetFile(path: string, options: ReadParquetOptions = {}): Promise<Table> {
  if (arguments.length > 2) refuseExtra("readParquetFile", arguments, 2);
  checkValueOptions("readParquetFile", options, own);
  const file = await openFile(path);
  try {
    return await readAll("readParquetFile", file, { name: path, ...options });
  } finally {
    await file.close();
  }
}

async function readAll(
  operation: string,
  file: RandomBytes,
  options: ReadParquetOptions & { readonly name: string },
): Promise<Table> {
  const reader = await openParquet(operation, file, options);
  const limit = unpackLimit(operation, options);
  const most = limit(file.size);
  if (reader.rows * reader.columns.length * cellSize > most) throw tooMuch(options.name, most, file.size);
  for await (const group of reader.groups(limit)) reader.add(group, 0, group.rows);
  return reader.take();
}

/**
 * Reads the table of a Parquet file in parts, so that a file of any size needs only the memory of one row group and one
 * part. `source` is the path of a file (in Node, Deno and Bun), its bytes, or a `Blob`, such as a file chosen in a
 * page.
 *
 * The rules of `readParquet` apply to the file as a whole: the first value of a column determines its kind for all
 * parts.
 *
 * @throws DownhillError like `readParquet`, when reading reaches the fault, after the complete parts before it.
 */
export async function* streamParquet(
  source: string | Uint8Array | Blob,
  options: StreamParquetOptions = {},
): AsyncGenerator<Table, undefined> {
  if (arguments.length > 2) refuseExtra("streamParquet", arguments, 2);
  checkValueOptions("streamParquet", options, ["rows", ...own]);
  const { rows = 1024 } = options;
  checkRows("streamParquet", rows);
  const name = options.name ?? (typeof source === "string" ? source : "table");
  const file = await openSource(source);
  try {
    const reader = await openParquet("streamParquet", file, { ...options, name });
    for await (const group of reader.groups(unpackLimit("streamParquet", options))) {
      for (let at = 0; at < group.rows;) {
        const end = Math.min(group.rows, at + rows - reader.pending());
        reader.add(group, at, end);
        at = end;
        if (reader.pending() >= rows) yield reader.take();
      }
    }
    if (reader.pending() > 0) yield reader.take();
    return undefined;
  } finally {
    await file.close();
  }
}

async function openSource(source: unknown): Promise<RandomBytes> {
  if (typeof source === "string") return openFile(source);
  if (typeof Blob !== "undefined" && source instanceof Blob) return openBlob(source);
  checkBytes("streamParquet", source);
  return openInMemory(source as Uint8Array);
}

/** Values of a row group, one list per column. */
interface RowGroupValues {
  readonly rows: number;
  readonly values: readonly (readonly unknown[])[];
}

/** Reads the row groups of a file and builds tables from them. */
interface ParquetReader {
  readonly rows: number;
  readonly columns: readonly ValueColumn[];
  /** Yields each row group, unpacked within the limit for its packed size. */
  readonly groups: (limit: UnpackLimit) => AsyncGenerator<RowGroupValues, undefined>;
  readonly add: (group: RowGroupValues, from: number, to: number) => void;
  /** Number of rows added since the last `take`. */
  readonly pending: () => number;
  readonly take: () => Table;
}

async function openParquet(
  operation: string,
  file: RandomBytes,
  options: ReadParquetOptions & { readonly name: string },
): Promise<ParquetReader> {
  const { name, missing = "error", text = [] } = options;
  const hyparquet = await loadHyparquet(operation, options.hyparquet);
  const metadata = await readMetadata(file, hyparquet, name);
  const elements = columnsOf(hyparquet, metadata, options);
  const columns = elements.map((element) => valueColumn(element.name, { file: name, unit: "row", missing }));
  for (const column of text) {
    const found = columns.find((one) => one.name === column);
    if (found === undefined) throw new DownhillError("data", `${name}: ${noColumn(column, columns)}`);
    found.keepText();
  }
  const rows = metadata.row_groups.reduce(
    (n, group) => n + countOf(group.num_rows, `${name}: its row groups`),
    0,
  );
  if (rows !== Number(metadata.num_rows)) {
    throw damaged(name, `its row groups have ${rows} rows, and it should have ${metadata.num_rows}`);
  }
  if (rows === 0) throw new DownhillError("data", `${name}: there are no rows.`);
  let done = 0;
  let pending = 0;
  return {
    rows,
    columns,
    async *groups(limit) {
      for (const [i, group] of metadata.row_groups.entries()) {
        const about = `${name}: row group ${i + 1}`;
        const values = await readGroup(file, hyparquet, metadata, group, elements, limit, about);
        yield { rows: Number(group.num_rows), values };
      }
      return undefined;
    },
    add(group, from, to) {
      columns.forEach((column, i) => {
        const values = group.values[i]!;
        for (let row = from; row < to; row++) column.add(values[row], done + row - from + 1);
      });
      done += to - from;
      pending += to - from;
    },
    pending: () => pending,
    take() {
      const table = { name, columns: columns.map((column) => column.take()), rows: pending };
      pending = 0;
      return table;
    },
  };
}

const magic = 0x31524150; // PAR1
const encryptedMagic = 0x45524150; // PARE

/**
 * Reads the metadata at the end of a file, after checking their sizes.
 *
 * @throws DownhillError `data` if the file is not Parquet, encrypted or damaged.
 */
async function readMetadata(file: RandomBytes, hyparquet: Hyparquet, name: string): Promise<ParquetMetadata> {
  const end = await file.read(Math.max(0, file.size - 8), file.size);
  const view = new DataView(end.buffer, end.byteOffset, end.byteLength);
  const mark = end.length < 8 ? 0 : view.getUint32(4, true);
  if (mark === encryptedMagic)
    throw new DownhillError("data", `${name}: it is encrypted, and cannot be read here.`);
  if (mark !== magic) {
    throw new DownhillError(
      "data",
      `${name}: this is not a Parquet file, or it is cut short: it does not end in PAR1 (${file.size} bytes). Fetch or copy it again.`,
    );
  }
  const start = file.size - 8 - view.getUint32(0, true);
  if (start < 4) throw damaged(name, "its description is longer than the file");
  const footer = await file.read(start, file.size);
  readThrift(footer.subarray(0, -8), 0, name);
  try {
    return hyparquet.parquetMetadata(footer, { geoparquet: false }) as ParquetMetadata;
  } catch (cause) {
    throw damaged(name, `its description cannot be read (${messageOf(cause)})`, cause);
  }
}

/**
 * Returns the requested columns in the requested order; by default all.
 *
 * @throws DownhillError `data` for an unknown column, or one of lists or structs.
 */
function columnsOf(
  hyparquet: Hyparquet,
  metadata: ParquetMetadata,
  { name, columns: only }: ReadParquetOptions & { readonly name: string },
): readonly ParquetElement[] {
  let children: readonly ParquetChild[];
  try {
    ({ children } = hyparquet.parquetSchema(metadata as never));
  } catch (cause) {
    throw damaged(name, `its columns cannot be determined (${messageOf(cause)})`, cause);
  }
  const all = new Map(children.map((child) => [child.element.name, child]));
  if (all.size < children.length) throw damaged(name, "two of its columns have one name");
  const unknown = only?.find((column) => !all.has(column));
  const elements = children.map(({ element }) => element);
  if (unknown !== undefined) throw new DownhillError("data", `${name}: ${noColumn(unknown, elements)}`);
  const wanted = only === undefined ? elements : [...new Set(only)].map((column) => all.get(column)!.element);
  const nested = wanted.find(
    (element) => all.get(element.name)!.children.length > 0 || element.repetition_type === "REPEATED",
  );
  if (nested === undefined) return wanted;
  throw new DownhillError(
    "data",
    `${name}: column ${JSON.stringify(nested.name)} holds lists or structs, where a table needs numbers or text. Name the columns to read with columns: […].`,
  );
}

type RowGroup = ParquetMetadata["row_groups"][number];

async function readGroup(
  file: RandomBytes,
  hyparquet: Hyparquet,
  metadata: ParquetMetadata,
  group: RowGroup,
  elements: readonly ParquetElement[],
  limit: UnpackLimit,
  about: string,
): Promise<readonly (readonly unknown[])[]> {
  const rows = countOf(group.num_rows, about);
  const chunks = elements.map((element) =>
    chunkOf(group, element, file, rows, `${about}, column ${JSON.stringify(element.name)}`),
  );
  const packed = chunks.reduce((n, { from, to }) => n + to - from, 0);
  const most = limit(packed);
  let unpacked = 0;
  const take = (bytes: number): void => {
    unpacked += bytes;
    if (unpacked > most) throw tooMuch(about, most, packed);
  };
  take(rows * elements.length * cellSize);
  const columns: (readonly unknown[])[] = [];
  for (const chunk of chunks) {
    const bytes = await file.read(chunk.from, chunk.to);
    const { element, codec } = chunk;
    const checked = {
      about: chunk.about,
      bytes,
      codec,
      rows,
      isOptional: element.repetition_type !== "REQUIRED",
      isBoolean: element.type === "BOOLEAN",
    };
    const pages = rows === 0 ? [] : await unpackPages(checked, hyparquet.snappyUncompress, take);
    columns.push(await valuesOf(hyparquet, metadata, group, { ...chunk, bytes, pages }, file.size, rows));
  }
  return columns;
}

interface Chunk {
  readonly about: string;
  readonly element: ParquetElement;
  readonly codec: string;
  /** Range of bytes in the file. */
  readonly from: number;
  readonly to: number;
}

function chunkOf(
  group: RowGroup,
  element: ParquetElement,
  file: RandomBytes,
  rows: number,
  about: string,
): Chunk {
  const found = group.columns.find(({ meta_data: data }) => data?.path_in_schema[0] === element.name);
  const data = found?.meta_data;
  if (data === undefined) throw damaged(about, "it is not there");
  if (found?.file_path !== undefined) {
    throw new DownhillError(
      "data",
      `${about}: it is stored in another file (${JSON.stringify(found.file_path)}), which is not read.`,
    );
  }
  const from = countOf(data.dictionary_page_offset || data.data_page_offset, about);
  const to = from + countOf(data.total_compressed_size, about);
  if (to > file.size) throw damaged(about, `it ends at byte ${to}, and the file has ${file.size}`);
  if (countOf(data.num_values, about) !== rows)
    throw damaged(about, `it has ${data.num_values} values, and ${rows} rows`);
  return { about, element, codec: data.codec, from, to };
}

/** Decodes the values of a column of a row group from its checked bytes and unpacked pages. */
async function valuesOf(
  hyparquet: Hyparquet,
  metadata: ParquetMetadata,
  group: RowGroup,
  chunk: Chunk & { readonly bytes: Uint8Array; readonly pages: readonly Uint8Array[] },
  byteLength: number,
  rows: number,
): Promise<readonly unknown[]> {
  const { about, element, codec, from, to, bytes, pages } = chunk;
  const file: AsyncBuffer = {
    byteLength,
    slice(start, end = byteLength) {
      if (start < from || end > to) throw new Error(`bytes ${start} to ${end} are outside the column`);
      return Uint8Array.from(bytes.subarray(start - from, end - from)).buffer;
    },
  };
  let next = 0;
  const values = new Array<unknown>(rows);
  let count = 0;
  const options = {
    file,
    metadata: { ...metadata, num_rows: group.num_rows, row_groups: [group] },
    columns: [element.name],
    geoparquet: false,
    parsers: { jsonFromBytes: (json: Uint8Array | undefined) => json && new TextDecoder().decode(json) },
    compressors: { [codec]: () => pages[next++] },
    onChunk({ columnData, rowStart }: ParquetValues) {
      for (let i = 0; i < columnData.length && rowStart + i < rows; i++) values[rowStart + i] = columnData[i];
      count += columnData.length;
    },
  };
  try {
    await hyparquet.parquetRead(options as never);
  } catch (cause) {
    const reason = messageOf(cause);
    if (reason.includes("not supported")) {
      throw new DownhillError(
        "data",
        `${about}: its type is not supported (${reason}). Name the columns to read with columns: […], or write it as numbers or text.`,
        { cause },
      );
    }
    throw damaged(about, `hyparquet cannot read it (${reason})`, cause);
  }
  if (count !== rows) throw damaged(about, `it has ${count} values, and ${rows} rows`);
  return values;
}

function countOf(value: unknown, about: string): number {
  const count = Number(value);
  if (typeof value === "bigint" && count >= 0 && Number.isSafeInteger(count)) return count;
  throw damaged(about, `${String(value)} where a number of bytes or rows should be`);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function damaged(about: string, what: string, cause?: unknown): DownhillError {
  const text = `${about}: damaged: ${what}. Fetch or copy it again.`;
  return new DownhillError("data", text, cause === undefined ? undefined : { cause });
}
