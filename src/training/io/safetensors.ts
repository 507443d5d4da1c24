import { readElements } from "../../engine/ir/elements.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { checkBytes } from "./bytes.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { arrayType } from "../../engine/ir/types.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { fromArray } from "../../engine/prims/lift.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import type { NamedValues } from "../../engine/util/by-name.ts";
import { checkNames, chosenNames } from "./names.ts";
import { namedTensors } from "./parameter-names.ts";
import { isShapedArray, type ShapedArray, tensorOfShaped } from "./shaped.ts";
import {
  decoderOf,
  isWide,
  littleEndian,
  type StoredFloat,
  storedFloats,
  type StoredType,
} from "./stored-numbers.ts";

/** Tensors by name, or arrays in the form of the result of `readNpz`. */
export type TensorsByName = NamedValues<Tensor | ShapedArray>;

/** Nested parameters, whose tensors are named by their paths: `layers.0.weight`. */
export type NestedTensors = readonly unknown[] | object;

/** Content of a safetensors file: tensors by name, and its metadata strings. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Options of `readSafetensors`. */
export interface ReadSafetensorsOptions {
  /** Name of the bytes in messages, such as a file name. Default `"safetensors"`. */
  readonly name?: string;
  /** Names of the tensors to read. Default: all. The content of the others is ignored. */
  readonly only?: readonly string[];
  /**
   * Treatment of 64-bit integers (I64 and U64), which tensors cannot hold. `"error"` is the default. `"skip"` omits
   * them. `"int32"` converts I64 to int32 and U64 to uint32 if every number fits; otherwise the error names the first
   * that does not.
   */
  readonly int64?: "error" | "int32" | "skip";
}

/** Options of `writeSafetensors`. */
export interface WriteSafetensorsOptions {
  /**
   * Storage format of floating-point numbers: one for all floating-point tensors, or one per named tensor. Default:
   * unchanged. Integers and booleans stay.
   */
  readonly dtype?: StoredFloat | Readonly<Record<string, StoredFloat>>;
}

const storedAs: Readonly<Record<DType, StoredType>> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  uint32: "U32",
  bool: "BOOL",
};
const mostHeader = 100_000_000; // bytes, the limit of the format's reference library

/**
 * Writes a safetensors file of tensors by name (a Map or a record of tensors, or of arrays of `readNpz`), or of nested
 * parameters. Nested tensors are named by their paths (`layers.0.weight`); `fromNamedTensors` restores the nesting.
 * Format: the length of the header (eight bytes, little-endian), the header (JSON, padded with spaces to a multiple of
 * eight), then the elements, little-endian. Elements of eight bytes precede those of four and one, so that each array
 * is aligned.
 *
 * `dtype` stores floating-point numbers in fewer bits. Each is rounded to the nearest number of the format, ties to
 * even, and to infinity beyond the largest (65,504 in float16), as in PyTorch and NumPy. Float64 is rounded once, as in
 * NumPy (PyTorch rounds to float32 first).
 *
 * @throws DownhillError `option` for a name that the format reserves, and for an unknown dtype, or one for a tensor
 *   that is missing or not floating-point.
 * @see https://github.com/huggingface/safetensors, "Format".
 * @example
 * const bytes = writeSafetensors({ w: tensor([[1, 2], [3, 4]]) }, { made: "by hand" });
 * const { tensors, metadata } = readSafetensors(bytes);
 * [tensors.get("w"), metadata.made];
 * // [f64[2,2] [[1, 2], [3, 4]], "by hand"]
 */
