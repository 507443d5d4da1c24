import type { Arena } from "./arena.ts";

/**
 * Memory for the duration of one call. Only one call runs at a time, so all modules that need similar sizes share one
 * block, whose contents another module may overwrite.
 */
export interface SharedBlocks {
  /** Returns a block of at least this size for a purpose. Blocks in use at the same time need different purposes. */
  readonly hold: (purpose: string, bytes: number) => number;
  /** Ends one use of a block, which `hold` had counted. The block is freed when no module uses it any more. */
  readonly release: (address: number) => void;
}

interface SharedBlock {
  readonly key: string;
  readonly address: number;
  holders: number;
}

const byArena = new WeakMap<Arena, SharedBlocks>();

/** Shared blocks of a memory. */
export function sharedBlocks(arena: Arena): SharedBlocks {
  let shared = byArena.get(arena);
  if (shared === undefined) byArena.set(arena, (shared = makeSharedBlocks(arena)));
  return shared;
}

function makeSharedBlocks(arena: Arena): SharedBlocks {
  const byKey = new Map<string, SharedBlock>();
  const byAddress = new Map<number, SharedBlock>();
  return {
    hold(purpose, bytes) {
      const size = sizeClass(bytes);
      const [key, exactKey] = [`${purpose} ${size}`, `${purpose} ${bytes}`];
      let block = byKey.get(key) ?? byKey.get(exactKey);
      if (block === undefined) {
        // the exact size may fit where the rounded size does not
        const address = arena.tryAllocate(size, "scratch");
        if (address > 0) block = { key, address, holders: 0 };
        else block = { key: exactKey, address: arena.allocate(bytes, "scratch"), holders: 0 };
        byKey.set(block.key, block);
        byAddress.set(block.address, block);
      }
      block.holders++;
      return block.address;
    },
    release(address) {
      const block = byAddress.get(address);
      if (block === undefined || --block.holders > 0) return;
      byKey.delete(block.key);
      byAddress.delete(address);
      arena.free(address);
    },
  };
}

/**
 * Rounds up to one of four sizes per power of two, so at most a quarter more than needed. As there are so few sizes,
 * the blocks of any number of modules take at most about six times the size of the largest block.
 */
function sizeClass(bytes: number): number {
  const step = 2 ** Math.max(4, Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
