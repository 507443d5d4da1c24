import type { Cell, CellMaker, TypedArray } from "../kernel/executable.ts";
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

/** Gives back what of a cell lies in the memory of kernels, once there is one. */
let releaseResident: ((cell: Cell) => void) | undefined;

/** Has the heap in the memory of kernels hear of cells that are given away. */
export function onGiveAway(release: (cell: Cell) => void): void {
  releaseResident = release;
}

/** Memory for `n` elements, not cleared where it is shared. Garbage-collected with the last tensor that lies in it. */
export function allocate(dtype: DType, n: number, maker?: CellMaker): Cell {
  const size = n <= sizes[0].most ? 0 : 1;
  const { most, length } = sizes[size];
  if (n > most) return { array: makeArray(scalarTypeOf(dtype), n), offset: 0, isOutside: true, maker };
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
  return { array: slab.array, offset, isOutside: true, maker };
}

/** Gives back the memory of a cell, which must not be read any more, and lets its maker know. */
export function giveAway(cell: Cell): void {
  if (cell.maker !== undefined) cell.maker.isGivenBack = true;
  discard(cell);
}

/** Gives back the memory of a cell that nobody has seen. */
export function discard(cell: Cell): void {
  releaseResident?.(cell);
  cell.array = nothing;
  cell.offset = 0;
  cell.donated = true;
}

const nothing = /* @__PURE__ */ new Uint8Array(0);

/** What a tensor holds that was given up while others still read its memory. */
const given: Cell = { array: nothing, offset: 0, donated: true };

/** Results of fewer elements are read sooner where they lie outside the memory of kernels, even if the next takes their place. */
const longRead = 4096;

/**
 * Gives up a tensor's hold on a cell of `n` elements, and returns the cell that it holds from then on. Where no other tensor
 * lies in it, its memory is used again; of small results this goes for the latest, whose place the next one takes.
 */
export function giveUp(cell: Cell, dtype: DType, n: number): Cell {
  if (cell.shared === true) return given;
  const slab = slabs[n <= sizes[0].most ? 0 : 1]!.get(dtype);
  if (slab !== undefined && slab.array === cell.array && slab.next === cell.offset + n)
    slab.next = cell.offset;
  if (n >= longRead) giveAway(cell);
  else discard(cell);
  return cell;
}
