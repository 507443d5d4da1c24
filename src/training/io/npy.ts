import { readElements } from "../../engine/ir/elements.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { type ChunkedByteReader, unpackByHead } from "./byte-source.ts";
import { checkBytes } from "./bytes.ts";
import { isGzip, unpackLimit, type UnpackOptions } from "./gzip.ts";
import {
  headerEnd,
  isHostLittle,
  type NpyData,
  type NpyHeader,
  parseNpyHeader,
  prefixSize,
} from "./npy-header.ts";

/** Content of an NPY file; can be used as a field of `dataset`. */
export interface NpyArray {
  /** Name of the source, used in error messages. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Dtype of the numbers in a data set; `data` may be narrower. */
  readonly dtype: DType;
  /** Numbers in row-major order. */
  readonly data: NpyData;
}

/** Options of `readNpy`. */
export interface ReadNpyOptions extends UnpackOptions {
  /** Name of the bytes in messages, such as a file name. Default `"NPY"`. */
  readonly name?: string;
}

/** Input of `writeNpy`: a tensor, or numbers in row-major order with their shape. */
export type NpySource =
  Tensor | { readonly shape: readonly number[]; readonly data: NpyData; readonly dtype?: DType | undefined };

/**
 * Reads the array of an NPY file, as written by NumPy's `save`; unpacks gzip.
 *
 * Accepts versions 1 to 3 of the format, either byte order, and C or Fortran order (`fortran_order`); the result is
 * always in row-major order. `f8 f4 i4 i2 i1 u4 u2 u1 b1` become the typed array of their kind. `i8` and `u8` become
 * int32 and uint32 if every number fits. A gzip file is unpacked only up to the end that the header of its array
 * states.
 *
 * @throws DownhillError `data`, naming the file and the byte: if it is not an NPY file, cut short, longer than its
 *   header states, of an unsupported number type (half precision, complex, text, records), contains an integer that
 *   does not fit, or is a gzip file that is damaged or unpacks to more than `maxUnpackedBytes`.
 * @see NumPy enhancement proposal 1, A simple file format for NumPy arrays.
 * @example
 * const bytes = writeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
 * const { shape, dtype, data } = await readNpy(bytes);
 * [shape, dtype]; // [[2, 2], "float32"]
 * data; // Float32Array [1, 2, 3, 4]
 */
export async function readNpy(bytes: Uint8Array, options: ReadNpyOptions = {}): Promise<NpyArray> {
  if (arguments.length > 2) refuseExtra("readNpy", arguments, 2);
  checkBytes("readNpy", bytes);
  checkOptions("readNpy", options, ["name", "maxUnpackedBytes"]);
  const { name = "NPY" } = options;
  const limit = unpackLimit("readNpy", options);
  if (!isGzip(bytes)) return parseNpy(bytes, name);
  const unpacked = await unpackByHead(bytes, name, limit, async (reader) => {
    const { head, header } = await readNpyHead(reader, name);
    return { head, end: npyEnd(header) };
  });
  return parseNpy(unpacked, name);
}

/** Reads the header from the beginning of an NPY file. Returns the bytes up to its end, and its content. */
export async function readNpyHead(
  reader: ChunkedByteReader,
  name: string,
): Promise<{ readonly head: Uint8Array; readonly header: NpyHeader }> {
  const start = await reader.take(prefixSize);
  const { end } = headerEnd(start, name);
  const head = await reader.take(Math.max(0, end - start.length), start);
  return { head, header: parseNpyHeader(head, name) };
}

/** Returns the size in bytes of a file with this header. */
function npyEnd({ kind, shape, bodyStart }: NpyHeader): number {
  return bodyStart + sizeOf(shape) * kind.size;
}

/**
 * Parses the bytes of an unpacked NPY file.
 *
 * @throws DownhillError `data`, naming the file and the byte, like `readNpy`.
 */
export function parseNpy(bytes: Uint8Array, name: string): NpyArray {
  const header = parseNpyHeader(bytes, name);
  const { kind, little, fortran, shape, bodyStart } = header;
  const count = sizeOf(shape);
  if (bytes.length !== npyEnd(header)) throw wrongLength(name, header, bytes.length);
  const body = new DataView(bytes.buffer, bytes.byteOffset + bodyStart, count * kind.size);
  const data = kind.read(body, count, little, bodyStart, name);
  return { name, shape, dtype: kind.dtype, data: fortran ? rowsFirst(data, shape) : data };
}

