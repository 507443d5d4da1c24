import { DownhillError } from "../../engine/errors/index.ts";
import type { DType } from "../../engine/ir/types.ts";

/** Typed arrays that hold the numbers of an NPY file. */
export type NpyData =
  Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

/** A number type of NPY files. */
export interface NpyKind {
  /** Bytes per number. */
  readonly size: number;
  /** Dtype of the numbers in a data set; the array may be narrower. */
  readonly dtype: DType;
  /**
   * Decodes `count` numbers from bytes that begin at byte `at` of the file.
   *
   * @throws DownhillError `data`, naming the byte, for a number out of range.
   */
  readonly read: (body: DataView, count: number, little: boolean, at: number, name: string) => NpyData;
}

/** Header of an NPY file. */
export interface NpyHeader {
  readonly kind: NpyKind;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Offset of the first number in the file, in bytes. */
  readonly bodyStart: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * Number of bytes that determine the length of the header: signature, version and the longer of the two length fields.
 */
export const prefixSize = 12;

/** Largest accepted header, in bytes; far larger than any that NumPy writes for plain numbers. */
const longestHeader = 1 << 20;

/** Largest number of axes of a NumPy array. */
const mostAxes = 64;

/**
 * Returns the bounds of the header text of an NPY file, from its first `prefixSize` bytes (fewer if the file is
 * shorter).
 *
 * @throws DownhillError `data`, naming file and byte, if it is not an NPY file or of an unknown version.
 */
export function headerEnd(bytes: Uint8Array, name: string): { readonly start: number; readonly end: number } {
  const odd = magic.findIndex((byte, i) => bytes[i] !== byte);
  if (odd >= 0)
    throw new DownhillError("data", `${name}: this is not an NPY file: ${describeStart(bytes, odd)}`);
  const major = bytes[6];
  if (major === undefined) throw cutInHeader(name, bytes.length);
  if (major < 1 || major > 3) {
    throw new DownhillError(
      "data",
      `${name}: byte 6 says version ${major} of the format; 1, 2 and 3 are known. Save it again with numpy.save.`,
    );
  }
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw cutInHeader(name, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader) {
    throw new DownhillError(
      "data",
      `${name}: byte 8 says that the header has ${length} bytes, which no array needs. Fetch or copy the file again.`,
    );
  }
  return { start, end: start + length };
}

/**
 * Parses the header of an NPY file, from bytes that contain all of it. The header is the text of a Python dictionary
 * with the keys `descr`, `fortran_order` and `shape`.
 *
 * @throws DownhillError `data`, naming file and byte: for a header that is cut short or malformed, and for number types
 *   without a typed array.
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const { start, end } = headerEnd(bytes.subarray(0, prefixSize), name);
  if (bytes.length < end) throw cutInHeader(name, bytes.length, end);
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  const fail = (what: string): DownhillError =>
    new DownhillError("data", `${name}: the header, from byte ${start}, ${what}. Save it with numpy.save.`);

  if (!/^\{.*\}\s*$/s.test(text)) throw fail("is not a dictionary");
  const order = /(['"])fortran_order\1\s*:\s*(True|False)\b/.exec(text);
  if (order === null) throw fail("does not say whether fortran_order is True or False");
  const sizes = /(['"])shape\1\s*:\s*\(([\s\dL,]*)\)/.exec(text);
  if (sizes === null) throw fail("has no shape, a tuple of integers");
  const words = sizes[2]!.split(",").map((word) => word.trim());
  if (words.at(-1) === "") words.pop(); // the comma after a single size, or the empty () of a scalar
  if (words.length > mostAxes)
    throw fail(`has a shape of ${words.length} axes, and arrays have ${mostAxes} at most`);
  const shape = words.map((word) => {
    if (!/^\d+L?$/.test(word))
      throw fail(`has the shape (${sizes[2]!.trim()}), which contains a non-integer`);
    const size = Number(word.replace("L", ""));
    if (!Number.isSafeInteger(size)) throw fail(`has a size of ${word}, too large for any array`);
    return size;
  });
  if (!Number.isSafeInteger(shape.reduce((a, b) => a * b, 1) * 8)) {
    throw fail(`has the shape (${sizes[2]!.trim()}), too large for any array`);
  }
  const type = /(['"])descr\1\s*:\s*(?:(['"])([^'"]*)\2|([[({]))/.exec(text);
  if (type === null) throw fail("does not say what kind of number it holds (descr)");
  if (type[3] === undefined) {
    const repair = "Save each field as a separate array";
    throw new DownhillError(
      "data",
      `${name}: it holds records of several fields (byte ${start}). ${repair}.`,
    );
  }
  return { ...kindOf(type[3], name, start), fortran: order[2] === "True", shape, bodyStart: end };
}

function kindOf(
  descr: string,
  name: string,
  at: number,
): { readonly kind: NpyKind; readonly little: boolean } {
  const parts = /^([<>=|]?)([a-zA-Z]\d*)(.*)$/.exec(descr);
  const code = parts?.[2] ?? descr;
  const kind = parts?.[3] === "" ? kindOfCode(code) : undefined;
  if (kind === undefined) {
    throw new DownhillError(
      "data",
      `${name}: it holds ${JSON.stringify(descr)} (byte ${at}), ${describeKind(code)}. Save it with ${astype(code)}.`,
    );
  }
  return { kind, little: parts?.[1] !== ">" };
}

/** Returns the number type for `descr` without its byte order; `undefined` for an unsupported type. */
function kindOfCode(code: string): NpyKind | undefined {
  switch (code) {
    case "f8":
      return plain(
        8,
        "float64",
        (n) => new Float64Array(n),
        (body, i, little) => body.getFloat64(i, little),
      );
    case "f4":
      return plain(
        4,
        "float32",
        (n) => new Float32Array(n),
        (body, i, little) => body.getFloat32(i, little),
      );
    case "i4":
      return plain(
        4,
        "int32",
        (n) => new Int32Array(n),
        (body, i, little) => body.getInt32(i, little),
      );
    case "i2":
      return plain(
        2,
        "int32",
        (n) => new Int16Array(n),
        (body, i, little) => body.getInt16(i, little),
      );
    case "i1":
      return plain(
        1,
        "int32",
        (n) => new Int8Array(n),
        (body, i) => body.getInt8(i),
      );
    case "u4":
      return plain(
        4,
        "uint32",
        (n) => new Uint32Array(n),
        (body, i, little) => body.getUint32(i, little),
      );
    case "u2":
      return plain(
        2,
        "int32",
        (n) => new Uint16Array(n),
        (body, i, little) => body.getUint16(i, little),
      );
    case "u1":
      return plain(
        1,
        "int32",
        (n) => new Uint8Array(n),
        (body, i) => body.getUint8(i),
      );
    case "b1":
      return { size: 1, dtype: "bool", read: readBooleans };
    case "i8":
      return narrowed(
        "int32",
        (n) => new Int32Array(n),
        (body, i, little) => body.getBigInt64(i, little),
      );
    case "u8":
      return narrowed(
        "uint32",
        (n) => new Uint32Array(n),
        (body, i, little) => body.getBigUint64(i, little),
      );
    default:
      return undefined;
  }
}

/** True if typed arrays store numbers with their lowest byte first. */
export function isHostLittle(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}

function readBooleans(body: DataView, count: number, _little: boolean, at: number, name: string): NpyData {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = body.getUint8(i);
    if (out[i]! <= 1) continue;
    const what = `byte ${at + i} is ${out[i]}, where a boolean is 0 or 1`;
    throw new DownhillError("data", `${name}: ${what}. Fetch or copy the file again.`);
  }
  return out;
}

