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

/**
 * Returns a tensor that shares an array of indices, which must not change. It is cached, so that one array has one
 * tensor and compiled code is reused.
 */
export function indices(array: Int32Array): Tensor {
  let tensor = indexTensors.get(array);
  if (tensor === undefined)
    indexTensors.set(array, (tensor = fromArray(arrayType("int32", [array.length]), array)));
  return tensor;
}

/**
 * True if no tensor is traced and no function is being compiled, so that loops of JavaScript can compute with the
 * elements.
 */
export function areConcrete(...tensors: readonly Tensor[]): boolean {
  return !isStaging() && tensors.every((x) => x.tracer === undefined);
}

/** Elements of a float64 tensor. They are valid until the next operation is called. */
export function floatsOf(x: Tensor, operation: string): Float64Array {
  return readElements(x, operation) as Float64Array;
}

/** Creates a tensor that takes over an array of floats. */
export function fromFloats(array: Float64Array, shape: readonly number[] = [array.length]): Tensor {
  return fromArray(arrayType("float64", shape), array);
}
