import { readElements } from "../../../engine/ir/elements.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { arrayType } from "../../../engine/ir/types.ts";
import { fromArray } from "../../../engine/prims/lift.ts";
import { isStaging } from "../../../engine/trace/index.ts";
import type { SparsePattern } from "./sparse-pattern.ts";

/** Pattern and values of a sparse matrix. */
export interface SparseEntries {
  readonly pattern: SparsePattern;
  /** float64, `[nnz]`. */
  readonly values: Tensor;
}

const indexTensors = /* @__PURE__ */ new WeakMap<Int32Array, Tensor>();

/** The tensor over an array of indices, which must not change. One tensor per array, so that compiled code is reused. */
export function indices(array: Int32Array): Tensor {
  let tensor = indexTensors.get(array);
  if (tensor === undefined)
    indexTensors.set(array, (tensor = fromArray(arrayType("int32", [array.length]), array)));
  return tensor;
}

/** True if all tensors hold their elements and no function is being traced, so that loops of JavaScript may run. */
export function areConcrete(...tensors: readonly Tensor[]): boolean {
  return !isStaging() && tensors.every((x) => x.tracer === undefined);
}

/** Elements of a float64 tensor, valid until the next call of an operation. */
export function floatsOf(x: Tensor, operation: string): Float64Array {
  return readElements(x, operation) as Float64Array;
}

/** Tensor that owns an array of floats. */
export function fromFloats(array: Float64Array, shape: readonly number[] = [array.length]): Tensor {
  return fromArray(arrayType("float64", shape), array);
}
