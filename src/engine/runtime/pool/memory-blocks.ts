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
export interface MemoryBlock {
  readonly address: number;
  readonly bytes: number;
  readonly type: ScalarType;
  readonly array: TypedArray;
}

/** The blocks that the result pool has of the memory of kernels. Some are spare: they wait for a result of their size. */
export class MemoryBlocks {
  private readonly memory: KernelMemory;
  private readonly spare = new Map<ScalarType, Map<number, MemoryBlock[]>>(); // by how many elements they have
  /** Bytes of all of them. */
  used = 0;
  /** Bytes of those that are spare. */
  spareBytes = 0;

  constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  /** A block for `n` elements where there is room. */
  allocate(type: ScalarType, n: number): MemoryBlock | undefined {
    const bytes = n * bytesPerElement[type];
    const address = this.memory.tryAllocate(bytes);
    if (address === 0) return undefined;
    this.used += bytes;
    return { address, bytes, type, array: this.memory.view(type, address, n) };
  }

  free({ address, bytes }: MemoryBlock): void {
    this.memory.free(address);
    this.used -= bytes;
  }

  /** Keeps a block for the next result of its size. */
  keepSpare(block: MemoryBlock): void {
    const { type, bytes, array } = block;
    let bins = this.spare.get(type);
    if (bins === undefined) this.spare.set(type, (bins = new Map<number, MemoryBlock[]>()));
    const bin = bins.get(array.length);
    if (bin === undefined) bins.set(array.length, [block]);
    else bin.push(block);
    this.spareBytes += bytes;
  }

  /** A spare block for `n` elements. */
  takeSpare(type: ScalarType, n: number): MemoryBlock | undefined {
    const block = this.spare.get(type)?.get(n)?.pop();
    if (block !== undefined) this.spareBytes -= block.bytes;
    return block;
  }

  /** Gives spare blocks back to all that need memory. */
  clearSpare(): void {
    for (const bins of this.spare.values())
      for (const bin of bins.values()) for (const block of bin) this.free(block);
    this.spare.clear();
    this.spareBytes = 0;
  }
}
