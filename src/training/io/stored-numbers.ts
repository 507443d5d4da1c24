import type { DType } from "../../engine/ir/types.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { bfloatBits, floatE4M3, floatE5M2, floatE8M0, half, halfBits } from "./small-floats.ts";

/** The kinds of numbers of safetensors files that are written here. */
export type StoredType = "F64" | "F32" | "F16" | "BF16" | "I32" | "U32" | "BOOL";

/** The floating dtypes in which numbers can be stored. */
export type StoredFloat = "float64" | "float32" | "float16" | "bfloat16";

interface FloatEncoder {
  readonly type: StoredType;
  readonly round: (data: ArrayLike<number>) => TypedArray | Uint16Array;
}

/** How arrays become numbers of such a dtype, to the nearest. */
export const storedFloats: Readonly<Record<StoredFloat, FloatEncoder>> = {
  float64: { type: "F64", round: (data) => Float64Array.from(data) },
  float32: { type: "F32", round: (data) => Float32Array.from(data) },
  float16: { type: "F16", round: (data) => Uint16Array.from(data, halfBits) },
  bfloat16: { type: "BF16", round: (data) => Uint16Array.from(data, bfloatBits) },
};

/** How the bytes of a kind of number become an array. */
export interface Decoder {
  /** The dtype of the array. */
  readonly dtype: DType;
  readonly read: (bytes: Uint8Array) => TypedArray;
  /** The same as integers of 64 bits, where that is what the bytes are: `read` may not keep all of them. */
  readonly wide?: (bytes: Uint8Array) => BigInt64Array | BigUint64Array;
}

/** Whether numbers of this kind have more bits than a tensor keeps. */
export function isWide(dtype: string): boolean {
  return dtype === "I64" || dtype === "U64";
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The elements as bytes, the lowest first. */
export function littleEndian(data: TypedArray | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isLittleEndian ? bytes : swapped(bytes, data.BYTES_PER_ELEMENT);
}

/**
 * How numbers that safetensors files call `dtype` are read, exactly but for those with `wide`; `undefined` where there is
 * no way.
 */
export function decoderOf(dtype: string): Decoder | undefined {
  switch (dtype) {
    case "F64":
      return { dtype: "float64", read: (bytes) => new Float64Array(aligned(bytes, 8)) };
    case "F32":
      return { dtype: "float32", read: (bytes) => new Float32Array(aligned(bytes, 4)) };
    case "I32":
      return { dtype: "int32", read: (bytes) => new Int32Array(aligned(bytes, 4)) };
    case "U32":
      return { dtype: "uint32", read: (bytes) => new Uint32Array(aligned(bytes, 4)) };
    case "BOOL":
      return { dtype: "bool", read: (bytes) => Uint8Array.from(bytes) }; // slice of a Buffer is no copy
    case "F16":
      return {
        dtype: "float32",
        read: (bytes) => Float32Array.from(new Uint16Array(aligned(bytes, 2)), half),
      };
    case "BF16": // the upper half of a float32
      return {
        dtype: "float32",
        read: (bytes) =>
          new Float32Array(Uint32Array.from(new Uint16Array(aligned(bytes, 2)), (bits) => bits << 16).buffer),
      };
    case "F8_E5M2":
      return { dtype: "float32", read: (bytes) => Float32Array.from(bytes, floatE5M2) };
    case "F8_E4M3":
      return { dtype: "float32", read: (bytes) => Float32Array.from(bytes, floatE4M3) };
    case "F8_E8M0":
      return { dtype: "float32", read: (bytes) => Float32Array.from(bytes, floatE8M0) };
    case "I8":
      return { dtype: "int32", read: (bytes) => Int32Array.from(new Int8Array(aligned(bytes, 1))) };
    case "U8":
      return { dtype: "int32", read: (bytes) => Int32Array.from(bytes) };
    case "I16":
      return { dtype: "int32", read: (bytes) => Int32Array.from(new Int16Array(aligned(bytes, 2))) };
    case "U16":
      return { dtype: "int32", read: (bytes) => Int32Array.from(new Uint16Array(aligned(bytes, 2))) };
    case "I64":
      return wideDecoder("int32", (bytes) => new BigInt64Array(aligned(bytes, 8)));
    case "U64":
      return wideDecoder("uint32", (bytes) => new BigUint64Array(aligned(bytes, 8)));
    default:
      return undefined;
  }
}

function wideDecoder(
  dtype: "int32" | "uint32",
  wide: (bytes: Uint8Array) => BigInt64Array | BigUint64Array,
): Decoder {
  const read = (bytes: Uint8Array): TypedArray => {
    const numbers: Iterable<bigint> = wide(bytes);
    return dtype === "int32" ? Int32Array.from(numbers, Number) : Uint32Array.from(numbers, Number);
  };
  return { dtype, wide, read };
}

/** The bytes in a buffer of their own, in the order of the machine. */
function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  return (isLittleEndian ? Uint8Array.from(bytes) : swapped(bytes, size)).buffer as ArrayBuffer;
}

/** A copy with the bytes of each element the other way round. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let i = 0; i < out.length; i += size) out.subarray(i, i + size).reverse();
  return out;
}
