import { describe, expect, test } from "vitest";
import { DownhillError } from "../../../errors/index.ts";
import { makeArena } from "./arena.ts";

const isShared = typeof SharedArrayBuffer !== "undefined";

describe.each(isShared ? [true, false] : [false])("a memory (shared: %s)", (shared) => {
  test("allocates blocks at multiples of 64 that do not overlap, and never at address 0", () => {
    const arena = makeArena(shared);
    const blocks = [1, 64, 65, 1000, 0].map((bytes) => ({ at: arena.allocate(bytes, "code"), bytes }));
    for (const { at } of blocks) expect(at % 64).toBe(0);
    const sorted = blocks.toSorted((a, b) => a.at - b.at);
    expect(sorted[0]!.at).toBeGreaterThan(0);
    sorted.slice(1).forEach(({ at }, i) => {
      expect(at).toBeGreaterThanOrEqual(sorted[i]!.at + Math.max(1, sorted[i]!.bytes));
    });
    expect(arena.stats().used).toBe(64 + 64 + 128 + 1024 + 64);
    expect(arena.sizeOf(blocks[2]!.at)).toBe(128);
  });

  test("reuses freed blocks, merged with free neighbours in any order of release", () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      const arena = makeArena(shared);
      const blocks = [640, 640, 640].map((bytes) => arena.allocate(bytes, "code"));
      const guard = arena.allocate(64, "code");
      for (const k of order) arena.free(blocks[k]!);
      expect(arena.allocate(1920, "code")).toBe(blocks[0]);
      expect(arena.allocate(64, "code")).toBeGreaterThan(guard);
    }
  });

  test("shrinks when the last block is freed, and does not free a block twice", () => {
    const arena = makeArena(shared);
    const [a, b] = [arena.allocate(100, "code"), arena.allocate(100, "code")];
    arena.free(a);
    arena.free(b);
    arena.free(b);
    expect(arena.stats().used).toBe(0);
    expect(arena.allocate(1, "code")).toBe(a);
  });

  test("grows, keeps its content, and recognizes its arrays", () => {
    const arena = makeArena(shared);
    const view = arena.view("f64", arena.allocate(16, "code"), 2);
    view.set([1, 2]);
    const { size } = arena.stats();
    const far = arena.allocate(size, "code");
    expect(arena.stats().size).toBeGreaterThan(size);
    const large = arena.view("f32", far, size / 4);
    large[size / 4 - 1] = 3;
    expect(arena.holds(large)).toBe(true);
    expect(arena.holds(new Float32Array(4))).toBe(false);
    if (shared) {
      expect(arena.holds(view)).toBe(true);
      expect([...view]).toEqual([1, 2]);
    } else {
      expect(view).toHaveLength(0); // detached
    }
    expect([...arena.view("f64", 64, 2)]).toEqual([1, 2]);
  });

  test("reports the requested size if it cannot grow", () => {
    const arena = makeArena(shared);
    const tooMuch = (): number => arena.allocate(2 ** 32, "scratch");
    expect(tooMuch).toThrow(DownhillError);
    expect(tooMuch).toThrow(/out of memory: 4096 MiB were requested \(scratch of functions\)/);
    expect(arena.tryAllocate(2 ** 32, "scratch")).toBe(0);
    expect(arena.allocate(64, "code")).toBe(64); // and continues
  });
});
