import type { TypedArray } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";

/** What a tensor holds, and a program is given and gives: a number that the host knows, or elements in some memory. */
export type ConcreteValue = number | TensorStorage;

/** Elements of one or several tensors in the memory of a device. What it is besides, that memory alone knows. */
export interface TensorStorage {
  /** Where the elements lie; `undefined` once they were given away: they must not be read any more. */
  memory: DeviceMemory | undefined;
  /** Whether several tensors may hold it. */
  isShared: boolean;
  /** Returns the elements of a deferred read to its caller; the read fails where this fails. */
  onRead?: ((elements: TypedArray) => Promise<TypedArray>) | undefined;
}

/** Where elements lie, and how to come by them. */
export interface DeviceMemory {
  /** What errors call it. */
  readonly name: string;
  /**
   * Whether elements are there as soon as they are asked for. If so, scalars that are computed are numbers; if not, they are
   * storages of one element, and nobody asks for a `view` or `copy`.
   */
  readonly isImmediate: boolean;
  /** A storage of `n` elements, those of a host's array from `offset` on. The array may change afterwards. */
  store(type: ScalarType, from: TypedArray, offset: number, n: number): TensorStorage;
  /** The first `n` elements where they lie, for those who look at them at once: their place may serve others after the next call. */
  view(storage: TensorStorage, n: number): TypedArray;
  /** A copy of the first `n` elements. */
  copy(storage: TensorStorage, n: number): TypedArray;
  /** The same when they are there. It fails by what went wrong where they were computed. */
  read(storage: TensorStorage, n: number): Promise<TypedArray>;
  /** Takes the place of elements back that nobody will read again. Whatever was asked for before still finds them. */
  release(storage: TensorStorage): void;
}