export function writeSafetensors(
  tensors: TensorsByName | NestedTensors,
  metadata: Readonly<Record<string, string>> = {},
  options: WriteSafetensorsOptions = {},
): Uint8Array {
  if (arguments.length > 3) refuseExtra("writeSafetensors", arguments, 3);
  checkWriteOptions("writeSafetensors", options);
  const entries = entriesOf(tensors);
  const dtypeOf = storedDtypes(new Map(entries), options.dtype);
  const sorted = entries
    .map(([name, x]) => {
      const data = readElements(x, "writeSafetensors");
      const dtype = dtypeOf(name);
      if (dtype === undefined || dtype === x.dtype) return { name, x, type: storedAs[x.dtype], data };
      const { type, round } = storedFloats[dtype];
      return { name, x, type, data: round(data) };
    })
    .sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  // A Map rather than an object: any string may be a name, and the order of names such as "1" matters.
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let size = 0;
  for (const { name, x, type, data } of sorted) {
    if (name === "__metadata__") {
      throw new DownhillError("option", `writeSafetensors: "__metadata__" cannot be the name of a tensor.`);
    }
    const offsets = [size, (size += data.byteLength)];
    header.set(name, { dtype: type, shape: x.shape, data_offsets: offsets });
  }
  const fields = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.fill(0x20, 8, start);
  bytes.set(text, 8);
  let at = start;
  for (const { data } of sorted) {
    bytes.set(littleEndian(data), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Checks the options of `readSafetensors`. */
export function checkReadOptions(operation: string, options: ReadSafetensorsOptions): void {
  checkOptions(operation, options, ["name", "only", "int64"]);
  checkChoice(operation, "int64", options.int64 ?? "error", ["error", "int32", "skip"]);
  checkNames(operation, "only", "tensors", options.only);
}

/** Checks the options of `writeSafetensors`, except the names in them. */
export function checkWriteOptions(operation: string, options: WriteSafetensorsOptions): void {
  checkOptions(operation, options, ["dtype"]);
  const { dtype } = options;
  const kinds = Object.keys(storedFloats);
  for (const one of typeof dtype === "object" ? Object.values(dtype) : [dtype])
    if (one !== undefined) checkChoice(operation, "dtype", one, kinds);
}

/** Returns the storage format of each tensor by name; `undefined` for its own. */
function storedDtypes(
  tensors: ReadonlyMap<string, Tensor>,
  dtype: WriteSafetensorsOptions["dtype"],
): (name: string) => StoredFloat | undefined {
  const isFloating = (name: string): boolean => ["float64", "float32"].includes(tensors.get(name)!.dtype);
  if (dtype === undefined) return () => undefined;
  if (typeof dtype === "string") return (name) => (isFloating(name) ? dtype : undefined);
  const byName = new Map(Object.entries(dtype));
  chosenNames([...tensors.keys()], [...byName.keys()], "tensor", "writeSafetensors: dtype", "option");
  for (const [name, kind] of byName) {
    if (isFloating(name)) continue;
    throw new DownhillError(
      "option",
      `writeSafetensors: dtype: the tensor ${JSON.stringify(name)} is ${tensors.get(name)!.dtype} and cannot be ${kind}. Omit it.`,
    );
  }
  return (name) => byName.get(name);
}

/**
 * Reads the tensors of a safetensors file. F64, F32, I32, U32 and BOOL keep their type. F16, BF16, F8_E5M2, F8_E4M3 and
 * F8_E8M0 become float32, and I8, U8, I16 and U16 become int32, without rounding.
 *
 * The whole header is checked before anything is read: sizes must match shapes, with no gaps, overlaps or trailing
 * bytes.
 *
 * @throws DownhillError `data`, naming the file, the tensor and the byte, if the file is cut short, damaged or not
 *   safetensors, lacks a tensor that `only` names, or contains an integer that does not fit; `dtype` for unsupported
 *   number types (64-bit integers unless `int64` is set, complex numbers, floats of 4 and 6 bits).
 * @example
 * const bytes = writeSafetensors({ w: tensor([1, 2]), step: tensor(7, { dtype: "int32" }) });
 * [...readSafetensors(bytes, { only: ["w"] }).tensors.keys()]; // ["w"]
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): Safetensors {
  if (arguments.length > 2) refuseExtra("readSafetensors", arguments, 2);
  checkBytes("readSafetensors", bytes);
  checkReadOptions("readSafetensors", options);
  const { name = "safetensors", only, int64 = "error" } = options;
  const { entries, metadata, start } = readHeader(bytes, name);
  const body = bytes.subarray(start);
  const keys = new Set(
    chosenNames(
      entries.map(({ key }) => key),
      only,
      "tensor",
      name,
    ),
  );
  const wanted = entries.filter(({ key }) => keys.has(key));
  const read = int64 === "skip" ? wanted.filter(({ dtype }) => !isWide(dtype)) : wanted;
  const tensors = read.map(({ key, dtype, shape, from, to }) => {
    const decode = isWide(dtype) && int64 === "error" ? undefined : decoderOf(dtype);
    if (decode === undefined) throw noCounterpart(key, dtype, name);
    const array = decode.read(body.subarray(from, to));
    if (decode.wide !== undefined)
      checkFit(decode.wide(body.subarray(from, to)), array, key, decode.dtype, name);
    if (decode.dtype === "bool") checkBooleans(array, key, name, start + from);
    return [key, fromArray(arrayType(decode.dtype, shape), array)] as const;
  });
  return { tensors: new Map(tensors), metadata };
}

function noCounterpart(key: string, dtype: string, name: string): DownhillError {
  const repair = isWide(dtype)
    ? `Set int64: "int32" if its numbers are small, int64: "skip" to omit such tensors, or select the tensors to read with only`
    : "Convert it to F32 or F64 before saving, or select the tensors to read with only";
  return new DownhillError(
    "dtype",
    `${name}: the tensor ${JSON.stringify(key)} is ${dtype}, which is not supported. ${repair}.`,
  );
}

/** Throws if a 64-bit integer changed when it was converted to 32 bits. */
function checkFit(
  wide: BigInt64Array | BigUint64Array,
  array: TypedArray,
  key: string,
  dtype: DType,
  name: string,
): void {
  for (let i = 0; i < array.length; i++) {
    if (BigInt(array[i]!) === wide[i]) continue;
    const what = `element ${i} of the tensor ${JSON.stringify(key)} is ${wide[i]!}`;
    throw new DownhillError(
      "data",
      `${name}: ${what}, which does not fit in ${dtype}. Omit it with int64: "skip".`,
    );
  }
}

/** Header entry of a tensor; offsets count from the end of the header. */
interface TensorEntry {
  readonly key: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

interface Header {
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Offset of the first element in the file, in bytes. */
  readonly start: number;
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const fail = (what: string): DownhillError => new DownhillError("data", `${name}: ${what}`);
  if (bytes.length < 8) {
    throw fail(
      `this is not a safetensors file: it has ${bytes.length} bytes, and its first eight are a length.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > mostHeader || length < 2) {
    throw fail(`this is not a safetensors file: its header would be ${length} bytes long.`);
  }
  const start = 8 + length;
  if (start > bytes.length) {
    throw fail(
      `cut short within its header, after ${bytes.length} of ${start} bytes. Fetch or copy it again.`,
    );
  }
  if (bytes[8] !== 0x7b) throw fail("this is not a safetensors file: its header does not begin with {.");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw new DownhillError("data", `${name}: damaged: its header is not JSON. Fetch or copy it again.`, {
      cause,
    });
  }
  const { __metadata__: metadata = {}, ...rest } = header as Readonly<Record<string, unknown>>;
  if (!isTexts(metadata)) throw fail("its __metadata__ contains values that are not strings.");
  const entries = Object.entries(rest).map(([key, value]) => readEntry(key, value, fail));
  entries.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { key, from, to } of entries) {
    if (from !== end) {
      const what = from < end ? "overlaps the tensor before it" : "leaves a gap before it";
      throw fail(
        `damaged: the tensor ${JSON.stringify(key)} ${what}: it begins at byte ${start + from}, not ${start + end}.`,
      );
    }
    end = to;
  }
  const size = bytes.length - start;
  if (size !== end) {
    const state = size < end ? "cut short" : "longer than its header says";
    throw fail(
      `${state}: its tensors end at byte ${start + end}, the file has ${bytes.length}. Fetch or copy it again.`,
    );
  }
  return { entries, metadata, start };
}

function readEntry(key: string, value: unknown, fail: (what: string) => DownhillError): TensorEntry {
  const about = `the tensor ${JSON.stringify(key)}`;
  if (typeof value !== "object" || value === null) throw fail(`damaged: ${about} is not an object.`);
  const { dtype, shape, data_offsets: offsets } = value as Readonly<Record<string, unknown>>;
  if (typeof dtype !== "string") throw fail(`damaged: ${about} has no dtype.`);
  if (!isWholeNumbers(shape)) throw fail(`damaged: ${about} has no shape of integers.`);
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw fail(`damaged: ${about} has no data_offsets, the offsets of its first and last byte.`);
  }
  const [from, to] = offsets as [number, number];
  const bits = bitsOf(dtype);
  const count = sizeOf(shape);
  if (!Number.isSafeInteger(count)) {
    throw fail(`damaged: ${about} has the shape ${showShape(shape)}, too large for any array.`);
  }
  const expected = bits === undefined ? undefined : (count * bits) / 8;
  if (expected !== undefined && to - from !== expected) {
    throw fail(
      `damaged: ${about}, ${dtype} of shape ${showShape(shape)}, takes ${expected} bytes and has ${to - from}.`,
    );
  }
  return { key, dtype, shape, from, to };
}

/**
 * Returns the number of bits per element: 8 for `BOOL`, else the number in the name of the format. Returns `undefined`
 * for other names.
 */
function bitsOf(dtype: string): number | undefined {
  if (dtype === "BOOL") return 8;
  const match = /^(?:BF|[FIUC])(\d+)/.exec(dtype);
  return match === null ? undefined : Number(match[1]);
}

function checkBooleans(array: TypedArray, key: string, name: string, start: number): void {
  const odd = array.findIndex((x) => x > 1);
  if (odd < 0) return;
  const where = `byte ${start + odd} of the tensor ${JSON.stringify(key)}`;
  throw new DownhillError("data", `${name}: damaged: ${where} is ${array[odd]!}, and booleans are 0 or 1.`);
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string")
  );
}

function isWholeNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

/** Returns the tensors by name: of a map, a record, or nested parameters. */
function entriesOf(tensors: TensorsByName | NestedTensors): readonly (readonly [string, Tensor])[] {
  if (typeof tensors !== "object" || tensors === null || tensors instanceof Tensor) {
    const what = tensors instanceof Tensor ? "a tensor" : tensors === null ? "null" : `a ${typeof tensors}`;
    throw notNamed(`got ${what}`);
  }
  const read = (name: string, value: unknown): unknown =>
    isShapedArray(value) ? tensorOfShaped(value, `writeSafetensors: ${JSON.stringify(name)}`) : value;
  if (tensors instanceof Map)
    return [...(tensors as ReadonlyMap<string, unknown>)].map(([name, value]) => {
      const x = read(name, value);
      if (x instanceof Tensor) return [name, x];
      throw notNamed(`${JSON.stringify(name)} is not a tensor`);
    });
  const isRecord = [Object.prototype, null].includes(Object.getPrototypeOf(tensors) as object | null);
  const tree = isRecord
    ? Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, read(name, value)]))
    : tensors;
  return [...namedTensors("writeSafetensors", tree)];
}

function notNamed(what: string): DownhillError {
  return new DownhillError(
    "option",
    `writeSafetensors: expected tensors by name, as in { w: tensor([1, 2]) }; ${what}.`,
  );
}
