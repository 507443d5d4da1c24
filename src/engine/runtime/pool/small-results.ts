import type { HostStorage, ResultMaker } from "../../ir/host-memory.ts";
import { hostStorage } from "../../ir/host-memory.ts";
import type { TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/**
 * Results of up to `most` elements share arrays of `length`: making a typed array costs 300 ns and more, a place in one next
 * to nothing. A result that is kept keeps its array, so those of middling size share with a few others only.
 */
const sizes = [
  { most: 256, length: 4096 },
  { most: 2048, length: 16_384 },
] as const;

interface Slab {
  array: TypedArray;
  next: number;
}

const slabs = /* @__PURE__ */ sizes.map(() => new Map<ScalarType, Slab>());

/** Memory for `n` elements, not cleared where it is shared. Garbage-collected with the last tensor that lies in it. */
export function allocate(type: ScalarType, n: number, maker?: ResultMaker): HostStorage {
  const size = n <= sizes[0].most ? 0 : 1;
  const { most, length } = sizes[size];
  if (n > most) return hostStorage(makeArray(type, n), 0, true, maker);
  let slab = slabs[size]!.get(type);
  if (slab === undefined) {
    slab = { array: makeArray(type, length), next: 0 };
    slabs[size]!.set(type, slab);
  }
  if (slab.next + n > length) {
    slab.array = makeArray(type, length);
    slab.next = 0;
  }
  const offset = slab.next;
  slab.next += n;
  return hostStorage(slab.array, offset, true, maker);
}

/** Has the next result take the place of a storage of `n` elements, if that is the latest that was given one. */
export function takeBack({ array, offset }: HostStorage, type: ScalarType, n: number): void {
  const slab = slabs[n <= sizes[0].most ? 0 : 1]!.get(type);
  if (slab !== undefined && slab.array === array && slab.next === offset + n) slab.next = offset;
}
