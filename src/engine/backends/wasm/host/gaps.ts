interface Gap {
  address: number;
  size: number;
}

/** Freed blocks of a memory. All of them are below `top`, the lowest address above which nothing was ever allocated. */
export interface Gaps {
  /** Takes a block of this size from the first gap that is large enough; `undefined` if no gap is. */
  readonly take: (size: number) => number | undefined;
  /** Adds a freed block, merged with its neighbours. If it then ends at `top`, it is removed. Returns the new top. */
  readonly give: (address: number, size: number, top: number) => number;
}

export function makeGaps(): Gaps {
  const gaps: Gap[] = []; // by address
  return {
    take(size) {
      const place = gaps.findIndex((gap) => gap.size >= size);
      const gap = gaps[place];
      if (gap === undefined) return undefined;
      const { address } = gap;
      gap.address += size;
      gap.size -= size;
      if (gap.size === 0) gaps.splice(place, 1);
      return address;
    },
    give(address, size, top) {
      let place = gaps.findIndex((gap) => gap.address > address);
      if (place < 0) place = gaps.length;
      const before = gaps[place - 1];
      const after = gaps[place];
      if (before !== undefined && before.address + before.size === address) {
        before.size += size;
        if (after !== undefined && before.address + before.size === after.address) {
          before.size += after.size;
          gaps.splice(place, 1);
        }
      } else if (after !== undefined && address + size === after.address) {
        after.address = address;
        after.size += size;
      } else {
        gaps.splice(place, 0, { address, size });
      }
      const last = gaps.at(-1);
      if (last === undefined || last.address + last.size !== top) return top;
      gaps.pop();
      return last.address;
    },
  };
}
