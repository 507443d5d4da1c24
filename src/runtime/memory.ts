import type { Cell, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import type { DType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import { residentHeap } from "./device.ts";

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

const slabs = sizes.map(() => new Map<DType, Slab>());

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

/** Large results rest where kernels reach them without a copy, from this many bytes on. */
const residentFrom = 65_536;
const bytesPerElement: Readonly<Record<ScalarType, number>> = { f64: 8, f32: 4, i32: 4, u32: 4, bool: 1 };

/** Whether an array is worth a place in the memory of kernels. */
export function isLarge(type: ScalarType, n: number): boolean {
  return n * bytesPerElement[type] >= residentFrom;
}

/** Memory for `n` elements that kernels compute: near them where they are many. */
export function allocateResident(dtype: DType, n: number): Cell {
  const type = scalarTypeOf(dtype);
  return (isLarge(type, n) ? residentHeap()?.allocate(type, n) : undefined) ?? allocate(dtype, n);
}

const readBefore = /* @__PURE__ */ new WeakSet<Cell>();

/**
 * Moves a large operand near the kernels when it is read for the second time: once may be all. `isChanged` says that they
 * will write to it.
 */
export function keepResident(cell: Cell, type: ScalarType, n: number, isChanged: boolean): void {
  const heap = residentHeap();
  if (heap === undefined) return;
  if (!heap.touch(cell)) {
    if (readBefore.has(cell)) heap.adopt(cell, type, n);
    else readBefore.add(cell);
  }
  if (isChanged) heap.change(cell);
}

/** Gives back the memory of a cell, which must not be read any more. */
export function giveAway(cell: Cell): void {
  residentHeap()?.release(cell);
  cell.array = cell.array.subarray(0, 0);
  cell.offset = 0;
  cell.donated = true;
}
