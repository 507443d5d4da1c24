import type { Arena } from "./arena.ts";

/**
 * Memory for the length of one call. Since one call runs at a time, all modules that ask for about as much have one region in
 * common: what one leaves there another one may overwrite.
 */
export interface SharedRegions {
  /** The region of at least so many bytes for a purpose: two that are in use at once have two names. */
  readonly hold: (purpose: string, bytes: number) => number;
  /** Undoes one `hold`; the region is given back when nobody holds it any more. */
  readonly release: (address: number) => void;
}

interface Region {
  readonly key: string;
  readonly address: number;
  holders: number;
}

const byArena = new WeakMap<Arena, SharedRegions>();

/** The shared regions of a memory. */
export function sharedRegions(arena: Arena): SharedRegions {
  let shared = byArena.get(arena);
  if (shared === undefined) byArena.set(arena, (shared = makeSharedRegions(arena)));
  return shared;
}

function makeSharedRegions(arena: Arena): SharedRegions {
  const byKey = new Map<string, Region>();
  const byAddress = new Map<number, Region>();
  return {
    hold(purpose, bytes) {
      const size = sizeClass(bytes);
      const [key, exactKey] = [`${purpose} ${size}`, `${purpose} ${bytes}`];
      let region = byKey.get(key) ?? byKey.get(exactKey);
      if (region === undefined) {
        // where there is no room for what is rounded up, there may be for what is needed
        const address = arena.tryAllocate(size, "scratch");
        if (address > 0) region = { key, address, holders: 0 };
        else region = { key: exactKey, address: arena.allocate(bytes, "scratch"), holders: 0 };
        byKey.set(region.key, region);
        byAddress.set(region.address, region);
      }
      region.holders++;
      return region.address;
    },
    release(address) {
      const region = byAddress.get(address);
      if (region === undefined || --region.holders > 0) return;
      byKey.delete(region.key);
      byAddress.delete(address);
      arena.free(address);
    },
  };
}

/**
 * The next of four sizes between each power of two and the following one: at most a quarter more than is needed, and so few sizes
 * that the regions of any number of modules take at most some six times what the largest does.
 */
function sizeClass(bytes: number): number {
  const step = 2 ** Math.max(4, Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
