import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cell } from "../kernel/executable.ts";
import type { Heap } from "./heap.ts";
import { makeHeap } from "./heap.ts";
import { makeLine } from "./line.ts";

/** A memory of 1,000 bytes that counts who holds what. */
function makeMemory(): { heap: Heap; held: Map<number, number>; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(4096);
  const held = new Map<number, number>();
  const isFree = (from: number, to: number): boolean =>
    [...held].every(([address, bytes]) => to <= address || address + bytes <= from);
  const heap = makeHeap(
    {
      tryAllocate(bytes) {
        let address = 64;
        while (!isFree(address, address + bytes)) address += 8;
        held.set(address, bytes);
        return address;
      },
      free: (address) => void held.delete(address),
      view: (_, address, length) => new Float64Array(buffer, address, length),
    },
    () => 800,
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
    expect(heap.stats()).toEqual({ cells: 4, bytes: 800, spareBytes: 0 });
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
    expect(cell).toEqual({ array: own, offset: 1, isOutside: true });
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

  test("keeps the place of what is given away for the next cell of its size, and frees it when room is needed", () => {
    const { heap, held } = makeMemory();
    const cell = heap.allocate("f64", 10)!;
    const { array } = cell;
    heap.release(cell);
    heap.release(cell);
    expect(heap.stats()).toEqual({ cells: 0, bytes: 80, spareBytes: 80 });
    expect(heap.touch(cell)).toBe(false);
    expect(heap.allocate("f64", 11)!.array).not.toBe(array);
    const again = heap.allocate("f64", 10)!;
    expect(again.array).toBe(array);
    heap.release(again);
    const outside: Cell = { array: new Float64Array(10).fill(3), offset: 0 };
    heap.adopt(outside, "f64", 10);
    expect(outside.array).toBe(array);
    expect(numbers(outside)).toEqual([3, 3, 3]);
    heap.release(outside);
    for (const n of [25, 25, 25, 8]) heap.allocate("f64", n);
    expect(held.size).toBe(5);
    expect(heap.stats()).toEqual({ cells: 5, bytes: 752, spareBytes: 0 });
  });

  test("moves a cell out whose place another one has taken, and both have its elements", () => {
    const { heap } = makeMemory();
    const cell = fill(heap.allocate("f64", 25), 7);
    const heir = heap.inherit(cell)!;
    expect(heap.giveBack(1)).toBe(true);
    expect([cell, heir].map(numbers)).toEqual([
      [7, 7, 7],
      [7, 7, 7],
    ]);
    expect(cell.array).toBe(heir.array);
    expect(heap.stats().bytes).toBe(0);
  });

  test("puts a cell back into the place that another one has taken, and no other", () => {
    const { heap, buffer } = makeMemory();
    const [cell, other] = [fill(heap.allocate("f64", 25), 7), fill(heap.allocate("f64", 25), 8)];
    const heir = heap.inherit(cell)!;
    heap.bequeath(other, cell);
    heap.bequeath(heir, cell);
    expect([heap.holds(cell), heap.holds(heir), heap.holds(other)]).toEqual([true, false, true]);
    expect([cell.array.buffer === buffer, ...numbers(cell)]).toEqual([true, 7, 7, 7]);
  });

  test("gives back what lies spare before it moves anything, and about as much as is asked for", () => {
    const { heap, held } = makeMemory();
    const cells = [1, 2, 3].map((value) => fill(heap.allocate("f64", 25), value));
    heap.release(fill(heap.allocate("f64", 20), 4));
    expect([heap.giveBack(1), held.size]).toEqual([true, 3]);
    expect([heap.giveBack(201), held.size]).toEqual([true, 1]);
    expect([heap.giveBack(1), heap.giveBack(1)]).toEqual([true, false]);
    expect(cells.map((cell) => numbers(cell)[0])).toEqual([1, 2, 3]);
  });

  test("refuses what would push most others out", () => {
    expect(makeMemory().heap.allocate("f64", 26)).toBeUndefined();
  });
});

