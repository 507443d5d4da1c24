import type { TypedArray } from "../../../kernel/executable.ts";
import { viewOf } from "../../../kernel/executable.ts";
import { addReport, isRefused, mebibytes, outOfMemory, reclaim } from "../../../kernel/reclaim.ts";
import type { ScalarType } from "../../../kernel/scalar.ts";
import { wasmFeatures } from "./features.ts";
import { makeGaps } from "./gaps.ts";
import { hostState } from "./state.ts";
import { initialPages, largestRounded, maximumPages, pageBytes, blockAlignment } from "./tuning.ts";

/** Uses of memory, as named in messages. */
const uses = {
  results: "results",
  copies: "copies of arguments and results",
  scratch: "scratch of functions",
  code: "constants and copies of functions",
  threads: "threads",
} as const;
export type MemoryUse = keyof typeof uses;

/** Allocator of the single memory that all executables share. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** True if threads may share the memory. Growth then leaves older arrays valid. */
  readonly isShared: boolean;
  /**
   * Allocates a block of at least `bytes` bytes at a multiple of 64, with its previous contents. If memory is short,
   * holders free what they do not need (see `reclaim`), which may move arrays that no running kernel uses. The
   * allocation is then retried.
   *
   * @throws DownhillError `oom` if the memory does not suffice.
   */
  readonly allocate: (bytes: number, use: MemoryUse) => number;
  /** Allocates a block if possible without freeing memory; returns 0 otherwise. */
  readonly tryAllocate: (bytes: number, use: MemoryUse) => number;
  /**
   * Makes holders free memory so that an allocation of this size may succeed. `beside` is the number of bytes that the
   * same call needs in addition; the error message mentions it.
   *
   * @throws DownhillError `oom` if nothing can be freed.
   */
  readonly makeRoom: (bytes: number, use: MemoryUse, beside?: number) => void;
  /** Frees the block at an address. */
  readonly free: (address: number) => void;
  /** Size in bytes of a block in use. */
  readonly sizeOf: (address: number) => number;
  /** True if an array is in this memory, so that kernels can use it in place. */
  readonly holds: (array: TypedArray) => boolean;
  /** Creates an array over `length` elements from an address on. Growth detaches it unless the memory is shared. */
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
  /** Bytes in use, in total and by purpose, and size of the memory in bytes. */
  readonly stats: () => {
    readonly used: number;
    readonly size: number;
    readonly uses: Readonly<Record<MemoryUse, number>>;
  };
}

/** Limits the size of memories in bytes. Blocks beyond the limit stay until they are freed. */
export function limitArena(bytes: number): void {
  hostState.arenaLimit = bytes;
}

/**
 * The shared memory, created on first use.
 * @throws RangeError if the engine cannot allocate one.
 */
export function wasmArena(): Arena {
  if (hostState.arena !== undefined) return hostState.arena;
  const made = makeArena(wasmFeatures().threads);
  addReport(() => reportOf(made));
  return (hostState.arena = made);
}

/**
 * Memories to request, in order, with initial and maximum pages. Engines reserve address space for the maximum of a
 * shared memory, and more for any memory to avoid bounds checks. A phone, or a process under `ulimit -v`, may not have
 * enough.
 */
const requests: readonly { readonly initial: number; readonly maximum: number; readonly shared: boolean }[] =
  [
    { initial: initialPages, maximum: maximumPages, shared: true },
    { initial: initialPages, maximum: 16384, shared: true },
    { initial: initialPages, maximum: maximumPages, shared: false },
    { initial: initialPages, maximum: 4096, shared: false },
    { initial: 16, maximum: 1024, shared: false },
  ];

