import type { TypedArray } from "../../kernel/executable.ts";
import { bytesPerElement } from "../../kernel/executable.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/** Allocator of kernel memory, provided by a backend. */
export interface KernelMemory {
  /** Returns an address, or 0 if there is not enough memory. */
  readonly tryAllocate: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

/** An allocated range of kernel memory with a typed array over it. */
export interface MemoryBlock {
  readonly address: number;
  readonly bytes: number;
  readonly type: ScalarType;
  readonly array: TypedArray;
}

/** Blocks of kernel memory that the result pool owns. Spare blocks wait for a result of their size. */
export class MemoryBlocks {
  private readonly memory: KernelMemory;
  private readonly spare = new Map<ScalarType, Map<number, MemoryBlock[]>>(); // by number of elements
  /** Total size in bytes of the allocated blocks, spare blocks included. */
  used = 0;
  /** Size in bytes of the spare blocks. */
  spareBytes = 0;

  constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  /** Allocates a block for `n` elements; undefined if there is not enough memory. */
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

  /** Keeps a block, so that a later result of the same size can use it. */
  keepSpare(block: MemoryBlock): void {
    const { type, bytes, array } = block;
    let bins = this.spare.get(type);
    if (bins === undefined) this.spare.set(type, (bins = new Map<number, MemoryBlock[]>()));
    const bin = bins.get(array.length);
    if (bin === undefined) bins.set(array.length, [block]);
    else bin.push(block);
    this.spareBytes += bytes;
  }

  /** Returns a spare block for `n` elements, if there is one. */
  takeSpare(type: ScalarType, n: number): MemoryBlock | undefined {
    const block = this.spare.get(type)?.get(n)?.pop();
    if (block !== undefined) this.spareBytes -= block.bytes;
    return block;
  }

  /** Frees all spare blocks. */
  clearSpare(): void {
    for (const bins of this.spare.values())
      for (const bin of bins.values()) for (const block of bin) this.free(block);
    this.spare.clear();
    this.spareBytes = 0;
  }
}
