import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import { sizeOf } from "../util/shape.ts";
import {
  byteReader,
  type ByteReader,
  type ByteSource,
  joined,
  nameOfSource,
  openBytes,
} from "./byte-source.ts";
import { headerOfIdx, type IdxArray, idxHeaderSize, wrongIdxLength } from "./idx.ts";
import { headerEnd, parseNpyHeader, prefixSize } from "./npy-header.ts";
import { type NpyArray, wrongLength } from "./npy.ts";

/** Options of `streamNpy` and `streamIdx`. */
export interface StreamArrayOptions {
  /** What messages call the source. Default the path of a file, else `"NPY"` or `"IDX"`. */
  readonly name?: string;
  /** How many items (entries of the first axis) a part has; the last may have fewer. Default 1024. */
  readonly rows?: number;
}

/**
 * The array of an NPY file, part by part along its first axis: a file of any size is read in the memory of a
 * part. Gzip is unpacked on the way.
 *
 * Each part has the shape `[rows, …]` and is a field of `dataset` as it is.
 *
 * @throws DownhillError as `readNpy`, once reading has come to the fault; `data` for a scalar, and for an array
 * of several axes with columns first, whose items are spread over the whole file.
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
  const { name, rows } = checked("streamNpy", source, options, "NPY");
  const reader = byteReader(openBytes("streamNpy", source, name));
  try {
    let head = await reader.take(prefixSize);
    const { end } = headerEnd(head, name);
    head = joined(head, await reader.take(Math.max(0, end - head.length)));
    const header = parseNpyHeader(head, name);
    const { kind, little, shape, bodyStart } = header;
    if (shape.length === 0)
      throw new DownhillError("data", `${name}: it holds one number, not a list of items.`);
    if (header.fortran && shape.length > 1) {
      throw new DownhillError(
        "data",
        `${name}: it has columns first (fortran_order), so that no item lies in one place. Save numpy.ascontiguousarray(…).`,
      );
    }
    const read = (bytes: Uint8Array, count: number, at: number): NpyArray["data"] =>
      kind.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), count, little, at, name);
    for await (const { bytes, at, rows: n } of rowsOfBytes(
      reader,
      shape,
      kind.size,
      bodyStart,
      rows,
      (length) => wrongLength(name, header, length),
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
 * The array of an IDX file (MNIST's format), part by part along its first axis, as `streamNpy` does for NPY.
 *
 * @throws DownhillError as `readIdx`, once reading has come to the fault.
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
  const { name, rows } = checked("streamIdx", source, options, "IDX");
  const reader = byteReader(openBytes("streamIdx", source, name));
  try {
    let head = await reader.take(4);
    head = joined(head, await reader.take(idxHeaderSize(head, name) - head.length));
    const { kind, shape, bodyStart } = headerOfIdx(head, name);
    for await (const { bytes, rows: n } of rowsOfBytes(reader, shape, kind.size, bodyStart, rows, (length) =>
      wrongIdxLength(name, shape, bodyStart + sizeOf(shape) * kind.size, length),
    )) {
      const part = [n, ...shape.slice(1)];
      const body = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      yield { name, shape: part, data: kind.read(body, sizeOf(part)) };
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

/** Some items of an array as they lie in the file. */
interface RowsOfBytes {
  readonly bytes: Uint8Array;
  /** The byte of the file at which they begin. */
  readonly at: number;
  readonly rows: number;
}

/** The bytes of an array, `rows` items at a time; `wrong` makes the error for a file of another length. */
async function* rowsOfBytes(
  reader: ByteReader,
  shape: readonly number[],
  size: number,
  start: number,
  rows: number,
  wrong: (length: number) => DownhillError,
): AsyncGenerator<RowsOfBytes, undefined> {
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

function checked(
  operation: string,
  source: ByteSource,
  options: StreamArrayOptions,
  other: string,
): Required<StreamArrayOptions> {
  checkOptions(operation, options, ["name", "rows"]);
  const { name = nameOfSource(source, other), rows = 1024 } = options;
  checkRows(operation, rows);
  return { name, rows };
}

/** Checks how many rows a part is to have. */
export function checkRows(operation: string, rows: unknown): void {
  if (typeof rows === "number" && Number.isInteger(rows) && rows >= 1) return;
  throw new DownhillError(
    "option",
    `${operation}: rows must be a number of items, 1 or more, got ${String(rows)}.`,
  );
}