/** Creates the first memory in `requests` that the engine can allocate. */
function makeMemory(mayShare: boolean): {
  readonly memory: WebAssembly.Memory;
  readonly limits: (typeof requests)[number];
} {
  let problem: unknown;
  for (const limits of requests) {
    if (limits.shared && !mayShare) continue;
    try {
      return { memory: new WebAssembly.Memory(limits), limits };
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

/** Creates a memory with a first-fit allocator; freed blocks are merged with their neighbours. */
export function makeArena(mayShare: boolean): Arena {
  const { memory, limits } = makeMemory(mayShare);
  const isShared = limits.shared;
  const blocks = new Map<number, { readonly size: number; readonly use: MemoryUse }>(); // blocks in use, by address
  const gaps = makeGaps();
  const usedFor: Record<MemoryUse, number> = { results: 0, copies: 0, scratch: 0, code: 0, threads: 0 };
  let buffer: ArrayBufferLike = memory.buffer;
  const former = new Set<ArrayBufferLike>(); // shared buffers before growth: views of them still show the memory
  let top = blockAlignment; // address 0 is never allocated
  let used = 0;

  const mostBytes = (): number => Math.min(limits.maximum * pageBytes, hostState.arenaLimit);
  /** Grows the memory if necessary so that it extends to `end`; returns false if that is impossible. */
  const reaches = (end: number): boolean => {
    const most = mostBytes();
    if (end > most) return false;
    const missing = Math.ceil((end - buffer.byteLength) / pageBytes);
    if (missing <= 0) return true;
    // by half its size, so that many small requests grow it only a few times
    const half = Math.floor(Math.min(buffer.byteLength / 2, most - buffer.byteLength) / pageBytes);
    for (const pages of [Math.max(missing, half), missing]) {
      try {
        memory.grow(pages);
        if (isShared) former.add(buffer);
        buffer = memory.buffer;
        return true;
      } catch {
        continue;
      }
    }
    return false;
  };
  const tryAllocate = (bytes: number, use: MemoryUse): number => {
    if (isRefused()) return 0;
    const size = roundedUp(bytes);
    let address = gaps.take(size);
    if (address === undefined) {
      if (!reaches(top + size)) return 0;
      address = top;
      top += size;
    }
    blocks.set(address, { size, use });
    used += size;
    usedFor[use] += size;
    return address;
  };
  const makeRoom = (bytes: number, use: MemoryUse, beside = 0): void => {
    const most = mostBytes();
    if (beside + bytes < most && reclaim(bytes, "kernels")) return;
    const more = beside > 0 ? `, in addition to ${mebibytes(beside)} for the same call` : "";
    throw outOfMemory(
      `${mebibytes(bytes)} were requested (${uses[use]})${more}; the limit for all compiled functions is ${mebibytes(most)}`,
    );
  };

  return {
    memory,
    isShared,
    tryAllocate,
    makeRoom,
    allocate(bytes, use) {
      for (;;) {
        const address = tryAllocate(bytes, use);
        if (address > 0) return address;
        makeRoom(bytes, use);
      }
    },
    free(address) {
      const block = blocks.get(address);
      if (block === undefined) return;
      const { size } = block;
      blocks.delete(address);
      used -= size;
      usedFor[block.use] -= size;
      top = gaps.give(address, size, top);
    },
    sizeOf: (address) => blocks.get(address)?.size ?? 0,
    holds: (array) => array.buffer === buffer || (former.size > 0 && former.has(array.buffer)),
    view: (type, address, length) => viewOf(type, buffer, address, length),
    stats: () => ({ used, size: buffer.byteLength, uses: { ...usedFor } }),
  };
}

/**
 * Block size for a number of bytes: a multiple of the alignment. Small blocks are rounded to 1/16 of the next power of
 * two, so that the gap of a freed block fits others of similar size.
 */
function roundedUp(bytes: number): number {
  const isSmall = bytes <= largestRounded && bytes > 16 * blockAlignment;
  const step = isSmall ? 2 ** (Math.ceil(Math.log2(bytes)) - 4) : blockAlignment;
  return Math.max(blockAlignment, Math.ceil(bytes / step) * step);
}

/** Report of memory use, as a sentence. */
function reportOf({ stats }: Arena): string {
  const { used, uses: usedFor } = stats();
  const parts = Object.entries(uses)
    .filter(([use]) => usedFor[use as MemoryUse] > 0)
    .map(([use, text]) => `${text} ${mebibytes(usedFor[use as MemoryUse])}`);
  return `They use ${mebibytes(used)}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}.`;
}
