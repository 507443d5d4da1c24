import { copyElements, sliceElements } from "../kernel/copy-elements.ts";
import type { Cell, TypedArray } from "../kernel/executable.ts";
import { bytesPerElement } from "../kernel/executable.ts";
import type { ScalarType } from "../kernel/scalar.ts";
import { DownhillError } from "../errors/index.ts";
import type { Line } from "./line.ts";
import { age, isIdle, regret } from "./line.ts";

/** The memory of compiled kernels, as a backend offers it. */
export interface KernelMemory {
  /** A region, or 0 where there is no room. */
  readonly tryAllocate: (bytes: number) => number;
  readonly free: (address: number) => void;
  readonly view: (type: ScalarType, address: number, length: number) => TypedArray;
}

/** Large arrays that rest where kernels reach them without a copy. */
export interface Heap {
  /** Notes that a program begins to run: what is touched and made until the next one is used now. */
  readonly begin: () => void;
  /**
   * A cell for `n` elements, the next of a line of results if one is given; `undefined` for one so large that it would push
   * most others out, and where there is no room.
   */
  readonly allocate: (type: ScalarType, n: number, line?: Line) => Cell | undefined;
  /** Whether a cell rests here; if so, it is among the last to go. */
  readonly touch: (cell: Cell) => boolean;
  /** Whether a cell that lies outside was a result that had to leave for the next of its line. */
  readonly hasLeft: (cell: Cell) => boolean;
  /** Moves a cell in that lies outside and is read again and again; its own array is kept for the day it is moved out. */
  readonly adopt: (cell: Cell, type: ScalarType, n: number) => void;
  /** Whether a cell rests here. */
  readonly holds: (cell: Cell) => boolean;
  /** A cell in the place of another one, which has none from now on; `undefined` where that does not rest here. */
  readonly inherit: (cell: Cell) => Cell | undefined;
  /** Undoes that: the cell has its place again, and the other one none. */
  readonly bequeath: (heir: Cell, cell: Cell) => void;
  /** Notes that a cell is about to change here: what it was before is of no use any more. */
  readonly change: (cell: Cell) => void;
  /** Gives back the memory of a cell that nobody will read again: the next one of its size takes it. */
  readonly release: (cell: Cell) => void;
  /** Gives back what lies spare, else moves about so many bytes of cells out; whether there was anything. */
  readonly giveBack: (bytes: number) => boolean;
  /** Bytes that it holds, those among them that are spare. */
  readonly stats: () => { readonly cells: number; readonly bytes: number; readonly spareBytes: number };
}

interface Tenant {
  readonly address: number;
  readonly bytes: number;
  readonly type: ScalarType;
  /** The array that a cell came with, which still holds its elements. */
  original: { readonly array: TypedArray; readonly offset: number } | undefined;
  readonly line: Line | undefined;
  /** The cell whose place it has taken, which points here too until it is given away. */
  readonly former: Cell | undefined;
  /** The run that made or read it last. */
  usedAt: number;
}

/** A region of the memory with the array over it. */
interface Place {
  readonly address: number;
  readonly array: TypedArray;
}

/** So many of a line's older results are looked at when the next one comes. */
const looks = 2;

/**
 * Keeps at most `budget()` bytes. Nothing tells when a cell has become garbage: no engine collects inside one synchronous
 * loop. So cells make room by moving to arrays of their own, which are collected like any other; a cell whose memory was
 * given away just goes, and its place with the array over it is spare until a cell of the same size comes or room is needed.
 *
 * Two kinds of cells make room. The results of a program that nothing has read since it ran before are as good as dead: the
 * next result takes the memory of such a one, which the processor still holds in its caches. And where the budget ends, those
 * used longest ago go, whatever they are.
 */
