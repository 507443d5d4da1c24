import type { TypedArray } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";

/**
 * Value of a concrete tensor, and argument or result of a compiled program: a number known to the host, or elements in
 * device memory.
 */
export type ConcreteValue = number | TensorStorage;

/** Elements of one or several tensors in the memory of a device. Only that memory knows the remaining fields. */
export interface TensorStorage {
  /** Memory that holds the elements; `undefined` once they were donated, after which they must not be read. */
  memory: DeviceMemory | undefined;
  /** True if several tensors may share this storage. */
  isShared: boolean;
  /** Called when the elements of a deferred read have arrived. If the returned promise rejects, the read fails. */
  onRead?: ((elements: TypedArray) => Promise<TypedArray>) | undefined;
}

/** Memory of a device, with the operations to store and read elements. */
export interface DeviceMemory {
  /** Name in error messages. */
  readonly name: string;
  /**
   * True if elements can be read synchronously. If so, computed scalars are plain numbers; if not, scalars are
   * one-element storages, and `view` and `copy` are never called.
   */
  readonly isImmediate: boolean;
  /**
   * Throws if the device was closed or lost. `operation` names the caller. Absent if that cannot happen.
   *
   * @throws DownhillError `device`
   */
  requireUsable?(operation: string): void;
  /**
   * Stores `n` elements of a host array, from index `offset` on. The array may change afterwards. `operation` names the
   * caller in errors.
   */
  store(type: ScalarType, from: TypedArray, offset: number, n: number, operation?: string): TensorStorage;
  /** First `n` elements without a copy. Valid only until the next call, which may reuse the memory. */
  view(storage: TensorStorage, n: number): TypedArray;
  /** Copy of the first `n` elements. */
  copy(storage: TensorStorage, n: number): TypedArray;
  /** Promise of a copy of the first `n` elements. Rejects with the error of the computation if that failed. */
  read(storage: TensorStorage, n: number): Promise<TypedArray>;
  /** Frees memory that will not be read again. Reads requested earlier still complete. */
  release(storage: TensorStorage): void;
}
