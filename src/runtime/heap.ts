import { copyElements, sliceElements } from "../kernel/copy-elements.ts";
import type { Cell, TypedArray } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import type { Line } from "./line.ts";
import { age, isIdle, regret } from "./line.ts";

/** The memory of compiled kernels, as a backend offers it. */
export interface KernelMemory {
  readonly allocate: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

/** Large arrays that rest where kernels reach them without a copy. */
export interface Heap {
  /** Notes that a program begins to run: what is touched and made until the next one is used now. */
  readonly begin: () => void;
  /**
   * A cell for `n` elements, the next of a line of results if one is given; `undefined` for one so large that it would push
   * most others out.
   */
  readonly allocate: (type: ScalarType, n: number, line?: Line) => Cell | undefined;
  /** Whether a cell rests here; if so, it is among the last to go. */
  readonly touch: (cell: Cell) => boolean;
  /** Whether a cell that lies outside was a result that had to leave for the next of its line. */
  readonly hasLeft: (cell: Cell) => boolean;
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
  original: { readonly array: TypedArray; readonly offset: number } | undefined;
  readonly line: Line | undefined;
  /** The run that made or read it last. */
  usedAt: number;
}

/** So many of a line's older results are looked at when the next one comes. */
const looks = 2;

/**
 * Keeps at most `budget` bytes. Nothing tells when a cell has become garbage: no engine collects inside one synchronous
 * loop. So cells make room by moving to arrays of their own, which are collected like any other; a cell whose memory was
 * given away just goes.
 *
 * Two kinds of cells make room. The results of a program that nothing has read since it ran before are as good as dead: the
 * next result takes the memory of such a one, which the processor still holds in its caches. And where the budget ends, those
 * used longest ago go, whatever they are.
 */
export function makeHeap(memory: KernelMemory, budget: number, bytesOf: (type: ScalarType) => number): Heap {
  const tenants = new Map<Cell, Tenant>(); // those to go first come first
  const left = new WeakMap<Cell, Line>(); // those that left for the next of their line
  let used = 0;
  let now = 0;

  const remove = (cell: Cell, tenant: Tenant): void => {
    tenants.delete(cell);
    tenant.line?.cells.delete(cell);
    used -= tenant.bytes;
  };
  /** Moves the elements of a cell to an array of its own; its memory is the caller's then. */
  const moveOut = (cell: Cell, tenant: Tenant): void => {
    if (tenant.original !== undefined) {
      cell.array = tenant.original.array;
      cell.offset = tenant.original.offset;
    } else {
      cell.array = sliceElements(cell.array, 0, cell.array.length);
    }
    remove(cell, tenant);
  };
  const makeRoom = (bytes: number): boolean => {
    if (bytes > budget / 4) return false;
    for (const [cell, tenant] of tenants) {
      if (used + bytes <= budget) break;
      moveOut(cell, tenant);
      memory.free(tenant.address);
    }
    return true;
  };
  const settle = (cell: Cell, tenant: Tenant): void => {
    tenants.set(cell, tenant);
    used += tenant.bytes;
  };
  /** The memory of a result of the line that is as good as dead. */
  const succeed = (line: Line): { readonly address: number; readonly array: TypedArray } | undefined => {
    let place: { readonly address: number; readonly array: TypedArray } | undefined;
    let count = Math.min(looks, line.cells.size);
    for (const cell of line.cells) {
      if (count-- <= 0) break;
      const tenant = tenants.get(cell)!;
      if (!isIdle(line, tenant.usedAt)) {
        line.cells.delete(cell); // looked at last from now on
        line.cells.add(cell);
        continue;
      }
      const { array } = cell;
      moveOut(cell, tenant);
      left.set(cell, line);
      if (place === undefined) place = { address: tenant.address, array };
      else memory.free(tenant.address);
    }
    return place;
  };

  return {
    begin: () => void now++,
    allocate(type, n, line) {
      const bytes = n * bytesOf(type);
      const place = line === undefined ? undefined : succeed(line);
      if (place === undefined && !makeRoom(bytes)) return undefined;
      const address = place?.address ?? memory.allocate(bytes);
      const cell: Cell = { array: place?.array ?? memory.view(type, address, n), offset: 0 };
      settle(cell, { address, bytes, original: undefined, line, usedAt: now });
      if (line !== undefined) {
        age(line, now);
        line.cells.add(cell);
      }
      return cell;
    },
    touch(cell) {
      const tenant = tenants.get(cell);
      if (tenant === undefined) return false;
      tenant.usedAt = now;
      tenants.delete(cell);
      tenants.set(cell, tenant);
      return true;
    },
    hasLeft(cell) {
      const line = left.get(cell);
      if (line === undefined) return false;
      left.delete(cell);
      regret(line);
      return true;
    },
    adopt(cell, type, n) {
      const bytes = n * bytesOf(type);
      if (!makeRoom(bytes)) return;
      const { array, offset } = cell;
      const address = memory.allocate(bytes);
      cell.array = memory.view(type, address, n);
      cell.offset = 0;
      copyElements(cell.array, 0, array, offset, n);
      settle(cell, { address, bytes, original: { array, offset }, line: undefined, usedAt: now });
    },
    change(cell) {
      const tenant = tenants.get(cell);
      if (tenant !== undefined) tenant.original = undefined;
    },
    release(cell) {
      const tenant = tenants.get(cell);
      if (tenant === undefined) return;
      remove(cell, tenant);
      memory.free(tenant.address);
    },
    stats: () => ({ cells: tenants.size, bytes: used }),
  };
}
