import { DownhillError } from "../../engine/errors/index.ts";
import { byteReader } from "./byte-source.ts";
import { gunzipParts } from "./gzip.ts";
import { readThrift, type ThriftStruct } from "./thrift.ts";

// hyparquet trusts its input: a page of a few bytes may claim that it unpacks to gigabytes, or that a value is repeated
// a thousand million times. So pages are unpacked here, and their sizes and runs are checked, before hyparquet decodes
// them.

/** A column of a row group, as stored in a file. */
export interface ColumnChunk {
  /** Description of the column in messages. */
  readonly about: string;
  readonly bytes: Uint8Array;
  readonly codec: string;
  /** Expected number of values. */
  readonly rows: number;
  /** Whether values may be null. The values are then preceded by definition levels. */
  readonly isOptional: boolean;
  /** Whether it contains booleans, which have no dictionary. */
  readonly isBoolean: boolean;
}

/** Unpacks Snappy into `into`, whose length is the unpacked size. */
export type SnappyUnpacker = (packed: Uint8Array, into: Uint8Array) => unknown;

const pageTypes = { data: 0, dictionary: 2, dataV2: 3 };
const encodings = { plainDictionary: 2, rle: 3, delta: 5, deltaLengths: 6, deltaTexts: 7, dictionary: 8 };

/**
 * Decompresses the pages of a column. Returns the contents of the compressed ones, in file order; uncompressed pages are only checked.
 *
 * @param take called before each page is decompressed, with its number of bytes; throws if they are too many
 * @throws DownhillError `data` for damaged pages, another number of values than `rows`, and unsupported codecs.
 */
export async function unpackPages(
  chunk: ColumnChunk,
  snappy: SnappyUnpacker,
  take: (bytes: number) => void,
): Promise<readonly Uint8Array[]> {
  const { about, bytes, codec, rows } = chunk;
  const pages: Uint8Array[] = [];
  let values = 0;
  for (let at = 0; values < rows;) {
    if (at >= bytes.length) throw damaged(about, `it has ${values} values, and ${rows} rows`);
    const { struct: header, end: start } = readThrift(bytes, at, about);
    const type = sizeOf(header, 1, about);
    const unpackedSize = sizeOf(header, 2, about);
    const packedSize = sizeOf(header, 3, about);
    const end = start + packedSize;
    if (end > bytes.length) throw damaged(about, `a page of ${packedSize} bytes is not all there`);
    at = end;
    if (type === pageTypes.dictionary) {
      if (sizeOf(structOf(header, 7, about), 1, about) > unpackedSize)
        throw damaged(about, "its dictionary says that it has more values than bytes");
    } else if (type !== pageTypes.data && type !== pageTypes.dataV2) continue;
    const isV2 = type === pageTypes.dataV2;
    const levels = isV2 ? levelBytes(structOf(header, 8, about), about) : 0;
    if (levels > packedSize || levels > unpackedSize) throw damaged(about, "levels longer than their page");
    const isPacked = codec !== "UNCOMPRESSED" && !(isV2 && structOf(header, 8, about).get(7) === false);
    const packed = bytes.subarray(start + levels, end);
    let page = packed;
    if (isPacked) {
      take(unpackedSize - levels);
      page = await unpack(packed, unpackedSize - levels, codec, snappy, about);
      pages.push(page);
    }
    if (type === pageTypes.dictionary) continue;
    values += checkPage(
      chunk,
      header,
      isV2 ? bytes.subarray(start, start + levels) : undefined,
      page,
      rows - values,
    );
  }
  return pages;
}

/** Checks the runs of a data page. Returns its number of values. */
function checkPage(
  { about, isOptional, isBoolean }: ColumnChunk,
  header: ThriftStruct,
  levels: Uint8Array | undefined,
  page: Uint8Array,
  most: number,
): number {
  const isV2 = levels !== undefined;
  const data = structOf(header, isV2 ? 8 : 5, about);
  const count = sizeOf(data, 1, about);
  if (count > most) throw damaged(about, `a page says that it has ${count} values, of ${most} that are left`);
  if (isV2 && sizeOf(data, 3, about) !== count)
    throw damaged(about, "a page has other numbers of rows and of values");
  let at = 0;
  if (isOptional && isV2) checkRuns(levels, 1, count, about);
  else if (isOptional) {
    const size = lengthAt(page, about);
    checkRuns(page.subarray(4, 4 + size), 1, count, about);
    at = 4 + size;
  }
  const values = page.subarray(at);
  const encoding = sizeOf(data, isV2 ? 4 : 2, about);
  switch (encoding) {
    case encodings.plainDictionary:
    case encodings.dictionary:
      if (values.length > 0) checkRuns(values.subarray(1), values[0]!, count, about);
      break;
    case encodings.rle:
      if (!isBoolean) throw damaged(about, "runs of values that are not booleans");
      checkRuns(values.subarray(4), 1, count, about);
      break;
    case encodings.delta:
    case encodings.deltaLengths:
      checkDelta(values, about);
      break;
    case encodings.deltaTexts:
      throw new DownhillError(
        "data",
        `${about}: it is encoded by DELTA_BYTE_ARRAY, which is not read here. Write it with dictionaries, as is the default.`,
      );
    default: // encodings whose size is limited by their bytes
  }
  return count;
}

