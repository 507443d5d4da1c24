import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import {
  byteReader,
  type ChunkedByteReader,
  type ByteSource,
  nameOfSource,
  openBytes,
} from "./byte-source.ts";
import { type UnpackLimit, unpackLimit, type UnpackOptions } from "./gzip.ts";
import { type IdxArray, readIdxHead, wrongIdxLength } from "./idx.ts";
import { type NpyArray, readNpyHead, wrongLength } from "./npy.ts";

/** Options of `streamNpy` and `streamIdx`. */
export interface StreamArrayOptions extends UnpackOptions {
  /** Name of the source in messages. Default: the path of a file, otherwise `"NPY"` or `"IDX"`. */
  readonly name?: string;
  /** Number of items (entries of the first axis) per part; the last may have fewer. Default 1024. */
  readonly rows?: number;
}

/**
 * Reads the array of an NPY file part by part along its first axis, so that a file of any size needs only the memory of
 * one part. Unpacks gzip while reading.
 *
 * Each part has the shape `[rows, …]` and can be used as a field of `dataset`.
 *
 * @throws DownhillError like `readNpy`, when reading reaches the fault; `data` for a scalar, for items without elements
 *   (shape `[5, 0]`), and for an array of several axes in Fortran order, whose items are spread over the whole file.
 * @example
 * const bytes = writeNpy({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
 * const shapes = [];
 * for await (const part of streamNpy([bytes], { rows: 2 })) shapes.push(part.shape);
 * shapes; // [[2, 2], [1, 2]]
 */
export async function* streamNpy(
  source: ByteSource,
  options: StreamArrayOptions = {},
): AsyncGenerator<NpyArray, undefined> {
  if (arguments.length > 2) refuseExtra("streamNpy", arguments, 2);
  const { name, rows, limit } = checked("streamNpy", source, options, "NPY");
  const reader = byteReader(openBytes("streamNpy", source, name, limit));
  try {
    const { header } = await readNpyHead(reader, name);
    const { kind, little, shape, bodyStart } = header;
    if (shape.length === 0)
      throw new DownhillError("data", `${name}: it holds one number, not a list of items.`);
    if (header.fortran && shape.length > 1) {
      throw new DownhillError(
        "data",
        `${name}: it has columns first (fortran_order), so that items are not contiguous. Save numpy.ascontiguousarray(…).`,
      );
    }
    const read = (bytes: Uint8Array, count: number, at: number): NpyArray["data"] =>
      kind.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), count, little, at, name);
    const wrong = (length: number): DownhillError => wrongLength(name, header, length);
    checkItems(shape, name);
    for await (const { bytes, at, rows: n } of rowsOfBytes(
      reader,
      shape,
      kind.size,
      bodyStart,
      rows,
      wrong,
    )) {
      const part = [n, ...shape.slice(1)];
      yield { name, shape: part, dtype: kind.dtype, data: read(bytes, sizeOf(part), at) };
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

/**
 * Reads the array of an IDX file (MNIST's format) part by part along its first axis, like `streamNpy` for NPY.
 *
 * @throws DownhillError like `readIdx`, when reading reaches the fault.
 * @example
 * const bytes = Uint8Array.of(0, 0, 0x08, 1, 0, 0, 0, 3, 7, 8, 9);
 * const parts = [];
 * for await (const { data } of streamIdx([bytes], { rows: 2 })) parts.push(data);
 * parts; // [Uint8Array [7, 8], Uint8Array [9]]
 */
export async function* streamIdx(
  source: ByteSource,
  options: StreamArrayOptions = {},
): AsyncGenerator<IdxArray, undefined> {
  if (arguments.length > 2) refuseExtra("streamIdx", arguments, 2);
  const { name, rows, limit } = checked("streamIdx", source, options, "IDX");
  const reader = byteReader(openBytes("streamIdx", source, name, limit));
  try {
    const { header } = await readIdxHead(reader, name);
    const { kind, shape, bodyStart } = header;
    const wrong = (length: number): DownhillError => wrongIdxLength(name, header, length);
    checkItems(shape, name);
    for await (const { bytes, rows: n } of rowsOfBytes(reader, shape, kind.size, bodyStart, rows, wrong)) {
      const part = [n, ...shape.slice(1)];
      const body = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      yield { name, shape: part, data: kind.read(body, sizeOf(part)) };
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

/** Bytes of some consecutive items of an array. */
interface RowBytes {
  readonly bytes: Uint8Array;
  /** Offset of the first byte in the file. */
  readonly at: number;
  readonly rows: number;
}

/**
 * Yields the bytes of an array, `rows` items at a time. `wrong` creates the error for a file whose length does not
 * match its header.
 */
async function* rowsOfBytes(
  reader: ChunkedByteReader,
  shape: readonly number[],
  size: number,
  start: number,
  rows: number,
  wrong: (length: number) => DownhillError,
): AsyncGenerator<RowBytes, undefined> {
  const [count = 0, ...rest] = shape;
  const each = sizeOf(rest) * size;
  let at = start;
  for (let row = 0; row < count; row += rows) {
    const n = Math.min(rows, count - row);
    const bytes = await reader.take(n * each);
    if (bytes.length < n * each) throw wrong(at + bytes.length);
    yield { bytes, at, rows: n };
    at += bytes.length;
  }
  const after = await reader.take(1);
  if (after.length > 0) throw wrong(at + after.length);
  return undefined;
}

/** Throws `data` for items without elements: a header of twelve bytes may claim four thousand million of them. */
function checkItems([count = 0, ...rest]: readonly number[], name: string): void {
  if (count === 0 || sizeOf(rest) > 0) return;
  const shape = showShape([count, ...rest]);
  throw new DownhillError("data", `${name}: its ${count} items hold no numbers (shape ${shape}).`);
}

function checked(
  operation: string,
  source: ByteSource,
  options: StreamArrayOptions,
  other: string,
): { readonly name: string; readonly rows: number; readonly limit: UnpackLimit } {
  checkOptions(operation, options, ["name", "rows", "maxUnpackedBytes"]);
  const { name = nameOfSource(source, other), rows = 1024 } = options;
  checkRows(operation, rows);
  return { name, rows, limit: unpackLimit(operation, options) };
}

/** Checks the number of rows per part. */
export function checkRows(operation: string, rows: unknown): void {
  if (typeof rows === "number" && Number.isInteger(rows) && rows >= 1) return;
  throw new DownhillError(
    "option",
    `${operation}: rows must be an integer of 1 or more, got ${String(rows)}.`,
  );
}