export function makeHeap(memory: KernelMemory, budget: () => number): Heap {
  const tenants = new Map<Cell, Tenant>(); // those to go first come first
  const left = new WeakMap<Cell, Line>(); // those that left for the next of their line
  const spare = new Map<ScalarType, Map<number, Place[]>>(); // given back, by how many elements they have
  let spareBytes = 0; // a part of those used
  let used = 0;
  let now = 0;

  const remove = (cell: Cell, tenant: Tenant): void => {
    tenants.delete(cell);
    tenant.line?.cells.delete(cell);
    used -= tenant.bytes;
  };
  /**
   * Moves the elements of a cell to an array of its own; its memory is the caller's then. False where the engine has no memory
   * for the array.
   */
  const moveOut = (cell: Cell, tenant: Tenant): boolean => {
    if (tenant.original !== undefined) {
      cell.array = tenant.original.array;
      cell.offset = tenant.original.offset;
    } else {
      const copy = trySlice(cell.array);
      if (copy === undefined) return false;
      cell.array = copy;
    }
    cell.isOutside = true;
    const { former } = tenant;
    if (former !== undefined && former.donated !== true) {
      former.array = cell.array;
      former.isOutside = true;
    }
    remove(cell, tenant);
    return true;
  };
  /** Gives spare memory back to all that need some. */
  const clearSpare = (): void => {
    for (const bins of spare.values())
      for (const bin of bins.values()) for (const { address } of bin) memory.free(address);
    spare.clear();
    used -= spareBytes;
    spareBytes = 0;
  };
  const keepSpare = (array: TypedArray, { address, bytes, type }: Tenant): void => {
    let bins = spare.get(type);
    if (bins === undefined) spare.set(type, (bins = new Map<number, Place[]>()));
    const bin = bins.get(array.length);
    if (bin === undefined) bins.set(array.length, [{ address, array }]);
    else bin.push({ address, array });
    used += bytes;
    spareBytes += bytes;
  };
  const takeSpare = (type: ScalarType, n: number, bytes: number): Place | undefined => {
    const place = spare.get(type)?.get(n)?.pop();
    if (place === undefined) return undefined;
    used -= bytes;
    spareBytes -= bytes;
    return place;
  };
  /** Moves cells out and frees their memory, those that were used longest ago first. */
  const moveOutUntil = (isEnough: () => boolean): void => {
    for (const [cell, tenant] of tenants) {
      if (isEnough() || !moveOut(cell, tenant)) return;
      memory.free(tenant.address);
    }
  };
  const makeRoom = (bytes: number): boolean => {
    const most = budget();
    if (bytes > most / 4) return false;
    if (used + bytes > most) clearSpare();
    moveOutUntil(() => used + bytes <= most);
    return used + bytes <= most;
  };
  const settle = (cell: Cell, tenant: Tenant): void => {
    tenants.set(cell, tenant);
    used += tenant.bytes;
  };
  /** The memory of a result of the line that is as good as dead. */
  const succeed = (line: Line): Place | undefined => {
    let place: Place | undefined;
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
      if (!moveOut(cell, tenant)) break;
      left.set(cell, line);
      if (place === undefined) place = { address: tenant.address, array };
      else memory.free(tenant.address);
    }
    return place;
  };

  return {
    begin: () => void now++,
    allocate(type, n, line) {
      const bytes = n * bytesPerElement[type];
      const place = (line === undefined ? undefined : succeed(line)) ?? takeSpare(type, n, bytes);
      if (place === undefined && !makeRoom(bytes)) return undefined;
      const address = place?.address ?? memory.tryAllocate(bytes);
      if (address === 0) return undefined;
      const array = place?.array ?? memory.view(type, address, n);
      const cell: Cell = { array, offset: 0, isOutside: false, maker: undefined };
      settle(cell, { address, bytes, type, original: undefined, line, former: undefined, usedAt: now });
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
      const bytes = n * bytesPerElement[type];
      const place = takeSpare(type, n, bytes);
      if (place === undefined && !makeRoom(bytes)) return;
      const { array, offset } = cell;
      const address = place?.address ?? memory.tryAllocate(bytes);
      if (address === 0) return;
      cell.array = place?.array ?? memory.view(type, address, n);
      cell.isOutside = false;
      cell.offset = 0;
      copyElements(cell.array, 0, array, offset, n);
      settle(cell, {
        address,
        bytes,
        type,
        original: { array, offset },
        line: undefined,
        former: undefined,
        usedAt: now,
      });
    },
    holds: (cell) => tenants.has(cell),
    inherit(cell) {
      const tenant = tenants.get(cell);
      if (tenant === undefined) return undefined;
      remove(cell, tenant);
      const heir: Cell = { array: cell.array, offset: 0, isOutside: false, maker: undefined };
      settle(heir, { ...tenant, original: undefined, line: undefined, former: cell, usedAt: now });
      return heir;
    },
    bequeath(heir, cell) {
      const tenant = tenants.get(heir);
      if (tenant?.former !== cell) return;
      remove(heir, tenant);
      settle(cell, { ...tenant, former: undefined });
    },
    change(cell) {
      const tenant = tenants.get(cell);
      if (tenant !== undefined) tenant.original = undefined;
    },
    release(cell) {
      const tenant = tenants.get(cell);
      if (tenant === undefined) return;
      remove(cell, tenant);
      keepSpare(cell.array, tenant);
    },
    giveBack(bytes) {
      const before = used;
      if (spareBytes > 0) clearSpare();
      else moveOutUntil(() => before - used >= bytes);
      return used < before;
    },
    stats: () => ({ cells: tenants.size, bytes: used, spareBytes }),
  };
}

/** A copy of an array, where the engine has memory for one. */
function trySlice(array: TypedArray): TypedArray | undefined {
  try {
    return sliceElements(array, 0, array.length);
  } catch (problem) {
    if (problem instanceof DownhillError && problem.code === "oom") return undefined;
    throw problem;
  }
}
