import type { Cell, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import type { DType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";

/** Results up to this many elements share arrays: making a typed array costs some 300 ns, a place in one next to nothing. */
const sharedUpTo = 256;
const slabLength = 4096;

interface Slab {
  array: TypedArray;
  next: number;
}

const slabs = new Map<DType, Slab>();

/** Memory for `n` elements, not cleared where it is shared. Garbage-collected with the last tensor that lies in it. */
export function allocate(dtype: DType, n: number): Cell {
  if (n > sharedUpTo) return { array: makeArray(scalarTypeOf(dtype), n), offset: 0 };
  let slab = slabs.get(dtype);
  if (slab === undefined)
    slabs.set(dtype, (slab = { array: makeArray(scalarTypeOf(dtype), slabLength), next: 0 }));
  if (slab.next + n > slabLength) {
    slab.array = makeArray(scalarTypeOf(dtype), slabLength);
    slab.next = 0;
  }
  const offset = slab.next;
  slab.next += n;
  return { array: slab.array, offset };
}
