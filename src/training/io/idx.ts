import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { type ChunkedByteReader, unpackByHead } from "./byte-source.ts";
import { checkBytes } from "./bytes.ts";
import { isGzip, unpackLimit, type UnpackOptions } from "./gzip.ts";

/** Content of an IDX file: its numbers in row-major order, and the sizes of its axes. */
export interface IdxArray {
  /** Name of the source, used in error messages. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

/** Options of `readIdx`. */
export interface ReadIdxOptions extends UnpackOptions {
  /** Name of the bytes in messages, such as a file name. Default `"IDX"`. */
  readonly name?: string;
}

/**
 * Reads the array of an IDX file, the format of MNIST and Fashion-MNIST; unpacks gzip.
 *
 * Format: two zero bytes, a byte for the number type, a byte for the number of axes, a big-endian 32-bit size per axis,
 * then the numbers, big-endian and in row-major order.
 *
 * A gzip file is unpacked only up to the end that the header of its array states.
 *
 * @throws DownhillError `data`, naming the file, if it is not an IDX file, cut short, longer than its header states, or
 *   a gzip file that is damaged or unpacks to more than `maxUnpackedBytes`.
 * @see LeCun, Cortes, Burges, The MNIST database of handwritten digits, "File formats".
 * @example
 * const bytes = Uint8Array.of(0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9);
 * const { shape, data } = await readIdx(bytes, { name: "tiny.idx" });
 * shape; // [1, 3]
 * data; // Uint8Array [7, 8, 9]
 */
export async function readIdx(bytes: Uint8Array, options: ReadIdxOptions = {}): Promise<IdxArray> {
  if (arguments.length > 2) refuseExtra("readIdx", arguments, 2);
  checkBytes("readIdx", bytes);
  checkOptions("readIdx", options, ["name", "maxUnpackedBytes"]);
  const { name = "IDX" } = options;
  const limit = unpackLimit("readIdx", options);
  if (!isGzip(bytes)) return parseIdx(bytes, name);
  const unpacked = await unpackByHead(bytes, name, limit, async (reader) => {
    const { head, header } = await readIdxHead(reader, name);
    return { head, end: idxEnd(header) };
  });
  return parseIdx(unpacked, name);
}

interface NumberKind {
  /** Bytes per number. */
  readonly size: number;
  readonly read: (body: DataView, n: number) => IdxArray["data"];
}

/** Returns the number type for the third byte of an IDX file; `undefined` for an unknown byte. */
function numberKind(code: number): NumberKind | undefined {
  switch (code) {
    case 0x08:
      return { size: 1, read: (body, n) => new Uint8Array(body.buffer, body.byteOffset, n).slice() };
    case 0x09:
      return { size: 1, read: (body, n) => new Int8Array(body.buffer, body.byteOffset, n).slice() };
    case 0x0b:
      return { size: 2, read: (body, n) => fill(new Int16Array(n), (i) => body.getInt16(2 * i)) };
    case 0x0c:
      return { size: 4, read: (body, n) => fill(new Int32Array(n), (i) => body.getInt32(4 * i)) };
    case 0x0d:
      return { size: 4, read: (body, n) => fill(new Float32Array(n), (i) => body.getFloat32(4 * i)) };
    case 0x0e:
      return { size: 8, read: (body, n) => fill(new Float64Array(n), (i) => body.getFloat64(8 * i)) };
    default:
      return undefined;
  }
}

function fill<A extends IdxArray["data"]>(data: A, at: (i: number) => number): A {
  for (let i = 0; i < data.length; i++) data[i] = at(i);
  return data;
}

/** Header of an IDX file. */
export interface IdxHeader {
  readonly kind: NumberKind;
  readonly shape: readonly number[];
  /** Offset of the first number in the file, in bytes. */
  readonly bodyStart: number;
}

/** Returns the size of the header in bytes, from its first four bytes. */
function idxHeaderSize(bytes: Uint8Array, name: string): number {
  const kind = bytes[0] === 0 && bytes[1] === 0 ? numberKind(bytes[2] ?? 0) : undefined;
  const rank = bytes[3] ?? 0;
  if (kind === undefined || rank === 0)
    throw new DownhillError("data", `${name}: this is not an IDX file: ${describeStart(bytes)}`);
  return 4 + 4 * rank;
}

/** Parses the header of an IDX file, from bytes that contain all of it. */
function headerOfIdx(bytes: Uint8Array, name: string): IdxHeader {
  const bodyStart = idxHeaderSize(bytes, name);
  if (bytes.length < bodyStart) {
    throw new DownhillError(
      "data",
      `${name}: cut short within its header, after ${bytes.length} of ${bodyStart} bytes.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: (bodyStart - 4) / 4 }, (_, axis) => view.getUint32(4 + 4 * axis));
  const header = { kind: numberKind(bytes[2]!)!, shape, bodyStart };
  if (Number.isSafeInteger(idxEnd(header))) return header;
  throw new DownhillError(
    "data",
    `${name}: its header says that its shape is ${showShape(shape)}, too large for any array. Fetch or copy it again.`,
  );
}

/** Reads the header from the beginning of a file. Returns its bytes and content. */
export async function readIdxHead(
  reader: ChunkedByteReader,
  name: string,
): Promise<{ readonly head: Uint8Array; readonly header: IdxHeader }> {
  const start = await reader.take(4);
  const head = await reader.take(idxHeaderSize(start, name) - start.length, start);
  return { head, header: headerOfIdx(head, name) };
}

/** Returns the size in bytes of a file with this header. */
function idxEnd({ kind, shape, bodyStart }: IdxHeader): number {
  return bodyStart + sizeOf(shape) * kind.size;
}

/** Creates the error for a file whose length does not match its header. */
export function wrongIdxLength(name: string, header: IdxHeader, length: number): DownhillError {
  const expected = idxEnd(header);
  const [state, found] =
    length < expected ? ["cut short", `${length}`] : ["longer than its header says", "more"];
  const sizes = `an array of shape ${showShape(header.shape)} makes ${expected} bytes, the file has ${found}`;
  return new DownhillError("data", `${name}: ${state}: ${sizes}. Fetch or copy it again.`);
}

function parseIdx(bytes: Uint8Array, name: string): IdxArray {
  const header = headerOfIdx(bytes, name);
  const { kind, shape, bodyStart } = header;
  if (bytes.length !== idxEnd(header)) throw wrongIdxLength(name, header, bytes.length);
  const n = sizeOf(shape);
  const body = new DataView(bytes.buffer, bytes.byteOffset + bodyStart, n * kind.size);
  return { name, shape, data: kind.read(body, n) };
}

/** Describes, for a message, what the bytes seem to be instead of an IDX file, and the remedy. */
function describeStart(bytes: Uint8Array): string {
  if (bytes.length === 0) return "it is empty.";
  const start = bytes.subarray(0, 4);
  const hex = Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const expected = `it begins with the bytes ${hex} where 00 00, a kind of number (08 to 0e) and a number of axes belong.`;
  if (start[0] === 0x50 && start[1] === 0x4b)
    return `${expected} It looks like a ZIP archive: unpack it first.`;
  if (start.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127))) {
    return `${expected} It looks like text: a CSV file needs another reader, and a page saved by mistake must be fetched again.`;
  }
  return expected;
}
