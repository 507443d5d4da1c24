import { DownhillError, showShape } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType, type DType, isDType } from "../../engine/ir/types.ts";
import { fromFlat } from "../../engine/prims/lift.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import type { NpyData } from "./npy-header.ts";

/** An array in the form of the results of `readNpy` and `readNpz`: numbers in row-major order with their shape. */
export interface ShapedArray {
  readonly shape: readonly number[];
  readonly data: NpyData;
  /** Dtype. Default: that of the data; int32 for narrower integers. */
  readonly dtype?: DType | undefined;
}

/**
 * True if a value has a list of numbers as `shape` and a typed array as `data`, unlike nested parameters that have
 * tensors under these keys.
 */
export function isShapedArray(value: unknown): value is ShapedArray {
  const { shape, data } = (value ?? {}) as { readonly shape?: unknown; readonly data?: unknown };
  return (
    Array.isArray(shape) &&
    shape.every((size) => typeof size === "number") &&
    ArrayBuffer.isView(data) &&
    !(data instanceof DataView)
  );
}

/**
 * Converts an array with a shape to a tensor.
 *
 * @throws DownhillError `shape` if the data have another length, `dtype` for an invalid dtype or one that cannot hold a
 *   number.
 */
export function tensorOfShaped({ shape, data, dtype = dtypeOf(data) }: ShapedArray, about: string): Tensor {
  if (!isDType(dtype)) throw new DownhillError("dtype", `${about}: ${JSON.stringify(dtype)} is not a dtype.`);
  if (sizeOf(shape) !== data.length)
    throw new DownhillError(
      "shape",
      `${about}: shape ${showShape(shape)} needs ${sizeOf(shape)} elements, and data has ${data.length}.`,
    );
  return fromFlat(arrayType(dtype, shape), data, about);
}

function dtypeOf(data: NpyData): DType {
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Float32Array) return "float32";
  return data instanceof Uint32Array ? "uint32" : "int32";
}
