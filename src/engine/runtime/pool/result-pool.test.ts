import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostStorage } from "../../ir/host-memory.ts";
import { hostStorage } from "../../ir/host-memory.ts";
import { makeOwner } from "./owner.ts";
import { ResultPool } from "./result-pool.ts";

/** A memory of 1,000 bytes that records its allocations. */
function makeMemory(): { pool: ResultPool; held: Map<number, number>; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(4096);
  const held = new Map<number, number>();
  const isFree = (from: number, to: number): boolean =>
    [...held].every(([address, bytes]) => to <= address || address + bytes <= from);
  const pool = new ResultPool(
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
  return { pool, held, buffer };
}

const numbers = (storage: HostStorage): number[] => [
  ...storage.array.subarray(storage.offset, storage.offset + 3),
];

function fill(storage: HostStorage | undefined, value: number): HostStorage {
  storage!.array.fill(value);
  return storage!;
}

describe("the pool of large results", () => {
  test("moves the least recently used storages out when room is needed, with their elements", () => {
    const { pool, held, buffer } = makeMemory();
    const storages = [1, 2, 3, 4].map((value) => fill(pool.allocate("f64", 25), value));
    expect(storages.every((storage) => storage.array.buffer === buffer)).toBe(true);
    expect(pool.touch(storages[0]!)).toBe(true);
    const fifth = fill(pool.allocate("f64", 25), 5);
    expect(storages.map((storage) => storage.array.buffer === buffer)).toEqual([true, false, true, true]);
    expect([...storages, fifth].map((storage) => numbers(storage)[0])).toEqual([1, 2, 3, 4, 5]);
    expect(pool.stats()).toEqual({ storages: 4, bytes: 800, spareBytes: 0 });
    expect(held.size).toBe(4);
  });

  test("moves a storage in, and moves it back to its original array", () => {
    const { pool, buffer } = makeMemory();
    const own = Float64Array.of(0, 7, 8, 9);
    const storage: HostStorage = hostStorage(own, 1);
    pool.moveIn(storage, "f64", 3);
    expect(storage.array.buffer).toBe(buffer);
    expect(numbers(storage)).toEqual([7, 8, 9]);
    for (let i = 0; i < 4; i++) pool.allocate("f64", 25);
    expect(storage).toMatchObject({ array: own, offset: 1, isOutside: true });
    expect(storage.array).toBe(own);
  });

  test("moves a changed storage out with its current elements", () => {
    const { pool } = makeMemory();
    const own = Float64Array.of(7, 8, 9);
    const storage: HostStorage = hostStorage(own);
    pool.moveIn(storage, "f64", 3);
    pool.change(storage);
    storage.array[1] = 80;
    for (let i = 0; i < 4; i++) pool.allocate("f64", 25);
    expect(numbers(storage)).toEqual([7, 80, 9]);
    expect([...own]).toEqual([7, 8, 9]);
  });

  test("keeps the block of a released storage for the next one of its size, and frees it when room is needed", () => {
    const { pool, held } = makeMemory();
    const storage = pool.allocate("f64", 10)!;
    const { array } = storage;
    pool.release(storage);
    pool.release(storage);
    expect(pool.stats()).toEqual({ storages: 0, bytes: 80, spareBytes: 80 });
    expect(pool.touch(storage)).toBe(false);
    expect(pool.allocate("f64", 11)!.array).not.toBe(array);
    const again = pool.allocate("f64", 10)!;
    expect(again.array).toBe(array);
    pool.release(again);
    const outside: HostStorage = hostStorage(new Float64Array(10).fill(3));
    pool.moveIn(outside, "f64", 10);
    expect(outside.array).toBe(array);
    expect(numbers(outside)).toEqual([3, 3, 3]);
    pool.release(outside);
    for (const n of [25, 25, 25, 8]) pool.allocate("f64", n);
    expect(held.size).toBe(5);
    expect(pool.stats()).toEqual({ storages: 5, bytes: 752, spareBytes: 0 });
  });

  test("moves a storage out whose block was taken over, and both have its elements", () => {
    const { pool } = makeMemory();
    const storage = fill(pool.allocate("f64", 25), 7);
    const successor = pool.takeOver(storage)!;
    expect(pool.giveBack(1)).toBe(true);
    expect([storage, successor].map(numbers)).toEqual([
      [7, 7, 7],
      [7, 7, 7],
    ]);
    expect(storage.array).toBe(successor.array);
    expect(pool.stats().bytes).toBe(0);
  });

  test("undoes a takeover, and no other", () => {
    const { pool, buffer } = makeMemory();
    const [storage, other] = [fill(pool.allocate("f64", 25), 7), fill(pool.allocate("f64", 25), 8)];
    const successor = pool.takeOver(storage)!;
    pool.undoTakeOver(other, storage);
    pool.undoTakeOver(successor, storage);
    expect([pool.holds(storage), pool.holds(successor), pool.holds(other)]).toEqual([true, false, true]);
    expect([storage.array.buffer === buffer, ...numbers(storage)]).toEqual([true, 7, 7, 7]);
  });

  test("frees spare blocks before it moves storages, and about as much as requested", () => {
    const { pool, held } = makeMemory();
    const storages = [1, 2, 3].map((value) => fill(pool.allocate("f64", 25), value));
    pool.release(fill(pool.allocate("f64", 20), 4));
    expect([pool.giveBack(1), held.size]).toEqual([true, 3]);
    expect([pool.giveBack(201), held.size]).toEqual([true, 1]);
    expect([pool.giveBack(1), pool.giveBack(1)]).toEqual([true, false]);
    expect(storages.map((storage) => numbers(storage)[0])).toEqual([1, 2, 3]);
  });

  test("describes its contents and their size", () => {
    const mebibyte = 2 ** 20;
    const view = (_: unknown, __: number, length: number): Float64Array => new Float64Array(length);
    const memory = { tryAllocate: (bytes: number) => bytes, free: () => {}, view };
    const pool = new ResultPool(memory, () => 64 * mebibyte);
    const [first] = [3, 2].map((n) => pool.allocate("f64", (n * mebibyte) / 8)!);
    pool.moveIn(hostStorage(new Float64Array(mebibyte / 8)), "f64", mebibyte / 8);
    pool.release(first!);
    expect(pool.describe()).toBe(
      "The result pool (at most 64 MiB) holds 1 results of 2 MiB, 1 operands of 1 MiB, and spare blocks of 3 MiB.",
    );
  });

  test("refuses an array that would evict most others", () => {
    expect(makeMemory().pool.allocate("f64", 26)).toBeUndefined();
  });
});

describe("an owner of results", () => {
  /** Simulates a program: each run reads some storages and allocates the owner's next result, filled with a number. */
  const runner = (pool: ResultPool) => {
    const owner = makeOwner();
    let value = 0;
    const run = (...reads: readonly HostStorage[]): HostStorage => {
      pool.begin();
      for (const storage of reads)
        if (!pool.touch(storage) && pool.wasReusedTooEarly(storage)) pool.moveIn(storage, "f64", 10);
      return fill(pool.allocate("f64", 10, owner), ++value);
    };
    return { owner, run };
  };
  const isInside = (buffer: ArrayBuffer, storage: HostStorage): boolean => storage.array.buffer === buffer;

  test("reuses one block while nothing reads its results, and each result keeps its elements", () => {
    const { pool, held, buffer } = makeMemory();
    const { run, owner } = runner(pool);
    const storages = Array.from({ length: 6 }, () => run());
    expect(storages.map((storage) => isInside(buffer, storage))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(storages.map((storage) => numbers(storage)[2])).toEqual([1, 2, 3, 4, 5, 6]);
    expect([held.size, pool.stats().storages, owner.results.size]).toEqual([1, 1, 1]);
  });

  test("alternates between two blocks if each result is read for the next one", () => {
    const { pool, held, buffer } = makeMemory();
    const { run } = runner(pool);
    const storages = [run()];
    for (let i = 0; i < 9; i++) storages.push(run(storages.at(-1)!));
    expect(storages.map((storage) => isInside(buffer, storage))).toEqual([
      ...Array<boolean>(8).fill(false),
      true,
      true,
    ]);
    expect(storages.map((storage) => numbers(storage)[0])).toEqual(storages.map((_, i) => i + 1));
    expect(held.size).toBe(2);
  });

  test("learns after how many runs its results are still read", () => {
    const { pool, buffer } = makeMemory();
    const { run } = runner(pool);
    let missed = 0;
    const round = (): void => {
      const three = [run(), run(), run()];
      missed = three.filter((storage) => !isInside(buffer, storage)).length;
      pool.begin();
      for (const storage of three)
        if (!pool.touch(storage) && pool.wasReusedTooEarly(storage)) pool.moveIn(storage, "f64", 10);
      expect(three.map((storage) => numbers(storage)[0]! % 3)).toEqual([1, 2, 0]);
    };
    round();
    expect(missed).toBe(2);
    for (let i = 0; i < 5; i++) round();
    expect(missed).toBe(0);
  });

  test("forgets results that leave for another reason", () => {
    const { pool, held } = makeMemory();
    const { run, owner } = runner(pool);
    pool.release(run());
    expect(owner.results.size).toBe(0);
    run();
    for (let i = 0; i < 4; i++) pool.allocate("f64", 25);
    expect(owner.results.size).toBe(0);
    expect(held.size).toBe(4);
  });
});

test("storages keep their elements in any sequence of operations, and no two share memory", () => {
  const step = fc.record({
    what: fc.constantFrom("give", "give", "give", "read", "change", "release", "drop"),
    owner: fc.nat(2),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { pool, held, buffer } = makeMemory();
      const owners = [5, 10, 20].map((n) => ({ owner: makeOwner(), n }));
      const alive = new Map<HostStorage, { readonly n: number; value: number }>();
      let value = 0;
      for (const { what, owner, which } of steps) {
        pool.begin();
        const storage = [...alive.keys()][which % Math.max(1, alive.size)];
        const known = storage === undefined ? undefined : alive.get(storage);
        if (what === "give") {
          const { n } = owners[owner]!;
          const made = pool.allocate("f64", n, owners[owner]!.owner)!;
          made.array.fill(++value, made.offset, made.offset + n);
          alive.set(made, { n, value });
        } else if (storage === undefined || known === undefined) continue;
        else if (what === "read" || what === "change") {
          if (!pool.touch(storage) && (pool.wasReusedTooEarly(storage) || which % 2 === 0))
            pool.moveIn(storage, "f64", known.n);
          if (what === "change") {
            pool.change(storage);
            known.value = ++value;
            storage.array.fill(value, storage.offset, storage.offset + known.n);
          }
        } else {
          if (what === "release") pool.release(storage); // "drop": the storage becomes garbage without a release
          alive.delete(storage);
        }
        for (const [each, { n, value: expected }] of alive) {
          const own = each.array.subarray(each.offset, each.offset + n);
          expect(own.length).toBe(n);
          expect(own.every((x) => x === expected)).toBe(true);
        }
        const { storages, bytes, spareBytes } = pool.stats();
        expect(bytes).toBeLessThanOrEqual(800);
        expect(bytes).toBe([...held.values()].reduce((a, b) => a + b, 0));
        if (spareBytes === 0) expect(held.size).toBe(storages);
        else expect(held.size).toBeGreaterThan(storages);
        const inside = [...alive.keys()].filter((each) => each.array.buffer === buffer);
        expect(new Set(inside.map((each) => each.array.byteOffset)).size).toBe(inside.length);
      }
    }),
  );
});
