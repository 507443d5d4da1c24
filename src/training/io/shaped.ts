import { DownhillError, showShape } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType, type DType, isDType } from "../../engine/ir/types.ts";
import { fromFlat } from "../../engine/prims/lift.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import type { NpyData } from "./npy-header.ts";

/** An array as `readNpy` and `readNpz` return it: numbers in row-major order with their shape. */
export interface ShapedArray {
  readonly shape: readonly number[];
  readonly data: NpyData;
  /** Default: that of the data; int32 for narrower integers. */
  readonly dtype?: DType | undefined;
}

/** Whether a value is such an array, and no node of nested parameters with those keys. */
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
 * A tensor with the numbers of such an array.
 *
 * @throws DownhillError `shape` if the data have another length, `dtype` for a dtype that is none or does not hold a number.
 */
export function tensorOfShaped({ shape, data, dtype = dtypeOf(data) }: ShapedArray, about: string): Tensor {
  if (!isDType(dtype)) throw new DownhillError("dtype", `${about}: ${JSON.stringify(dtype)} is no dtype.`);
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
