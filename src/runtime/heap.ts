import type { Cell, TypedArray } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";

/** The memory of compiled kernels, as a backend offers it. */
export interface KernelMemory {
  readonly allocate: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

/** Large arrays that rest where kernels reach them without a copy. */
export interface Heap {
  /** A cell for `n` elements; `undefined` for one so large that it would push most others out. */
  readonly allocate: (type: ScalarType, n: number) => Cell | undefined;
  /** Whether a cell rests here; if so, it is among the last to go. */
  readonly touch: (cell: Cell) => boolean;
  /** Moves a cell in that lies outside and is read again and again; its own array is kept for the day it is moved out. */
  readonly adopt: (cell: Cell, type: ScalarType, n: number) => void;
  /** Notes that a cell is about to change here: what it was before is of no use any more. */
  readonly change: (cell: Cell) => void;
  /** Gives back the memory of a cell that nobody will read again. */
  readonly release: (cell: Cell) => void;
  readonly stats: () => { readonly cells: number; readonly bytes: number };
}

interface Tenant {
  readonly address: number;
  readonly bytes: number;
  /** The array that a cell came with, which still holds its elements. */
  readonly original: { readonly array: TypedArray; readonly offset: number } | undefined;
  readonly type: ScalarType;
  readonly length: number;
}

/**
 * Keeps at most `budget` bytes. Nothing tells when a cell has become garbage: no engine collects inside one synchronous
 * loop. So the cells that were used longest ago make room for new ones by moving to arrays of their own, which are collected like
 * any other; a cell whose memory was given away just goes.
 */
export function makeHeap(memory: KernelMemory, budget: number, bytesOf: (type: ScalarType) => number): Heap {
  const tenants = new Map<Cell, Tenant>(); // those to go first come first
  let used = 0;

  const remove = (cell: Cell, tenant: Tenant): void => {
    tenants.delete(cell);
    used -= tenant.bytes;
    memory.free(tenant.address);
  };
  const moveOut = (cell: Cell, tenant: Tenant): void => {
    if (tenant.original !== undefined) {
      cell.array = tenant.original.array;
      cell.offset = tenant.original.offset;
    } else {
      cell.array = copyOf(cell.array);
    }
    remove(cell, tenant);
  };
  const makeRoom = (bytes: number): boolean => {
    if (bytes > budget / 4) return false;
    for (const [cell, tenant] of tenants) {
      if (used + bytes <= budget) break;
      moveOut(cell, tenant);
    }
    return true;
  };
  const settle = (cell: Cell, type: ScalarType, n: number, original: Tenant["original"]): void => {
    const bytes = n * bytesOf(type);
    const address = memory.allocate(bytes);
    cell.array = memory.view(type, address, n);
    cell.offset = 0;
    tenants.set(cell, { address, bytes, original, type, length: n });
    used += bytes;
  };

  return {
    allocate(type, n) {
      if (!makeRoom(n * bytesOf(type))) return undefined;
      const cell: Cell = { array: nothing, offset: 0 };
      settle(cell, type, n, undefined);
      return cell;
    },
    touch(cell) {
      const tenant = tenants.get(cell);
      if (tenant === undefined) return false;
      tenants.delete(cell);
      tenants.set(cell, tenant);
      return true;
    },
    adopt(cell, type, n) {
      if (!makeRoom(n * bytesOf(type))) return;
      const original = { array: cell.array, offset: cell.offset };
      settle(cell, type, n, original);
      cell.array.set(original.array.subarray(original.offset, original.offset + n));
    },
    change(cell) {
      const tenant = tenants.get(cell);
      if (tenant?.original !== undefined) tenants.set(cell, { ...tenant, original: undefined });
    },
    release(cell) {
      const tenant = tenants.get(cell);
      if (tenant !== undefined) remove(cell, tenant);
    },
    stats: () => ({ cells: tenants.size, bytes: used }),
  };
}

/** The same elements in an array of its own; made from the other array, it is not cleared first. */
function copyOf(array: TypedArray): TypedArray {
  const ArrayType = array.constructor as new (elements: TypedArray) => TypedArray;
  return new ArrayType(array);
}

const nothing = /* @__PURE__ */ new Uint8Array(0);