/**
 * Checks run-length encoded data for `count` values before hyparquet decodes them.
 *
 * @throws DownhillError `data` if the runs have more values than the page.
 */
function checkRuns(bytes: Uint8Array, width: number, count: number, about: string): void {
  if (width > 32) throw damaged(about, `numbers of ${width} bits`);
  let [at, seen] = [0, 0];
  while (seen < count && at < bytes.length) {
    const [head, next] = varint(bytes, at, about);
    const isPacked = (head & 1) === 1;
    const n = isPacked ? (head >>> 1) * 8 : head >>> 1;
    const padding = isPacked ? 512 : 0; // some writers pad their last groups
    if (n > count - seen + padding)
      throw damaged(about, `a run of ${n} values, of ${count - seen} that are left`);
    seen += n;
    at = next + (isPacked ? (head >>> 1) * width : Math.ceil(width / 8));
  }
}

/**
 * Checks the block sizes of delta-encoded numbers, because hyparquet would allocate them.
 *
 * @throws DownhillError `data` for blocks of more than 2^20 values or a wrong number of parts.
 */
function checkDelta(bytes: Uint8Array, about: string): void {
  if (bytes.length === 0) return;
  const [block, next] = varint(bytes, 0, about);
  const [parts] = varint(bytes, next, about);
  if (block > 2 ** 20 || parts === 0 || parts > block)
    throw damaged(about, `blocks of ${block} in ${parts} parts`);
}

function varint(bytes: Uint8Array, start: number, about: string): readonly [number, number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, start + i + 1];
  }
  throw damaged(about, "a number in a page is cut short or too long");
}

async function unpack(
  packed: Uint8Array,
  size: number,
  codec: string,
  snappy: SnappyUnpacker,
  about: string,
): Promise<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  try {
    const page = await unpackBy(packed, size, codec, snappy, about);
    if (page.length === size) return page;
    throw damaged(about, `a page should unpack to ${size} bytes`);
  } catch (cause) {
    if (cause instanceof DownhillError) throw cause;
    throw damaged(about, "a page cannot be unpacked", cause);
  }
}

async function unpackBy(
  packed: Uint8Array,
  size: number,
  codec: string,
  snappy: SnappyUnpacker,
  about: string,
): Promise<Uint8Array> {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib") as Unpackers | undefined;
  if (codec === "SNAPPY") {
    const [length] = varint(packed, 0, about);
    if (length !== size) throw damaged(about, `a page should unpack to ${size} bytes, and says ${length}`);
    const page = new Uint8Array(size);
    snappy(packed, page);
    return page;
  }
  if (codec === "GZIP") {
    const reader = byteReader(gunzipParts([packed], about, () => Infinity));
    try {
      return await reader.take(size + 1);
    } finally {
      await reader.close();
    }
  }
  const byZlib =
    codec === "BROTLI" ? zlib?.brotliDecompressSync : codec === "ZSTD" ? zlib?.zstdDecompressSync : undefined;
  if (byZlib !== undefined) return byZlib(packed, { maxOutputLength: Math.max(1, size) });
  const node = codec === "ZSTD" ? ", or use Node 22.15 or newer" : "";
  throw new DownhillError(
    "data",
    `${about}: it is packed by ${codec}, which is not unpacked here. Write the file with compression="snappy" or "gzip"${node}.`,
  );
}

/** Optional functions of Node's zlib; Zstandard since 22.15. */
interface Unpackers {
  readonly brotliDecompressSync?: Unpacker;
  readonly zstdDecompressSync?: Unpacker;
}

type Unpacker = (packed: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** Returns the number of bytes of the levels of a version 2 page, which are never packed. */
function levelBytes(data: ThriftStruct, about: string): number {
  if (sizeOf(data, 6, about) !== 0) throw damaged(about, "a page of lists, in a column of single values");
  return sizeOf(data, 5, about);
}

function lengthAt(page: Uint8Array, about: string): number {
  if (page.length < 4) throw damaged(about, "a page is cut short");
  const size = new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  if (4 + size > page.length) throw damaged(about, "a page is cut short");
  return size;
}

function structOf(struct: ThriftStruct, field: number, about: string): ThriftStruct {
  const value = struct.get(field);
  if (value instanceof Map) return value as ThriftStruct;
  throw damaged(about, `a page lacks field ${field} of its header`);
}

function sizeOf(struct: ThriftStruct, field: number, about: string): number {
  const value = struct.get(field);
  if (typeof value === "number" && value >= 0) return value;
  throw damaged(about, `a page has no number in field ${field} of its header`);
}

function damaged(about: string, what: string, cause?: unknown): DownhillError {
  const text = `${about}: damaged: ${what}. Fetch or copy the file again.`;
  return new DownhillError("data", text, cause === undefined ? undefined : { cause });
}
