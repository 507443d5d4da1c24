import { sliceElements } from "../kernel/copy-elements.ts";
import type { BufferView, TypedArray } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import type { DeviceMemory, TensorStorage } from "./storage.ts";

/**
 * Elements in a JavaScript array or in the memory shared by compiled kernels. Kernels use the `BufferView` part; the
 * result pool uses the other fields.
 */
export interface HostStorage extends BufferView, TensorStorage {
  array: TypedArray;
  offset: number;
  isOutside: boolean;
  /**
   * Compiled program that produced these elements, if the program tracks its results; or `"caller"` for a caller's own
   * array, which is only read during one call.
   */
  readonly maker: ResultMaker | "caller" | undefined;
}

/** A compiled program, as the maker of results whose memory it can reuse after they are released. */
export interface ResultMaker {
  /** True once the memory of one of its results has been released. */
  isGivenBack: boolean;
}

const nothing = /* @__PURE__ */ new Uint8Array(0);

/** Memory of JavaScript arrays and of compiled kernels. */
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

/**
 * Memory of the host process. It is a class instance so that its methods are on the prototype, where `structuredClone`
 * of a tensor ignores them.
 */
export const hostMemory: DeviceMemory = /* @__PURE__ */ new HostMemory();

/** True if a storage is in the memory of the host process. */
export function isOnHost(storage: TensorStorage): storage is HostStorage {
  return storage.memory === hostMemory;
}

/**
 * Creates a storage over elements of an array, from `offset` on. All host storages are created here, so that JavaScript
 * engines see a single object shape. A short call creates two of them, so the object is kept small.
 */
export function hostStorage(
  array: TypedArray,
  offset = 0,
  isOutside = false,
  maker?: HostStorage["maker"],
): HostStorage {
  return { array, offset, isOutside, memory: hostMemory, isShared: false, maker };
}
