import { DownhillError } from "../../errors/index.ts";
import type { TypedArray } from "../../kernel/executable.ts";
import type { ScalarType } from "../../kernel/scalar.ts";
import { assertNever } from "../../util/assert-never.ts";
import { wasmFeatures } from "./features.ts";

const page = 65536;
const initialPages = 1024; // 64 MiB
/** 4 GiB, all that an address of 32 bits reaches. */
export const maximumPages = 65536;

/** Regions begin at multiples of this: a cache line, which vectors of any width divide. */
const alignment = 64;

/** The one memory that all executables share, and who holds which part of it. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** Whether threads may share the memory; then its growth leaves older arrays valid. */
  readonly isShared: boolean;
  /**
   * A region of at least `bytes` bytes at a multiple of 64. What was there before stays there.
   *
   * @throws DownhillError `range` where 4 GiB do not suffice.
   */
  readonly allocate: (bytes: number) => number;
  /** Gives a region back. */
  readonly free: (address: number) => void;
  /** Bytes of a region in use. */
  readonly sizeOf: (address: number) => number;
  /** Whether an array lies in the memory, so that kernels can use it in place. */
  readonly holds: (array: TypedArray) => boolean;
  /** A new array over `length` elements from an address on. Growth detaches it unless the memory is shared. */
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
  /** Bytes in use, bytes of the memory. */
  readonly stats: () => { readonly used: number; readonly size: number };
}

let arena: Arena | undefined;

/**
 * The memory, made when it is asked for first.
 *
 * @throws RangeError where the engine has none to give.
 */
export function wasmArena(): Arena {
  return (arena ??= makeArena(wasmFeatures().threads));
}

/**
 * Memories to ask for, in pages to begin with and at most. Engines reserve addresses for all that a shared memory may become, and
 * for any memory more, to do without checks of bounds; a phone, or a process under `ulimit -v`, may not have so many.
 */
const requests: readonly { readonly initial: number; readonly maximum: number; readonly shared: boolean }[] =
  [
    { initial: initialPages, maximum: maximumPages, shared: true },
    { initial: initialPages, maximum: 16384, shared: true },
    { initial: initialPages, maximum: maximumPages, shared: false },
    { initial: initialPages, maximum: 4096, shared: false },
    { initial: 16, maximum: 1024, shared: false },
  ];

/** The first of these memories that the engine has to give. */
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

/** Makes a memory with a first-fit allocator; regions that were given back are merged with their neighbours. */
export function makeArena(mayShare: boolean): Arena {
  const { memory, limits } = makeMemory(mayShare);
  const isShared = limits.shared;
  const sizes = new Map<number, number>(); // of the regions in use, by address
  const free: { address: number; size: number }[] = []; // by address
  let buffer: ArrayBufferLike = memory.buffer;
  const former = new Set<ArrayBufferLike>(); // shared buffers before growth: views of them still show the memory
  let top = alignment; // address 0 belongs to nobody
  let used = 0;

  const grow = (end: number): void => {
    const missing = end - buffer.byteLength;
    if (missing <= 0) return;
    // half as much again, so that many small requests grow it a few times
    const wanted = Math.min(
      limits.maximum - buffer.byteLength / page,
      Math.max(Math.ceil(missing / page), Math.floor(buffer.byteLength / page / 2)),
    );
    for (const pages of [wanted, Math.ceil(missing / page)]) {
      try {
        memory.grow(pages);
        if (isShared) former.add(buffer);
        buffer = memory.buffer;
        if (buffer.byteLength >= end) return;
      } catch {
        continue;
      }
    }
    throw new DownhillError(
      "range",
      `out of memory: ${mebibytes(used)} are in use and ${mebibytes(end - top)} more were asked for; ` +
        `compiled functions can use ${mebibytes(limits.maximum * page)} in all. Smaller batches need less.`,
    );
  };

  return {
    memory,
    isShared,
    allocate(bytes) {
      const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
      const place = free.findIndex((gap) => gap.size >= size);
      let address: number;
      const gap = free[place];
      if (gap !== undefined) {
        address = gap.address;
        gap.address += size;
        gap.size -= size;
        if (gap.size === 0) free.splice(place, 1);
      } else {
        grow(top + size);
        address = top;
        top += size;
      }
      sizes.set(address, size);
      used += size;
      return address;
    },
    free(address) {
      const size = sizes.get(address);
      if (size === undefined) return;
      sizes.delete(address);
      used -= size;
      let place = free.findIndex((gap) => gap.address > address);
      if (place < 0) place = free.length;
      const before = free[place - 1];
      const after = free[place];
      if (before !== undefined && before.address + before.size === address) {
        before.size += size;
        if (after !== undefined && before.address + before.size === after.address) {
          before.size += after.size;
          free.splice(place, 1);
        }
      } else if (after !== undefined && address + size === after.address) {
        after.address = address;
        after.size += size;
      } else {
        free.splice(place, 0, { address, size });
      }
      const last = free.at(-1);
      if (last !== undefined && last.address + last.size === top) {
        top = last.address;
        free.pop();
      }
    },
    sizeOf: (address) => sizes.get(address) ?? 0,
    holds: (array) => array.buffer === buffer || former.has(array.buffer),
    view: (type, address, length) => viewOf(type, buffer, address, length),
    stats: () => ({ used, size: buffer.byteLength }),
  };
}

/** Bytes of one element in memory. */
export function bytesOf(type: ScalarType): number {
  switch (type) {
    case "f64":
      return 8;
    case "f32":
    case "i32":
    case "u32":
      return 4;
    case "bool":
      return 1;
    default:
      return assertNever(type, "bytesOf");
  }
}

function viewOf(type: ScalarType, buffer: ArrayBufferLike, address: number, length: number): TypedArray {
  switch (type) {
    case "f64":
      return new Float64Array(buffer, address, length);
    case "f32":
      return new Float32Array(buffer, address, length);
    case "i32":
      return new Int32Array(buffer, address, length);
    case "u32":
      return new Uint32Array(buffer, address, length);
    case "bool":
      return new Uint8Array(buffer, address, length);
    default:
      return assertNever(type, "viewOf");
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