function plain(
  size: number,
  dtype: DType,
  make: (count: number) => NpyData,
  get: (body: DataView, at: number, little: boolean) => number,
): NpyKind {
  return {
    size,
    dtype,
    read(body, count, little) {
      const out = make(count);
      if (little === isHostLittle() || size === 1) {
        new Uint8Array(out.buffer).set(new Uint8Array(body.buffer, body.byteOffset, count * size));
      } else {
        for (let i = 0; i < count; i++) out[i] = get(body, i * size, little);
      }
      return out;
    },
  };
}

/**
 * Creates the number type for 64-bit integers of NPY files. Reading throws for a number that does not fit in 32 bits.
 */
function narrowed(
  dtype: "int32" | "uint32",
  make: (count: number) => Int32Array | Uint32Array,
  get: (body: DataView, at: number, little: boolean) => bigint,
): NpyKind {
  return {
    size: 8,
    dtype,
    read(body, count, little, at, name) {
      const out = make(count);
      for (let i = 0; i < count; i++) {
        const value = get(body, i * 8, little);
        out[i] = Number(value);
        if (BigInt(out[i]!) === value) continue;
        throw new DownhillError(
          "data",
          `${name}: the integer at byte ${at + i * 8} is ${value}, which does not fit in ${dtype}. ` +
            `Save it with .astype("float64").`,
        );
      }
      return out;
    },
  };
}

function describeKind(code: string): string {
  if (code === "f2") return "half-precision numbers, which have no array here";
  if (/^[fg]\d/.test(code)) return "floating-point numbers of another size than 4 and 8 bytes";
  if (code.startsWith("c")) return "complex numbers, which have no array here";
  if (/^[SUa]/.test(code)) return "text, not numbers";
  if (code.startsWith("O")) return "Python objects, not numbers";
  if (/^[Mm]/.test(code)) return "dates or spans of time, not plain numbers";
  return "which is not a supported number type";
}

function astype(code: string): string {
  if (code === "f2") return `.astype("float32")`;
  if (code.startsWith("c")) return ".real and .imag as two arrays";
  if (/^[SUaO]/.test(code)) return "numbers instead of names (numpy.unique with return_inverse)";
  return `.astype("float64")`;
}

function cutInHeader(name: string, length: number, end?: number): DownhillError {
  const of = end === undefined ? "" : ` of ${end}`;
  const repair = "Fetch or copy it again.";
  return new DownhillError(
    "data",
    length === 0
      ? `${name}: the file is empty (0 bytes). ${repair}`
      : `${name}: cut short within its header, after ${length}${of} bytes. ${repair}`,
  );
}

/** Describes, for a message, what the bytes seem to be instead of an NPY file, and the remedy. */
function describeStart(bytes: Uint8Array, odd: number): string {
  if (bytes.length === 0) return "it is empty (0 bytes).";
  if (odd >= bytes.length) return `it ends after ${bytes.length} bytes. Fetch or copy it again.`;
  const hex = bytes[odd]!.toString(16).padStart(2, "0");
  const expected = `byte ${odd} is ${hex} where \\x93NUMPY begins a file`;
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    return `${expected}. It looks like an NPZ archive: read it with readNpz.`;
  }
  if (bytes[0] === 0x80) return `${expected}. It looks like a pickle: save the array with numpy.save.`;
  return `${expected}. Save it with numpy.save.`;
}