describe("a line of results", () => {
  /** A program that runs: it reads some cells and gives the next of a line, filled with a number. */
  const runner = (heap: Heap) => {
    const line = makeLine();
    let value = 0;
    const run = (...reads: readonly Cell[]): Cell => {
      heap.begin();
      for (const cell of reads) if (!heap.touch(cell) && heap.hasLeft(cell)) heap.adopt(cell, "f64", 10);
      return fill(heap.allocate("f64", 10, line), ++value);
    };
    return { line, run };
  };
  const isInside = (buffer: ArrayBuffer, cell: Cell): boolean => cell.array.buffer === buffer;

  test("lies in one place as long as nothing reads it, and each result keeps its elements", () => {
    const { heap, held, buffer } = makeMemory();
    const { run, line } = runner(heap);
    const cells = Array.from({ length: 6 }, () => run());
    expect(cells.map((cell) => isInside(buffer, cell))).toEqual([false, false, false, false, false, true]);
    expect(cells.map((cell) => numbers(cell)[2])).toEqual([1, 2, 3, 4, 5, 6]);
    expect([held.size, heap.stats().cells, line.cells.size]).toEqual([1, 1, 1]);
  });

  test("alternates between two places where each result is read for the next one", () => {
    const { heap, held, buffer } = makeMemory();
    const { run } = runner(heap);
    const cells = [run()];
    for (let i = 0; i < 9; i++) cells.push(run(cells.at(-1)!));
    expect(cells.map((cell) => isInside(buffer, cell))).toEqual([
      ...Array<boolean>(8).fill(false),
      true,
      true,
    ]);
    expect(cells.map((cell) => numbers(cell)[0])).toEqual(cells.map((_, i) => i + 1));
    expect(held.size).toBe(2);
  });

  test("waits for as many runs as its results are read after", () => {
    const { heap, buffer } = makeMemory();
    const { run } = runner(heap);
    let missed = 0;
    const round = (): void => {
      const three = [run(), run(), run()];
      missed = three.filter((cell) => !isInside(buffer, cell)).length;
      heap.begin();
      for (const cell of three) if (!heap.touch(cell) && heap.hasLeft(cell)) heap.adopt(cell, "f64", 10);
      expect(three.map((cell) => numbers(cell)[0]! % 3)).toEqual([1, 2, 0]);
    };
    round();
    expect(missed).toBe(2);
    for (let i = 0; i < 5; i++) round();
    expect(missed).toBe(0);
  });

  test("forgets what goes for another reason", () => {
    const { heap, held } = makeMemory();
    const { run, line } = runner(heap);
    heap.release(run());
    expect(line.cells.size).toBe(0);
    run();
    for (let i = 0; i < 4; i++) heap.allocate("f64", 25);
    expect(line.cells.size).toBe(0);
    expect(held.size).toBe(4);
  });
});

test("whatever happens in the heap, cells keep their elements, and no two lie in the same memory", () => {
  const step = fc.record({
    what: fc.constantFrom("give", "give", "give", "read", "change", "release", "drop"),
    line: fc.nat(2),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { heap, held, buffer } = makeMemory();
      const lines = [5, 10, 20].map((n) => ({ line: makeLine(), n }));
      const alive = new Map<Cell, { readonly n: number; value: number }>();
      let value = 0;
      for (const { what, line, which } of steps) {
        heap.begin();
        const cell = [...alive.keys()][which % Math.max(1, alive.size)];
        const known = cell === undefined ? undefined : alive.get(cell);
        if (what === "give") {
          const { n } = lines[line]!;
          const made = heap.allocate("f64", n, lines[line]!.line)!;
          made.array.fill(++value, made.offset, made.offset + n);
          alive.set(made, { n, value });
        } else if (cell === undefined || known === undefined) continue;
        else if (what === "read" || what === "change") {
          if (!heap.touch(cell) && (heap.hasLeft(cell) || which % 2 === 0)) heap.adopt(cell, "f64", known.n);
          if (what === "change") {
            heap.change(cell);
            known.value = ++value;
            cell.array.fill(value, cell.offset, cell.offset + known.n);
          }
        } else {
          if (what === "release") heap.release(cell); // "drop": nobody looks at it any more, and nobody says so
          alive.delete(cell);
        }
        for (const [each, { n, value: expected }] of alive) {
          const own = each.array.subarray(each.offset, each.offset + n);
          expect(own.length).toBe(n);
          expect(own.every((x) => x === expected)).toBe(true);
        }
        const { cells, bytes, spareBytes } = heap.stats();
        expect(bytes).toBeLessThanOrEqual(800);
        expect(bytes).toBe([...held.values()].reduce((a, b) => a + b, 0));
        if (spareBytes === 0) expect(held.size).toBe(cells);
        else expect(held.size).toBeGreaterThan(cells);
        const inside = [...alive.keys()].filter((each) => each.array.buffer === buffer);
        expect(new Set(inside.map((each) => each.array.byteOffset)).size).toBe(inside.length);
      }
    }),
  );
});
