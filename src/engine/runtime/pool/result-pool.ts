import { DownhillError } from "../../errors/index.ts";
import type { HostStorage } from "../../ir/host-memory.ts";
import { hostStorage } from "../../ir/host-memory.ts";
import { copyElements, sliceElements } from "../../kernel/copy-elements.ts";
import type { TypedArray } from "../../kernel/executable.ts";
import { bytesPerElement } from "../../kernel/executable.ts";
import { mebibytes } from "../../kernel/reclaim.ts";
import type { ScalarType } from "../../kernel/scalar.ts";
import type { ResultOwner } from "./owner.ts";
import { isOver, noteMistake, noteRun } from "./owner.ts";
import type { KernelMemory, MemoryBlock } from "./memory-blocks.ts";
import { MemoryBlocks } from "./memory-blocks.ts";

/** Pool entry of a storage whose elements are in kernel memory. */
interface PooledStorage {
  readonly block: MemoryBlock;
  /** Array in which the elements were before they moved into the pool; it is still valid. */
  original: { readonly array: TypedArray; readonly offset: number } | undefined;
  readonly owner: ResultOwner | undefined;
  /**
   * The storage from which `takeOver` moved the block here. Its array refers to the block until the storage is
   * discarded.
   */
  readonly former: HostStorage | undefined;
  /** Time of the run that produced or read the storage last. */
  usedAt: number;
}

/** Number of older results of a program that are checked for reuse at each allocation. */
const looks = 2;
/** Largest fraction of the budget that one array may take. A larger array would evict most others. */
const largestPart = 1 / 4;

/**
 * Holds large results and repeatedly read operands in kernel memory, where kernels access them without a copy. Holds at
 * most `budget()` bytes.
 *
 * JavaScript engines do not report when a storage becomes garbage, and none collects inside a synchronous loop. The
 * pool therefore makes room by moving storages out to separate arrays, which the garbage collector handles. A storage
 * whose memory was given away is removed without a copy; its block stays spare until a storage of the same size needs
 * it or room is needed.
 *
 * Two rules choose the storages that move out. The next result of an owner reuses the memory of a result whose live
 * range is over, which is still in the processor's caches. If the budget is exceeded, the least recently used storages
 * move out.
 */
export class ResultPool {
  private readonly residents = new Map<HostStorage, PooledStorage>(); // least recently used first
  private readonly reused = new WeakMap<HostStorage, ResultOwner>(); // moved out for the owner's next result
  private readonly reads = new WeakMap<HostStorage, number>(); // read counts of storages outside the pool
  private readonly blocks: MemoryBlocks;
  private readonly budget: () => number;
  private now = 0;

  constructor(memory: KernelMemory, budget: () => number) {
    this.blocks = new MemoryBlocks(memory);
    this.budget = budget;
  }

  /** Records that a kernel has read a storage outside of the pool, and returns the number of reads so far. */
  noteRead(storage: HostStorage): number {
    const reads = (this.reads.get(storage) ?? 0) + 1;
    this.reads.set(storage, reads);
    return reads;
  }

  /** Starts a new time step: storages that this run touches or produces count as used now. */
  begin(): void {
    this.now++;
  }

  /**
   * Allocates a storage for `n` elements, registered with its owner if there is one. Undefined if the array is too
   * large for the budget or memory is short.
   */
  allocate(type: ScalarType, n: number, owner?: ResultOwner): HostStorage | undefined {
    const block = (owner === undefined ? undefined : this.reuse(owner)) ?? this.blockFor(type, n);
    if (block === undefined) return undefined;
    const storage = hostStorage(block.array);
    this.residents.set(storage, {
      block,
      original: undefined,
      owner,
      former: undefined,
      usedAt: this.now,
    });
    if (owner !== undefined) {
      noteRun(owner, this.now);
      owner.results.add(storage);
    }
    return storage;
  }

  /** Marks a storage as recently used. Returns whether it is in the pool. */
  touch(storage: HostStorage): boolean {
    const resident = this.residents.get(storage);
    if (resident === undefined) return false;
    resident.usedAt = this.now;
    this.residents.delete(storage);
    this.residents.set(storage, resident);
    return true;
  }

  /**
   * True if a storage outside the pool had moved out for the next result of its owner. The owner then lengthens its
   * live range.
   */
  wasReusedTooEarly(storage: HostStorage): boolean {
    const owner = this.reused.get(storage);
    if (owner === undefined) return false;
    this.reused.delete(storage);
    noteMistake(owner);
    return true;
  }

  /** Moves a storage that kernels read repeatedly into the pool. Keeps its previous array, so that it can move back. */
  moveIn(storage: HostStorage, type: ScalarType, n: number): void {
    const block = this.blockFor(type, n);
    if (block === undefined) return;
    const { array, offset } = storage;
    storage.array = block.array;
    storage.offset = 0;
    storage.isOutside = false;
    copyElements(storage.array, 0, array, offset, n);
    const original = { array, offset };
    this.residents.set(storage, { block, original, owner: undefined, former: undefined, usedAt: this.now });
  }

  /** True if the storage is in the pool. */
  holds(storage: HostStorage): boolean {
    return this.residents.has(storage);
  }

