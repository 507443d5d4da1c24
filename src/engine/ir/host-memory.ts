import { sliceElements } from "../kernel/copy-elements.ts";
import type { BufferView, TypedArray } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import type { DeviceMemory, TensorStorage } from "./storage.ts";

/**
 * Elements in an array of JavaScript or in the memory that compiled kernels share. Kernels see the `Cell`; what else there is
 * the result pool goes by.
 */
export interface HostStorage extends BufferView, TensorStorage {
  array: TypedArray;
  offset: number;
  isOutside: boolean;
  /** Whose result it is, where that learns what becomes of its results; or the array is a caller's own, to be read during one call. */
  readonly maker: ResultMaker | "caller" | undefined;
}

/** A program whose results may be given back to it. */
export interface ResultMaker {
  /** Whether the memory of one of them was given back. */
  isGivenBack: boolean;
}

const nothing = /* @__PURE__ */ new Uint8Array(0);

/** Arrays of JavaScript, and what compiled kernels share. */
class HostMemory implements DeviceMemory {
  readonly name = "the processor";
  readonly isImmediate = true;

  store(_: ScalarType, from: TypedArray, offset: number, n: number): TensorStorage {
    return hostStorage(sliceElements(from, offset, n), 0, true);
  }

  view(storage: TensorStorage, n: number): TypedArray {
    const { array, offset } = storage as HostStorage;
    return offset === 0 && n === array.length ? array : array.subarray(offset, offset + n);
  }

  copy(storage: TensorStorage, n: number): TypedArray {
    const { array, offset } = storage as HostStorage;
    return sliceElements(array, offset, n);
  }

  read(storage: TensorStorage, n: number): Promise<TypedArray> {
    return Promise.resolve(this.copy(storage, n));
  }

  release(storage: TensorStorage): void {
    const host = storage as HostStorage;
    host.memory = undefined;
    host.array = nothing;
    host.offset = 0;
  }
}

/** The memory of the process. An object of a class, whose methods do not get in the way of those who clone tensors. */
export const hostMemory: DeviceMemory = /* @__PURE__ */ new HostMemory();

/** Whether a storage lies in the memory of the process. */
export function isOnHost(storage: TensorStorage): storage is HostStorage {
  return storage.memory === hostMemory;
}

/** A storage over elements of an array; all are made here, so that engines see one kind of object. A short call makes two: it is small. */
export function hostStorage(
  array: TypedArray,
  offset = 0,
  isOutside = false,
  maker?: HostStorage["maker"],
): HostStorage {
  return { array, offset, isOutside, memory: hostMemory, isShared: false, maker };
}
