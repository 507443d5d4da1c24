import { bytesPerElement } from "../../../kernel/executable.ts";
import type { ConstantTable } from "../../../kernel/scalar.ts";
import type { CodeMemory } from "../emit/memory.ts";
import type { Arena } from "./arena.ts";
import { sharedBlocks } from "./shared-blocks.ts";
import { chunkBytes } from "./tuning.ts";

/** Blocks that a module holds in the memory shared by all modules. */
export interface ModuleMemory extends CodeMemory {
  readonly arena: Arena;
  /** Takes ownership of a block that was allocated for the module. */
  readonly own: (address: number) => void;
  /** Frees a block of the module before the module is released. */
  readonly disown: (address: number) => void;
  /** Bytes that the module holds: all of them, or only the bytes that it shares with no other module. */
  readonly bytes: () => number;
  readonly ownBytes: () => number;
  /** Frees all memory that the module holds. */
  readonly release: () => void;
}

/** Calls `make` with memory for a module, and frees the memory if it throws. */
export function withModuleMemory<T>(arena: Arena, make: (memory: ModuleMemory) => T): T {
  const memory = makeModuleMemory(arena);
  try {
    return make(memory);
  } catch (problem) {
    memory.release();
    throw problem;
  }
}

function makeModuleMemory(arena: Arena): ModuleMemory {
  const blocks: number[] = [];
  const held: number[] = [];
  let at = 0;
  let end = 0;
  const sum = (addresses: Iterable<number>): number =>
    [...addresses].reduce((total, address) => total + arena.sizeOf(address), 0);
  return {
    arena,
    isShared: arena.isShared,
    view: arena.view,
    table: (table) => tableIn(arena, table),
    reserve(bytes, align = 8) {
      let address = Math.ceil(at / align) * align;
      if (address + bytes > end) {
        const size = Math.max(bytes, chunkBytes);
        address = arena.allocate(size, "code");
        blocks.push(address);
        end = address + size;
      }
      at = address + bytes;
      return address;
    },
    shared(purpose, bytes) {
      const address = sharedBlocks(arena).hold(purpose, bytes);
      held.push(address);
      return address;
    },
    own: (address) => void blocks.push(address),
    disown(address) {
      blocks.splice(blocks.indexOf(address), 1);
      arena.free(address);
    },
    bytes: () => sum(blocks) + sum(new Set(held)),
    ownBytes: () => sum(blocks),
    release() {
      for (const address of blocks.splice(0)) arena.free(address);
      for (const address of held.splice(0)) sharedBlocks(arena).release(address);
    },
  };
}

/** Addresses of tables in an arena, by their values. They are never freed because tables are few and small. */
const tables = new WeakMap<Arena, Map<string, number>>();

function tableIn(arena: Arena, { type, values }: ConstantTable): number {
  let known = tables.get(arena);
  if (known === undefined) tables.set(arena, (known = new Map<string, number>()));
  const key = `${type}:${values.map((x) => (Object.is(x, -0) ? "-0" : x)).join()}`;
  let address = known.get(key);
  if (address === undefined) {
    address = arena.allocate(values.length * bytesPerElement[type], "code");
    arena.view(type, address, values.length).set(values);
    known.set(key, address);
  }
  return address;
}
