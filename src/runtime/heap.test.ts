import { describe, expect, test } from "vitest";
import type { Cell } from "../kernel/executable.ts";
import type { Heap } from "./heap.ts";
import { makeHeap } from "./heap.ts";

/** A memory of 1,000 bytes that counts who holds what. */
function makeMemory(): { heap: Heap; held: Map<number, number>; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(4096);
  const held = new Map<number, number>();
  let next = 64;
  const heap = makeHeap(
    {
      allocate(bytes) {
        const address = next;
        next += Math.ceil(bytes / 8) * 8;
        held.set(address, bytes);
        return address;
      },
      free: (address) => void held.delete(address),
      view: (_, address, length) => new Float64Array(buffer, address, length),
    },
    800,
    () => 8,
  );
  return { heap, held, buffer };
}

const numbers = (cell: Cell): number[] => [...cell.array.subarray(cell.offset, cell.offset + 3)];

function fill(cell: Cell | undefined, value: number): Cell {
  cell!.array.fill(value);
  return cell!;
}

describe("the heap of large results", () => {
  test("moves those used longest ago out when room is needed, and they keep their elements", () => {
    const { heap, held, buffer } = makeMemory();
    const cells = [1, 2, 3, 4].map((value) => fill(heap.allocate("f64", 25), value));
    expect(cells.every((cell) => cell.array.buffer === buffer)).toBe(true);
    expect(heap.touch(cells[0]!)).toBe(true);
    const fifth = fill(heap.allocate("f64", 25), 5);
    expect(cells.map((cell) => cell.array.buffer === buffer)).toEqual([true, false, true, true]);
    expect([...cells, fifth].map((cell) => numbers(cell)[0])).toEqual([1, 2, 3, 4, 5]);
    expect(heap.stats()).toEqual({ cells: 4, bytes: 800 });
    expect(held.size).toBe(4);
  });

  test("takes in a cell from outside, and puts it back to its own array", () => {
    const { heap, buffer } = makeMemory();
    const own = Float64Array.of(0, 7, 8, 9);
    const cell: Cell = { array: own, offset: 1 };
    heap.adopt(cell, "f64", 3);
    expect(cell.array.buffer).toBe(buffer);
    expect(numbers(cell)).toEqual([7, 8, 9]);
    for (let i = 0; i < 4; i++) heap.allocate("f64", 25);
    expect(cell).toEqual({ array: own, offset: 1 });
    expect(cell.array).toBe(own);
  });

  test("puts a cell that was changed here back as it is now, and not as it came", () => {
    const { heap } = makeMemory();
    const own = Float64Array.of(7, 8, 9);
    const cell: Cell = { array: own, offset: 0 };
    heap.adopt(cell, "f64", 3);
    heap.change(cell);
    cell.array[1] = 80;
    for (let i = 0; i < 4; i++) heap.allocate("f64", 25);
    expect(numbers(cell)).toEqual([7, 80, 9]);
    expect([...own]).toEqual([7, 8, 9]);
  });

  test("frees what is given away, and refuses what would push most others out", () => {
    const { heap, held } = makeMemory();
    const cell = heap.allocate("f64", 10)!;
    heap.release(cell);
    heap.release(cell);
    expect(held.size).toBe(0);
    expect(heap.touch(cell)).toBe(false);
    expect(heap.allocate("f64", 26)).toBeUndefined();
  });
});
