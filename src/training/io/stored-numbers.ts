import type { DType } from "../../engine/ir/types.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { bfloatBits, floatE4M3, floatE5M2, floatE8M0, half, halfBits } from "./small-floats.ts";

/** Number types of safetensors files that can be written. */
export type StoredType = "F64" | "F32" | "F16" | "BF16" | "I32" | "U32" | "BOOL";

/** Floating-point storage formats for tensors. */
export type StoredFloat = "float64" | "float32" | "float16" | "bfloat16";

interface FloatEncoder {
  readonly type: StoredType;
  readonly round: (data: ArrayLike<number>) => TypedArray | Uint16Array;
}

/** Encoders of arrays, by storage format. Each rounds numbers to the nearest of its format, ties to even. */
export const storedFloats: Readonly<Record<StoredFloat, FloatEncoder>> = {
  float64: { type: "F64", round: (data) => Float64Array.from(data) },
  float32: { type: "F32", round: (data) => Float32Array.from(data) },
  float16: { type: "F16", round: (data) => Uint16Array.from(data, halfBits) },
  bfloat16: { type: "BF16", round: (data) => Uint16Array.from(data, bfloatBits) },
};

/** Decoder of the bytes of a number type. */
export interface Decoder {
  /** Dtype of the resulting array. */
  readonly dtype: DType;
  readonly read: (bytes: Uint8Array) => TypedArray;
  /**
   * Decodes 64-bit integers exactly; absent for other types. `read` gives wrong numbers for integers outside of its
   * dtype.
   */
  readonly wide?: (bytes: Uint8Array) => BigInt64Array | BigUint64Array;
}

/** True if numbers of this type have more bits than tensors can hold. */
export function isWide(dtype: string): boolean {
  return dtype === "I64" || dtype === "U64";
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Returns the elements as little-endian bytes. */
export function littleEndian(data: TypedArray | Uint16Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isLittleEndian ? bytes : swapped(bytes, data.BYTES_PER_ELEMENT);
}

/**
 * Returns the decoder for a `dtype` of safetensors, which is exact except for those with `wide`; `undefined` if the
 * type is not supported.
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
      return { dtype: "bool", read: (bytes) => Uint8Array.from(bytes) }; // slice of a Buffer is not a copy
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

/** Copies the bytes to their own buffer, in the byte order of the machine. */
function aligned(bytes: Uint8Array, size: number): ArrayBuffer {
  return (isLittleEndian ? Uint8Array.from(bytes) : swapped(bytes, size)).buffer as ArrayBuffer;
}

/** Returns a copy with the bytes of each element reversed. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let i = 0; i < out.length; i += size) out.subarray(i, i + size).reverse();
  return out;
}