/** Creates the error for a file whose length does not match its header. */
export function wrongLength(name: string, header: NpyHeader, length: number): DownhillError {
  const expected = npyEnd(header);
  const [state, found] =
    length < expected
      ? [`cut short at byte ${length}`, `${length}`]
      : [`something follows at byte ${expected}`, "more"];
  const sizes = `an array of shape ${showShape(header.shape)} makes ${expected} bytes, the file has ${found}`;
  return new DownhillError("data", `${name}: ${state}: ${sizes}. Fetch or copy it again.`);
}

/** Converts column-major to row-major order. */
function rowsFirst<A extends NpyData>(data: A, shape: readonly number[]): A {
  if (shape.length < 2) return data;
  const out = data.slice() as A;
  const index = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  for (let axis = 0, stride = 1; axis < shape.length; stride *= shape[axis++]!) strides.push(stride);
  for (let to = 0, from = 0; to < data.length; to++) {
    out[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * Writes an NPY file of version 1, little-endian and in row-major order, which NumPy's `load` reads.
 *
 * The typed array determines the number type: `Float32Array` becomes `<f4`, `Int16Array` `<i2`, and so on; dtype bool
 * becomes `|b1`.
 *
 * @throws DownhillError `shape` if the shape does not match the number of elements; `dtype` for data that are not a
 *   supported typed array, and for booleans other than 0 and 1.
 * @example
 * const bytes = writeNpy({ shape: [3], data: Int16Array.of(1, 2, 3) });
 * new TextDecoder().decode(bytes.subarray(1, 6)); // NUMPY
 * bytes.length; // 134
 */
export function writeNpy(array: NpySource): Uint8Array {
  if (arguments.length > 1) refuseExtra("writeNpy", arguments, 1);
  if (!Array.isArray((array as { shape?: unknown } | null | undefined)?.shape)) {
    throw new DownhillError(
      "option",
      "writeNpy: expected a tensor, or an array as { shape: [2], data: Float64Array.of(1, 2) }.",
    );
  }
  const { shape, dtype, data } =
    array instanceof Tensor
      ? { shape: array.shape, dtype: array.dtype, data: readElements(array, "writeNpy") as NpyData }
      : array;
  const descr = dtype === "bool" ? "|b1" : descrOf(data);
  if (descr === undefined) {
    throw new DownhillError(
      "dtype",
      `writeNpy: data must be a typed array of numbers such as Float64Array, got ${kindName(data)}.`,
    );
  }
  if (sizeOf(shape) !== data.length) {
    throw new DownhillError(
      "shape",
      `writeNpy: shape ${showShape(shape)} needs ${sizeOf(shape)} elements, data has ${data.length}.`,
    );
  }
  if (dtype === "bool" && !(data instanceof Uint8Array && data.every((x) => x <= 1))) {
    throw new DownhillError("dtype", "writeNpy: booleans must be 0 and 1 in a Uint8Array.");
  }
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const prefix = 10; // signature, version and length
  const bodyStart = Math.ceil((prefix + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(bodyStart + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  view.setUint16(8, bodyStart - prefix, true);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(bodyStart - prefix - 1)}\n`), prefix);
  const size = data.BYTES_PER_ELEMENT;
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (isHostLittle()) bytes.set(body, bodyStart);
  else for (let i = 0; i < body.length; i++) bytes[bodyStart + (i ^ (size - 1))] = body[i]!; // bytes of each number reversed
  return bytes;
}

function descrOf(data: unknown): string | undefined {
  if (data instanceof Float64Array) return "<f8";
  if (data instanceof Float32Array) return "<f4";
  if (data instanceof Int32Array) return "<i4";
  if (data instanceof Uint32Array) return "<u4";
  if (data instanceof Int16Array) return "<i2";
  if (data instanceof Uint16Array) return "<u2";
  if (data instanceof Int8Array) return "|i1";
  if (data instanceof Uint8Array) return "|u1";
  return undefined;
}

function kindName(data: unknown): string {
  if (typeof data !== "object" || data === null) return typeof data;
  return Array.isArray(data) ? "an array" : (data.constructor.name ?? "an object");
}
