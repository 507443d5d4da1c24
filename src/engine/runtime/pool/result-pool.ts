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

/** What the pool knows of a storage that lies in it. */
interface PooledStorage {
  readonly block: MemoryBlock;
  /** The array that a storage came with, which still holds its elements. */
  original: { readonly array: TypedArray; readonly offset: number } | undefined;
  readonly owner: ResultOwner | undefined;
  /** The storage whose block it has taken over, which points here too until it is given away. */
  readonly former: HostStorage | undefined;
  /** The run that made or read it last. */
  usedAt: number;
}

/** So many of an owner's older results are looked at when the next one comes. */
const looks = 2;
/** An array that takes more than this part of the budget would push most others out. */
const largestPart = 1 / 4;

/**
 * Large results, and operands that are read again and again, rest here, in the memory of compiled kernels, which use them without
 * a copy. Keeps at most `budget()` bytes.
 *
 * Nothing tells when a storage has become garbage: no engine collects inside one synchronous loop. So storages make room by moving
 * to arrays of their own, which are collected like any other; one whose memory was given away just goes, and its block is spare
 * until a storage of the same size comes or room is needed.
 *
 * Two kinds make room. Results whose live range is over, as far as their owner knows: the next result takes the memory of such a
 * one, which the processor still holds in its caches. And where the budget ends, those used longest ago go, whatever they are.
 */
export class ResultPool {
  private readonly residents = new Map<HostStorage, PooledStorage>(); // those to go first come first
  private readonly reused = new WeakMap<HostStorage, ResultOwner>(); // those that moved out for the next result of their owner
  private readonly reads = new WeakMap<HostStorage, number>(); // of those that lie elsewhere
  private readonly blocks: MemoryBlocks;
  private readonly budget: () => number;
  private now = 0;

  constructor(memory: KernelMemory, budget: () => number) {
    this.blocks = new MemoryBlocks(memory);
    this.budget = budget;
  }

  /** Notes that kernels read a storage that lies elsewhere, and tells how often they have. */
  noteRead(storage: HostStorage): number {
    const reads = (this.reads.get(storage) ?? 0) + 1;
    this.reads.set(storage, reads);
    return reads;
  }

  /** Notes that a program begins to run: what is touched and made until the next one is used now. */
  begin(): void {
    this.now++;
  }

  /**
   * A storage for `n` elements, the next result of its owner if it has one; `undefined` for one so large that it would push most
   * others out, and where there is no room.
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

  /** Whether a storage rests here; if so, it is among the last to go. */
  touch(storage: HostStorage): boolean {
    const resident = this.residents.get(storage);
    if (resident === undefined) return false;
    resident.usedAt = this.now;
    this.residents.delete(storage);
    this.residents.set(storage, resident);
    return true;
  }

  /** Whether a storage that lies outside had to leave for the next result of its owner, who learns from it. */
  wasReusedTooEarly(storage: HostStorage): boolean {
    const owner = this.reused.get(storage);
    if (owner === undefined) return false;
    this.reused.delete(storage);
    noteMistake(owner);
    return true;
  }

  /** Moves a storage in that lies outside and is read again and again; its own array is kept for the day it moves out. */
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

  /** Whether a storage rests here. */
  holds(storage: HostStorage): boolean {
    return this.residents.has(storage);
  }

  /** A storage in the block of another one, which has none from now on; `undefined` where that does not rest here. */
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

  /** Undoes that: `former` has its block again, and the other storage none. */
  undoTakeOver(storage: HostStorage, former: HostStorage): void {
    const resident = this.residents.get(storage);
    if (resident?.former !== former) return;
    this.remove(storage, resident);
    this.residents.set(former, { ...resident, former: undefined });
  }

  /** Notes that a storage is about to change here: what it was before is of no use any more. */
  change(storage: HostStorage): void {
    const resident = this.residents.get(storage);
    if (resident !== undefined) resident.original = undefined;
  }

  /** Gives back the memory of a storage that nobody will read again: the next one of its size takes it. */
  release(storage: HostStorage): void {
    const resident = this.residents.get(storage);
    if (resident === undefined) return;
    this.remove(storage, resident);
    this.blocks.keepSpare(resident.block);
  }

  /** Gives back what lies spare, else moves about so many bytes of storages out; whether there was anything. */
  giveBack(bytes: number): boolean {
    const before = this.blocks.used;
    if (this.blocks.spareBytes > 0) this.blocks.clearSpare();
    else this.moveOutUntil(() => before - this.blocks.used >= bytes);
    return this.blocks.used < before;
  }

  /** How many storages rest here, the bytes that it holds, and those among them that are spare. */
  stats(): { readonly storages: number; readonly bytes: number; readonly spareBytes: number } {
    const { used, spareBytes } = this.blocks;
    return { storages: this.residents.size, bytes: used, spareBytes };
  }

  /** The same in words, as errors of memory show it. */
  describe(): string {
    let [count, bytes] = [0, 0]; // of operands that moved in and have not changed since
    for (const { block, original } of this.residents.values()) {
      if (original === undefined) continue;
      count++;
      bytes += block.bytes;
    }
    const { used, spareBytes } = this.blocks;
    return (
      `Of at most ${mebibytes(this.budget())} for results at rest, ${this.residents.size - count} results take ` +
      `${mebibytes(used - bytes - spareBytes)}, ${count} operands ${mebibytes(bytes)}, and ${mebibytes(spareBytes)} are spare.`
    );
  }

  /** A block for `n` elements: one that is spare, or a new one, for which others move out. */
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

  /** Moves storages out and frees their blocks, those that were used longest ago first. */
  private moveOutUntil(isEnough: () => boolean): void {
    for (const [storage, resident] of this.residents) {
      if (isEnough() || !this.moveOut(storage, resident)) return;
      this.blocks.free(resident.block);
    }
  }

  /** The block of a result whose live range is over; what more there is of those is freed. */
  private reuse(owner: ResultOwner): MemoryBlock | undefined {
    let found: MemoryBlock | undefined;
    let count = Math.min(looks, owner.results.size);
    for (const storage of owner.results) {
      if (count-- <= 0) break;
      const resident = this.residents.get(storage)!;
      if (!isOver(owner, resident.usedAt)) {
        owner.results.delete(storage); // looked at last from now on
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
   * Moves the elements of a storage to an array of its own; its block is the caller's then. False where the engine has no memory
   * for the array.
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

/** A copy of an array, where the engine has memory for one. */
function trySlice(array: TypedArray): TypedArray | undefined {
  try {
    return sliceElements(array, 0, array.length);
  } catch (problem) {
    if (problem instanceof DownhillError && problem.code === "oom") return undefined;
    throw problem;
  }
}
