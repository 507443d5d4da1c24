import type { Arena } from "./arena.ts";

/**
 * Memory for the length of one call. Since one call runs at a time, all modules that ask for about as much have one block in
 * common: what one leaves there another one may overwrite.
 */
export interface SharedBlocks {
  /** The block of at least so many bytes for a purpose: two that are in use at once have two names. */
  readonly hold: (purpose: string, bytes: number) => number;
  /** Undoes one `hold`; the block is given back when nobody holds it any more. */
  readonly release: (address: number) => void;
}

interface SharedBlock {
  readonly key: string;
  readonly address: number;
  holders: number;
}

const byArena = new WeakMap<Arena, SharedBlocks>();

/** The shared blocks of a memory. */
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
        // where there is no room for what is rounded up, there may be for what is needed
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
 * The next of four sizes between each power of two and the following one: at most a quarter more than is needed, and so few sizes
 * that the blocks of any number of modules take at most some six times what the largest does.
 */
function sizeClass(bytes: number): number {
  const step = 2 ** Math.max(4, Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