  /**
   * Moves the block of `former` to a new storage, so that `former` owns none. Undefined if `former` is not in the pool.
   */
  takeOver(former: HostStorage): HostStorage | undefined {
    const resident = this.residents.get(former);
    if (resident === undefined) return undefined;
    const { block } = resident;
    this.remove(former, resident);
    const storage = hostStorage(block.array);
    this.residents.set(storage, {
      block,
      original: undefined,
      owner: undefined,
      former,
      usedAt: this.now,
    });
    return storage;
  }

  /** Reverses `takeOver`: `former` owns its block again, and `storage` has none. */
  undoTakeOver(storage: HostStorage, former: HostStorage): void {
    const resident = this.residents.get(storage);
    if (resident?.former !== former) return;
    this.remove(storage, resident);
    this.residents.set(former, { ...resident, former: undefined });
  }

  /** Marks a storage as about to be overwritten: its original array is no longer valid. */
  change(storage: HostStorage): void {
    const resident = this.residents.get(storage);
    if (resident !== undefined) resident.original = undefined;
  }

  /** Frees the memory of a storage that will not be read again. The block becomes spare. */
  release(storage: HostStorage): void {
    const resident = this.residents.get(storage);
    if (resident === undefined) return;
    this.remove(storage, resident);
    this.blocks.keepSpare(resident.block);
  }

  /**
   * Frees the spare blocks. Without spare blocks, moves out about `bytes` bytes of storages. Returns whether any memory
   * was freed.
   */
  giveBack(bytes: number): boolean {
    const before = this.blocks.used;
    if (this.blocks.spareBytes > 0) this.blocks.clearSpare();
    else this.moveOutUntil(() => before - this.blocks.used >= bytes);
    return this.blocks.used < before;
  }

  /** Number of storages in the pool, total bytes, and bytes of spare blocks. */
  stats(): { readonly storages: number; readonly bytes: number; readonly spareBytes: number } {
    const { used, spareBytes } = this.blocks;
    return { storages: this.residents.size, bytes: used, spareBytes };
  }

  /** Describes the contents of the pool, for out-of-memory errors. */
  describe(): string {
    let [count, bytes] = [0, 0]; // operands that moved in and have not changed since
    for (const { block, original } of this.residents.values()) {
      if (original === undefined) continue;
      count++;
      bytes += block.bytes;
    }
    const { used, spareBytes } = this.blocks;
    return (
      `The result pool (at most ${mebibytes(this.budget())}) holds ${this.residents.size - count} results of ` +
      `${mebibytes(used - bytes - spareBytes)}, ${count} operands of ${mebibytes(bytes)}, and spare blocks of ${mebibytes(spareBytes)}.`
    );
  }

  /**
   * Returns a block for `n` elements: a spare block, or a new one, for which other storages are moved out if necessary.
   * Undefined if the budget does not allow it.
   */
  private blockFor(type: ScalarType, n: number): MemoryBlock | undefined {
    const spare = this.blocks.takeSpare(type, n);
    if (spare !== undefined) return spare;
    return this.makeRoom(n * bytesPerElement[type]) ? this.blocks.allocate(type, n) : undefined;
  }

  private makeRoom(bytes: number): boolean {
    const { blocks } = this;
    const most = this.budget();
    if (bytes > most * largestPart) return false;
    if (blocks.used + bytes > most) blocks.clearSpare();
    this.moveOutUntil(() => blocks.used + bytes <= most);
    return blocks.used + bytes <= most;
  }

  /**
   * Moves storages from kernel memory back to their own arrays, least recently used first, and frees their blocks,
   * until `isEnough()`.
   */
  private moveOutUntil(isEnough: () => boolean): void {
    for (const [storage, resident] of this.residents) {
      if (isEnough() || !this.moveOut(storage, resident)) return;
      this.blocks.free(resident.block);
    }
  }

  /** Returns the block of a result whose live range is over; the blocks of further such results are freed. */
  private reuse(owner: ResultOwner): MemoryBlock | undefined {
    let found: MemoryBlock | undefined;
    let count = Math.min(looks, owner.results.size);
    for (const storage of owner.results) {
      if (count-- <= 0) break;
      const resident = this.residents.get(storage)!;
      if (!isOver(owner, resident.usedAt)) {
        owner.results.delete(storage); // moves to the end of the queue
        owner.results.add(storage);
        continue;
      }
      if (!this.moveOut(storage, resident)) break;
      this.reused.set(storage, owner);
      if (found === undefined) found = resident.block;
      else this.blocks.free(resident.block);
    }
    return found;
  }

  /**
   * Moves the elements of a storage to a separate array; the caller then owns the block. Returns false if the engine
   * has no memory for the array.
   */
  private moveOut(storage: HostStorage, resident: PooledStorage): boolean {
    const { original, former } = resident;
    if (original !== undefined) {
      storage.array = original.array;
      storage.offset = original.offset;
    } else {
      const copy = trySlice(storage.array);
      if (copy === undefined) return false;
      storage.array = copy;
    }
    storage.isOutside = true;
    if (former?.memory !== undefined) {
      former.array = storage.array;
      former.isOutside = true;
    }
    this.remove(storage, resident);
    return true;
  }

  private remove(storage: HostStorage, { owner }: PooledStorage): void {
    this.residents.delete(storage);
    owner?.results.delete(storage);
  }
}

/** Copies an array. Returns undefined if the engine has no memory for it. */
function trySlice(array: TypedArray): TypedArray | undefined {
  try {
    return sliceElements(array, 0, array.length);
  } catch (problem) {
    if (problem instanceof DownhillError && problem.code === "oom") return undefined;
    throw problem;
  }
}
