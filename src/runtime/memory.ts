import type { Cell, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import type { DType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";

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

const slabs = /* @__PURE__ */ sizes.map(() => new Map<DType, Slab>());

/** Memory for `n` elements, not cleared where it is shared. Garbage-collected with the last tensor that lies in it. */
export function allocate(dtype: DType, n: number): Cell {
  const size = n <= sizes[0].most ? 0 : 1;
  const { most, length } = sizes[size];
  if (n > most) return { array: makeArray(scalarTypeOf(dtype), n), offset: 0 };
  let slab = slabs[size]!.get(dtype);
  if (slab === undefined) {
    slab = { array: makeArray(scalarTypeOf(dtype), length), next: 0 };
    slabs[size]!.set(dtype, slab);
  }
  if (slab.next + n > length) {
    slab.array = makeArray(scalarTypeOf(dtype), length);
    slab.next = 0;
  }
  const offset = slab.next;
  slab.next += n;
  return { array: slab.array, offset };
}
