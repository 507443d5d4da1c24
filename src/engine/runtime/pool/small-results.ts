import type { HostStorage, ResultMaker } from "../../ir/host-memory.ts";
import { hostStorage } from "../../ir/host-memory.ts";
import type { TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import type { ScalarType } from "../../kernel/scalar.ts";

/**
 * Sizes of shared arrays: results of up to `most` elements share arrays of `length` elements. Creating a typed array
 * costs 300 ns or more, a slot in a shared array almost nothing. A live result keeps its whole array alive, so
 * medium-sized results share an array with few others.
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

/**
 * Allocates memory for `n` elements. Memory in a shared array is not cleared. It is garbage-collected with the last
 * tensor in the array.
 */
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

/** Lets the next result reuse the slot of a storage of `n` elements, if that slot was allocated last. */
export function takeBack({ array, offset }: HostStorage, type: ScalarType, n: number): void {
  const slab = slabs[n <= sizes[0].most ? 0 : 1]!.get(type);
  if (slab !== undefined && slab.array === array && slab.next === offset + n) slab.next = offset;
}
