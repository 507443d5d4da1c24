import type { TypedArray } from "../../kernel/executable.ts";
import { bytesPerElement } from "../../kernel/executable.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/** The memory of compiled kernels, as a backend offers it. */
export interface KernelMemory {
  /** An address, or 0 where there is no room. */
  readonly tryAllocate: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

/** A part of that memory, with the array over it. */
export interface Region {
  readonly address: number;
  readonly bytes: number;
  readonly type: ScalarType;
  readonly array: TypedArray;
}

/** The regions that the result pool has of the memory of kernels. Some are spare: they wait for a result of their size. */
export class Regions {
  private readonly memory: KernelMemory;
  private readonly spare = new Map<ScalarType, Map<number, Region[]>>(); // by how many elements they have
  /** Bytes of all of them. */
  used = 0;
  /** Bytes of those that are spare. */
  spareBytes = 0;

  constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  /** A region for `n` elements where there is room. */
  allocate(type: ScalarType, n: number): Region | undefined {
    const bytes = n * bytesPerElement[type];
    const address = this.memory.tryAllocate(bytes);
    if (address === 0) return undefined;
    this.used += bytes;
    return { address, bytes, type, array: this.memory.view(type, address, n) };
  }

  free({ address, bytes }: Region): void {
    this.memory.free(address);
    this.used -= bytes;
  }

  /** Keeps a region for the next result of its size. */
  keepSpare(region: Region): void {
    const { type, bytes, array } = region;
    let bins = this.spare.get(type);
    if (bins === undefined) this.spare.set(type, (bins = new Map<number, Region[]>()));
    const bin = bins.get(array.length);
    if (bin === undefined) bins.set(array.length, [region]);
    else bin.push(region);
    this.spareBytes += bytes;
  }

  /** A spare region for `n` elements. */
  takeSpare(type: ScalarType, n: number): Region | undefined {
    const region = this.spare.get(type)?.get(n)?.pop();
    if (region !== undefined) this.spareBytes -= region.bytes;
    return region;
  }

  /** Gives spare regions back to all that need memory. */
  clearSpare(): void {
    for (const bins of this.spare.values())
      for (const bin of bins.values()) for (const region of bin) this.free(region);
    this.spare.clear();
    this.spareBytes = 0;
  }
}
